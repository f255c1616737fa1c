#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: fabric_info
short_description: Read the fabrics of MAAS
version_added: 1.0.0
description:
  - Returns fabrics with their VLANs, in one cheap request.
options:
  name:
    description: Name of one fabric. Unset means all.
    type: str
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes.info
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Read all fabrics
  metal.maas_ha.fabric_info:

- name: Read one fabric
  metal.maas_ha.fabric_info:
    name: dc1
"""

RETURN = r"""
fabrics:
  description: The fabrics, as M(metal.maas_ha.fabric) returns one. Empty if there is none of that name.
  returned: success
  type: list
  elements: dict
  sample: [{id: 1, name: dc1, class_type: null, vlans: [{id: 5001, vid: 0, name: untagged}]}]
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_info


def fabrics(site, task):
    return [one for one in site.get("fabrics/") if task["name"] in (None, one["name"])]


def main():
    run_info("fabrics", {"name": {"type": "str"}}, fabrics)


if __name__ == "__main__":
    main()
