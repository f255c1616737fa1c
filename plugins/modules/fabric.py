#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fabric
short_description: Manage a fabric of MAAS
version_added: 1.0.0
description:
  - Creates, changes and deletes a fabric, MAAS's word for a set of VLANs that are switched together.
  - A new fabric has one VLAN, the untagged one (VID 0).
  - MAAS refuses to delete a fabric that still has subnets or connected interfaces.
options:
  name:
    description: Name of the fabric. MAAS calls one that it found itself C(fabric-NUMBER).
    type: str
    required: true
  id:
    description: Number of the fabric that is to bear O(name); renames it if need be. It must exist.
    type: int
  description:
    description:
      - What the fabric is for.
      - MAAS takes it and never shows it. It is sent when the fabric is created or something else about it changes.
    type: str
  class_type:
    description: A word of your own for the kind of the fabric, such as V(10g).
    type: str
  state:
    description: Whether the fabric is to be there.
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
- name: Create a fabric
  metal.maas_ha.fabric:
    url: http://10.0.0.5:5240/MAAS
    api_key_file: /etc/maas-ha/api_key
    name: dc3
    description: Third data centre

- name: Give a speaking name to the fabric that MAAS found itself
  metal.maas_ha.fabric:
    id: 3
    name: storage
    class_type: 10g

- name: Delete a fabric
  metal.maas_ha.fabric:
    name: storage
    state: absent
"""

RETURN = r"""
fabric:
  description:
    - The fabric as MAAS shows it, with its VLANs; the deleted one with O(state=absent).
    - In check mode what can be foretold of it.
  returned: success
  type: dict
  contains:
    id:
      description: Its number, part of MAAS's URLs.
      type: int
    name:
      description: Its name.
      type: str
    class_type:
      description: The word for its kind, or null.
      type: str
    vlans:
      description: Its VLANs, each as M(metal.maas_ha.vlan) returns it.
      type: list
      elements: dict
  sample: {id: 3, name: dc3, class_type: null, vlans: [{id: 5007, vid: 0, name: untagged}]}
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {}
    after: {name: dc3, class_type: ""}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import FABRIC


def main():
    run(FABRIC)


if __name__ == "__main__":
    main()
