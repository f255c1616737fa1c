#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uninstall
short_description: Purge packages that a host did not have before
version_added: 1.0.0
description:
  - Purges packages, and what was installed because of them, on a host that has apt.
  - A package that O(record) names stays, and so does one that another package needs, for apt is told that O(name) was
    installed automatically and is asked what nobody needs.
  - Without a record nobody knows what the host had before, and everything stays.
options:
  name:
    description: The packages.
    type: list
    elements: str
    required: true
  record:
    description:
      - A file with the packages that the host had before, one a line, name and status, as
        C(dpkg-query --show --showformat='${Package} ${db:Status-Status}\n') prints them.
    type: path
    default: /etc/maas-ha/packages
  leftovers:
    description:
      - Files and directories that the programs have made and no package owns.
      - They go once none of O(name) is installed.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    description: Tells which of O(name) would go if nobody needs them, and does nothing.
    support: full
  diff_mode:
    description: It tells names only.
    support: none
  idempotent:
    description: A second run does nothing.
    support: full
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Uninstall keepalived, unless the host had it before
  metal.maas_ha.uninstall:
    name:
      - keepalived

- name: Uninstall HAProxy and what it has left behind
  metal.maas_ha.uninstall:
    name:
      - haproxy
    leftovers:
      - /var/lib/haproxy
"""

RETURN = r"""
purged:
  description: The packages that are gone, those that were installed because of O(name) among them.
  returned: always
  type: list
  elements: str
  sample: [keepalived, ipvsadm]
"""

import os
import re
import shutil

from ansible.module_utils.basic import AnsibleModule

QUERY = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"]
# A package is not needed because another one suggests it: apt would not have installed it for that.
APT = ["apt-get", "--yes", "--option=APT::AutoRemove::SuggestsImportant=false", "--option=DPkg::Lock::Timeout=60"]
GOES = re.compile(r"^(?:Remv|Purg) ([^ :]+)", re.MULTILINE)


def installed(listing):
    """Return the names of the installed packages in what dpkg-query printed."""
    return {line.removesuffix(" installed") for line in listing.splitlines() if line.endswith(" installed")}


def had(path):
    """Return the names that the record holds, None when there is no record, or none of any use."""
    try:
        with open(path, encoding="ascii") as stream:
            return installed(stream.read()) or None
    except FileNotFoundError:
        return None


def main():
    module = AnsibleModule(
        argument_spec=dict(
            name=dict(type="list", elements="str", required=True),
            record=dict(type="path", default="/etc/maas-ha/packages"),
            leftovers=dict(type="list", elements="path", default=[]),
        ),
        supports_check_mode=True,
    )
    module.run_command_environ_update = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    before = had(module.params["record"])
    now = installed(module.run_command(QUERY, check_rc=True)[1])
    there = sorted(now.intersection(module.params["name"]))
    if before is None and there:
        module.warn(f"{module.params['record']} is not there to tell who installed {', '.join(there)}, so they stay.")
        module.exit_json(changed=False, purged=[])
    doomed = [name for name in there if name not in before]
    if doomed and not module.check_mode:
        module.run_command(["apt-mark", "auto", *doomed], check_rc=True)
        unneeded = GOES.findall(module.run_command([*APT, "--simulate", "autoremove"], check_rc=True)[1])
        doomed = sorted(set(unneeded) - before)
        if doomed:
            module.run_command([*APT, "purge", *doomed], check_rc=True)
    litter = [] if set(there) - set(doomed) else list(filter(os.path.lexists, module.params["leftovers"]))
    if not module.check_mode:
        for path in litter:
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)
    module.exit_json(changed=bool(doomed or litter), purged=doomed)


if __name__ == "__main__":
    main()
