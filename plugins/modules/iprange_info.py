#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iprange_info
short_description: Read the IP ranges of MAAS
version_added: 1.0.0
description:
  - Returns ranges with their subnets.
  - MAAS lists ranges only all together, which takes seconds on a MAAS with hundreds, whether O(subnet) is given or not.
options:
  subnet:
    description: CIDR, name or number of the subnet that they lie in. Unset means any.
    type: str
  type:
    description: Type that they have. Unset means any.
    type: str
    choices: [dynamic, reserved]
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes.info
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Read the dynamic ranges of a subnet
  metal.maas_ha.iprange_info:
    subnet: 10.10.100.0/24
    type: dynamic
"""

RETURN = r"""
ipranges:
  description: The ranges, as M(metal.maas_ha.iprange) returns one.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its number.
      type: int
    type:
      description: Its type, V(dynamic) or V(reserved).
      type: str
    start_ip:
      description: Its first address.
      type: str
    end_ip:
      description: Its last address.
      type: str
    comment:
      description: Its comment.
      type: str
    subnet:
      description: Its subnet, as M(metal.maas_ha.subnet) returns it.
      type: dict
  sample:
    - id: 2
      type: dynamic
      start_ip: 10.10.100.100
      end_ip: 10.10.100.150
      comment: ""
      subnet: {id: 2, cidr: 10.10.100.0/24}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_info
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import subnet_of


def ipranges(site, task):
    subnet = task["subnet"] and subnet_of(site, task["subnet"])["id"]
    return [
        one
        for one in site.get("ipranges/")
        if subnet in (None, one["subnet"]["id"]) and task["type"] in (None, one["type"])
    ]


def main():
    options = {"subnet": {"type": "str"}, "type": {"type": "str", "choices": ["dynamic", "reserved"]}}
    run_info("ipranges", options, ipranges)


if __name__ == "__main__":
    main()
