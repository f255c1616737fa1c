#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: boot_source
short_description: Manage a source of boot images
version_added: 1.0.0
description:
  - Creates, changes and deletes a boot source, known by its address, and what is selected from it.
  - MAAS reads the index of a new source first, which takes a while. It may refuse selections until then; run again.
  - Nothing is imported by this; M(metal.maas_ha.image_sync) does.
options:
  source_url:
    description:
      - Address of the simplestreams mirror, such as V(http://images.maas.io/ephemeral-v3/stable/).
      - A slash at its end makes no other source; MAAS drops it since 3.8.
    type: str
    required: true
  keyring_filename:
    description: File on the regions that holds the keys the mirror is signed with. Needed to create a source.
    type: str
  selections:
    description: What is imported from this source, all of it. Selections that are not listed are removed.
    type: list
    elements: dict
    suboptions:
      os:
        description: Operating system, such as V(ubuntu).
        type: str
        required: true
      release:
        description: Release, such as V(noble).
        type: str
        required: true
      arches:
        description: Architectures, V(*) for all.
        type: list
        elements: str
        default: ["*"]
      subarches:
        description: Kinds of an architecture, V(*) for all.
        type: list
        elements: str
        default: ["*"]
      labels:
        description: Labels of the images, V(*) for all.
        type: list
        elements: str
        default: ["*"]
  state:
    description: Whether the source is to be there.
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
- name: Import Ubuntu 24.04 from a mirror of our own
  metal.maas_ha.boot_source:
    source_url: http://mirror.example.com/maas/images/ephemeral-v3/stable/
    keyring_filename: /snap/maas/current/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg
    selections:
      - os: ubuntu
        release: noble
        arches:
          - amd64

- name: Import from that mirror no longer
  metal.maas_ha.boot_source:
    source_url: http://mirror.example.com/maas/images/ephemeral-v3/stable/
    state: absent
"""

RETURN = r"""
boot_source:
  description: The source as MAAS shows it; the deleted one with O(state=absent). In check mode what can be foretold
    of it.
  returned: success
  type: dict
  contains:
    id:
      description: Its number.
      type: int
    url:
      description: Its address.
      type: str
    keyring_filename:
      description: File of its keys.
      type: str
    selections:
      description: What is selected, if O(selections) was given.
      type: list
      elements: dict
  sample:
    id: 2
    url: http://mirror.example.com/maas/images/ephemeral-v3/stable/
    keyring_filename: /snap/maas/current/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg
    selections: [{id: 1, os: ubuntu, release: noble, arches: [amd64], subarches: ["*"], labels: ["*"]}]
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {}
    after: {source_url: "http://mirror.example.com/maas/images/ephemeral-v3/stable/"}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import BOOT_SOURCE


def main():
    run(BOOT_SOURCE)


if __name__ == "__main__":
    main()
