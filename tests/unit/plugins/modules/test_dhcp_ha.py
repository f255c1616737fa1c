# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against a simulated region: what it sends, what it refuses, what it says."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.metal.maas_ha.plugins.modules import dhcp_ha
from ansible_collections.metal.maas_ha.tests.simulator import server, wire

from tests.unit.plugins.conftest import run_module

DYNAMIC = {"type": "dynamic", "start_ip": "10.10.100.100", "end_ip": "10.10.100.199"}
RESERVED = {"type": "reserved", "start_ip": "10.10.100.2", "end_ip": "10.10.100.20"}
PROV = {"fabric": "dc1", "vid": 100, "dhcp_on": True, "primary_rack": "rack-a", "secondary_rack": "rack-b"}


class Failed(Exception):
    """What the module failed with; result holds all that it returned."""

    def __init__(self, result):
        super().__init__(result["msg"])
        self.result = result


@pytest.fixture
def region(api):
    """Two fabrics; racks a, b, d on VLANs 0, 100 and 200 of dc1, c on VLAN 100 of dc2, e on dc1 by DHCP."""
    with api.transaction() as state:
        dc1, dc2 = state.add_fabric("dc1"), state.add_fabric("dc2")
        vlans = {}
        for fabric, vid, net in ((dc1, 100, 100), (dc1, 200, 200), (dc1, 300, 30), (dc2, 100, 20)):
            vlan = state.add_vlan(fabric["id"], vid)
            state.add_subnet(vlan["id"], f"10.10.{net}.0/24", gateway_ip=f"10.10.{net}.1")
            vlans[fabric["name"], vid] = vlan["id"]
        for number, name in ((11, "rack-a"), (12, "rack-b"), (14, "rack-d")):
            state.add_rack(
                name,
                interfaces=[
                    {"vlan": vlans["dc1", vid], "ip": f"10.10.{vid}.{number}", "name": f"eth0.{vid}"}
                    for vid in (100, 200)
                ],
            )
        state.add_rack("rack-c", interfaces=[{"vlan": vlans["dc2", 100], "ip": "10.10.20.13"}])
        state.add_rack("rack-e", interfaces=[{"vlan": vlans["dc1", 100], "ip": "10.10.100.15", "alloc_type": 6}])
    return api


@pytest.fixture
def run(region):
    """Run the module with these VLANs, return its result; raise Failed when it fails."""

    def run(*vlans, check=False, **options):
        region.server.requests.clear()
        result = run_module("dhcp_ha", check, url=region.url, api_key=region.api_key, vlans=list(vlans), **options)
        if result.failed:
            raise Failed(result)
        return result

    return run


def vlan(region, vid=100, fabric="dc1"):
    """Return a VLAN as MAAS shows it, racks by hostname."""
    found = next(
        vlan
        for one in region.get("fabrics/")
        for vlan in one["vlans"]
        if vlan["vid"] == vid and vlan["fabric"] == fabric
    )
    names = {rack["system_id"]: rack["hostname"] for rack in region.get("rackcontrollers/")}
    racks = {key: names.get(found[key]) for key in ("primary_rack", "secondary_rack")}
    return {"dhcp_on": found["dhcp_on"], **racks}


def ranges(region):
    return sorted((one["type"], one["start_ip"], one["end_ip"]) for one in region.get("ipranges/"))


def writes(region):
    return [request for request in region.server.requests if request[0] != "GET"]


def test_a_pair_is_made_then_left_then_swapped_then_taken_away(region, run):
    wanted = {**PROV, "ranges": [RESERVED, DYNAMIC]}

    checked = run(wanted, check=True)
    assert checked["changed"] and writes(region) == [] and ranges(region) == []

    made = run(wanted)
    assert made["changed"] and made["plan"] == checked["plan"] and made["vlans"] == checked["vlans"]
    assert len(writes(region)) == 3
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-a", "secondary_rack": "rack-b"}

    again = run(wanted)
    assert not again["changed"] and again["plan"] == [] and writes(region) == []

    swapped = run({**wanted, "primary_rack": "rack-b", "secondary_rack": "rack-a"})
    assert [sentence.split(": ")[1] for sentence in swapped["plan"]] == [
        "swap rack-a and rack-b, step 1 of 2",
        "swap rack-a and rack-b, step 2 of 2",
    ]
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-b", "secondary_rack": "rack-a"}

    off = run({**PROV, "dhcp_on": False, "primary_rack": "", "secondary_rack": ""})
    assert off["changed"] and vlan(region) == {"dhcp_on": False, "primary_rack": None, "secondary_rack": None}
    assert not run({**PROV, "dhcp_on": False, "primary_rack": "", "secondary_rack": ""})["changed"]


