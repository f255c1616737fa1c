# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


def swap(racks, vlans, heir="", vlan=None):
    """Return what has to become of the VLANs whose primary and secondary rack are to change places.

    Args:
        racks: what rack_controller_info returned.
        vlans: what vlan_info returned.
        heir: hostname of the rack that is to be the primary; empty for the secondary, whoever that is.
        vlan: number of the only VLAN that is meant, None for all.

    Returns:
        dict with pairs, the names of the VLANs that are meant and have two racks, vlans (as dhcp_ha takes them), those
        of them that change, and dead, the hostnames of racks that would become primary and could serve nobody.
    """
    known = {rack["system_id"]: rack for rack in racks}
    heirs = {rack["system_id"] for rack in racks if heir in ("", rack["hostname"])}
    pairs = [
        one
        for one in vlans
        if one["dhcp_on"]
        and vlan in (None, one["id"])
        and one["secondary_rack"]
        and heirs & {one["primary_rack"], one["secondary_rack"]}
    ]
    swapped = [one for one in pairs if one["secondary_rack"] in heirs]
    primaries = [known[one["secondary_rack"]] for one in swapped]
    return {
        "pairs": [f"VLAN {one['vid']} on {one['fabric']}" for one in pairs],
        "vlans": [
            {
                "fabric": one["fabric"],
                "vid": one["vid"],
                "primary_rack": one["secondary_rack"],
                "secondary_rack": one["primary_rack"],
            }
            for one in swapped
        ],
        "dead": sorted({rack["hostname"] for rack in primaries if rack["services"].get("rackd") == "dead"}),
    }


class FilterModule:
    """What switchover plans a VLAN's change of racks with."""

    def filters(self):
        return {"swap": swap}
