#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: api_key
short_description: Keep a user's API key in a file of a region controller
version_added: 1.0.0
description:
  - Writes an API key of a MAAS user to a file that root alone can read, for the C(api_key_file) of other modules.
  - A key in the file that MAAS accepts for this user is kept. Otherwise one of the user's keys is taken,
    and one is made when there is none.
  - A user that does not exist is created as an administrator, if O(email) and O(password) are given.
  - Runs on a region controller. The key is in no argument, no log and no result.
options:
  username:
    description: The user.
    type: str
    required: true
  path:
    description: File that holds the key.
    type: path
    default: /etc/maas-ha/api_key
  email:
    description: Email address of a user that has to be created. MAAS wants each address once.
    type: str
  password:
    description: Password of a user that has to be created; that of an existing one is left alone.
    type: str
  url:
    description: This region's own address, at which the key in the file is tried.
    type: str
    default: http://localhost:5240/MAAS
  timeout:
    description: Seconds after which a command of MAAS is ended.
    type: int
    default: 120
attributes:
  check_mode:
    description: Tells whether the file would change and writes nothing.
    support: full
  diff_mode:
    description: A key is shown to nobody.
    support: none
  idempotent:
    description: A key that works is kept.
    support: full
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Create the administrator and keep an API key
  metal.maas_ha.api_key:
    username: admin
    email: admin@example.com
    password: "{{ vault_maas_admin_password }}"
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: success
  sample: [create user, write key]
path:
  description: The file that holds the key.
  type: str
  returned: success
  sample: /etc/maas-ha/api_key
"""

import pathlib
import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.metal.maas_ha.plugins.module_utils import _cli
from ansible_collections.metal.maas_ha.plugins.module_utils._client import Client, MaasError

KEY = re.compile(r"^\w+:\w+:\w+$", re.MULTILINE)


def works(url, key, username):
    """Tell whether MAAS accepts the key for this user. A region that cannot be asked accepts none."""
    try:
        return Client([url], key, timeout=5).get("users/", op="whoami")["username"] == username
    except MaasError:
        return False


def keys(lock, username, timeout):
    """Return the user's API keys, or None when there is no such user."""
    try:
        return KEY.findall(_cli.maas(lock, "apikey", "--username", username, timeout=timeout))
    except _cli.CliError as error:
        if "User does not exist" in error.said:
            return None
        raise


def obtain(lock, module):
    """Return the user's keys, at least one, and what was done to have them."""
    username, timeout = module.params["username"], module.params["timeout"]
    email, password = module.params["email"], module.params["password"]
    found, actions = keys(lock, username, timeout), []
    if found is None:
        if email is None or password is None:
            module.fail_json(msg=f"username: MAAS has no user {username}; give email and password to create it.")
        # The last line answers the question for SSH keys to import.
        answers = f"{password}\n{password}\n\n"
        _cli.maas(lock, "createadmin", "--username", username, "--email", email, answers=answers, timeout=timeout)
        actions.append("create user")
        found = keys(lock, username, timeout)
    if not found:
        found = KEY.findall(_cli.maas(lock, "apikey", "--username", username, "--generate", timeout=timeout))
        actions.append("make key")
    return found, actions


def main():
    module = AnsibleModule(
        argument_spec=dict(
            username=dict(type="str", required=True),
            path=dict(type="path", default="/etc/maas-ha/api_key"),
            email=dict(type="str"),
            password=dict(type="str", no_log=True),
            url=dict(type="str", default="http://localhost:5240/MAAS"),
            timeout=dict(type="int", default=120),
        ),
        supports_check_mode=True,
    )
    path = pathlib.Path(module.params["path"])
    kept = _cli.read(path).strip()
    module.no_log_values.update(filter(None, kept.split(":")))
    actions = []
    if not kept or not works(module.params["url"], kept, module.params["username"]):
        if module.check_mode:
            module.exit_json(changed=True, actions=["write key"], path=str(path))
        try:
            with _cli.exclusive(module.params["timeout"]) as lock:
                found, actions = obtain(lock, module)
        except _cli.CliError as error:
            module.fail_json(msg=str(error))
        kept = kept if kept in found else found[0]
    if _cli.read(path).strip() != kept or not _cli.is_private(path):
        actions.append("write key")
        if not module.check_mode:
            _cli.write(path, kept + "\n")
    module.exit_json(changed=bool(actions), actions=actions, path=str(path))


if __name__ == "__main__":
    main()
