#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: subnet
short_description: Manage a subnet of MAAS
version_added: 1.0.0
description:
  - Creates, changes and deletes one subnet, known by its CIDR. Its ranges are left to M(metal.maas_ha.iprange).
  - MAAS refuses to delete a subnet whose dynamic range serves DHCP.
options:
  cidr:
    description: The network, such as V(10.10.100.0/24) or V(fd00:10::/64).
    type: str
    required: true
  name:
    description: Name of the subnet. MAAS takes the CIDR for a new subnet without one.
    type: str
  description:
    description: What the subnet is for.
    type: str
  vlan:
    description: The VLAN that the subnet lies on. Needed to create one; another VLAN moves it.
    type: dict
    suboptions:
      fabric:
        description: Name of the VLAN's fabric.
        type: str
      vid:
        description: VLAN ID.
        type: int
  gateway_ip:
    description: Address of the router, inside the subnet. An empty text takes it away.
    type: str
  dns_servers:
    description: Addresses of name servers for the machines of this subnet, all of them. An empty list takes them away.
    type: list
    elements: str
  rdns_mode:
    description: Reverse DNS, V(0) for none, V(1) for zones of whole octets, V(2) for smaller ones too (RFC 2317).
    type: int
    choices: [0, 1, 2]
  allow_dns:
    description: Whether MAAS resolves names for the subnet.
    type: bool
  allow_proxy:
    description: Whether MAAS's proxy serves the subnet.
    type: bool
  active_discovery:
    description: Whether the racks scan the subnet for hosts.
    type: bool
  managed:
    description: Whether MAAS gives addresses and DHCP on the subnet; if not, only from reserved ranges.
    type: bool
  disabled_boot_architectures:
    description: Architectures that are not booted from the network here, all of them, as MAAS calls them, such as
      V(open-firmware_ppc64el).
    type: list
    elements: str
  force:
    description: With O(state=absent), deletes a subnet although nodes have addresses in it. MAAS asks for it since
      3.7.3.
    type: bool
    default: false
  state:
    description: Whether the subnet is to be there.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Create a subnet
  metal.maas_ha.subnet:
    cidr: 10.10.30.0/24
    name: backup
    vlan:
      fabric: dc1
      vid: 200
    gateway_ip: 10.10.30.1

- name: Give a subnet its own name servers
  metal.maas_ha.subnet:
    cidr: 10.10.30.0/24
    dns_servers:
      - 10.10.30.2
      - 10.10.30.3

- name: Delete a subnet
  metal.maas_ha.subnet:
    cidr: 10.10.30.0/24
    state: absent
"""

RETURN = r"""
subnet:
  description:
    - The subnet as MAAS shows it; the deleted one with O(state=absent).
    - In check mode what can be foretold of it; its VLAN is then a number.
  returned: success
  type: dict
  contains:
    id:
      description: Its number, part of MAAS's URLs.
      type: int
    cidr:
      description: Its network.
      type: str
    name:
      description: Its name; MAAS takes the CIDR where none was given.
      type: str
    vlan:
      description: Its VLAN, as M(metal.maas_ha.vlan) returns it.
      type: dict
    gateway_ip:
      description: Address of the router, or null.
      type: str
    dns_servers:
      description: Addresses of its own name servers.
      type: list
      elements: str
    managed:
      description: Whether MAAS gives addresses on it.
      type: bool
  sample:
    id: 7
    cidr: 10.10.30.0/24
    name: backup
    vlan: {id: 5004, fabric: dc1, vid: 200}
    gateway_ip: 10.10.30.1
    dns_servers: []
    managed: true
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {dns_servers: []}
    after: {dns_servers: [10.10.30.2, 10.10.30.3]}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import SUBNET


def main():
    run(SUBNET)


if __name__ == "__main__":
    main()
