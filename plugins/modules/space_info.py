#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: space_info
short_description: Read the spaces of MAAS
version_added: 1.0.0
description:
  - Returns spaces with their VLANs and subnets. On a MAAS with hundreds of subnets, all spaces take seconds to read.
options:
  name:
    description: Name of one space. Unset means all.
    type: str
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes.info
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Read all spaces
  metal.maas_ha.space_info:

- name: Read one space
  metal.maas_ha.space_info:
    name: mgmt
"""

RETURN = r"""
spaces:
  description: The spaces, as M(metal.maas_ha.space) returns one. Empty if there is none of that name.
  returned: success
  type: list
  elements: dict
  sample: [{id: 1, name: mgmt, description: "", vlans: [], subnets: []}]
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_info
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import find_space


def spaces(site, task):
    if task["name"] is None:
        return site.get("spaces/")
    found = find_space(site, task)
    return [found] if found else []


def main():
    run_info("spaces", {"name": {"type": "str"}}, spaces)


if __name__ == "__main__":
    main()
