# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against a simulated region: what it sends, what it refuses, what it says."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.metal.maas_ha.plugins.modules import dhcp_ha

SERIES = ["3.4.10", "3.5.13", "3.6.5", "3.7.3", "3.8"]
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
def run(region, capsys):
    """Run the module with these VLANs, return its result; raise Failed when it fails."""

    def run(*vlans, check=False, **options):
        arguments = {"url": region.url, "api_key": region.api_key, "vlans": list(vlans), **options}
        region.server.requests.clear()
        with patch_module_args({**arguments, "_ansible_check_mode": check}), pytest.raises(SystemExit):
            dhcp_ha.main()
        result = json.loads(capsys.readouterr().out)
        if result.get("failed"):
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


@pytest.mark.parametrize("series", SERIES)
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
