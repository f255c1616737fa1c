#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lock
short_description: Hold a lock for one operator at a time
version_added: 1.0.0
description:
  - Takes a lock that is a file on the host, and tells who else holds it, since when and for what.
  - It outlives the run that took it. The next run of the same operator takes it over, so a run that was killed is in
    nobody's way but others'.
  - It lies in C(/run), so a reboot of the host frees it.
options:
  path:
    description: Absolute path of the lock.
    type: path
    default: /run/maas-ha/verb.lock
  owner:
    description: Who takes it or gives it back, such as V(alice@laptop).
    type: str
    required: true
  purpose:
    description: What it is taken for, told to those who have to wait.
    type: str
    default: ""
  force:
    description: Whether to take it from another owner.
    type: bool
    default: false
  state:
    description: Whether O(owner) is to hold the lock. V(absent) leaves alone what somebody else holds.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    description: Fails where it would fail, and takes or frees nothing.
    support: full
  diff_mode:
    description: A lock is not for comparing.
    support: none
  idempotent:
    description: Who holds it already takes it anew, with the time of now.
    support: partial
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Keep others from working here meanwhile
  metal.maas_ha.lock:
    owner: alice@laptop
    purpose: remove_rack

- name: Let others work here again
  metal.maas_ha.lock:
    owner: alice@laptop
    state: absent
"""

RETURN = r"""
holder:
  description: Who held the lock before, C(owner), C(purpose) and C(since) (UTC); empty when nobody did.
  returned: always
  type: dict
  sample:
    owner: bob@desk
    purpose: add_rack
    since: "2026-11-23T04:20:00Z"
"""

import json
import os
import time

from ansible.module_utils.basic import AnsibleModule


def read(path):
    """Return who holds the lock, empty when nobody does."""
    try:
        with open(path, encoding="utf-8") as stream:
            return json.load(stream)
    except FileNotFoundError:
        return {}


def take(path, claim, may_replace, draft):
    """Make the claim the lock's, whole at once.

    Args:
        path: the lock.
        claim: what it is to hold.
        may_replace: function of a holder; whether that one has to give way.
        draft: a path beside the lock that nobody else uses.

    Returns:
        Who held it before, empty for nobody. A holder that does not give way still holds it.
    """
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    with open(draft, "w", encoding="utf-8") as stream:
        json.dump(claim, stream)
    try:
        while True:
            try:
                os.link(draft, path)  # fails where there is one, unlike a rename
                return {}
            except FileExistsError:
                holder = read(path)
            if holder and may_replace(holder):
                os.replace(draft, path)
            if holder:
                return holder
    finally:
        if os.path.exists(draft):
            os.unlink(draft)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            path=dict(type="path", default="/run/maas-ha/verb.lock"),
            owner=dict(type="str", required=True),
            purpose=dict(type="str", default=""),
            force=dict(type="bool", default=False),
            state=dict(type="str", choices=["present", "absent"], default="present"),
        ),
        supports_check_mode=True,
    )
    path, owner, purpose = (module.params[name] for name in ("path", "owner", "purpose"))

    def may_replace(holder):
        return holder["owner"] == owner or module.params["force"]

    if module.params["state"] == "absent":
        holder = read(path)
        mine = holder.get("owner") == owner
        if mine and not module.check_mode:
            os.unlink(path)
        module.exit_json(changed=mine, holder=holder)

    claim = dict(owner=owner, purpose=purpose, since=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    holder = read(path) if module.check_mode else take(path, claim, may_replace, f"{path}.{os.getpid()}")
    if holder and not may_replace(holder):
        what = holder["purpose"] or "what it did not say"
        module.fail_json(msg=f"{holder['owner']} has held the lock since {holder['since']} for {what}.", holder=holder)
    module.exit_json(changed=True, holder=holder)


if __name__ == "__main__":
    main()
