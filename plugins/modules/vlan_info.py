#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vlan_info
short_description: Read the VLANs of MAAS
version_added: 1.0.0
description:
  - Returns VLANs, in one cheap request.
options:
  fabric:
    description: Name or number of the fabric that they belong to. Unset means any.
    type: str
  vid:
    description: VLAN ID that they have. Unset means any.
    type: int
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes.info
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Read the VLANs of a fabric
  metal.maas_ha.vlan_info:
    fabric: dc1

- name: Read one VLAN
  metal.maas_ha.vlan_info:
    fabric: dc1
    vid: 100
"""

RETURN = r"""
vlans:
  description: The VLANs, as M(metal.maas_ha.vlan) returns one.
  returned: success
  type: list
  elements: dict
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
    - id: 5003
      fabric: dc1
      vid: 100
      dhcp_on: true
      primary_rack: rn7yq6
      secondary_rack: ck36th
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_info
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import fabric_of


def vlans(site, task):
    fabrics = site.get("fabrics/") if task["fabric"] is None else [fabric_of(site, task["fabric"])]
    return [vlan for fabric in fabrics for vlan in fabric["vlans"] if task["vid"] in (None, vlan["vid"])]


def main():
    run_info("vlans", {"fabric": {"type": "str"}, "vid": {"type": "int"}}, vlans)


if __name__ == "__main__":
    main()
