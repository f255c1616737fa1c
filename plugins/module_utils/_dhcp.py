# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How to change the racks that serve a VLAN, so that MAAS follows and DHCP goes on. PRIVATE to this collection."""

from __future__ import annotations

STATE = ("dhcp_on", "primary_rack", "secondary_rack", "relay_vlan")


def rack_steps(current, wanted, dead=()):
    """Return the bodies of the PUTs that lead a VLAN from one state to another, one after the other.

    current: a dict of STATE's keys, racks as system_ids, relay_vlan as a database id, None for none.
    wanted: the same keys; one that is missing is left alone. dead: the racks known to be dead.
    While DHCP stays on it never goes off in between, and each request leaves at least one rack of those that
    serve and live: leases live nowhere else. Raises ValueError when the wanted state is none that can serve.
    """
    state, goal = state_of(current), goal_of(current, wanted)
    problem = goal_problem(goal)
    if problem and goal != state:
        raise ValueError(problem)
    steps = []
    while state != goal:
        steps.append(_next_step(state, goal, set(dead)))
        state = after(state, steps[-1])
    return steps


def goal_of(current, wanted):
    """Return the whole state that is wanted: what is missing stays as it is."""
    goal = {**state_of(current), **{key: wanted[key] or None for key in STATE if key in wanted}}
    goal["dhcp_on"] = bool(goal["dhcp_on"])
    if "secondary_rack" not in wanted and goal["secondary_rack"] == goal["primary_rack"]:
        goal["secondary_rack"] = None  # the secondary was made the primary
    if wanted.get("dhcp_on") and "relay_vlan" not in wanted:
        goal["relay_vlan"] = None  # MAAS does so itself
    return goal


def goal_problem(goal):
    """Say why a state cannot serve, or None."""
    primary, secondary = goal["primary_rack"], goal["secondary_rack"]
    if goal["dhcp_on"] and goal["relay_vlan"]:
        return "relay_vlan: a VLAN is either relayed or has DHCP of its own, set dhcp_on to false"
    if goal["dhcp_on"] and not primary:
        return "primary_rack: DHCP needs a primary rack"
    if secondary and not primary:
        return "secondary_rack: a secondary rack needs a primary; MAAS would promote it, so name it as primary_rack"
    if secondary and secondary == primary:
        return "secondary_rack: one rack cannot be both primary and secondary"
    if secondary and goal["relay_vlan"]:
        return "secondary_rack: MAAS gives a relayed VLAN no failover, two racks would lease the same addresses"
    return None


def after(state, step):
    """Return the state that MAAS makes of a PUT: it promotes and empties the secondary in ways of its own."""
    new = {**state, **step}
    if not new["primary_rack"] and state["secondary_rack"]:
        new.update(primary_rack=state["secondary_rack"], secondary_rack=None)
    elif state["secondary_rack"] and new["primary_rack"] == state["secondary_rack"]:
        new["secondary_rack"] = None
    if new["dhcp_on"]:
        new["relay_vlan"] = None
    return new


def racks_of(state):
    """Return the set of a state's racks."""
    return {state["primary_rack"], state["secondary_rack"]} - {None}


def state_of(current):
    """Return the part of a VLAN that concerns DHCP, none as None."""
    state = {key: current.get(key) or None for key in STATE}
    state["dhcp_on"] = bool(state["dhcp_on"])
    return state


def _next_step(state, goal, dead):
    step = _next_racks(state, goal, dead)
    if state["dhcp_on"] and not goal["dhcp_on"]:
        step["dhcp_on"] = False
    elif goal["dhcp_on"] and not state["dhcp_on"] and _same_racks(after(state, step), goal):
        step["dhcp_on"] = True  # with the last request, so that the pair starts as a pair
    if state["relay_vlan"] != goal["relay_vlan"] and not state["dhcp_on"] and not goal["dhcp_on"]:
        step["relay_vlan"] = goal["relay_vlan"]
    return step


def _next_racks(state, goal, dead):
    primary, secondary = state["primary_rack"], state["secondary_rack"]
    serving = racks_of(state) - dead if state["dhcp_on"] and goal["dhcp_on"] else set()
    if _same_racks(state, goal):
        return {}
    if not goal["primary_rack"]:
        # The secondary first: MAAS promotes it when its primary goes.
        return {"secondary_rack": None} if secondary else {"primary_rack": None}
    if primary == goal["primary_rack"]:
        return {"secondary_rack": goal["secondary_rack"]}
    if goal["primary_rack"] == secondary or secondary in serving:
        # MAAS empties the secondary that becomes primary; any other stays and hands its leases to the new primary.
        return {"primary_rack": goal["primary_rack"]}
    if primary in serving:
        return {"secondary_rack": goal["primary_rack"]}
    if primary and primary == goal["secondary_rack"]:
        # Together MAAS refuses them: the rack is still the primary.
        return {"primary_rack": goal["primary_rack"]}
    return {key: goal[key] for key in ("primary_rack", "secondary_rack") if goal[key] != state[key]}


def _same_racks(one, other):
    return all(one[key] == other[key] for key in ("primary_rack", "secondary_rack"))