def test_the_examples_work_in_their_order(region, run):
    pair = {"primary_rack": "rack-a", "secondary_rack": "rack-b"}
    states = []
    for task in yaml.safe_load(dhcp_ha.EXAMPLES):
        options = task["metal.maas_ha.dhcp_ha"]
        assert options.pop("url") and options.pop("api_key_file")
        vlans = options.pop("vlans")
        assert run(*vlans, **options)["changed"]
        assert not run(*vlans, **options)["changed"]
        states.append([vlan(region, 100), vlan(region, 200)])
    off = {"dhcp_on": False, "primary_rack": None, "secondary_rack": None}
    on = {"dhcp_on": True, **pair}
    spread = {"dhcp_on": True, "primary_rack": "rack-b", "secondary_rack": "rack-a"}
    assert states == [[on, off], [on, spread], [on, off]]


def test_an_unchanged_run_reads_three_times_and_writes_nothing(region, run):
    wanted = {**PROV, "ranges": [RESERVED, DYNAMIC]}
    run(wanted)
    assert run(wanted)["requests"] == {"reads": 3, "writes": 0}


def test_an_unchanged_run_by_subnet_reads_no_rack(region, run):
    wanted = {**PROV, "subnet": "10.10.100.0/24", "ranges": [RESERVED, DYNAMIC]}
    run(wanted)
    assert run(wanted)["requests"] == {"reads": 4, "writes": 0}
    assert not [request for request in region.server.requests if "rackcontrollers" in request[1]]


def test_one_vlan_of_many_takes_few_requests_and_no_list_of_all_ranges(region, run):
    with region.transaction() as state:
        fabric = state.find("fabric", name="dc2")
        for vid in range(1001, 1061):
            state.add_vlan(fabric["id"], vid)
    for wanted in (
        {**PROV, "ranges": [RESERVED, DYNAMIC]},
        {**PROV, "primary_rack": "rack-b", "secondary_rack": "rack-a", "ranges": [RESERVED, DYNAMIC]},
        {**PROV, "fabric": None, "vid": None, "subnet": "10.10.100.0/24", "secondary_rack": "rack-d"},
    ):
        assert sum(run(wanted)["requests"].values()) <= 8
        asked = {request[1].split("?")[0] for request in region.server.requests if request[0] == "GET"}
        assert not asked & {"/MAAS/api/2.0/subnets/", "/MAAS/api/2.0/ipranges/"}


def test_many_changed_vlans_take_the_writes_planned_and_the_same_reads(region, run):
    many = [{**PROV, "vid": vid, "ranges": [pool(vid)]} for vid in (100, 200)]
    assert run(*many)["requests"] == {"reads": 5, "writes": 4}
    swapped = [{**one, "primary_rack": "rack-b", "secondary_rack": "rack-a"} for one in many]
    assert run(*swapped)["requests"] == {"reads": 5, "writes": 4}


def test_a_secondary_joins_a_serving_rack(region, run):
    run({**PROV, "secondary_rack": None, "ranges": [DYNAMIC]})
    joined = run(PROV)
    assert [pair["vlan"] for pair in joined["secondaries"]] == ["VLAN 100 on dc1"]
    assert [rack["address"] for rack in joined["pairs"][0]["racks"]] == ["10.10.100.11", "10.10.100.12"]
    assert vlan(region)["secondary_rack"] == "rack-b"


