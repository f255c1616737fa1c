# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a region answers beyond what was recorded: the database away, keys, images, users."""

from __future__ import annotations

import base64
import concurrent.futures
import time

import pytest
from ansible_collections.metal.maas_ha.tests.simulator import oauth
from ansible_collections.metal.maas_ha.tests.simulator.api import Api
from ansible_collections.metal.maas_ha.tests.simulator.state import DHCP
from ansible_collections.metal.maas_ha.tests.simulator.tables import StoreError
from ansible_collections.metal.maas_ha.tests.simulator.versions import SERIES, series_of
from ansible_collections.metal.maas_ha.tests.simulator.wire import Request

KEY = b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes(32)
PUBLIC_KEY = f"ssh-ed25519 {base64.b64encode(KEY).decode()} admin@example.com"


class AwayStore:
    """A database that does not answer."""

    def transaction(self):
        raise StoreError('connection to server at "10.0.0.1", port 5432 failed')


def test_a_database_that_is_away_is_a_500_that_says_so():
    response = Api(AwayStore()).handle(Request("GET", "/MAAS/api/2.0/version/"))
    assert (response.status, response.headers["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert b"10.0.0.1" in response.body


def test_a_refusal_undoes_the_request_but_keeps_its_nonce(api):
    header = {"Authorization": oauth.authorization(api.api_key, "once", int(time.time()))}
    request = Request("DELETE", "/MAAS/api/2.0/users/admin/", headers=header)
    assert api.api.handle(request).status == 400
    assert api.api.handle(request).status == 401
    assert api.get("users/")[0]["username"] == "admin"


def test_the_nonces_of_yesterday_are_forgotten(api):
    with api.transaction() as state:
        oauth.authenticate(state, _signed(api.api_key, "old", 0), now=0)
        oauth.authenticate(state, _signed(api.api_key, "new", 10**6), now=10**6)
        assert [row["nonce"] for row in state.where("nonce")] == ["new"]


def _signed(api_key, nonce, timestamp):
    return Request("GET", "/", headers={"Authorization": oauth.authorization(api_key, nonce, timestamp)})


@pytest.mark.parametrize("page", ["/MAAS/rpc/", "/MAAS/accounts/login/", "/MAAS/api/2.0/version/"])
def test_what_load_balancers_ask_needs_no_login(api, page):
    assert api.api.handle(Request("GET", page)).status == 200


def test_a_region_with_endpoints_is_listed_for_racks(api):
    with api.transaction() as state:
        state.add_region("region1", [["10.0.0.1", 5250]], pid=42)
    response = api.api.handle(Request("GET", "/MAAS/rpc/"))
    assert response.json() == {"eventloops": {"region1:pid=42": [["10.0.0.1", 5250]]}}


def test_an_import_of_images_ends_by_itself(api):
    assert api.call("POST", "boot-resources/", {"op": "import"}).status == 200
    running = [api.get("boot-resources/", op="is_importing") for dummy in range(5)]
    assert running == [True, True, True, False, False]
    assert [image["name"] for image in api.get("boot-resources/", type="synced")] == ["ubuntu/noble"]


def test_a_release_that_no_source_offers_cannot_be_selected(api):
    refused = api.call("POST", "boot-sources/1/selections/", {"os": "ubuntu", "release": "warty"})
    assert (refused.status, list(refused.json())) == (400, ["os"])
    assert api.call("POST", "boot-sources/1/selections/", {"os": "ubuntu", "release": "jammy"}).status == 201


@pytest.mark.parametrize("word", ["cidr:16.0.0.0/8", "16.0.0.0/8"])
def test_a_prefix_length_of_one_digit_is_no_path(api, word):
    answer = api.call("GET", f"subnets/{word}/")
    assert (answer.status, answer.body) == (404, f"Unknown API endpoint: /MAAS/api/2.0/subnets/{word}/.".encode())


def test_an_ssh_key_is_added_once(api):
    assert api.call("POST", "account/prefs/sshkeys/", {"key": PUBLIC_KEY}).status == 201
    again = api.call("POST", "account/prefs/sshkeys/", {"key": PUBLIC_KEY})
    assert (again.status, list(again.json())) == (400, ["__all__"])
    assert api.call("POST", "account/prefs/sshkeys/", {"key": "ssh-rsa nonsense"}).status == 400


def test_a_user_whose_ranges_are_left_stays(api):
    bob = api.add_user("bob")
    with api.transaction() as state:
        vlan = state.default_vlan(state.add_fabric("dc1")["id"])
        state.add_subnet(vlan["id"], "10.0.0.0/24")
    own = {"type": "reserved", "start_ip": "10.0.0.5", "end_ip": "10.0.0.6"}
    assert api.call("POST", "ipranges/", own, api_key=bob).status == 200
    assert b"1 IP range(s)" in api.call("DELETE", "users/bob/").body
    assert api.call("DELETE", "users/bob/", transfer_resources_to="admin").status == 204
    assert api.get("ipranges/")[0]["user"]["username"] == "admin"


def test_overlapping_ranges_that_are_sent_at_once_are_partly_accepted(api):
    """Whether two of them meet is chance, so eight are sent until some did, in another subnet each time."""
    with api.transaction() as state:
        vlan = state.default_vlan(state.add_fabric("dc1")["id"])
    for subnet in range(50):
        with api.transaction() as state:
            state.add_subnet(vlan["id"], f"10.0.{subnet}.0/24")
        ends = {"type": "dynamic", "end_ip": f"10.0.{subnet}.99"}
        wanted = [{**ends, "start_ip": f"10.0.{subnet}.{10 + each}"} for each in range(8)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = [each.status for each in pool.map(lambda data: api.call("POST", "ipranges/", data), wanted)]
        if statuses.count(200) > 1 and 400 in statuses:
            return
    pytest.fail(f"no two of eight ranges that overlap were accepted together in {subnet + 1} attempts")


def test_a_running_region_cannot_be_deleted(api):
    with api.transaction() as state:
        region = state.add_region("region1", [["10.0.0.1", 5250]])
        path = f"regioncontrollers/{region['system_id']}/"
    assert b"currently running" in api.call("DELETE", path).body
    with api.transaction() as state:
        state.delete("process", state.find("process", node=region["id"])["id"])
    assert api.call("DELETE", path).status == 204


def test_the_primary_rack_of_a_vlan_without_dhcp_cannot_be_deleted(api):
    with api.transaction() as state:
        vlan = state.default_vlan(state.add_fabric("dc1")["id"])
        rack = state.add_rack("rack-a", [{"vlan": vlan["id"]}])
        state.update("vlan", vlan["id"], primary_rack=rack["id"])
        path = f"rackcontrollers/{rack['system_id']}/"
    assert api.call("DELETE", path, force="true").status == 500
    assert api.call("PUT", f"vlans/{vlan['id']}/", {"primary_rack": ""}).status == 200
    assert api.call("DELETE", path).status == 204


def test_a_vlan_takes_its_vlan_interfaces_with_it(api):
    with api.transaction() as state:
        fabric = state.add_fabric("dc1")["id"]
        vlan = state.add_vlan(fabric, 5)["id"]
        rack = state.add_rack("rack-a", [{"vlan": vlan}, {"vlan": vlan, "name": "eth1"}])["system_id"]
    assert api.call("DELETE", f"vlans/{vlan}/").status == 204
    left = api.get(f"nodes/{rack}/interfaces/")
    assert [(each["name"], each["vlan"]["name"]) for each in left] == [("eth1", "untagged")]


def test_an_address_that_a_rack_learnt_by_dhcp_is_told_as_such(api):
    with api.transaction() as state:
        vlan = state.default_vlan(state.add_fabric("dc1")["id"])
        state.add_subnet(vlan["id"], "10.0.0.0/24")
        state.add_rack("rack-a", [{"vlan": vlan["id"], "ip": "10.0.0.9", "alloc_type": DHCP}])
    interface = api.get("rackcontrollers/")[0]["interface_set"][0]
    assert [link["mode"] for link in interface["links"]] == ["dhcp"]


@pytest.mark.parametrize(("name", "status"), [("row-4", 200), ("row.4", 400), ("größe", 400)])
def test_the_name_of_a_tag_is_plain(api, name, status):
    assert api.call("POST", "tags/", {"name": name}).status == status


def test_a_tagged_rack_tells_its_tag(api):
    with api.transaction() as state:
        rack = state.add_rack("rack-a")["system_id"]
    api.call("POST", "tags/", {"name": "edge"})
    assert api.call("POST", "tags/edge/", {"add": rack}, op="update_nodes").json() == {"added": 1, "removed": 0}
    assert api.get(f"rackcontrollers/{rack}/")["tag_names"] == ["edge"]
    api.call("DELETE", "tags/edge/")
    assert api.get(f"rackcontrollers/{rack}/")["tag_names"] == []


@pytest.mark.parametrize(
    ("series", "expected"),
    list(zip(SERIES, ({"dns_rack"}, {"agent", "dns_rack"}, {"agent", "dns_rack"}, {"agent"}, {"agent"}))),
)
def test_racks_have_the_services_of_their_series(api, expected):
    with api.transaction() as state:
        state.add_rack("rack-a", services={"dhcpd": "running"})
    services = {each["name"]: each["status"] for each in api.get("rackcontrollers/")[0]["service_set"]}
    assert services.keys() & {"agent", "dns_rack"} == expected
    assert services["dhcpd"] == services["rackd"] == "running"


def test_a_version_nobody_knows_is_refused():
    with pytest.raises(ValueError, match=r"2\.9"):
        series_of("2.9")
