# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What real regions were asked and answered, and the world in which they were asked."""

from __future__ import annotations

import json
import time
import urllib.parse

from ansible_collections.metal.maas_ha.tests.simulator import oauth
from ansible_collections.metal.maas_ha.tests.simulator.site import Site
from ansible_collections.metal.maas_ha.tests.simulator.state import STICKY
from ansible_collections.metal.maas_ha.tests.simulator.wire import Request

# The races and the last reads were recorded before the racks were deleted, beginning with number 318.
FIRST_DELETION = 318
BOUNDARY = "recordings"


class Recording:
    """One recorded request (or race) with its answer (or answers)."""

    def __init__(self, path):
        content = json.loads(path.read_text())
        self.number = path.name.partition("-")[0]
        self.name = content["name"]
        self.request = content.get("request")
        self.response = content.get("response")
        self.race = content.get("parallel_responses")

    def __str__(self):
        return f"{self.number} {self.name}"


def load(directory):
    """Return the recordings of a version in the order in which they were made."""
    recordings = [Recording(path) for path in sorted(directory.glob("[0-9]*.json"))]
    deletions = [each for each in recordings if FIRST_DELETION <= int(each.number) < 332]
    return [each for each in recordings if each not in deletions] + deletions


def load_probes(directory):
    """Return the probes of a version; they were made in a world of their own."""
    return [Recording(path) for path in sorted((directory / "probes").glob("P*.json"))]


class World:
    """A simulated region that is led through what happened to the real one."""

    def __init__(self, version, recordings):
        self.site = Site(version)
        self._by_number = {each.number: each for each in recordings}
        self._keys = {"admin": self.site.api_key}
        self._nonce = 0

    def body(self, number):
        """The recorded answer of a number."""
        return self._by_number[number].response["body"]

    def prepare(self, recording):
        """Do what happened to the region outside of its API before a request, and let its next ids be the recorded."""
        event = EVENTS.get(recording.number)
        with self.site.transaction() as state:
            if event:
                event(self, state)
            if recording.request and recording.request["method"] == "POST" and recording.response["status"] == 200:
                _align_ids(state, recording.response["body"])

    def request(self, recording):
        """The recorded request, signed for this region."""
        sent = recording.request
        body, content_type = _encode(sent["body"], sent["encoding"])
        headers = {"Authorization": self._authorization(recording)} if self._authorization(recording) else {}
        if content_type:
            headers["Content-Type"] = content_type
        query = urllib.parse.urlencode(sent["params"] or {})
        return Request(sent["method"], sent["path"], query, headers, body)

    def _authorization(self, recording):
        if recording.name in AUTHORIZATIONS:
            return AUTHORIZATIONS[recording.name](self)
        if not recording.request["authenticated"]:
            return None
        return self.signed("bob" if "plain user" in recording.name and recording.number > "299" else "admin")

    def signed(self, username="admin", nonce=None, age=0, forge=lambda key: key):
        """An Authorization header of a user, as old as wanted and with a forged key if wanted."""
        if username not in self._keys:
            with self.site.transaction() as state:
                self._keys[username] = state.add_api_key(state.find("user", username=username)["id"])
        self._nonce += 1
        key = forge(self._keys[username])
        return oauth.authorization(key, nonce or f"nonce{self._nonce}", int(time.time()) - age)


def _align_ids(state, body):
    """Let what a request creates get the ids that it got in reality."""
    if not isinstance(body, dict) or "resource_uri" not in body:
        return
    kind = {"dhcp-snippets": "snippet"}.get(body["resource_uri"].split("/")[4], body["resource_uri"].split("/")[4][:-1])
    if "id" in body:
        state.start_ids(kind, body["id"])
    if kind == "fabric":
        state.start_ids("vlan", body["vlans"][0]["id"])


def _encode(body, encoding):
    if body is None:
        return b"", encoding
    if encoding == "application/json":
        return (body if isinstance(body, str) else json.dumps(body)).encode(), encoding
    if encoding == "multipart/form-data":
        parts = "".join(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in body.items()
        )
        return f"{parts}--{BOUNDARY}--\r\n".encode(), f"{encoding}; boundary={BOUNDARY}"
    if isinstance(body, dict):
        return urllib.parse.urlencode(body).encode(), encoding
    return body.encode(), encoding