def test_the_last_rack_leaves_in_a_later_run(region, run):
    run({**PROV, "secondary_rack": None, "ranges": [DYNAMIC]})
    wanted = {**PROV, "primary_rack": "rack-d", "secondary_rack": ""}

    first = run(wanted)
    assert len(first["plan"]) == 2 and "phase 2" in first["plan"][1]
    assert first["phases_left"] == 1 and first["waiting"][0]["peer"] == f"failover-vlan-{first['vlans'][0]['id']}"
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-a", "secondary_rack": "rack-d"}

    held = run(wanted, normal_peers=[])
    assert not held["changed"] and held["waiting"] == first["waiting"] and writes(region) == []

    second = run(wanted, normal_peers=[first["waiting"][0]["peer"]])
    assert second["changed"] and second["waiting"] == []
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-d", "secondary_rack": None}


def test_both_racks_of_a_pair_are_replaced_in_two_runs(region, run):
    run({**PROV, "ranges": [DYNAMIC]})
    with region.transaction() as state:
        link = state.find("address", ip="10.10.100.15")
        state.update("address", link["id"], alloc_type=1)
    wanted = {**PROV, "primary_rack": "rack-d", "secondary_rack": "rack-e"}
    assert run(wanted)["phases_left"] == 1
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-d", "secondary_rack": "rack-b"}
    assert run(wanted)["phases_left"] == 0
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-d", "secondary_rack": "rack-e"}


def test_a_dead_pair_needs_no_waiting(region, run):
    run({**PROV, "ranges": [DYNAMIC]})
    kill(region, "rack-a")
    promoted = run({**PROV, "primary_rack": "rack-b", "secondary_rack": "rack-d"}, normal_peers=[])
    assert promoted["waiting"] == []
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-b", "secondary_rack": "rack-d"}


def kill(region, hostname):
    with region.transaction() as state:
        node = state.find("node", hostname=hostname)
        service = state.find("service", node=node["id"], name="rackd")
        state.update("service", service["id"], status="dead")


def test_a_range_follows_its_new_bounds(region, run):
    run({**PROV, "ranges": [RESERVED, DYNAMIC]})
    longer = {**DYNAMIC, "end_ip": "10.10.100.220"}
    assert run({**PROV, "ranges": [RESERVED, longer]})["changed"]
    assert ranges(region) == [
        ("dynamic", "10.10.100.100", "10.10.100.220"),
        ("reserved", "10.10.100.2", "10.10.100.20"),
    ]
    assert not run({**PROV, "ranges": [RESERVED, longer]})["changed"]


def test_a_range_is_created_in_its_own_subnet_though_a_wider_one_has_dhcp(region, run):
    with region.transaction() as state:
        wide = state.add_vlan(state.find("fabric", name="dc2")["id"], 400, dhcp_on=True)
        state.add_subnet(wide["id"], "10.10.0.0/16")
    run({**PROV, "ranges": [RESERVED, DYNAMIC]})
    assert {one["subnet"]["cidr"] for one in region.get("ipranges/")} == {"10.10.100.0/24"}


def test_a_subnet_whose_prefix_has_one_digit_is_known(region, run):
    with region.transaction() as state:
        state.add_subnet(state.add_vlan(state.find("fabric", name="dc2")["id"], 400)["id"], "32.0.0.0/8")
    wide = {"fabric": "dc2", "vid": 400, "subnet": "32.0.0.0/8"}
    wide["ranges"] = [{"type": "dynamic", "start_ip": "32.0.0.10", "end_ip": "32.0.0.20"}]
    assert run(wide)["changed"] and not run(wide)["changed"]


def test_adjacent_ranges_are_told_apart(region, run):
    beside = {"type": "reserved", "start_ip": "10.10.100.200", "end_ip": "10.10.100.210"}
    wanted = {**PROV, "ranges": [RESERVED, DYNAMIC, beside]}
    run(wanted)
    assert not run(wanted)["changed"]
    assert not run({**PROV, "ranges": [DYNAMIC]})["changed"]


def test_other_ranges_stay_unless_they_are_purged(region, run):
    other = {"type": "dynamic", "start_ip": "10.10.100.210", "end_ip": "10.10.100.220"}
    run({**PROV, "ranges": [RESERVED, DYNAMIC]})
    assert not run({**PROV, "ranges": [DYNAMIC]})["changed"]
    purged = run({**PROV, "ranges": [other]}, purge_ranges=True)
    assert ranges(region) == [("dynamic", "10.10.100.210", "10.10.100.220")]
    assert [sentence.split(": ")[1].split()[0] for sentence in purged["plan"]] == ["create", "delete", "delete"]
    assert not run({**PROV, "ranges": [other]}, purge_ranges=True)["changed"]


