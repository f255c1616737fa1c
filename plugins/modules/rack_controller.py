#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rack_controller
short_description: Manage a rack controller of MAAS
version_added: 1.0.0
description:
  - Sets what a person says of a rack controller, and deletes one. Racks come into being by themselves, when they run.
  - A rack that alone serves DHCP on a VLAN is not deleted unless O(force) says so; give its VLANs other racks first
    with M(metal.maas_ha.dhcp_ha). Where it is one of a pair, MAAS makes the other one primary and picks any connected
    rack as the new secondary.
  - A connected rack that is deleted forgets the secret that it shares with the regions.
options:
  hostname:
    description: Hostname of the rack controller, without its domain. Exactly one of this and O(system_id) is needed.
    type: str
  system_id:
    description: Identity of the rack controller in MAAS. Exactly one of this and O(hostname) is needed.
    type: str
  description:
    description: What is to be known about it.
    type: str
  zone:
    description: Name of the zone that it stands in. The zone must exist.
    type: str
  tags:
    description: Its tags, all of them; those that do not exist yet are created. An empty list takes them away.
    type: list
    elements: str
  force:
    description:
      - With O(state=absent), deletes the rack although DHCP goes off on VLANs that it alone serves.
      - It also deletes the virtual machines that MAAS knows to be hosted on it.
    type: bool
    default: false
  state:
    description:
      - Whether MAAS is to know the rack controller. One that it does not know cannot be created.
      - An API key is refused when MAAS shows its user no controllers at all, as it does to all but administrators.
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
- name: Say where a rack stands
  metal.maas_ha.rack_controller:
    hostname: rack1
    description: Hall 2, row 4
    zone: default
    tags:
      - row4

- name: Forget a rack
  metal.maas_ha.rack_controller:
    hostname: rack3
    state: absent
"""

RETURN = r"""
rack_controller:
  description:
    - The rack controller as MAAS shows it; the deleted one with O(state=absent).
    - M(metal.maas_ha.rack_controller_info) gives the essence of it.
  returned: success
  type: dict
  contains:
    system_id:
      description: Its identity in MAAS.
      type: str
    hostname:
      description: Its hostname.
      type: str
    description:
      description: What is to be known about it.
      type: str
    zone:
      description: Its zone; in check mode the name of the zone to be.
      type: dict
    tag_names:
      description: Its tags.
      type: list
      elements: str
    version:
      description: The version of MAAS that it runs.
      type: str
  sample:
    system_id: rn7yq6
    hostname: rack1
    description: Hall 2, row 4
    zone: {id: 1, name: default}
    tag_names: [row4]
    version: 3.7.3
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {description: "", tags: []}
    after: {description: "Hall 2, row 4", tags: [row4]}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import RACK_CONTROLLER


def main():
    run(RACK_CONTROLLER)


if __name__ == "__main__":
    main()
