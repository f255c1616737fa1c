#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iprange
short_description: Manage an IP range of MAAS
version_added: 1.0.0
description:
  - Creates, changes and deletes one range of addresses, known by its subnet and first address.
  - A dynamic range is what DHCP gives out; it may overlap nothing. A reserved range is what MAAS never gives out; it
    may hold addresses in use, but no other range.
  - The last dynamic range of a VLAN that has DHCP is neither deleted nor made a reserved one. MAAS would do so, and a
    pair of racks would then serve none of its VLANs any more.
  - MAAS lists ranges only all together, which takes seconds when there are many. That is avoided where the subnet
    alone tells that the range is there as wanted, or that nothing is; a O(comment), a changed and a deleted range
    need the list.
options:
  subnet:
    description: CIDR, name or number of the subnet.
    type: str
    required: true
  type:
    description: What the range is for. Needed to create one.
    type: str
    choices: [dynamic, reserved]
  start_ip:
    description: First address. A range that is to begin elsewhere is another one.
    type: str
    required: true
  end_ip:
    description: Last address. Needed to create a range. A dynamic IPv6 range holds at least 256 addresses.
    type: str
  comment:
    description: What the range is for.
    type: str
  state:
    description: Whether the range is to be there.
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
- name: Keep addresses for switches
  metal.maas_ha.iprange:
    subnet: 10.10.200.0/24
    type: reserved
    start_ip: 10.10.200.2
    end_ip: 10.10.200.9
    comment: switches

- name: Give addresses to machines that boot
  metal.maas_ha.iprange:
    subnet: 10.10.200.0/24
    type: dynamic
    start_ip: 10.10.200.100
    end_ip: 10.10.200.150

- name: Make the range longer
  metal.maas_ha.iprange:
    subnet: 10.10.200.0/24
    start_ip: 10.10.200.100
    end_ip: 10.10.200.199

- name: Delete the range
  metal.maas_ha.iprange:
    subnet: 10.10.200.0/24
    start_ip: 10.10.200.100
    state: absent
"""

RETURN = r"""
iprange:
  description:
    - The range as MAAS shows it; the deleted one with O(state=absent).
    - In check mode what can be foretold of it; its subnet is then a number.
  returned: success
  type: dict
  contains:
    id:
      description: Its number. It is missing where the range was proven to be there without listing all ranges.
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
      description: Its comment; missing where its number is.
      type: str
    subnet:
      description: Its subnet, as M(metal.maas_ha.subnet) returns it.
      type: dict
  sample:
    id: 4
    type: dynamic
    start_ip: 10.10.200.100
    end_ip: 10.10.200.150
    comment: ""
    subnet: {id: 3, cidr: 10.10.200.0/24}
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {end_ip: 10.10.200.150}
    after: {end_ip: 10.10.200.199}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import IPRANGE


def main():
    run(IPRANGE)


if __name__ == "__main__":
    main()
