# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.metal.maas_ha.plugins.filter.in_subnet import in_subnet


@pytest.mark.parametrize(
    ("address", "interface", "fits"),
    [
        ("10.0.0.5", "10.0.0.11/24", True),
        ("10.0.1.5", "10.0.0.11/24", False),
        ("10.0.0.11", "10.0.0.11/24", False),
        ("10.0.0.0", "10.0.0.11/24", False),
        ("10.0.0.255", "10.0.0.11/24", False),
        ("10.0.0.5", "10.0.0.11/32", False),
        ("10.0.0.5/24", "10.0.0.11/24", False),
        ("maas", "10.0.0.11/24", False),
    ],
)
def test_an_address_fits_when_it_is_usable_beside_the_hosts_own(address, interface, fits):
    assert in_subnet(address, interface) is fits
