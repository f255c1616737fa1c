#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_key
short_description: Manage a public SSH key in MAAS
version_added: 1.0.0
description:
  - Adds and removes a public key of the user whose API key is used. MAAS puts it on machines that this user deploys.
options:
  key:
    description: The public key, in one line. The comment at its end does not count when keys are compared.
    type: str
    required: true
  state:
    description: Whether the key is to be there.
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
- name: Let an administrator into deployed machines
  metal.maas_ha.ssh_key:
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEbLbAJVSOT5yyx3ZhUBUBwY9y1zQSzhEFlTTMGDB6iN alice

- name: Take the key away again
  metal.maas_ha.ssh_key:
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEbLbAJVSOT5yyx3ZhUBUBwY9y1zQSzhEFlTTMGDB6iN alice
    state: absent
"""

RETURN = r"""
ssh_key:
  description: The key as MAAS shows it; the removed one with O(state=absent).
  returned: success
  type: dict
  contains:
    id:
      description: Its number.
      type: int
    key:
      description: The public key.
      type: str
    keysource:
      description: Where MAAS imported it from, such as V(lp:alice), or null.
      type: str
  sample:
    id: 1
    key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEbLbAJVSOT5yyx3ZhUBUBwY9y1zQSzhEFlTTMGDB6iN alice
    keysource: null
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {}
    after: {key: ssh-ed25519 AAAA… alice}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import SSH_KEY


def main():
    run(SSH_KEY)


if __name__ == "__main__":
    main()
