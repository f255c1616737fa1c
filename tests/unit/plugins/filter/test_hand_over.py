# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rack serves goes to living racks that can serve it, and nothing is lost in silence."""

from __future__ import annotations

from ansible_collections.metal.maas_ha.plugins.filter.hand_over import NOBODY, hand_over


def rack(name, *vlans, rackd="running"):
    return {"system_id": f"id-{name}", "hostname": name, "services": {"rackd": rackd}, "vlans": list(vlans)}


def vlan(number, primary, secondary=None, dhcp_on=True, relay_to=None):
    return {
        "id": number,
        "fabric": "dc1",
        "vid": number,
        "dhcp_on": dhcp_on,
        "primary_rack": primary and f"id-{primary}",
        "secondary_rack": secondary and f"id-{secondary}",
        "relay_vlan": relay_to and {"id": relay_to},
    }


def heirs(racks, vlans, hostname):
    """Return the racks that serve each VLAN afterwards, or how they are chosen."""
    return {
        one["vid"]: one.get("rack_pair") or (one["primary_rack"], one["secondary_rack"])
        for one in hand_over(racks, vlans, hostname)["vlans"]
    }


def test_what_the_rack_serves_is_handed_to_the_others():
    racks = [rack("rack1", 1), rack("rack2", 1), rack("rack3", 1)]
    vlans = [vlan(1, "rack1", "rack2"), vlan(2, "rack1"), vlan(3, None, dhcp_on=False)]
    assert hand_over(racks, vlans, "rack2") == {
        "vlans": [{"fabric": "dc1", "vid": 1, "rack_pair": "auto"}],
        "racks": ["id-rack1", "id-rack3"],
        "lost": [],
    }


def test_a_vlan_that_one_rack_served_gets_one_and_they_are_spread():
    racks = [rack(name, 1, 2, 3, 4) for name in ("rack1", "rack2", "rack3")]
    vlans = [vlan(1, "rack1"), vlan(2, "rack1"), vlan(3, "rack1"), vlan(4, "rack2", "rack3")]
    assert heirs(racks, vlans, "rack1") == {1: ("id-rack3", ""), 2: ("id-rack2", ""), 3: ("id-rack3", "")}
    assert heirs(racks[::-1], vlans, "rack1") == heirs(racks, vlans, "rack1")


def test_a_vlan_that_is_relayed_or_relayed_to_gets_one_rack_its_other_one_if_it_has():
    racks = [rack(name, 1, 2, 3) for name in ("rack1", "rack2", "rack3")]
    vlans = [
        vlan(1, "rack1", "rack3"),
        vlan(2, "rack1", "rack3", dhcp_on=False, relay_to=1),
        vlan(3, "rack1", "rack3"),
    ]
    assert heirs(racks, vlans, "rack1") == {1: ("id-rack3", ""), 2: ("id-rack3", ""), 3: "auto"}


def test_a_vlan_that_nobody_else_can_serve_is_lost():
    racks = [rack("rack1", 2), rack("rack2", 1), rack("rack3", 1, rackd="dead")]
    handed = hand_over(racks, [vlan(1, "rack2", "rack3")], "rack2")
    assert handed["lost"] == ["VLAN 1 on dc1"]
    assert handed["vlans"] == [{"fabric": "dc1", "vid": 1, **NOBODY}]


def test_a_vlan_without_dhcp_lets_go_of_the_rack_and_is_no_loss():
    handed = hand_over([rack("rack2", 1)], [vlan(1, "rack2", dhcp_on=False)], "rack2")
    assert (handed["lost"], handed["vlans"]) == ([], [{"fabric": "dc1", "vid": 1, **NOBODY}])


def test_a_rack_that_is_gone_serves_nothing():
    assert hand_over([rack("rack1", 1)], [vlan(1, "rack1")], "rack2")["vlans"] == []
