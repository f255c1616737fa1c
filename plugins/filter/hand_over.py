# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter

NOBODY = {"dhcp_on": False, "primary_rack": "", "secondary_rack": ""}


def hand_over(racks, vlans, hostname):
    """Return what has to become of the VLANs that a rack serves before it may go.

    As many racks as served a VLAN serve it afterwards, where there are so many. MAAS gives relayed VLANs no failover,
    so a VLAN that is relayed or relayed to gets one.

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
    targets = {vlan["relay_vlan"]["id"] for vlan in vlans if vlan["relay_vlan"]}
    load = Counter(vlan["primary_rack"] for vlan in vlans)
    handed = {"vlans": [], "racks": [rack["system_id"] for rack in heirs], "lost": []}
    for vlan in vlans:
        serving = {vlan["primary_rack"], vlan["secondary_rack"]} - {None}
        if not leaving & serving:
            continue
        able = [rack for rack in heirs if vlan["id"] in rack["vlans"]]
        if not able:
            become = NOBODY
        elif len(serving) == 2 and not vlan["relay_vlan"] and vlan["id"] not in targets:
            become = {"rack_pair": "auto"}
        else:
            heir = heir_of(able, serving, load)
            load[heir] += 1
            become = {"primary_rack": heir, "secondary_rack": ""}
        handed["vlans"].append({"fabric": vlan["fabric"], "vid": vlan["vid"], **become})
        if not able and vlan["dhcp_on"]:
            handed["lost"].append(f"VLAN {vlan['vid']} on {vlan['fabric']}")
    return handed


def heir_of(able, serving, load):
    """Return the system_id of the rack that serves already, or else has least to do, the first by name among equals."""
    heir = min(able, key=lambda rack: (rack["system_id"] not in serving, load[rack["system_id"]], rack["hostname"]))
    return heir["system_id"]


class FilterModule:
    """What remove_rack plans with."""

    def filters(self):
        return {"hand_over": hand_over}
