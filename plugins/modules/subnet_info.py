#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: subnet_info
short_description: Read the subnets of MAAS
version_added: 1.0.0
description:
  - Returns subnets with their VLANs.
  - One subnet takes some milliseconds; all of them take seconds on a MAAS with hundreds.
options:
  subnet:
    description: CIDR, name or number of one subnet. Unset means all.
    type: str
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes.info
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Read one subnet, and so its VLAN and fabric
  metal.maas_ha.subnet_info:
    subnet: 10.10.100.0/24

- name: Read all subnets
  metal.maas_ha.subnet_info:
"""

RETURN = r"""
subnets:
  description: The subnets, as M(metal.maas_ha.subnet) returns one. Empty if there is none such.
  returned: success
  type: list
  elements: dict
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
    - id: 2
      cidr: 10.10.100.0/24
      name: prov
      vlan: {id: 5003, fabric: dc1, vid: 100}
      gateway_ip: 10.10.100.1
      dns_servers: []
      managed: true
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_info
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import find_subnet


def subnets(site, task):
    if task["subnet"] is None:
        return site.get("subnets/")
    found = find_subnet(site, task["subnet"])
    return [found] if found else []


def main():
    run_info("subnets", {"subnet": {"type": "str"}}, subnets)


if __name__ == "__main__":
    main()
