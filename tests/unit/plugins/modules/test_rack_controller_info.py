# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading rack controllers."""

from __future__ import annotations


def test_a_rack_is_read_with_its_services_and_the_vlans_it_can_serve(play):
    rack = play.unchanged("rack_controller_info", hostname="rack1").rack_controllers[0]
    vlans = {vlan["id"] for vlan in play.site.get("fabrics/dc1/vlans/")}
    assert rack["connected"] and rack["services"]["rackd"] == "running" and set(rack["vlans"]) == vlans
    places = [
        (port["vlan"]["vid"], one["ip_address"], one["mode"])
        for port in rack["interfaces"]
        for one in port["addresses"]
    ]
    assert sorted(places)[1] == (100, "10.10.100.11", "static")
    assert play("rack_controller_info", system_id=rack["system_id"]).rack_controllers == [rack]


def test_a_rack_without_addresses_of_its_own_serves_nothing(play):
    assert play("rack_controller_info", hostname="rack3").rack_controllers[0]["vlans"] == []


def test_a_dead_rack_is_not_connected(play):
    with play.site.transaction() as state:
        node = state.find("node", hostname="rack1")["id"]
        state.update("service", state.find("service", node=node, name="rackd")["id"], status="dead")
    racks = {rack["hostname"]: rack["connected"] for rack in play("rack_controller_info").rack_controllers}
    assert racks == {"rack1": False, "rack2": True, "rack3": True}


def test_an_unknown_rack_is_an_empty_list(play):
    assert play.unchanged("rack_controller_info", hostname="nosuch").rack_controllers == []


def test_the_vm_hosts_of_a_rack_are_read_when_asked_for(play):
    with play.site.transaction() as state:
        state.insert("vm_host", name="kvm1", node=state.find("node", hostname="rack1")["id"])
    racks = play.unchanged("rack_controller_info", vm_hosts=True).rack_controllers
    assert {rack["hostname"]: rack["vm_hosts"] for rack in racks} == {"rack1": ["kvm1"], "rack2": [], "rack3": []}
    assert "vm_hosts" not in play("rack_controller_info").rack_controllers[0]
