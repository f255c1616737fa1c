#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secret
short_description: Keep named secrets in a file that only root can read
version_added: 1.0.0
description:
  - Keeps a JSON file of named secrets, mode 0600 in a directory of mode 0700, and returns those that were not given.
  - A secret is what O(given) says, else what the file holds, else, where O(generate) allows it, born at random.
  - Secrets consist of the characters C(A-Za-z0-9_-), the only ones that every part of MAAS carries unharmed.
  - A task that uses this module says C(no_log=true), since the values are what it returns.
options:
  path:
    description: Absolute path of the file.
    type: path
    required: true
  names:
    description: Names of the secrets that the file is to hold. Others in it are left alone.
    type: list
    elements: str
    required: true
  given:
    description: Values by name that the file is to hold. Empty ones, and names that O(names) lacks, are ignored.
    type: dict
    default: {}
  generate:
    description: Whether a name that is neither given nor in the file gets a random secret of 32 characters.
    type: bool
    default: false
attributes:
  check_mode:
    description: Returns the values that it would keep and writes nothing.
    support: full
  diff_mode:
    description: Secrets are not for showing.
    support: none
  idempotent:
    description: A second run does nothing.
    support: full
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Keep the database's passwords
  metal.maas_ha.secret:
    path: /etc/maas-ha/secrets/database.json
    names:
      - maas
      - replication
    given:
      maas: "{{ maas_database_password | default('') }}"
    generate: true
  register: database
  no_log: true

- name: Read one of them
  metal.maas_ha.secret:
    path: /etc/maas-ha/secrets/database.json
    names:
      - maas
  register: database
  no_log: true
"""

RETURN = r"""
secrets:
  description: The secrets of O(names) that the file holds and O(given) does not, by name.
  returned: always
  type: dict
"""

import json
import os
import re
import secrets

from ansible.module_utils.basic import AnsibleModule

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def read(path):
    """Return what the file holds, name to secret; empty without a file. Raises ValueError on anything else."""
    try:
        with open(path, encoding="ascii") as stream:
            kept = json.load(stream)
    except FileNotFoundError:
        return {}
    if not isinstance(kept, dict):
        raise ValueError("it holds no names")
    return kept


def generated():
    """Return a random secret of 32 letters and digits, about 190 bits."""
    return "".join(secrets.choice(ALPHABET) for dummy in range(32))


def write(module, path, values):
    """Replace the file at once, readable by root alone, in a directory of its kind."""
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    draft = os.path.join(module.tmpdir, "secrets")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        json.dump(values, stream, indent=2, sort_keys=True)
    module.atomic_move(draft, path)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            path=dict(type="path", required=True),
            names=dict(type="list", elements="str", required=True),
            given=dict(type="dict", default={}, no_log=True),
            generate=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    path, names = module.params["path"], module.params["names"]
    given = {name: str(module.params["given"][name]) for name in names if module.params["given"].get(name)}
    for name, value in given.items():
        if not re.fullmatch("[A-Za-z0-9_-]+", value):
            module.fail_json(msg=f"The secret {name} has characters that MAAS cannot carry: use A-Za-z0-9_-.")
    try:
        kept = read(path)
    except ValueError as problem:
        module.fail_json(msg=f"{path} is no file of secrets: {problem}. Restore it, or move it away.")

    wanted = dict(kept, **given)
    if module.params["generate"]:
        wanted.update((name, generated()) for name in names if name not in wanted)
    changed = wanted != kept
    if changed and not module.check_mode:
        write(module, path, wanted)
    if os.path.exists(path):
        changed = module.set_mode_if_different(path, "0600", changed)
        changed = module.set_mode_if_different(os.path.dirname(path), "0700", changed)
    values = {name: wanted[name] for name in names if name in wanted and name not in given}
    module.exit_json(changed=changed, secrets=values)


if __name__ == "__main__":
    main()
