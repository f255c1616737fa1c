# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a VLAN, and of the racks that serve it."""

from __future__ import annotations

import pytest

PROV = {"fabric": "dc1", "vid": 100}
RACKS = {"dhcp_on": True, "primary_rack": "rack1", "secondary_rack": "rack2"}


@pytest.fixture
def racks(network):
    """The system_ids of the racks by hostname."""
    return {rack["hostname"]: rack["system_id"] for rack in network.get("rackcontrollers/")}


def test_a_vlan_is_created_changed_and_deleted(play):
    created = play.changed("vlan", fabric="dc1", vid=300, name="storage", mtu=9000, space="mgmt", description="disks")
    assert (created.vlan["name"], created.vlan["mtu"], created.vlan["space"]) == ("storage", 9000, "mgmt")
    changed = play.changed("vlan", fabric="dc1", vid=300, mtu=1500, space="")
    assert changed.diff["before"]["mtu"] == 9000 and changed.vlan["space"] == "undefined"
    play.changed("vlan", fabric="dc1", vid=300, name="")
    play.unchanged("vlan", fabric="dc1", vid=300, description="MAAS does not show it")
    play.unchanged("vlan", fabric="dc1", vid=300, name="300")
    play.changed("vlan", fabric="dc1", vid=300, state="absent")
    play.unchanged("vlan", fabric="nosuch", vid=300, state="absent")


def test_a_vlan_takes_one_read_and_names_its_fabric_by_number_too(play):
    number = next(one["id"] for one in play.site.get("fabrics/") if one["name"] == "dc1")
    play.unchanged("vlan", fabric=str(number), vid=100, name="prov")
    assert len(play.reads) == 1


def test_a_vlan_is_read_alone_and_so_is_the_one_it_is_relayed_to(play):
    play("vlan", **PROV, **RACKS)
    play("vlan", fabric="dc1", vid=200, relay_vlan=PROV)
    assert [path.partition("/fabrics/")[2] for dummy, path, dummy in play.reads] == ["dc1/vlans/200/", "dc1/vlans/100/"]


def test_a_fabric_is_known_by_its_name_whatever_maas_reads_in_a_path(play):
    number = next(one["id"] for one in play.site.get("fabrics/") if one["name"] == "dc1")
    with play.site.transaction() as state:
        for name in (str(number), "not_dc1"):
            state.add_vlan(state.add_fabric(name)["id"], 100, name=f"of {name}")
        state.update("fabric", number, name="dc-one")
        state.update("fabric", state.find("fabric", name="dc2")["id"], name=f"fabric-{number}")
    for fabric, name in (
        (str(number), f"of {number}"),
        ("not_dc1", "of not_dc1"),
        (f"fabric-{number}", "other"),
        ("dc-one", "prov"),
    ):
        play.unchanged("vlan", fabric=fabric, vid=100, name=name)


def test_dhcp_goes_on_with_both_racks_in_one_request(play, racks):
    on = play.changed("vlan", **PROV, **RACKS)
    assert (on.vlan["primary_rack"], on.vlan["secondary_rack"]) == (racks["rack1"], racks["rack2"])
    play.unchanged("vlan", **PROV, primary_rack=racks["rack1"])
    assert len(play.reads) == 1


def test_racks_are_exchanged_and_replaced_and_dhcp_stays_on(play, racks):
    play("vlan", **PROV, **RACKS)
    swapped = play.changed("vlan", **PROV, primary_rack="rack2", secondary_rack="rack1")
    assert (swapped.vlan["primary_rack"], swapped.vlan["secondary_rack"]) == (racks["rack2"], racks["rack1"])
    alone = play.changed("vlan", **PROV, secondary_rack="")
    assert alone.vlan["dhcp_on"] and alone.vlan["secondary_rack"] is None
    play("vlan", **PROV, primary_rack="rack1", secondary_rack="rack2")
    assert play("vlan", **PROV, name="again").vlan["dhcp_on"]


def kill(play, hostname):
    """Let a rack be dead to MAAS."""
    with play.site.transaction() as state:
        node = state.find("node", hostname=hostname)["id"]
        state.update("service", state.find("service", node=node, name="rackd")["id"], status="dead")


