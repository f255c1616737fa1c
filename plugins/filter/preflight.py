# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.metal.maas_ha.plugins.plugin_utils import _preflight

PASSWORD = re.compile(r"maas_.+_password")


def deployment(groups, hostvars):
    """Return all hosts of a deployment with what the preflight checks have to know of them.

    Args:
        groups: the groups of the inventory, name to list of hosts.
        hostvars: the variables of all hosts.

    Returns:
        dict of inventory name to dict with groups, address, num_workers, metrics and rack_hostname, and once it was
        read with survey and asked.
    """
    hosts = {}
    for group in _preflight.GROUPS:
        for name in groups.get(group, []):
            variables = hostvars[name]
            read = variables.get("maas_preflight_survey") or {}
            host = {
                "groups": [],
                "address": variables.get("maas_address", variables.get("ansible_host", "")),
                "num_workers": variables.get("maas_region_num_workers", 4),
                "metrics": [
                    part for part in _preflight.METRICS if boolean(variables.get(f"{part}_metrics"), strict=False)
                ],
                "rack_hostname": variables.get("maas_rack_hostname", ""),
                "survey": read.get("survey"),
                "asked": read.get("asked"),
            }
            hosts.setdefault(name, host)["groups"].append(group)
    return hosts


def passwords(groups, hostvars):
    """Return the passwords that the inventory gives to any host of a deployment.

    Args:
        groups: the groups of the inventory, name to list of hosts.
        hostvars: the variables of all hosts.

    Returns:
        dict of variable to password. A variable that hosts have otherwise than the first is told with the host's name.
    """
    found = {}
    for name in dict.fromkeys(host for group in _preflight.GROUPS for host in groups.get(group, [])):
        for variable in filter(PASSWORD.fullmatch, hostvars[name]):
            value = hostvars[name][variable]
            if found.setdefault(variable, value) != value:
                found[f"{variable} of {name}"] = value
    return found


def judge(site):
    """Return what stands in the way of a deployment, and what is only worth a word.

    Args:
        site: what the role maas_preflight was given and has read.

    Returns:
        dict with problems and warnings, each a list of sentences that name host or variable and say what to do.
    """
    return {
        "problems": _preflight.sentences(site, _preflight.PROBLEMS),
        "warnings": _preflight.sentences(site, _preflight.WARNINGS),
    }


class FilterModule:
    """The filters of the preflight checks."""

    def filters(self):
        return {"deployment": deployment, "passwords": passwords, "judge": judge, "probes": _preflight.probes}