def test_a_purged_range_makes_room_for_two(region, run):
    run({**PROV, "ranges": [DYNAMIC]})
    halves = [{**DYNAMIC, "end_ip": "10.10.100.140"}, {**DYNAMIC, "start_ip": "10.10.100.150"}]
    with pytest.raises(Failed, match="purge_ranges would remove"):
        run({**PROV, "ranges": halves})
    run({**PROV, "ranges": halves}, purge_ranges=True)
    assert [one[1:] for one in ranges(region)] == [
        ("10.10.100.100", "10.10.100.140"),
        ("10.10.100.150", "10.10.100.199"),
    ]


@pytest.mark.parametrize("dhcp_on", [True, False], ids=["on", "to be turned on"])
def test_the_last_dynamic_range_is_not_purged_where_dhcp_is(region, run, dhcp_on):
    run({**PROV, "dhcp_on": dhcp_on, "ranges": [RESERVED, DYNAMIC]})
    subnet = {"subnet": "10.10.100.0/24"}
    for check in (True, False):
        for left in ([RESERVED], []):
            with pytest.raises(Failed, match=r"purge_ranges: the dynamic range .* would go, and DHCP needs a dynamic"):
                run({**PROV, **subnet, "ranges": left}, check=check, purge_ranges=True)
        assert writes(region) == []
    with region.transaction() as state:
        other = state.add_subnet(state.find("subnet", cidr="10.10.100.0/24")["vlan"], "10.10.101.0/24")
        state.add_range(other["id"], "10.10.101.100", "10.10.101.199")
    run({**PROV, **subnet, "ranges": [RESERVED]}, purge_ranges=True)
    assert [one[1] for one in ranges(region)] == ["10.10.101.100", "10.10.100.2"]


def test_the_last_dynamic_range_is_purged_where_dhcp_goes_off(region, run):
    run({**PROV, "ranges": [DYNAMIC]})
    off = {**PROV, "dhcp_on": False, "primary_rack": "", "secondary_rack": ""}
    run({**off, "subnet": "10.10.100.0/24", "ranges": []}, purge_ranges=True)
    assert ranges(region) == []


def test_the_difference_shows_the_ranges_of_subnets_where_any_change(region, run):
    old, new = "dynamic 10.10.100.100-10.10.100.199", "dynamic 10.10.100.100-10.10.100.220"
    reserved = "reserved 10.10.100.2-10.10.100.20"

    def difference(*given, **options):
        checked, made = run(*given, check=True, **options)["diff"], run(*given, **options)["diff"]
        assert checked == made
        return [side.get("VLAN 100 on dc1", {}).get("ranges") for side in (made["before"], made["after"])]

    subnet = "10.10.100.0/24"
    longer = {**PROV, "ranges": [{**DYNAMIC, "end_ip": "10.10.100.220"}]}
    assert difference({**PROV, "ranges": [DYNAMIC, RESERVED]}) == [{subnet: []}, {subnet: [reserved, old]}]
    assert difference(longer) == [{subnet: [reserved, old]}, {subnet: [reserved, new]}]
    assert difference(longer, purge_ranges=True) == [{subnet: [reserved, new]}, {subnet: [new]}]
    assert difference({**longer, "secondary_rack": ""}) == [{}, {}]
    assert difference({**longer, "secondary_rack": ""}) == [None, None]


def test_an_empty_list_purges_all_ranges_of_a_subnet_that_is_named(region, run):
    none = {"fabric": "dc1", "vid": 100, "ranges": []}
    run({**none, "ranges": [RESERVED, DYNAMIC], "subnet": "10.10.100.0/24"})
    assert not run({**none, "subnet": "10.10.100.0/24"})["changed"]
    with pytest.raises(Failed, match="subnet: name the one that purge_ranges is to leave no ranges"):
        run(none, purge_ranges=True)
    run({**none, "subnet": "10.10.100.0/24"}, purge_ranges=True)
    assert ranges(region) == []


