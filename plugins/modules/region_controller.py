#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: region_controller
short_description: Delete a region controller of MAAS that is gone
version_added: 1.0.0
description:
  - Deletes a region controller that runs no longer. Until then all racks stay degraded, and images are not imported.
  - MAAS misses a region that died after 90 seconds; until then the deletion is refused, as is that of the last region.
  - Regions come into being by themselves, when they run.
options:
  hostname:
    description: Hostname of the region controller, without its domain.
    type: str
    required: true
  state:
    description:
      - Whether MAAS is to know the region controller. One that it does not know cannot be created.
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
- name: Forget a region, once MAAS has missed it
  metal.maas_ha.region_controller:
    hostname: region3
    state: absent
  register: region
  until: region is not failed
  retries: 36
  delay: 5
"""

RETURN = r"""
region_controller:
  description: The region controller as MAAS shows it; the deleted one with O(state=absent).
  returned: success
  type: dict
  contains:
    system_id:
      description: Its identity in MAAS.
      type: str
    hostname:
      description: Its hostname.
      type: str
    version:
      description: The version of MAAS that it ran.
      type: str
  sample:
    system_id: 6twgf8
    hostname: region3
    version: 3.7.3
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {hostname: region3}
    after: {}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import REGION_CONTROLLER


def main():
    run(REGION_CONTROLLER)


if __name__ == "__main__":
    main()
