# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What real regions were asked and answered, and the world in which they were asked."""

from __future__ import annotations

import concurrent.futures
import json
import re
import time
import urllib.parse

from ansible_collections.metal.maas_ha.tests.simulator import liveness, oauth
from ansible_collections.metal.maas_ha.tests.simulator.site import Site
from ansible_collections.metal.maas_ha.tests.simulator.state import STICKY
from ansible_collections.metal.maas_ha.tests.simulator.wire import Request

# The numbers in the order in which they were recorded: the racks were deleted last of all.
BASELINE = range(341, 347)
DELETIONS = range(318, 332)
ORDER = (*range(318), *BASELINE, *range(332, 341), *DELETIONS)

# Probes were made before that too; those of 3.7.3 between these.
BEFORE_PROBES = {"3.7.3": (*range(205), *BASELINE)}

BOUNDARY = "recordings"  # between the parts of multipart bodies


class Recording:
    """One recorded request (or race) with its answer (or answers)."""

    def __init__(self, path):
        content = json.loads(path.read_text())
        self.version = content["version"]
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
    return sorted(recordings, key=lambda each: ORDER.index(int(each.number)))


def load_probes(directory):
    """Return the probes of a version, and the recordings that lead to the state in which they were made."""
    recordings = load(directory)
    numbers = BEFORE_PROBES.get(recordings[0].version, ORDER)
    before = [
        each
        for each in recordings
        if int(each.number) in numbers and int(each.number) not in DELETIONS and not each.race
    ]
    return [Recording(path) for path in sorted((directory / "probes").glob("P*.json"))], before


class World:
    """A simulated region that is led through what happened to the real one."""

    def __init__(self, recordings):
        self._by_number = {each.number: each for each in recordings}
        self.site = Site(self.body("034")["version"])
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

    def answer(self, recording):
        """Answer a recorded request."""
        self.prepare(recording)
        return self.site.api.handle(self._request(recording))

    def race(self, recording):
        """Answer the requests of a recorded race, all sent at once."""
        self.prepare(recording)
        with self.site.transaction() as state:
            requests = [
                {"authenticated": True, "params": None, "encoding": FORM, **dict(zip(("method", "path", "body"), each))}
                for each in RACES[recording.name](state)
            ]
        signed = [self._request(recording, request) for request in requests]
        with concurrent.futures.ThreadPoolExecutor(len(signed)) as pool:
            return list(pool.map(self.site.api.handle, signed))

    def hide(self, text):
        """A text of this region with its secrets hidden as in the recordings."""
        for key in self._keys.values():
            text = text.replace(key.split(":")[2], "<THE TOKEN SECRET>")
        return text

    def _request(self, recording, sent=None):
        """The recorded request, signed for this region."""
        sent = sent or recording.request
        body, content_type = _encode(sent["body"], sent["encoding"])
        authorization = self._authorization(recording, sent)
        headers = {"Authorization": authorization} if authorization else {}
        if content_type:
            headers["Content-Type"] = content_type
        query = urllib.parse.urlencode(sent["params"] or {})
        return Request(sent["method"], sent["path"], query, headers, body)

    def _authorization(self, recording, sent):
        if recording.name in AUTHORIZATIONS:
            return AUTHORIZATIONS[recording.name](self)
        if not sent["authenticated"]:
            return None
        return self.signed("bob" if PLAIN_USER.match(recording.name) else "admin")

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
    if not isinstance(body, dict) or "id" not in body:
        return
    collection = body["resource_uri"].split("/")[4]
    kind = "snippet" if collection == "dhcp-snippets" else collection[:-1]
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
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in body.items()
        )
        return f"{parts}--{BOUNDARY}--\r\n".encode(), f"{encoding}; boundary={BOUNDARY}"
    if isinstance(body, dict):
        return urllib.parse.urlencode(body).encode(), encoding
    return body.encode(), encoding


# Who sent what, and how the requests that probe the login were signed.

PLAIN_USER = re.compile("plain user |rack delete as plain user")


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


# What was sent at once: (method, path, body) eight times.

API = "/MAAS/api/2.0/"
FORM = "application/x-www-form-urlencoded"


def _eight(method, path, body):
    """Eight requests; path is formatted with the ids of the world, body(number) gives the fields."""

    def requests(state):
        ids = {
            "fabric": state.find("fabric", name="dc1")["id"],
            "prov": state.find("vlan", vid=100)["id"],
            "relay": state.find("subnet", name="relay")["id"],
            "racks": [state.rack(name)["system_id"] for name in ("rack-a", "rack-b")],
            "doomed": (state.find("vlan", vid=700) or {}).get("id"),
        }
        return [(method, API + path.format(**ids), body(number, ids)) for number in range(8)]

    return requests


