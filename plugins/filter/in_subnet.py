# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress


def in_subnet(address, interface):
    """Tell whether a host may take an address beside the one it has.

    Args:
        address: str, an IPv4 address without prefix.
        interface: str, the host's own address with its prefix, such as 10.0.0.11/24.

    Returns:
        bool: the address is usable in the same subnet and is not the host's own.
    """
    own = ipaddress.ip_interface(interface)
    try:
        wanted = ipaddress.ip_address(address)
    except ValueError:
        return False
    return wanted in own.network and wanted not in (own.ip, own.network.network_address, own.network.broadcast_address)


class FilterModule:
    """Filters on addresses."""

    def filters(self):
        return {"in_subnet": in_subnet}