def test_a_subnet_tells_its_vlan(region, run):
    by_cidr = {**PROV, "fabric": None, "vid": None, "subnet": "10.10.100.0/24", "ranges": [DYNAMIC]}
    made = run(by_cidr)
    assert [(one["fabric"], one["vid"]) for one in made["vlans"]] == [("dc1", 100)]
    assert not run(by_cidr)["changed"]


def test_a_subnet_is_known_by_its_mask_too(region, run):
    run({**PROV, "subnet": "10.10.100.0/255.255.255.0", "ranges": [DYNAMIC]})
    assert not run({**PROV, "subnet": "10.10.100.0/24", "ranges": [DYNAMIC]})["changed"]


def test_a_relayed_vlan_is_served_by_one_rack(region, run):
    relayed = {
        "fabric": "dc1",
        "vid": 300,
        "subnet": "10.10.30.0/24",
        "relay_vlan": {"fabric": "dc1", "vid": 100},
        "ranges": [{"type": "dynamic", "start_ip": "10.10.30.100", "end_ip": "10.10.30.199"}],
    }
    single = {**PROV, "secondary_rack": "", "ranges": [DYNAMIC]}
    made = run(relayed, single)
    assert made["changed"] and [one["relay_vlan"] for one in made["vlans"]] == [made["vlans"][1]["id"], None]
    assert not run(relayed, single)["changed"]
    assert run({"fabric": "dc1", "vid": 300, "relay_vlan": {}})["changed"]
    assert run({"fabric": "dc1", "vid": 300, "relay_vlan": {}})["vlans"][0]["relay_vlan"] is None


def test_racks_are_spread_evenly_and_stay(region, run):
    auto = [
        {"fabric": "dc1", "vid": vid, "dhcp_on": True, "rack_pair": "auto", "ranges": [pool(vid)]} for vid in (100, 200)
    ]
    made = run(*auto, racks=["rack-a", "rack-b"])
    assert len({one["primary_rack"] for one in made["vlans"]}) == 2
    again = run(*auto)
    assert not again["changed"] and again["vlans"] == made["vlans"]


def pool(vid):
    return {"type": "dynamic", "start_ip": f"10.10.{vid}.100", "end_ip": f"10.10.{vid}.199"}


def test_a_pair_never_lies_in_one_zone_while_there_is_another(region, run):
    with region.transaction() as state:
        zone = state.insert("zone", name="east", description="")
        state.update("node", state.find("node", hostname="rack-d")["id"], zone=zone["id"])
    run({**PROV, "ranges": [DYNAMIC]})
    run({"fabric": "dc1", "vid": 100, "rack_pair": "auto"})
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-a", "secondary_rack": "rack-d"}


def test_a_lone_rack_is_taken_with_a_warning(region, run):
    made = run({"fabric": "dc2", "vid": 100, "rack_pair": "auto"})
    assert "VLAN 100 on dc2: only rack-c can serve it, so it has no failover" in str(made["warnings"])


def test_another_dhcp_server_is_warned_of(region, run):
    run({**PROV, "ranges": [DYNAMIC]})
    with region.transaction() as state:
        state.update("vlan", state.find("vlan", vid=100)["id"], external_dhcp="10.10.100.99")
    assert "another DHCP server answers there already: 10.10.100.99" in str(run(PROV)["warnings"])


def test_what_is_not_mentioned_is_left_alone(region, run):
    run({**PROV, "ranges": [DYNAMIC]})
    assert not run({"fabric": "dc1", "vid": 100})["changed"]
    assert vlan(region) == {"dhcp_on": True, "primary_rack": "rack-a", "secondary_rack": "rack-b"}


def test_a_region_that_goes_away_leaves_a_list_of_what_was_not_done(region, run):
    wanted = [{**PROV, "ranges": [DYNAMIC]}, {**PROV, "vid": 200, "ranges": [pool(200)]}]
    refuse = wire.Response(500, b"<html><title>Internal Server Error</title></html>", content_type="text/html")
    region.server.fail(refuse, when=lambda request: request.method == "PUT")
    with pytest.raises(Failed, match="1 VLANs were not done, 1 were; running again does the rest") as failed:
        run(*wanted)
    assert len(failed.value.result["not_done"]) == len(failed.value.result["done"]) == 1
    run(*wanted)
    assert not run(*wanted)["changed"]