# How the requests that probe the login were signed.


def _replace(index, word):
    def forge(key):
        parts = key.split(":")
        parts[index] = word
        return ":".join(parts)

    return forge


AUTHORIZATIONS = {
    "wrong key: unknown consumer": lambda world: world.signed(forge=_replace(0, "a" * 18)),
    "wrong key: unknown token": lambda world: world.signed(forge=_replace(1, "b" * 18)),
    "wrong key: bad secret": lambda world: world.signed(forge=_replace(2, "c" * 32)),
    "malformed Authorization header": lambda world: "OAuth nonsense",
    "bearer Authorization header": lambda world: "Bearer token",
    "nonce used the first time": lambda world: world.signed(nonce="fixednonce1"),
    "nonce replayed": lambda world: world.signed(nonce="fixednonce1"),
    "old timestamp (1 hour)": lambda world: world.signed(age=3600),
}


# What happened outside of the API, by the number of the request before which it did.


def _racks_register(world, state):
    """Take over what racks and their discoveries brought: fabrics, VLANs, subnets, and the racks, all of them down."""
    for space in world.body("045"):
        if space["id"] > 0 and not state.get("space", space["id"]):
            state.insert("space", **{name: space[name] for name in ("id", "name", "description")})
        for vlan in space["vlans"]:
            if not state.get("fabric", vlan["fabric_id"]):
                state.insert("fabric", id=vlan["fabric_id"], name=None, description="", class_type=None)
                its_space = space["id"] if space["id"] > 0 else None
                state.add_vlan(vlan["fabric_id"], vlan["vid"], id=vlan["id"], space=its_space)
    for subnet in world.body("047"):
        if not state.get("subnet", subnet["id"]):
            columns = {name: value for name, value in subnet.items() if name not in ("vlan", "space", "resource_uri")}
            state.add_subnet(subnet["vlan"]["id"], **columns)
    for rack in world.body("027"):
        node = state.add_rack(rack["hostname"], system_id=rack["system_id"], version=rack["version"])
        for interface in rack["interface_set"]:
            link = interface["links"][0]["ip_address"] if interface["links"] else None
            state.add_interface(node["id"], interface["name"], interface["vlan"]["id"], link, STICKY)
    for region in world.body("033"):
        state.add_region(region["hostname"], [["127.0.0.1", 5250]], system_id=region["system_id"])
    _set_racks(state, "dead")


def _racks_return(world, state):
    """The racks come up, and somebody gives the untagged VLAN of dc1 a dynamic range."""
    _set_racks(state, "running")
    state.add_range(state.find("subnet", cidr="10.10.0.0/24")["id"], "10.10.0.100", "10.10.0.150", user=1)


def _tidy_up(world, state):
    """Nothing is left of what the requests so far tried, but for the two fabrics."""
    for fabric in state.where("fabric"):
        if fabric["name"] not in ("dc1", "dc2"):
            _forget_fabric(state, fabric)
    for vlan in state.where("vlan"):
        state.update("vlan", vlan["id"], relay_vlan=None)


def _forget_trials(world, state):
    """The fabrics that tried encodings are deleted."""
    for name in ("jsonfab", "mpfab"):
        _forget_fabric(state, state.find("fabric", name=name))


def _forget_fabric(state, fabric):
    for vlan in state.where("vlan", fabric=fabric["id"]):
        for subnet in state.where("subnet", vlan=vlan["id"]):
            state.delete("subnet", subnet["id"])
        state.delete("vlan", vlan["id"])
    state.delete("fabric", fabric["id"])


def _set_racks(state, status, *hostnames):
    for rack in state.where("node"):
        if not hostnames or rack["hostname"] in hostnames:
            for service in state.where("service", node=rack["id"], name="rackd"):
                state.update("service", service["id"], status=status)


def _rack_d_joins_vlan_600(world, state):
    vlan = state.find("vlan", vid=600)
    state.add_interface(state.rack("rack-d")["id"], "eth0.600", vlan["id"])


EVENTS = {
    "027": _racks_register,
    "094": _racks_return,
    "205": _forget_trials,
    "179": lambda world, state: _set_racks(state, "dead", "rack-a"),
    "187": lambda world, state: _set_racks(state, "running", "rack-a"),
    "248": _rack_d_joins_vlan_600,
    "343": _tidy_up,
}
