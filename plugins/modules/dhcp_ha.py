#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dhcp_ha
short_description: Serve any number of VLANs by DHCP, each from a pair of racks
version_added: 1.0.0
description:
  - Takes the wanted DHCP of any number of VLANs, reads what proves it in few requests, plans, and writes what differs.
  - Everything that MAAS would accept but could not serve is refused before anything is written, all of it in one error.
  - While DHCP stays on, it never goes off in between, and one of the racks that hold the leases always stays.
  - An option that is left out is left alone in MAAS.
notes:
  - Leases live nowhere but in the serving racks. So replacing every rack that serves a VLAN goes through a pair of an
    old and a new one, and the old one leaves in a later run, see RV(waiting).
  - MAAS gives relayed VLANs no failover, so a relayed VLAN and a pair of racks exclude each other.
  - MAAS cannot list the ranges of one subnet with their ids and comments. Whether a range is there is proven by the
    subnet's own figures. All ranges of MAAS are read only where that is cheaper, where an existing range must be
    changed or removed, or where the figures leave a doubt. The comment of an existing range is not compared.
options:
  vlans:
    description: The VLANs, each at most once.
    type: list
    elements: dict
    required: true
    suboptions:
      fabric:
        description: The VLAN's fabric, by name or id. Not needed where O(vlans[].subnet) tells the VLAN.
        type: str
      vid:
        description: The VLAN's VID, 0 to 4094. V(0) is the untagged VLAN.
        type: int
      subnet:
        description:
          - The IPv4 subnet, in CIDR form, that O(vlans[].ranges) lie in.
          - Without O(vlans[].fabric) it also tells the VLAN.
          - Without it, a range is meant for the subnet in which the VLAN's racks have addresses.
        type: str
      dhcp_on:
        description: Whether MAAS serves the VLAN by DHCP of its own.
        type: bool
      primary_rack:
        description: Hostname or system_id of the rack that answers while it is up. An empty string removes it.
        type: str
      secondary_rack:
        description: Hostname or system_id of the rack that takes over. An empty string removes it.
        type: str
      rack_pair:
        description:
          - V(auto) chooses both racks among O(racks), from those that are alive and have a static address on the VLAN.
          - Racks that fit stay. Primaries are spread evenly. A pair never lies in one zone while there is another zone.
        type: str
        choices: [auto]
      relay_vlan:
        description: The VLAN whose racks serve this one through a DHCP relay. An empty dict ends the relay.
        type: dict
        suboptions:
          fabric:
            description: Name or id of that VLAN's fabric.
            type: str
          vid:
            description: That VLAN's VID.
            type: int
      ranges:
        description:
          - The VLAN's IPv4 ranges.
          - An existing range that overlaps a wanted one of its type, and no other, is changed into it.
        type: list
        elements: dict
        suboptions:
          type:
            description: V(dynamic) is what DHCP leases, V(reserved) what MAAS leaves alone.
            type: str
            choices: [dynamic, reserved]
            required: true
          start_ip:
            description: The first address.
            type: str
            required: true
          end_ip:
            description: The last address.
            type: str
            required: true
          comment:
            description: A comment, given to ranges that are created or changed.
            type: str
  racks:
    description: The racks that O(vlans[].rack_pair) may choose, by hostname or system_id. Unset means all of MAAS's.
    type: list
    elements: str
  purge_ranges:
    description:
      - Whether ranges that are not listed are removed from the subnets that have O(vlans[].ranges) here.
      - An empty list of ranges removes all of O(vlans[].subnet), which must be named then.
      - The last dynamic range of a VLAN with DHCP is not removed; the run is refused.
    type: bool
    default: false
  normal_peers:
    description:
      - The failover peers, as RV(waiting[].peer) names them, that are known to be in state V(normal) on both racks,
        see M(metal.maas_ha.dhcp_failover_info). A living rack leaves a living pair only when its peer is listed.
      - Unset, the pairs found at work are taken for normal; a pair that this run makes never is.
    type: list
    elements: str
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes
seealso:
  - module: metal.maas_ha.dhcp_failover_info
  - module: metal.maas_ha.vlan
  - module: metal.maas_ha.iprange
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Serve the provisioning VLAN from two racks
  metal.maas_ha.dhcp_ha:
    url: http://maas.example.com:5240/MAAS
    api_key_file: /etc/maas-ha/api_key
    vlans:
      - fabric: dc1
        vid: 100
        dhcp_on: true
        primary_rack: rack-a
        secondary_rack: rack-b
        ranges:
          - type: reserved
            start_ip: 10.10.100.2
            end_ip: 10.10.100.20
          - type: dynamic
            start_ip: 10.10.100.100
            end_ip: 10.10.100.199

