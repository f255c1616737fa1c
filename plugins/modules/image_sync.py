#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_sync
short_description: Import boot images into MAAS
version_added: 1.0.0
description:
  - Starts or stops the import of the images that M(metal.maas_ha.boot_source) selects, and waits for its end.
  - An import that runs already is not started again.
options:
  state:
    description:
      - V(started) starts an import, V(stopped) ends a running one.
      - V(finished) starts nothing, and is for waiting.
    type: str
    choices: [started, stopped, finished]
    default: started
  wait:
    description: Seconds to wait until no import runs. V(0) does not wait. It is an error if one still runs then.
    type: int
    default: 0
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes
attributes:
  diff_mode:
    support: none
    details: An import has no state before and after.
  idempotent:
    support: partial
    details: Each O(state=started) imports anew, unless an import runs already.
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Import images, and wait an hour at most until they are there
  metal.maas_ha.image_sync:
    wait: 3600

- name: Stop importing
  metal.maas_ha.image_sync:
    state: stopped
"""

RETURN = r"""
importing:
  description: Whether an import runs now.
  returned: success
  type: bool
  sample: true
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._client import MaasError
from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_work
from ansible_collections.metal.maas_ha.plugins.module_utils._wait import wait_until

IMAGES = "boot-resources/"
BEGIN_SECONDS = 120  # in which MAAS begins an import that it has agreed to; some series first read what there is
OPERATIONS = {"started": "import", "stopped": "stop_import"}


def image_sync(site, module):
    state, wait = module.params["state"], module.params["wait"]

    def idle():
        return not site.client.get(IMAGES, op="is_importing")

    running = not idle()
    changed = running if state == "stopped" else state == "started" and not running
    importing = running if state == "finished" else state == "started"
    if not module.check_mode:
        if changed:
            site.client.post(IMAGES, op=OPERATIONS[state], repeat=True)
        if wait and importing:
            if changed:
                wait_until(lambda: not idle(), min(wait, BEGIN_SECONDS))
            if not wait_until(idle, wait):
                raise MaasError(f"wait: an import of images still runs after {wait} seconds")
            importing = False
    return {"changed": changed, "importing": importing}


def main():
    options = {
        "state": {"type": "str", "choices": ["started", "stopped", "finished"], "default": "started"},
        "wait": {"type": "int", "default": 0},
    }
    run_work(options, image_sync)


if __name__ == "__main__":
    main()
