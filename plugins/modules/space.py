#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: space
short_description: Manage a space of MAAS
version_added: 1.0.0
description:
  - Creates, changes and deletes a space, MAAS's word for a set of VLANs that reach one another.
  - VLANs are put into a space by M(metal.maas_ha.vlan). Those of a deleted space are in none afterwards.
options:
  name:
    description: Name of the space. V(undefined) is MAAS's word for no space and cannot be used.
    type: str
    required: true
  description:
    description: What the space is for.
    type: str
  state:
    description: Whether the space is to be there.
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
- name: Create a space
  metal.maas_ha.space:
    name: tenants
    description: Machines of the tenants

- name: Delete a space
  metal.maas_ha.space:
    name: tenants
    state: absent
"""

RETURN = r"""
space:
  description:
    - The space as MAAS shows it, with its VLANs and subnets; the deleted one with O(state=absent).
    - In check mode what can be foretold of it.
  returned: success
  type: dict
  contains:
    id:
      description: Its number.
      type: int
    name:
      description: Its name.
      type: str
    description:
      description: What it is for.
      type: str
    vlans:
      description: Its VLANs.
      type: list
      elements: dict
    subnets:
      description: The subnets of its VLANs.
      type: list
      elements: dict
  sample: {id: 2, name: tenants, description: Machines of the tenants, vlans: [], subnets: []}
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {}
    after: {name: tenants, description: Machines of the tenants}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import SPACE


def main():
    run(SPACE)


if __name__ == "__main__":
    main()
