# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

NOBODY = {"dhcp_on": False, "primary_rack": "", "secondary_rack": ""}


def hand_over(racks, vlans, hostname):
    """Return what has to become of the VLANs that a rack serves before it may go.

    Args:
        racks: what rack_controller_info returned.
        vlans: what vlan_info returned.
        hostname: the rack that goes; one that MAAS does not know serves nothing.

    Returns:
        dict with vlans (as dhcp_ha takes them), racks (system_ids of those that may serve them) and lost, the names of
        the VLANs whose DHCP would end because no other living rack has a static address on them.
    """
    leaving = {rack["system_id"] for rack in racks if rack["hostname"] == hostname}
    heirs = [rack for rack in racks if rack["hostname"] != hostname and rack["services"].get("rackd") != "dead"]
    served = [vlan for vlan in vlans if leaving & {vlan["primary_rack"], vlan["secondary_rack"]}]
    orphans = [vlan for vlan in served if not any(vlan["id"] in rack["vlans"] for rack in heirs)]
    return {
        "vlans": [
            {"fabric": vlan["fabric"], "vid": vlan["vid"], **(NOBODY if vlan in orphans else {"rack_pair": "auto"})}
            for vlan in served
        ],
        "racks": [rack["system_id"] for rack in heirs],
        "lost": [f"VLAN {vlan['vid']} on {vlan['fabric']}" for vlan in orphans if vlan["dhcp_on"]],
    }


class FilterModule:
    """What remove_rack plans with."""

    def filters(self):
        return {"hand_over": hand_over}