def _range(number, first, last, ids):
    return {
        "type": "dynamic",
        "start_ip": f"10.30.0.{first}",
        "end_ip": f"10.30.0.{last}",
        "subnet": ids["relay"],
        "comment": f"race {number}",
    }


RACES = {
    "create the same vlan x8": _eight("POST", "fabrics/{fabric}/vlans/", lambda number, ids: {"vid": 700}),
    "create the same fabric x8": _eight("POST", "fabrics/", lambda number, ids: {"name": "race"}),
    "create the same space x8": _eight("POST", "spaces/", lambda number, ids: {"name": "race"}),
    "create overlapping dynamic ranges x8": _eight(
        "POST", "ipranges/", lambda number, ids: _range(number, 100 + number, 120 + number, ids)
    ),
    "create distinct ranges in one subnet x8": _eight(
        "POST", "ipranges/", lambda number, ids: _range(number, 150 + 5 * number, 154 + 5 * number, ids)
    ),
    "PUT the same vlan x8 (mtu)": _eight("PUT", "vlans/{prov}/", lambda number, ids: {"mtu": 1400 + number}),
    "PUT the same vlan x8 (racks back and forth)": _eight(
        "PUT", "vlans/{prov}/", lambda number, ids: {"primary_rack": ids["racks"][number % 2]}
    ),
    "DELETE the same vlan x8": _eight("DELETE", "vlans/{doomed}/", lambda number, ids: None),
    "create 8 vlans in one fabric": _eight(
        "POST", "fabrics/{fabric}/vlans/", lambda number, ids: {"vid": 810 + number}
    ),
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
        node = state.add_rack(
            rack["hostname"], services=_services(rack), system_id=rack["system_id"], version=rack["version"]
        )
        for interface in rack["interface_set"]:
            link = interface["links"][0]["ip_address"] if interface["links"] else None
            state.add_interface(node["id"], interface["name"], interface["vlan"]["id"], link, STICKY)
    for region in world.body("033"):
        state.add_region(region["hostname"], [["127.0.0.1", 5250]], system_id=region["system_id"])


def _racks_return(world, state):
    """The racks come up, and somebody gives the untagged VLAN of dc1 a dynamic range."""
    for rack in world.body("341"):
        _connect(state, rack)
    state.add_range(state.find("subnet", cidr="10.10.0.0/24")["id"], "10.10.0.100", "10.10.0.150", user=1)


def _tidy_up(world, state):
    """Nothing is left of what the requests so far tried, but for two fabrics, and in some regions a relay.

    In one region rack-a has told of its services only now.
    """
    _connect(state, world.body("342"))
    for fabric in state.where("fabric"):
        if fabric["name"] not in ("dc1", "dc2"):
            _forget_fabric(state, fabric)
    for rack in state.where("node", description="the first"):
        state.update("node", rack["id"], description=world.body("342")["description"])
    for vlan in (vlan for fabric in world.body("343") for vlan in fabric["vlans"]):
        relay = vlan["relay_vlan"] and vlan["relay_vlan"]["id"]
        state.update("vlan", vlan["id"], relay_vlan=relay)


def _restore_pair(world, state):
    """The VLAN that the races went for has its racks and its MTU again."""
    vlan = world.body("319")
    racks = {side: state.rack(vlan[side])["id"] for side in ("primary_rack", "secondary_rack")}
    state.update("vlan", vlan["id"], mtu=vlan["mtu"], **racks)


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


def _connect(state, told):
    """A rack is connected to the region's processes and tells of its services."""
    node = state.rack(told["system_id"])["id"]
    for process in state.where("process"):
        liveness.note_connection(state, process["id"], node)
    liveness.note_services(state, node, _services(told))
    liveness.update_rackd(state)


def _disconnect(state, hostname):
    for process in state.where("process"):
        liveness.forget_connection(state, process["id"], state.rack(hostname)["id"])


def _services(rack):
    return {service["name"]: service["status"] for service in rack["service_set"]}


def _rack_d_joins_vlan_600(world, state):
    vlan = state.find("vlan", vid=600)
    state.add_interface(state.rack("rack-d")["id"], "eth1", vlan["id"])


EVENTS = {
    "027": _racks_register,
    "094": _racks_return,
    "205": _forget_trials,
    "179": lambda world, state: _disconnect(state, "rack-a"),
    "187": lambda world, state: _connect(state, world.body("316")),
    "248": _rack_d_joins_vlan_600,
    "318": _restore_pair,
    "341": _tidy_up,
}