- name: Leave the choice of racks to the collection, and find the VLANs by their subnets
  metal.maas_ha.dhcp_ha:
    url: http://maas.example.com:5240/MAAS
    api_key_file: /etc/maas-ha/api_key
    racks:
      - rack-a
      - rack-b
    vlans:
      - subnet: 10.10.100.0/24
        dhcp_on: true
        rack_pair: auto
      - subnet: 10.10.200.0/24
        dhcp_on: true
        rack_pair: auto
        ranges:
          - type: dynamic
            start_ip: 10.10.200.100
            end_ip: 10.10.200.199

- name: Turn DHCP off where another server takes over
  metal.maas_ha.dhcp_ha:
    url: http://maas.example.com:5240/MAAS
    api_key_file: /etc/maas-ha/api_key
    vlans:
      - fabric: dc1
        vid: 200
        dhcp_on: false
        primary_rack: ""
        secondary_rack: ""
"""

RETURN = r"""
problems:
  description: What is wrong with O(vlans), one sentence each, for which nothing was done.
  type: list
  elements: str
  returned: failure
  sample:
    - "VLAN 300 on dc1: fabric dc1 has no VLAN 300"
plan:
  description: What is to be done, one sentence a request, whatever has to wait included.
  type: list
  elements: str
  returned: when there are no RV(problems)
  sample:
    - "VLAN 100 on dc1: swap rack-a and rack-b, step 1 of 2: rack-b becomes primary, rack-a leaves"
    - "VLAN 200 on dc1: DHCP goes on, rack-b becomes primary"
waiting:
  description: The VLANs whose next step has to wait until a pair is in failover state V(normal). Run again then.
  type: list
  elements: dict
  returned: when there are no RV(problems)
  contains:
    vlan:
      description: The VLAN.
      type: str
      sample: VLAN 100 on dc1
    peer:
      description: The pair, as O(normal_peers) takes it.
      type: str
      sample: failover-vlan-5003
    racks:
      description: The primary and the secondary, each with C(system_id), C(hostname) and its C(address) on the VLAN.
      type: list
      elements: dict
pairs:
  description: The pairs that this run made or changed, in the form of RV(waiting).
  type: list
  elements: dict
  returned: when there are no RV(problems)
phases_left:
  description: How many runs the rest of the plan takes.
  type: int
  returned: when there are no RV(problems)
secondaries:
  description:
    - The pairs that the plan makes of racks that were none before, in the form of RV(waiting), the primary first.
    - Until the two meet nobody is offered an address, so the secondary should answer the primary on TCP port 647 first.
  type: list
  elements: dict
  returned: when there are no RV(problems)
vlans:
  description: The VLANs after the run, in check mode as they would be, with racks as system_ids.
  type: list
  elements: dict
  returned: when there are no RV(problems)
  sample:
    - fabric: dc1
      vid: 100
      id: 5003
      dhcp_on: true
      primary_rack: rn7yq6
      secondary_rack: ck36th
      relay_vlan: null
diff:
  description:
    - Of each VLAN that is not as wanted, who serves it before and after this run, and the C(ranges) of those of its
      subnets in which any are created, changed or removed.
  type: dict
  returned: when there are no RV(problems)
  sample:
    before:
      VLAN 100 on dc1:
        dhcp_on: true
        primary_rack: rack-a
        secondary_rack: rack-b
        relay_vlan: null
        ranges: {10.10.100.0/24: [dynamic 10.10.100.100-10.10.100.149]}
    after:
      VLAN 100 on dc1:
        dhcp_on: true
        primary_rack: rack-a
        secondary_rack: rack-b
        relay_vlan: null
        ranges: {10.10.100.0/24: [dynamic 10.10.100.100-10.10.100.199]}
done:
  description: The VLANs on which everything planned for this run was done.
  type: list
  elements: str
  returned: when there are no RV(problems)
not_done:
  description: The VLANs on which something failed or was not begun, each with the reason.
  type: list
  elements: str
  returned: failure