def test_a_dead_rack_that_serves_alone_is_replaced_in_one_request(play, racks):
    play("vlan", **PROV, dhcp_on=True, primary_rack="rack1")
    kill(play, "rack1")
    assert play.changed("vlan", **PROV, primary_rack="rack2").vlan["primary_rack"] == racks["rack2"]
    play("vlan", **PROV, primary_rack="rack1")
    play("vlan", **PROV, primary_rack="rack2")
    assert [status for dummy, dummy, status in play.writes] == [200]


def test_a_dead_primary_that_stays_gets_no_secondary(play):
    play("vlan", **PROV, dhcp_on=True, primary_rack="rack1")
    kill(play, "rack1")
    for check in (True, False):
        play.refused("vlan", "primary_rack", "is dead", check=check, **PROV, secondary_rack="rack2")


def test_dhcp_goes_off_and_keeps_its_racks_until_they_are_taken_away(play, racks):
    play("vlan", **PROV, **RACKS)
    off = play.changed("vlan", **PROV, dhcp_on=False)
    assert not off.vlan["dhcp_on"] and off.vlan["primary_rack"] == racks["rack1"]
    bare = play.changed("vlan", **PROV, primary_rack="", secondary_rack="")
    assert bare.vlan["primary_rack"] is None and bare.vlan["secondary_rack"] is None


def test_a_relay_is_set_ended_and_ends_with_dhcp(play):
    play("vlan", **PROV, **RACKS)
    relayed = play.changed("vlan", fabric="dc1", vid=200, relay_vlan=PROV)
    assert relayed.vlan["relay_vlan"]["vid"] == 100
    play.unchanged("vlan", fabric="dc1", vid=200, name="tenant")
    ended = play.changed("vlan", fabric="dc1", vid=200, relay_vlan={})
    assert ended.vlan["relay_vlan"] is None


def test_a_vlan_with_dhcp_becomes_a_relayed_one(play):
    play("vlan", **PROV, **RACKS)
    play.changed("vlan", fabric="dc1", vid=200, relay_vlan=PROV)
    play("vlan", fabric="dc1", vid=200, state="present", relay_vlan={})
    play("iprange", subnet="10.10.200.0/24", type="dynamic", start_ip="10.10.200.100", end_ip="10.10.200.150")
    play("vlan", fabric="dc1", vid=200, **RACKS)
    options = {"dhcp_on": False, "primary_rack": "", "secondary_rack": "", "relay_vlan": PROV, "mtu": 1400}
    relayed = play.changed("vlan", fabric="dc1", vid=200, **options)
    assert relayed.vlan["relay_vlan"]["vid"] == 100 and relayed.vlan["mtu"] == 1400


def test_a_fabric_that_an_earlier_task_would_create_does_not_fail_check_mode(play):
    foretold = play("vlan", check=True, fabric="dc9", vid=5)
    assert foretold.changed and "dc9" in foretold.warnings[0] and not play.writes


def test_the_untagged_vlan_is_not_deleted(play):
    play.refused("vlan", "default VLAN", fabric="dc1", vid=0, state="absent")


def test_a_vlan_is_created_in_no_space(play):
    assert play.changed("vlan", fabric="dc1", vid=301, space="").vlan["space"] == "undefined"
    play.changed("vlan", fabric="dc1", vid=302, space="undefined")


def test_check_mode_foretells_that_a_pair_or_a_relay_ends(play):
    play("vlan", **PROV, **RACKS)
    play("vlan", fabric="dc1", vid=200, relay_vlan=PROV)
    with play.site.transaction() as state:
        state.add_range(state.find("subnet", name="net200")["id"], "10.10.200.100", "10.10.200.150")
    for change in (
        {**PROV, "primary_rack": "rack2"},
        {"fabric": "dc1", "vid": 200, "dhcp_on": True, "primary_rack": "rack1"},
    ):
        foretold = play("vlan", check=True, **change)
        assert foretold.diff["after"] == play.changed("vlan", **change).diff["after"]
