# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator answers every recorded request as the real region of that version did.

Status, content type, names and types of fields and the texts of errors must be the same; so must the values of single
objects, but for those that chance and hardware made. Of lists the shapes of their elements are compared, of the
services of a rack how each is.
"""

from __future__ import annotations

import collections
import json
import re

import pytest

from . import recordings

VERSIONS = ("3.4.10", "3.5.13", "3.6.5", "3.7.3", "3.8")

# The group of a recording, by its path; the first match wins.
GROUPS = (
    ("VLANs", r"fabrics/[^/]+/vlans/|vlans/"),
    ("fabrics", "/?fabrics"),
    ("spaces", "spaces"),
    ("subnets", "subnets"),
    ("IP ranges", "ipranges"),
    ("rack controllers", "rackcontrollers|nodes"),
    ("region controllers", r"regioncontrollers|/MAAS/rpc/"),
    ("users", "users"),
    ("version", "version"),
    ("settings", "maas/"),
)
REQUIRED = {*(group for group, dummy in GROUPS), "authentication", "races"}

# What is not played, and why.
NOT_PLAYED = {
    "racks op describe_power_types": "the catalogue of power drivers: nothing here powers machines",
    "rack op details": "hardware details in BSON: nothing here reads them",
    "dnsresources": "names in DNS: no module manages them",
    "dnsresource create": "names in DNS: no module manages them",
    "dnsresource create bad": "names in DNS: no module manages them",
}

# What chance, hardware or the clock made: the fields must be there, their types and values may differ.
ACCIDENTAL = {
    "architecture",
    "commissioning_status",
    "commissioning_status_name",
    "cpu_count",
    "cpu_speed",
    "created",
    "current_commissioning_result_id",
    "hardware_uuid",
    "interface_speed",
    "link_speed",
    "mac_address",
    "numa_node",
    "power_state",
    "product",
    "resource_record_count",
    "tags",
    "updated",
    "vendor",
}


def group_of(recording):
    """The group in which a recording counts."""
    if recording.race:
        return "races"
    if recording.name in recordings.AUTHORIZATIONS or recording.response["status"] == 401:
        return "authentication"
    path = recording.request["path"].replace(recordings.API, "", 1)
    return next((group for group, pattern in GROUPS if re.match(pattern, path)), "others")


def differences(real, ours):
    """Tell where two decoded bodies differ: in fields and types, and in the values outside of lists."""
    for flatten in (types, values):
        there, here = flatten(real), flatten(ours)
        for path in sorted(there.keys() | here.keys()):
            if there.get(path) != here.get(path):
                yield f"{path or 'body'} is {there.get(path)} there, {here.get(path)} here"


def types(value):
    """Return {path: the types that occur there}."""
    found = {}
    for path, each in _walk(value):
        name = path.rpartition(".")[2].rstrip("[]")
        found.setdefault(path, set()).add("any" if name in ACCIDENTAL else type(each).__name__)
    return {path: sorted(names) for path, names in found.items()}


def values(value):
    """Return {path: value} of the scalars that are in no list."""
    return {
        path: each
        for path, each in _walk(value)
        if not isinstance(each, (dict, list)) and "[]" not in path and path.rpartition(".")[2] not in ACCIDENTAL
    }


def _walk(value, path=""):
    """All values with their paths; what is within an accidental one is passed over."""
    yield path, value
    if path.rpartition(".")[2] in ACCIDENTAL:
        return
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _walk(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            key = each["name"] if path.endswith("service_set") else ""
            yield from _walk(each, f"{path}[{key}]")


def body_of(world, response):
    """The body of an answer, decoded as those of the recordings are."""
    text = world.hide(response.body.decode())
    return json.loads(text) if text and "json" in response.headers["Content-Type"] else text


def without_clock(body):
    """A body in which the numbers of times and processes are all the same."""
    return json.loads(re.sub(r"pid=\d+|\b\d{10}\b|\b525\d\b", "0", json.dumps(body)))


def compare(world, recording):
    """Play a recording and return what is wrong with the answer."""
    if recording.race:
        return compare_race(recording, world.race(recording))
    response, real = world.answer(recording), recording.response
    for what, there, here in (
        ("status", real["status"], response.status),
        ("content type", real["content-type"], response.headers["Content-Type"]),
    ):
        if there != here:
            return [f"{what} {there} there, {here} here: {response.body[:200]!r}"]
    return list(differences(without_clock(real["body"]), without_clock(body_of(world, response))))


def compare_race(recording, responses):
    """The same outcomes must occur, as often; where checks race with writes some must win and some lose."""
    there = collections.Counter((each["status"], each["content-type"]) for each in recording.race)
    here = collections.Counter((each.status, each.headers["Content-Type"]) for each in responses)
    same = there.keys() == here.keys() if "overlapping" in recording.name else there == here
    return [] if same else [f"{dict(there)} there, {dict(here)} here"]


def play(world, played, report):
    """Play recordings, counting in the report {group: [held, [what did not]]}."""
    for recording in played:
        if recording.name in NOT_PLAYED:
            continue
        outcome = report[group_of(recording)]
        problems = compare(world, recording)
        if problems:
            outcome[1].append(f"{recording}: {'; '.join(problems)}")
        else:
            outcome[0] += 1


def tell(record_property, what, report):
    """Let the summary show how many recordings hold, and those that do not."""
    held = sum(outcome[0] for outcome in report.values())
    failed = [line for outcome in report.values() for line in outcome[1]]
    record_property("recorded", [what, held + len(failed)])
    record_property("held", [what, held])
    for line in failed:
        record_property("differs", line)


def check(report):
    """Fail if anything that is required does not hold."""
    assert {group: outcome[1] for group, outcome in report.items() if group in REQUIRED and outcome[1]} == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_recorded_request_is_answered_as_the_real_region_did(contract, version, record_property):
    played = recordings.load(contract / f"maas-{version}")
    report = collections.defaultdict(lambda: [0, []])
    play(recordings.World(played), played, report)
    tell(record_property, f"MAAS {version}, requests", report)
    check(report)
    assert report.keys() >= REQUIRED


@pytest.mark.parametrize("version", VERSIONS)
def test_every_probe_is_answered_as_the_real_region_did(contract, version, record_property):
    probes, before = recordings.load_probes(contract / f"maas-{version}")
    world = recordings.World(recordings.load(contract / f"maas-{version}"))
    for recording in before:
        if recording.name not in NOT_PLAYED:
            world.answer(recording)
    report = collections.defaultdict(lambda: [0, []])
    play(world, probes, report)
    tell(record_property, f"MAAS {version}, probes", report)
    check(report)
