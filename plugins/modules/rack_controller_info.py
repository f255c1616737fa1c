#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rack_controller_info
short_description: Read the rack controllers of MAAS
version_added: 1.0.0
description:
  - Returns rack controllers with their services, addresses and VLANs. Hosts that are both region and rack are among
    them.
  - A user who is no administrator is shown none.
options:
  hostname:
    description: Hostname of one rack controller, without its domain. Unset means all.
    type: str
  system_id:
    description: Identity of one rack controller in MAAS. Unset means all.
    type: str
  vm_hosts:
    description: Whether to read which VM hosts run on them as well, for one request more.
    type: bool
    default: false
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes.info
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Wait up to two minutes until a rack is linked to all regions
  metal.maas_ha.rack_controller_info:
    hostname: rack1
  register: rack
  until: rack.rack_controllers | selectattr('connected') | length > 0
  retries: 24
  delay: 5

- name: Read all rack controllers
  metal.maas_ha.rack_controller_info:
"""

RETURN = r"""
rack_controllers:
  description: The rack controllers. Empty if there is none such.
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
    services:
      description: Status of each service by name, V(running), V(degraded), V(dead), V(off) or V(unknown).
      type: dict
    connected:
      description: Whether it is linked to all processes of all regions, its service V(rackd) running.
      type: bool
    vlans:
      description: Numbers of the VLANs that it could serve DHCP on, having a static address there.
      type: list
      elements: int
    vm_hosts:
      description: Names of the VM hosts that run on it.
      returned: when asked for
      type: list
      elements: str
  sample:
    - system_id: rn7yq6
      hostname: rack1
      fqdn: rack1.maas
      description: ""
      version: 3.7.3
      zone: default
      tags: []
      interfaces:
        - name: eth0.100
          mac_address: "00:16:3e:00:00:01"
          vlan: {id: 5003, fabric: dc1, vid: 100}
          addresses: [{ip_address: 10.10.100.11, mode: static, cidr: 10.10.100.0/24}]
      services: {rackd: running, dhcpd: running, agent: running}
      connected: true
      vlans: [5003]
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_info
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import hosted, rack_controller


def rack_controllers(site, task):
    query = {"hostname": task["hostname"], "id": task["system_id"]}
    asked = {name: value for name, value in query.items() if value is not None}
    racks = [rack_controller(record) for record in site.get("rackcontrollers/", **asked)]
    vm_hosts = hosted(site) if task["vm_hosts"] else None
    return [rack if vm_hosts is None else {**rack, "vm_hosts": vm_hosts.get(rack["system_id"], [])} for rack in racks]


def main():
    options = {
        "hostname": {"type": "str"},
        "system_id": {"type": "str"},
        "vm_hosts": {"type": "bool", "default": False},
    }
    run_info("rack_controllers", options, rack_controllers, {"mutually_exclusive": [("hostname", "system_id")]})


if __name__ == "__main__":
    main()
