# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way from one DHCP state of a VLAN to another, walked through a model of MAAS's own form."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.metal.maas_ha.plugins.module_utils._dhcp import after, goal_problem, rack_steps

RACKS = "abcd"
RELAYS = (7, 8)


def state(dhcp_on, primary, secondary=None, relay=None):
    return {"dhcp_on": dhcp_on, "primary_rack": primary, "secondary_rack": secondary, "relay_vlan": relay}


PAIRS = [(None, None), *((rack, None) for rack in RACKS), *itertools.permutations(RACKS, 2)]
NORMAL = [state(on, *pair) for on in (False, True) for pair in PAIRS if pair[0] or not on]
RELAYED = [state(False, rack, None, relay) for rack in (None, "a") for relay in RELAYS]
WANTED = NORMAL + RELAYED
DANGLING = state(True, None)
LONE = [state(False, None, rack) for rack in RACKS]
RELAYED_PAIR = [state(False, "a", "b", 7)]
CURRENT = [*WANTED, DANGLING, *LONE, *RELAYED_PAIR]


class Refused(Exception):
    pass


def vlan_form(vlan, put, dead):
    """What MAAS does with a PUT of a VLAN that has a dynamic range, as the recordings show it."""
    new = {**vlan, **put}
    primary, secondary = new["primary_rack"], new["secondary_rack"]
    if not primary and vlan["secondary_rack"]:
        primary, secondary = vlan["secondary_rack"], None
    if primary and primary == vlan["secondary_rack"]:
        secondary = None
    if secondary and secondary == vlan["primary_rack"]:
        raise Refused(f"{secondary} is already set as the primary rack controller")
    if secondary and secondary == primary:
        raise Refused("The primary and secondary rack must be different")
    added = secondary and secondary != vlan["secondary_rack"]
    if added and primary and primary == vlan["primary_rack"] and primary in dead:
        raise Refused("The primary rack controller must be up and running")
    if new["dhcp_on"] and not primary and not vlan["primary_rack"]:
        raise Refused("dhcp can only be turned on when a primary rack controller is set.")
    if put.get("relay_vlan") and vlan["dhcp_on"]:
        raise Refused("relay_vlan: Select a valid choice.")
    relay = None if new["dhcp_on"] else new["relay_vlan"]
    return state(new["dhcp_on"], primary, secondary, relay)


def serving(vlan, dead):
    return {vlan["primary_rack"], vlan["secondary_rack"]} - {None} - set(dead) if vlan["dhcp_on"] else set()


def walk(current, wanted, dead=()):
    """Return every state on the way, the first and the last included."""
    states = [current]
    for put in rack_steps(current, wanted, dead):
        assert put, "an empty request changes nothing"
        states.append(vlan_form(states[-1], put, dead))
        assert states[-1] == after(states[-2], put), "the planner's model of MAAS differs from the form's"
    return states


@pytest.mark.parametrize("current", CURRENT, ids=str)
def test_every_state_is_reached_from_every_other_without_losing_dhcp(current):
    for wanted in WANTED:
        states = walk(current, wanted)
        assert states[-1] == wanted
        assert len(states) <= 4
        for before, then in zip(states, states[1:]):
            assert then["dhcp_on"] or not (current["dhcp_on"] and wanted["dhcp_on"]), "DHCP went off in between"
            if wanted["dhcp_on"] and serving(before, ()):
                assert serving(before, ()) & serving(then, ()), "no rack that holds the leases was left"


@pytest.mark.parametrize("dead", RACKS)
@pytest.mark.parametrize("current", [one for one in NORMAL if one["dhcp_on"]], ids=str)
def test_a_dead_rack_can_be_replaced_unless_maas_needs_it_alive(current, dead):
    for wanted in NORMAL:
        if dead == wanted["primary_rack"]:
            continue  # a dead rack as primary is refused by the planner
        states = walk(current, wanted, dead)
        assert states[-1] == wanted
        for before, then in zip(states, states[1:]):
            if wanted["dhcp_on"] and serving(before, dead):
                assert serving(before, dead) & serving(then, dead), "no living rack that holds the leases was left"


@pytest.mark.parametrize("current", CURRENT, ids=str)
def test_what_is_not_mentioned_is_left_alone(current):
    assert rack_steps(current, {}) == []


@pytest.mark.parametrize(
    ("current", "wanted", "steps"),
    [
        (state(True, "a", "b"), {"primary_rack": "b", "secondary_rack": "a"}, ["primary_rack", "secondary_rack"]),
        (state(True, "a", "b"), {"primary_rack": "b"}, ["primary_rack"]),
        (state(True, "a"), {"secondary_rack": "b"}, ["secondary_rack"]),
        (state(False, "a", "b"), {"primary_rack": None, "secondary_rack": None}, ["secondary_rack", "primary_rack"]),
        (state(False, None, relay=7), {"dhcp_on": True, "primary_rack": "a"}, ["primary_rack dhcp_on"]),
        (state(True, "a"), {"dhcp_on": False, "relay_vlan": 7}, ["dhcp_on", "relay_vlan"]),
        (state(True, "a"), {"primary_rack": "c"}, ["secondary_rack", "primary_rack"]),
    ],
)
def test_the_requests_name_only_what_changes(current, wanted, steps):
    assert [" ".join(step) for step in rack_steps(current, wanted)] == steps


@pytest.mark.parametrize(
    ("current", "wanted", "word"),
    [
        (state(False, None), {"dhcp_on": True}, "primary rack"),
        (state(True, "a"), {"primary_rack": None}, "primary rack"),
        (state(False, None), {"secondary_rack": "b"}, "needs a primary"),
        (state(True, "a", "b"), {"secondary_rack": "a"}, "both primary and secondary"),
        (state(True, "a"), {"relay_vlan": 7}, "either relayed"),
        (state(False, "a", "b"), {"relay_vlan": 7}, "no failover"),
    ],
)
def test_a_state_that_cannot_serve_is_refused(current, wanted, word):
    with pytest.raises(ValueError, match=word):
        rack_steps(current, wanted)


def test_every_wanted_state_of_the_table_can_serve():
    assert [one for one in WANTED if goal_problem(one)] == []