requests:
  description: How many requests were sent, C(reads) and C(writes).
  type: dict
  returned: when there are no RV(problems)
  sample:
    reads: 3
    writes: 0
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.metal.maas_ha.plugins.module_utils._client import (
    CONSTRAINTS,
    Client,
    MaasError,
    argument_spec,
)
from ansible_collections.metal.maas_ha.plugins.module_utils._dhcp_plan import Planner, Problems
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import subnet_path

CONNECTIONS = 4  # as many as a region has workers
RACKS_AT_ONCE = 50

PLACE = {"fabric": {"type": "str"}, "vid": {"type": "int"}}
RANGE = {
    "type": {"type": "str", "choices": ["dynamic", "reserved"], "required": True},
    "start_ip": {"type": "str", "required": True},
    "end_ip": {"type": "str", "required": True},
    "comment": {"type": "str"},
}
VLAN = {
    **PLACE,
    "subnet": {"type": "str"},
    "dhcp_on": {"type": "bool"},
    "primary_rack": {"type": "str"},
    "secondary_rack": {"type": "str"},
    "rack_pair": {"type": "str", "choices": ["auto"]},
    "relay_vlan": {"type": "dict", "options": PLACE, "required_together": [("fabric", "vid")]},
    "ranges": {"type": "list", "elements": "dict", "options": RANGE},
}


def main():
    module = AnsibleModule(
        argument_spec={
            **argument_spec(),
            "vlans": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": VLAN,
                "required_together": [("fabric", "vid")],
                "required_one_of": [("fabric", "subnet")],
                "mutually_exclusive": [("rack_pair", "primary_rack"), ("rack_pair", "secondary_rack")],
            },
            "racks": {"type": "list", "elements": "str"},
            "purge_ranges": {"type": "bool", "default": False},
            "normal_peers": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
        **CONSTRAINTS,
    )
    client = Client.from_module(module)
    planner = Planner(module.params["vlans"], module.params["racks"], module.params["purge_ranges"])
    try:
        read(client, planner)
        works = planner.plan()
        result = report(planner, works, module.params["normal_peers"])
        failed = {}
        if not module.check_mode:
            failed = carry_out(client, works, module.params["normal_peers"])
            if result["changed"]:
                failed.update(differing(client, result["vlans"], failed))
    except Problems as error:
        module.fail_json(msg=str(error), problems=error.sentences)
    except MaasError as error:
        module.fail_json(msg=str(error))
    for warning in planner.warnings:
        module.warn(warning)
    result["requests"] = {"reads": client.reads, "writes": client.writes}
    result["done"] = [place for place in result["done"] if place not in failed]
    if failed:
        reasons = [f"{place}: {reason}" for place, reason in failed.items()]
        module.fail_json(
            msg=f"{len(failed)} VLANs were not done, {len(result['done'])} were; running again does the rest.\n"
            + "\n".join(reasons),
            not_done=reasons,
            **result,
        )
    module.exit_json(**result)


def read(client, planner):
    """Read what the plan needs, no more."""
    planner.see_fabrics(client.get("fabrics/"))
    read_subnets(client, planner, planner.subnets_that_tell_vlans())
    read_racks(client, planner)
    cidrs = planner.ranges_to_read()
    if planner.all_are_cheaper(cidrs + planner.subnets_to_read()):
        planner.see_ranges(client.get("ipranges/"))
    else:
        in_parallel(
            lambda cidr: planner.see_reserved(cidr, read_subnet(client, cidr, op="reserved_ip_ranges") or []), cidrs
        )
        if planner.doubtful:
            planner.see_ranges(client.get("ipranges/"))
    read_subnets(client, planner, planner.subnets_to_read())
    read_racks(client, planner)


def read_subnet(client, cidr, **query):
    """Return what MAAS tells of a subnet, None for one that it does not have."""
    path = subnet_path(client, ip_network(cidr))
    return path and client.find(path, **query)


def read_racks(client, planner):
    if planner.any_rack_may_serve():
        planner.see_racks(client.get("rackcontrollers/"))
    for cidr in iter(planner.subnet_with_names, None):
        planner.see_addresses(read_subnet(client, cidr, op="ip_addresses") or [])
    planner.see_racks(named_racks(client, "hostname", planner.hostnames_to_read()))
    planner.see_racks(named_racks(client, "id", planner.racks_to_read()))


