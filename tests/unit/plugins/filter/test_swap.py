# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Primary and secondary change places where two racks serve, and nowhere else."""

from __future__ import annotations

from ansible_collections.metal.maas_ha.plugins.filter.swap import swap


def rack(name, rackd="running"):
    return {"system_id": f"id-{name}", "hostname": name, "services": {"rackd": rackd}}


def vlan(number, primary, secondary=None, dhcp_on=True):
    return {
        "id": number,
        "fabric": "dc1",
        "vid": number,
        "dhcp_on": dhcp_on,
        "primary_rack": primary and f"id-{primary}",
        "secondary_rack": secondary and f"id-{secondary}",
    }


RACKS = [rack("rack1"), rack("rack2"), rack("rack3", rackd="dead")]
VLANS = [
    vlan(1, "rack1", "rack2"),
    vlan(2, "rack2", "rack1"),
    vlan(3, "rack1"),
    vlan(4, "rack1", "rack2", dhcp_on=False),
]


def test_one_vlan_is_swapped():
    assert swap(RACKS, VLANS, vlan=1) == {
        "pairs": ["VLAN 1 on dc1"],
        "vlans": [{"fabric": "dc1", "vid": 1, "primary_rack": "id-rack2", "secondary_rack": "id-rack1"}],
        "dead": [],
    }


def test_an_heir_takes_every_vlan_of_which_it_is_the_secondary():
    swapped = swap(RACKS, VLANS, heir="rack2")
    assert swapped["pairs"] == ["VLAN 1 on dc1", "VLAN 2 on dc1"]
    assert [one["vid"] for one in swapped["vlans"]] == [1]


def test_an_heir_that_is_the_primary_changes_nothing():
    swapped = swap(RACKS, VLANS, heir="rack1", vlan=1)
    assert (swapped["pairs"], swapped["vlans"]) == (["VLAN 1 on dc1"], [])


def test_a_rack_alone_or_a_stranger_is_no_pair():
    assert swap(RACKS, VLANS, vlan=3)["pairs"] == []
    assert swap(RACKS, VLANS, heir="rack3")["pairs"] == []
    assert swap(RACKS, VLANS, heir="rack9")["pairs"] == []


def test_a_dead_rack_is_named():
    assert swap(RACKS, [vlan(1, "rack1", "rack3")])["dead"] == ["rack3"]
