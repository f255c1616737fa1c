# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and networks, parsed once each."""

from __future__ import annotations

import functools
import ipaddress


@functools.lru_cache(maxsize=65536)
def parse_address(text):
    """The address that a text spells; ValueError if it spells none."""
    return ipaddress.ip_address(text)


@functools.lru_cache(maxsize=65536)
def parse_network(cidr):
    """The network of a CIDR, host bits forgiven; ValueError if it is none."""
    return ipaddress.ip_network(cidr, strict=False)
