#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dhcp_failover_info
short_description: Tell how a rack's DHCP failover stands
version_added: 1.0.0
description:
  - Runs on a rack. Reads from the files of its DHCP server each failover peer and the state that both sides are in.
  - Can wait for pairs to get in step, and can make sure that a secondary to be answers before it is assigned.
notes:
  - MAAS's API says nothing of all this; the rack's own files are the only source.
  - A rack that comes back to a former partner gets all leases from it at once. It is then in state V(recover-wait) for
    the hour that MAAS configures as C(mclt) and does not serve, while the partner does, in state V(partner-down).
    Neither lacks a lease, so such a pair counts as in step.
options:
  config:
    description: The configuration that MAAS writes for the DHCP server.
    type: path
    default: /var/snap/maas/common/maas/dhcpd.conf
  leases:
    description: The lease file, in which the DHCP server keeps each peer's state too. The last entry counts.
    type: path
    default: /var/snap/maas/common/maas/dhcp/dhcpd.leases
  identity:
    description: The file that holds the rack's system_id.
    type: path
    default: /var/snap/maas/common/maas/maas_id
  secondaries:
    description:
      - Pairs to be, as RV(metal.maas_ha.dhcp_ha#module:secondaries) lists them.
      - Where this rack is the primary, the secondary's address is asked on TCP port 647. A refused connection is an
        answer, silence is none, and the module fails.
    type: list
    elements: dict
    default: []
  wait_for:
    description:
      - Pairs, as RV(metal.maas_ha.dhcp_ha#module:waiting) lists them.
      - Where this rack is one of the two, the module waits until it and its partner are in state V(normal).
      - V(recover-wait) on one and V(partner-down) on the other are as good, for both have all leases, see the notes.
    type: list
    elements: dict
    default: []
  timeout:
    description: How many seconds to wait for O(wait_for), before the module fails.
    type: int
    default: 120
attributes:
  check_mode:
    description: It only reads.
    support: full
  diff_mode:
    description: It changes nothing.
    support: none
  idempotent:
    description: It changes nothing.
    support: full
seealso:
  - module: metal.maas_ha.dhcp_ha
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: See how the failover of this rack stands
  metal.maas_ha.dhcp_failover_info:
  register: failover

- name: Wait until the pairs that were just made are in step
  metal.maas_ha.dhcp_failover_info:
    wait_for: "{{ dhcp.pairs }}"
    timeout: 60
"""

RETURN = r"""
system_id:
  description: The rack's system_id, empty when it has none yet.
  type: str
  returned: always
  sample: rn7yq6
peers:
  description: Every pair that this rack belongs to.
  type: list
  elements: dict
  returned: always
  contains:
    name:
      description: The pair's name, C(failover-vlan-) and the VLAN's database id.
      type: str
      sample: failover-vlan-5003
    role:
      description: V(primary) or V(secondary).
      type: str
      sample: primary
    address:
      description: This rack's address on the VLAN.
      type: str
      sample: 10.10.100.11
    peer_address:
      description: The partner's address on the VLAN.
      type: str
      sample: 10.10.100.12
    state:
      description: The state that this rack is in, null as long as its DHCP server has not said.
      type: str
      sample: normal
    since:
      description: Since when it is in that state, in UTC. A restart does not count.
      type: str
      sample: "2026-11-23T00:57:03Z"
    partner_state:
      description: The state that it believes its partner to be in.
      type: str
      sample: normal
    partner_since:
      description: Since when the partner is in that state, in UTC. A partner that missed this rack tells a new one.
      type: str
      sample: "2026-11-23T00:57:09Z"
    in_step:
      description: Whether the two states are those of a pair that lacks nothing, see the notes.
      type: bool
      sample: true
dns_servers:
  description: The DNS servers that its DHCP server tells machines, by subnet.
  type: dict
  returned: always
  sample: {10.10.100.0/24: [10.10.100.11, 10.10.100.12]}
"""

import ipaddress
import re
import socket
import time

from ansible.module_utils.basic import AnsibleModule

PORT = 647
ANSWER_SECONDS = 3
PAUSE_SECONDS = 0.5
# A rack that lost its state while its former partner kept it has all leases when it reaches recover-wait; the partner
# serves alone until an hour has passed (mclt).
IN_STEP = {("normal", "normal"), ("recover-wait", "partner-down"), ("partner-down", "recover-wait")}

PEER = re.compile(r'^failover peer "([^"]+)" \{(.*?)^\}', re.MULTILINE | re.DOTALL)
STATE = re.compile(r'^failover peer "([^"]+)" state \{(.*?)^\}', re.MULTILINE | re.DOTALL)
SUBNET = re.compile(r"^\s*subnet ([0-9.]+) netmask ([0-9.]+) \{$")
SERVERS = re.compile(r"^\s*option domain-name-servers ([^;]+);$")
SIDE = re.compile(r"(my|partner) state ([a-z-]+)(?: at (?:\d (\S+) (\S+)|epoch (\d+)))?")


def main():
    module = AnsibleModule(
        argument_spec={
            "config": {"type": "path", "default": "/var/snap/maas/common/maas/dhcpd.conf"},
            "leases": {"type": "path", "default": "/var/snap/maas/common/maas/dhcp/dhcpd.leases"},
            "identity": {"type": "path", "default": "/var/snap/maas/common/maas/maas_id"},
            "secondaries": {"type": "list", "elements": "dict", "default": []},
            "wait_for": {"type": "list", "elements": "dict", "default": []},
            "timeout": {"type": "int", "default": 120},
        },
        supports_check_mode=True,
    )
    options = module.params
    system_id = content(module, options["identity"]).strip()
    for pair in options["secondaries"]:
        primary, secondary = pair["racks"]
        if primary["system_id"] == system_id and not answers(secondary["address"]):
            module.fail_json(
                msg=f"{pair['vlan']}: {secondary['hostname']} does not answer {primary['hostname']} on TCP port {PORT} "
                f"of {secondary['address']}. As long as the two cannot meet, neither offers an address: "
                "start the rack, or let the port through on the VLAN",
                system_id=system_id,
            )
    until = time.monotonic() + options["timeout"]
    while True:
        config = content(module, options["config"])
        found = peers(config, content(module, options["leases"]))
        mine = [pair for pair in options["wait_for"] if system_id in [rack["system_id"] for rack in pair["racks"]]]
        late = [pair["vlan"] for pair in mine if not in_step(pair, system_id, found)]
        if not late:
            module.exit_json(changed=False, system_id=system_id, peers=found, dns_servers=dns_servers(config))
        if time.monotonic() > until:
            module.fail_json(
                msg=f"After {options['timeout']} seconds these pairs are not in failover state normal on this rack: "
                f"{', '.join(late)}. See that both racks run and reach each other on TCP port {PORT}, then run again",
                system_id=system_id,
                peers=found,
            )
        time.sleep(PAUSE_SECONDS)


def content(module, path):
    """Return a file's text, empty when there is none: a rack that serves no VLAN has no such files."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return module.fail_json(msg=f"{path} cannot be read: {error}")


def peers(config, leases):
    """Return the pairs of a dhcpd.conf with the states that dhcpd.leases holds of them."""
    states = {name: sides(body) for name, body in STATE.findall(leases)}
    found = []
    for name, body in PEER.findall(config):
        words = dict(re.findall(r"^\s*(address|peer address) (\S+);", body, re.MULTILINE))
        mine, since = states.get(name, {}).get("my", (None, None))
        other, partner_since = states.get(name, {}).get("partner", (None, None))
        found.append(
            {
                "name": name,
                "role": "primary" if re.search(r"^\s*primary;", body, re.MULTILINE) else "secondary",
                "address": words.get("address"),
                "peer_address": words.get("peer address"),
                "state": mine,
                "since": since,
                "partner_state": other,
                "partner_since": partner_since,
                "in_step": (mine, other) in IN_STEP,
            }
        )
    return found


def dns_servers(config):
    """Return the DNS servers of each subnet of a dhcpd.conf, by its CIDR."""
    told, cidr = {}, None
    for line in config.splitlines():
        subnet, servers = SUBNET.match(line), SERVERS.match(line)
        if subnet:
            cidr = str(ipaddress.IPv4Network("/".join(subnet.groups())))
        elif servers and cidr:
            told[cidr] = re.split(r",\s*", servers[1])
    return told


def sides(body):
    """Return (state, since when) of `my` and of `partner`."""
    found = {}
    for side, state, day, clock, epoch in SIDE.findall(body):
        since = None
        if epoch:
            since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(epoch)))
        elif day:
            since = f"{day.replace('/', '-')}T{clock.rstrip(';')}Z"
        found[side] = state, since
    return found


def answers(address):
    """Tell whether a host is there to answer on the failover port; nothing need listen yet."""
    try:
        socket.create_connection((address, PORT), ANSWER_SECONDS).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


def in_step(pair, system_id, found):
    """Tell whether this rack has met its partner, the one of now and not the one of an older pair."""
    (own,) = [rack["address"] for rack in pair["racks"] if rack["system_id"] == system_id]
    (other,) = [rack["address"] for rack in pair["racks"] if rack["system_id"] != system_id]
    wanted = {"name": pair["peer"], "address": own, "peer_address": other}
    return any(wanted.items() <= peer.items() and peer["in_step"] for peer in found)


if __name__ == "__main__":
    main()