def test_a_range_whose_answer_was_lost_is_not_created_twice(region, run):
    region.server.fail(server.DROP_AFTER, when=lambda request: request.method == "POST")
    assert run({**PROV, "ranges": [DYNAMIC]})["changed"]
    assert ranges(region) == [("dynamic", "10.10.100.100", "10.10.100.199")]
    assert len([request for request in region.server.requests if request[0] == "POST"]) == 1


BAD = {
    "unknown fabric": ({"fabric": "dc9"}, "fabric: MAAS has no fabric dc9, it has"),
    "unknown vid": ({"vid": 999}, "vid: fabric dc1 has no VLAN 999"),
    "vid too high": ({"vid": 4095}, "vid: 4095 is not between 0 and 4094"),
    "vid below zero": ({"vid": -1}, "vid: -1 is not between 0 and 4094"),
    "unknown primary": ({"primary_rack": "nosuch"}, "primary_rack: MAAS has no rack with the hostname .* nosuch"),
    "unknown secondary": ({"secondary_rack": "nosuch"}, "secondary_rack: MAAS has no rack"),
    "same rack twice": ({"secondary_rack": "rack-a"}, "one rack cannot be both"),
    "same VID, other VLAN": ({"secondary_rack": "rack-c"}, "rack-c has no static IPv4 .* VLAN 100 on dc2"),
    "address learnt by DHCP": ({"secondary_rack": "rack-e"}, "rack-e has no static IPv4 address on this VLAN"),
    "rack without the VLAN": ({"vid": 300, "subnet": "10.10.30.0/24"}, "rack-a has no static IPv4 address"),
    "no rack": ({"primary_rack": None, "secondary_rack": None}, "DHCP needs a primary rack"),
    "lone secondary": ({"dhcp_on": None, "primary_rack": None}, "a secondary rack needs a primary"),
    "no dynamic range": ({"ranges": []}, "DHCP needs a dynamic range"),
    "only a reserved range": ({"ranges": [RESERVED]}, "DHCP needs a dynamic range"),
    "end before start": ({"ranges": [{**DYNAMIC, "end_ip": "10.10.100.50"}]}, "end_ip: 10.10.100.50 lies before"),
    "outside": ({"ranges": [{**DYNAMIC, "end_ip": "10.10.101.5"}]}, "lies outside 10.10.100.0/24"),
    "network address": ({"ranges": [{**DYNAMIC, "start_ip": "10.10.100.0"}]}, "the network or the broadcast address"),
    "broadcast address": ({"ranges": [{**DYNAMIC, "end_ip": "10.10.100.255"}]}, "network or the broadcast address"),
    "over a rack": ({"ranges": [{**DYNAMIC, "start_ip": "10.10.100.10"}]}, "holds 10.10.100.11, the address of rack-a"),
    "over the gateway": ({"ranges": [{**DYNAMIC, "start_ip": "10.10.100.1"}]}, "holds 10.10.100.1, the gateway"),
    "over a stranger": ({"ranges": [{**DYNAMIC, "start_ip": "10.10.100.15"}]}, "10.10.100.15, which is in use"),
    "IPv6 range": ({"ranges": [{**DYNAMIC, "start_ip": "fd00::1", "end_ip": "fd00::f"}]}, "ranges are IPv4"),
    "no address": ({"ranges": [{**DYNAMIC, "start_ip": "ten"}]}, r"ranges\[0\]: .*ten"),
    "overlap": ({"ranges": [DYNAMIC, {**DYNAMIC, "start_ip": "10.10.100.150"}]}, "overlaps the dynamic range"),
    "two types overlap": ({"ranges": [DYNAMIC, {**DYNAMIC, "type": "reserved"}]}, "overlaps the dynamic range"),
    "subnet unknown": ({"subnet": "10.99.0.0/24"}, "subnet: MAAS has no subnet 10.99.0.0/24"),
    "subnet elsewhere": ({"subnet": "10.10.200.0/24"}, "subnet: 10.10.200.0/24 is on VLAN 200 on dc1"),
    "subnet with host bits": ({"subnet": "10.10.100.7/24"}, "no IPv4 subnet in CIDR form"),
    "IPv6 subnet": ({"subnet": "fd00::/64"}, "no IPv4 subnet in CIDR form"),
    "relayed to itself": (
        {"dhcp_on": False, "secondary_rack": "", "relay_vlan": {"fabric": "dc1", "vid": 100}},
        "cannot be relayed to itself",
    ),
    "relayed and served": ({"relay_vlan": {"fabric": "dc1", "vid": 200}}, "either relayed or has DHCP of its own"),
    "relayed pair": ({"dhcp_on": False, "relay_vlan": {"fabric": "dc1", "vid": 200}}, "gives a relayed VLAN no fail"),
    "target without DHCP": (
        {"dhcp_on": False, "secondary_rack": "", "relay_vlan": {"fabric": "dc1", "vid": 200}},
        "relay_vlan: VLAN 200 on dc1 has no DHCP",
    ),
    "unknown target": (
        {"dhcp_on": False, "secondary_rack": "", "relay_vlan": {"fabric": "dc1", "vid": 77}},
        "relay_vlan: vid: fabric dc1 has no VLAN 77",
    ),
}


