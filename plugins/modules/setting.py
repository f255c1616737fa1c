#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: setting
short_description: Manage settings of MAAS
version_added: 1.0.0
description:
  - Sets values of MAAS's configuration, as C(maas PROFILE maas set-config) does.
  - All settings are read first, so that an unknown name is refused before anything is written. Each one is read again
    after it was written; that MAAS made something else of it is an error.
options:
  settings:
    description:
      - Names and values, such as V(ntp_servers), V(upstream_dns) or V(enable_http_proxy). A refused name lists all
        there are.
      - An empty text or null clears a setting. A list is written with spaces between its members.
      - What is true or false in MAAS takes Ansible's words for that, such as V(yes) or V(0), and no other.
      - V(remote_syslog) gets the port 514 where it names none. Put an IPv6 address there between brackets.
      - Values show in the difference; where one holds a password, say C(no_log) in the task.
    type: dict
    required: true
extends_documentation_fragment:
  - metal.maas_ha.api
  - metal.maas_ha.attributes
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Tell MAAS its name servers and clocks
  metal.maas_ha.setting:
    settings:
      upstream_dns:
        - 10.0.0.2
        - 10.0.0.3
      ntp_servers: ntp.example.com
      enable_analytics: false
"""

RETURN = r"""
settings:
  description: The settings that the task names, by name, as MAAS holds them; in check mode as it would hold them.
  returned: success
  type: dict
  sample: {upstream_dns: 10.0.0.2 10.0.0.3, ntp_servers: ntp.example.com, enable_analytics: false}
diff:
  description: The fields before and after; empty where there is nothing.
  returned: success
  type: dict
  sample:
    before: {upstream_dns: null}
    after: {upstream_dns: 10.0.0.2 10.0.0.3}
"""

import re

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.metal.maas_ha.plugins.module_utils._client import MaasError
from ansible_collections.metal.maas_ha.plugins.module_utils._resource import run_work

# Settings that are lists of addresses or names, which MAAS takes with commas or blanks between them.
LISTS = ("dns_trusted_acl", "ntp_servers", "upstream_dns")


def meant(name, value, held):
    """Return a task's value as MAAS would hold it; what it holds tells whether a setting is true or false."""
    if isinstance(held, bool):
        try:
            return boolean(value)
        except TypeError as error:
            raise MaasError(f"settings: {name} is true or false, not {value!r}") from error
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    if name == "remote_syslog" and value:
        host = str(value).strip().lower()
        return host if re.search(r":\d+$", host) else f"{host}:514"
    return value


def text(name, value):
    """Return the value of a setting as MAAS's form reads it, so that values can be compared."""
    if isinstance(value, bool):
        return str(value).lower()
    words = "" if value is None else str(value)
    return " ".join(words.replace(",", " ").split()) if name in LISTS else words.strip()


def settings(site, module):
    wanted = module.params["settings"]
    before = {name: site.get("maas/", op="get_config", name=name) for name in wanted}
    changes = {name: meant(name, value, before[name]) for name, value in wanted.items()}
    changes = {name: value for name, value in changes.items() if text(name, value) != text(name, before[name])}
    after = {**before, **changes}
    done = []
    for name, value in () if module.check_mode else changes.items():
        try:
            after[name] = set_one(site.client, name, value)
        except MaasError as error:
            raise MaasError(f"{error}; set before it: {', '.join(done) or 'nothing'}") from error
        done.append(name)
    return {"changed": bool(changes), "diff": {"before": before, "after": after}, "settings": after}


def set_one(client, name, value):
    """Set a setting and return what MAAS made of it; raise MaasError where that is something else."""
    client.post("maas/", {"name": name, "value": text(name, value)}, op="set_config", repeat=True)
    shown = client.get("maas/", op="get_config", name=name)
    if text(name, shown) != text(name, value):
        raise MaasError(f"{name}: MAAS shows {shown!r}, not {value!r}, though it agreed")
    return shown


def main():
    run_work({"settings": {"type": "dict", "required": True}}, settings)


if __name__ == "__main__":
    main()
