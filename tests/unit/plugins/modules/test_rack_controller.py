# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person says of a rack controller, and its end."""

from __future__ import annotations

PAIR = {"dhcp_on": True, "primary_rack": "rack1", "secondary_rack": "rack2"}


def test_a_rack_is_described_placed_and_tagged(play):
    play.changed("rack_controller", hostname="rack1", description="Hall 2")
    with play.site.transaction() as state:
        state.insert("zone", name="hall2", description="")
    play.changed("rack_controller", hostname="rack1", zone="hall2", tags=["row4", "ups-b"])
    tagged = play.changed("rack_controller", hostname="rack1", tags=["row5", "ups-b"])
    assert tagged.rack_controller["tag_names"] == ["row5", "ups-b"]
    play.changed("rack_controller", hostname="rack1", description="", tags=[])


def test_a_rack_is_known_by_its_system_id_too(play):
    rack = play.site.get("rackcontrollers/", hostname="rack1")[0]
    play.unchanged("rack_controller", system_id=rack["system_id"])
    assert len(play.reads) == 1


def test_a_rack_that_serves_nothing_is_deleted(play):
    play.changed("rack_controller", hostname="rack3", state="absent")


def test_a_rack_of_a_pair_is_deleted_and_the_other_one_serves(play):
    play("vlan", fabric="dc1", vid=100, **PAIR)
    play.changed("rack_controller", hostname="rack1", state="absent")
    vlan = play("vlan_info", fabric="dc1", vid=100).vlans[0]
    assert (
        vlan["dhcp_on"] and vlan["primary_rack"] == play.site.get("rackcontrollers/", hostname="rack2")[0]["system_id"]
    )


def test_the_last_rack_of_a_vlan_is_deleted_only_by_force(play):
    play("vlan", fabric="dc1", vid=100, dhcp_on=True, primary_rack="rack1")
    play.refused("rack_controller", "hostname: rack1", "100 of dc1", "force", hostname="rack1", state="absent")
    play.refused("rack_controller", "force", check=True, hostname="rack1", state="absent")
    play.changed("rack_controller", hostname="rack1", state="absent", force=True)


def test_a_rack_cannot_be_invented(play):
    play.refused("rack_controller", "hostname", "rack9", hostname="rack9")


def test_a_rack_that_hosts_virtual_machines_is_deleted_only_by_force(play):
    with play.site.transaction() as state:
        state.insert("vm_host", name="kvm1", node=state.find("node", hostname="rack3")["id"])
    assert "virtual machines" in play("rack_controller", hostname="rack3", state="absent").msg
    assert play("rack_controller", hostname="rack3", state="absent", force=True).changed


def test_the_primary_rack_of_a_vlan_whose_dhcp_is_off_is_not_deleted(play):
    play("vlan", fabric="dc1", vid=100, **PAIR)
    play("vlan", fabric="dc1", vid=100, dhcp_on=False)
    for check in (True, False):
        words = "hostname: rack1", "100 of dc1", "another primary_rack"
        play.refused("rack_controller", *words, check=check, hostname="rack1", state="absent", force=True)
    play("vlan", fabric="dc1", vid=100, primary_rack="rack2", secondary_rack="")
    play.changed("rack_controller", hostname="rack1", state="absent")


def test_a_key_that_is_shown_no_rack_is_refused(play):
    gone = {"hostname": "rack3", "state": "absent", "api_key": play.site.add_user("bob")}
    for check in (True, False):
        play.refused("rack_controller", "api_key", "administrator", check=check, **gone)
    play.unchanged("rack_controller", hostname="rack9", state="absent")
