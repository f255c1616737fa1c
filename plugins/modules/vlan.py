#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vlan
short_description: Manage a VLAN of MAAS
version_added: 1.0.0
description:
  - Creates, changes and deletes one VLAN, known by its fabric and VID.
  - Racks are changed in steps that never turn DHCP off, all in this one run. Leases live in the racks only, and a new
    rack has no time to take them over; where every rack that serves is replaced they are lost.
    M(metal.maas_ha.dhcp_ha) replaces such racks with their leases, does so for any number of VLANs, with their ranges,
    and refuses more of what cannot serve.
  - Deleting a VLAN moves its subnets to the untagged VLAN of the fabric, whatever DHCP served there. The untagged
    VLAN itself cannot be deleted.
options:
  fabric:
    description: Name or number of the fabric.
    type: str
    required: true
  vid:
    description: VLAN ID, from V(0) (the untagged VLAN) to V(4094).
    type: int
    required: true
  name:
    description: Name of the VLAN. The untagged VLAN is always called V(untagged).
    type: str
  description:
    description:
      - What the VLAN is for.
      - MAAS takes it and never shows it. It is sent when the VLAN is created or something else about it changes.
    type: str
  mtu:
    description: Size of a packet in bytes, from V(552) to V(65535).
    type: int
  space:
    description: Name of the space that the VLAN belongs to. An empty text or V(undefined) takes it out of its space.
    type: str
  dhcp_on:
    description:
      - Whether MAAS serves DHCP on the VLAN. It needs a dynamic range on one of its subnets and a primary rack.
      - Turning it off keeps the racks; turning it on ends a relay.
    type: bool
  primary_rack:
    description:
      - Hostname or system_id of the rack controller that serves DHCP. An empty text takes it away.
      - It must have an interface on this very VLAN, and must be running to be given a secondary.
    type: str
  secondary_rack:
    description: Hostname or system_id of the rack controller that takes over. An empty text takes it away.
    type: str
  relay_vlan:
    description:
      - The VLAN whose DHCP serves this one through a relay, which the routers must run. An empty dictionary ends that.
      - MAAS gives a relayed VLAN no failover.
    type: dict
    suboptions:
      fabric:
        description: Name of that VLAN's fabric.
        type: str
      vid:
        description: VLAN ID of that VLAN.
        type: int
  state:
    description: Whether the VLAN is to be there.
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
- name: Create a VLAN
  metal.maas_ha.vlan:
    fabric: dc1
    vid: 300
    name: storage
    mtu: 9000

- name: Serve DHCP from two racks
  metal.maas_ha.vlan:
    fabric: dc1
    vid: 100
    dhcp_on: true
    primary_rack: rack1
    secondary_rack: rack2

- name: Exchange the racks, in the two steps that MAAS needs
  metal.maas_ha.vlan:
    fabric: dc1
    vid: 100
    primary_rack: rack2
    secondary_rack: rack1

- name: Let the DHCP of another VLAN serve this one
  metal.maas_ha.vlan:
    fabric: dc1
    vid: 300
    relay_vlan:
      fabric: dc1
      vid: 100

- name: Delete a VLAN
  metal.maas_ha.vlan:
    fabric: dc1
    vid: 300
    state: absent
"""

RETURN = r"""
vlan:
  description:
    - The VLAN as MAAS shows it; the deleted one with O(state=absent).
    - In check mode what can be foretold of it; a relay is then the number of the VLAN.
  returned: success
  type: dict
  contains:
    id:
      description: Its number, part of MAAS's URLs and of the failover peer's name in dhcpd.conf.
      type: int
    fabric:
      description: Name of its fabric.
      type: str
    fabric_id:
      description: Number of its fabric.
      type: int
    vid:
      description: Its VLAN ID.
      type: int
    name:
      description: Its name, or null; V(untagged) for the untagged VLAN. MAAS 3.4 shows the VID of one without a name.
      type: str
    mtu:
      description: Size of a packet in bytes.
      type: int
    space:
      description: Name of its space, V(undefined) for none.
      type: str
    dhcp_on:
      description: Whether MAAS serves DHCP.
      type: bool
    primary_rack:
      description: The system_id of the primary rack controller, or null.
      type: str
    secondary_rack:
      description: The system_id of the secondary rack controller, or null.
      type: str
    relay_vlan:
      description: The VLAN whose DHCP serves this one, or null.
      type: dict
    external_dhcp:
      description: Address of a foreign DHCP server that a rack has seen, or null.
      type: str
  sample:
    id: 5003
    fabric: dc1
    fabric_id: 1
    vid: 100
    name: prov
    mtu: 1500
    space: undefined
    dhcp_on: true
    primary_rack: rn7yq6
    secondary_rack: ck36th
    relay_vlan: null
    external_dhcp: null
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {dhcp_on: false, primary_rack: ""}
    after: {dhcp_on: true, primary_rack: rn7yq6}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import VLAN


def main():
    run(VLAN)


if __name__ == "__main__":
    main()