def named_racks(client, field, names):
    """Read the racks of these names, some at a time: MAAS takes 80 ms for each, its web server 8 kB of names."""

    def some(start):
        return client.get("rackcontrollers/", **{field: names[start : start + RACKS_AT_ONCE]})

    return [rack for racks in in_parallel(some, range(0, len(names), RACKS_AT_ONCE)) for rack in racks]


def read_subnets(client, planner, cidrs):
    if planner.all_are_cheaper(cidrs):
        subnets = {subnet["cidr"]: subnet for subnet in client.get("subnets/")}
        planner.see_subnets({cidr: subnets.get(cidr) for cidr in cidrs})
    else:
        planner.see_subnets(dict(zip(cidrs, in_parallel(lambda cidr: read_subnet(client, cidr), cidrs))))


def report(planner, works, normal_peers):
    """Return the result of a run in which everything goes well."""
    vlans = {entry.vlan: entry.vlan.state for entry in planner.entries}
    result = {"changed": False, "phases_left": 0}
    result.update((key, []) for key in ("plan", "pairs", "waiting", "secondaries", "done"))
    before = {str(work.vlan): {**planner.show(work.vlan.state), "ranges": work.ranges[0]} for work in works}
    for work in works:
        now = work.now(normal_peers)
        later = work.steps[len(now) :]
        states = [step.after for step in now if step.after]
        state = vlans[work.vlan] = states[-1] if states else work.vlan.state
        result["plan"] += [step.words for step in work.steps]
        result["changed"] = result["changed"] or bool(now)
        if states and planner.is_pair(state):
            result["pairs"].append(planner.pair(work.vlan, state))
        if later:
            result["waiting"].append(planner.pair(work.vlan, state))
            result["phases_left"] = max(result["phases_left"], later[-1].phase - later[0].phase + 1)
        else:
            result["done"].append(str(work.vlan))
        result["secondaries"] += [planner.pair(work.vlan, state) for state in planner.new_pairs(work)]
    result["vlans"] = [
        {"fabric": vlan.fabric, "vid": vlan.vid, "id": vlan.id, **state} for vlan, state in vlans.items()
    ]
    result["diff"] = {
        "before": before,
        "after": {str(work.vlan): {**planner.show(vlans[work.vlan]), "ranges": work.ranges[1]} for work in works},
    }
    return result


def carry_out(client, works, normal_peers):
    """Do what need not wait; return why it was not done, by VLAN.

    VLANs side by side, the steps of a VLAN one after another: MAAS does not serialise the ranges of a subnet.
    """
    away = threading.Event()

    def do(work):
        for step in work.now(normal_peers):
            if away.is_set():
                return "not begun, MAAS does not answer"
            try:
                send(client, step)
            except MaasError as error:
                if error.status is None:
                    away.set()
                return f"{step.words}: {error}"
        return None

    failed = {}
    # A VLAN is relayed after the one that serves it.
    for relayed in (False, True):
        wave = [work for work in works if work.relayed is relayed]
        for work, reason in zip(wave, in_parallel(do, wave)):
            if reason:
                failed[str(work.vlan)] = reason
    return failed


def send(client, step):
    if step.method == "PUT":
        client.put(step.path, step.data)
    elif step.method == "DELETE":
        client.delete(step.path)
    else:
        create(client, step)


def create(client, step):
    """Create a range; when MAAS fell silent meanwhile, look first whether it did so."""
    try:
        client.post(step.path, step.data)
    except MaasError as error:
        if not error.unsure:
            raise
        ranges = [{**one, "subnet": one["subnet"]["id"]} for one in client.get(step.path)]
        if not any(step.data.items() <= one.items() for one in ranges):
            client.post(step.path, step.data)


def differing(client, wanted, failed):
    """Read back; return the VLANs that are not as they were made, each with what MAAS says instead."""
    planner = Planner([])
    planner.see_fabrics(client.get("fabrics/"))
    wrong = {}
    for vlan in wanted:
        now = planner.vlans.get(vlan["id"])
        if now and str(now) not in failed and any(now.state[key] != vlan[key] for key in now.state):
            wrong[str(now)] = f"somebody else changed it meanwhile, it has {planner.show(now.state)}"
    return wrong


def in_parallel(do, things):
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(do, things))


if __name__ == "__main__":
    main()
