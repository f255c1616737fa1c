#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: region_controller_info
short_description: Read the region controllers of MAAS
version_added: 1.0.0
description:
  - Returns region controllers, and whether each is alive, which MAAS shows at C(/MAAS/rpc/) alone.
  - A region that died stays in the database and takes up to 90 seconds to be missed there.
options:
  hostname:
    description: Hostname of one region controller, without its domain. Unset means all.
    type: str
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes.info
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Read the region controllers
  metal.maas_ha.region_controller_info:
"""

RETURN = r"""
region_controllers:
  description: The region controllers. Empty if there is none such.
  returned: success
  type: list
  elements: dict
  contains:
    system_id:
      description: Its identity in MAAS.
      type: str
    hostname:
      description: Its hostname.
      type: str
    fqdn:
      description: Its name with MAAS's domain.
      type: str
    description:
      description: What is to be known about it.
      type: str
    version:
      description: The version of MAAS that it runs.
      type: str
    zone:
      description: Name of its zone.
      type: str
    tags:
      description: Its tags.
      type: list
      elements: str
    interfaces:
      description:
        - Its network interfaces, with V(name), V(mac_address), V(vlan) (V(id), V(fabric) and V(vid), or null) and
          V(addresses).
        - Each address has V(ip_address), V(cidr) and V(mode), which is V(static) or V(auto) if DHCP can be served
          from it, and V(dhcp) if it was itself learnt.
      type: list
      elements: dict
    alive:
      description: Whether one of its processes is there for racks to connect to.
      type: bool
    endpoints:
      description: Address and port of each process, for racks.
      type: list
      elements: list
  sample:
    - system_id: 6twgf8
      hostname: region1
      fqdn: region1.maas
      description: ""
      version: 3.7.3
      zone: default
      tags: []
      interfaces:
        - name: eth0.100
          mac_address: "00:16:3e:00:00:01"
          vlan: {id: 5003, fabric: dc1, vid: 100}
          addresses: [{ip_address: 10.10.100.11, mode: static, cidr: 10.10.100.0/24}]
      alive: true
      endpoints: [[10.10.0.2, 5250], [10.10.0.2, 5251]]
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_info
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import controller


def region_controllers(site, task):
    asked = {} if task["hostname"] is None else {"hostname": task["hostname"]}
    endpoints = {}
    for process, places in site.get("/rpc/")["eventloops"].items():
        endpoints.setdefault(process.rpartition(":pid=")[0], []).extend(places)
    regions = []
    for record in site.get("regioncontrollers/", **asked):
        places = sorted(endpoints.get(record["hostname"], []))
        regions.append({**controller(record), "alive": record["hostname"] in endpoints, "endpoints": places})
    return regions


def main():
    run_info("region_controllers", {"hostname": {"type": "str"}}, region_controllers)


if __name__ == "__main__":
    main()
