# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A region is forgotten when it is gone, and never the last one."""

from __future__ import annotations


def die(play, hostname):
    """Let all processes of a region be missed."""
    with play.site.transaction() as state:
        node = state.find("node", hostname=hostname)["id"]
        for process in state.where("process", node=node):
            state.delete("process", process["id"])


def test_a_region_that_is_gone_is_deleted(play):
    with play.site.transaction() as state:
        state.add_region("region2", [["10.10.0.3", 5250]], version=play.site.version)
    play.refused("region_controller", "hostname", "region2 runs", hostname="region2", state="absent")
    die(play, "region2")
    play.changed("region_controller", hostname="region2", state="absent")


def test_the_last_region_stays(play):
    die(play, "region1")
    play.refused("region_controller", "hostname", "last", hostname="region1", state="absent")


def test_a_region_cannot_be_invented(play):
    play.refused("region_controller", "hostname", "region9", hostname="region9")
    play.unchanged("region_controller", hostname="region1")


def add_both(play, *interfaces):
    """Add a region that is a rack too, whose processes are gone."""
    with play.site.transaction() as state:
        places = [{"vlan": state.find("vlan", vid=vid)["id"], "ip": ip} for vid, ip in interfaces]
        return state.add_rack("both1", places, node_type=4, version=play.site.version)["system_id"]


def test_a_region_that_is_a_rack_too_is_deleted_as_both(play):
    add_both(play)
    play.changed("region_controller", hostname="both1", state="absent")
    assert play.site.get("rackcontrollers/", hostname="both1") == []


def test_a_region_that_is_a_rack_too_takes_no_vlan_along(play):
    add_both(play, (200, "10.10.200.13"))
    with play.site.transaction() as state:
        state.add_range(state.find("subnet", name="net200")["id"], "10.10.200.100", "10.10.200.150")
    play("vlan", fabric="dc1", vid=200, dhcp_on=True, primary_rack="both1")
    gone = {"hostname": "both1", "state": "absent"}
    play.refused("region_controller", "hostname: both1", "200 of dc1", **gone)
    play("vlan", fabric="dc1", vid=200, secondary_rack="rack1")
    play.changed("region_controller", **gone)
    assert play("vlan_info", fabric="dc1", vid=200).vlans[0]["dhcp_on"]


def test_a_key_that_is_shown_no_region_is_refused(play):
    gone = {"hostname": "region1", "state": "absent", "api_key": play.site.add_user("bob")}
    for check in (True, False):
        play.refused("region_controller", "api_key", "administrator", check=check, **gone)
    play.unchanged("region_controller", hostname="region9", state="absent")
