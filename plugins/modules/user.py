#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: user
short_description: Manage a user of MAAS
version_added: 1.0.0
description:
  - Creates and deletes a local user.
  - MAAS's API cannot change a user. An O(email) or O(is_superuser) that differs is an error; passwords are changed by
    C(maas changepassword).
options:
  username:
    description: Name of the user.
    type: str
    required: true
  email:
    description: Address of the user, no other user's. Needed to create one.
    type: str
  password:
    description: Password of a new user. It is used when the user is created, and never again.
    type: str
  is_superuser:
    description: Whether the user is an administrator. A new user is none if this is unset.
    type: bool
  transfer_resources_to:
    description: With O(state=absent), the user who gets the machines and addresses; MAAS deletes no user who has any.
    type: str
  state:
    description: Whether the user is to be there.
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
- name: Create an administrator
  metal.maas_ha.user:
    username: alice
    email: alice@example.com
    password: "{{ lookup('ansible.builtin.password', '/dev/null') }}"
    is_superuser: true

- name: Delete a user, whose machines go to another one
  metal.maas_ha.user:
    username: alice
    state: absent
    transfer_resources_to: admin
"""

RETURN = r"""
user:
  description: The user as MAAS shows it; the deleted one with O(state=absent). In check mode what can be foretold of
    it.
  returned: success
  type: dict
  contains:
    username:
      description: Name of the user.
      type: str
    email:
      description: Address of the user.
      type: str
    is_superuser:
      description: Whether the user is an administrator.
      type: bool
    is_local:
      description: Whether MAAS itself checks the password.
      type: bool
  sample: {username: alice, email: alice@example.com, is_superuser: true, is_local: true}
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {}
    after: {username: alice, email: alice@example.com, is_superuser: true}
"""

from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import USER


def main():
    run(USER)


if __name__ == "__main__":
    main()