@pytest.mark.parametrize(("change", "sentence"), BAD.values(), ids=BAD)
def test_bad_input_ends_in_a_sentence_and_no_write(region, run, change, sentence):
    good = {**PROV, "vid": 200, "ranges": [pool(200)]} if "200" not in str(change) else {"fabric": "dc1", "vid": 0}
    with pytest.raises(Failed, match=sentence):
        run(good, {**PROV, "ranges": [DYNAMIC], **change})
    assert writes(region) == []


def test_every_problem_of_every_vlan_is_told_at_once(region, run):
    with pytest.raises(Failed) as failed:
        run({**PROV, "primary_rack": "nosuch"}, {**PROV, "vid": 200, "secondary_rack": "rack-c", "ranges": [DYNAMIC]})
    assert len(failed.value.result["problems"]) >= 3


def test_a_vlan_is_listed_once(region, run):
    with pytest.raises(Failed, match="listed more than once"):
        run(PROV, {**PROV, "fabric": None, "vid": None, "subnet": "10.10.100.0/24"})


def test_a_dead_primary_gets_no_secondary(region, run):
    run({**PROV, "secondary_rack": None, "ranges": [DYNAMIC]})
    kill(region, "rack-a")
    with pytest.raises(Failed, match="adds none while the primary, rack-a, is dead"):
        run(PROV)


@pytest.mark.parametrize("key", ["primary_rack", "secondary_rack"])
def test_a_dead_rack_is_not_assigned(region, run, key):
    kill(region, PROV[key])
    with pytest.raises(Failed, match=f"{key}: {PROV[key]} is dead"):
        run({**PROV, "ranges": [DYNAMIC]})


def test_a_vlan_with_relays_gets_no_pair_and_keeps_dhcp(region, run):
    run({**PROV, "secondary_rack": "", "ranges": [DYNAMIC]})
    run({"fabric": "dc1", "vid": 300, "relay_vlan": {"fabric": "dc1", "vid": 100}})
    with pytest.raises(Failed, match="secondary_rack: VLAN 300 on dc1 is relayed to it"):
        run(PROV)
    with pytest.raises(Failed, match="dhcp_on: VLAN 300 on dc1 is relayed to it"):
        run({"fabric": "dc1", "vid": 100, "dhcp_on": False})


def test_an_unmanaged_subnet_gets_no_dhcp(region, run):
    with region.transaction() as state:
        state.update("subnet", state.find("subnet", cidr="10.10.100.0/24")["id"], managed=False)
    with pytest.raises(Failed, match="it is not managed"):
        run({**PROV, "ranges": [DYNAMIC]})


def test_a_range_without_a_known_subnet_asks_for_it(region, run):
    with pytest.raises(Failed, match="no subnet of this VLAN is known"):
        run({"fabric": "dc1", "vid": 300, "ranges": [pool(30)]})


def test_a_thousand_racks_may_be_named(region, run):
    racks = ["rack-a", "rack-b", *(f"a-rack-with-a-long-name-{number:04}" for number in range(1000))]
    with region.transaction() as state:
        for name in racks[2:]:
            state.add_rack(name)
    auto = {"fabric": "dc1", "vid": 100, "dhcp_on": True, "rack_pair": "auto", "ranges": [pool(100)]}
    assert run(auto, racks=racks)["changed"]
