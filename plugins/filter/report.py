# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.metal.maas_ha.plugins.plugin_utils import _drawing, _preflight, _status

API = ("regions", "racks", "vlans")


def observed(groups, hostvars):
    """Return all hosts of a deployment with what the role maas_report has read of them so far.

    Args:
        groups: the groups of the inventory, name to list of hosts.
        hostvars: the variables of all hosts.

    Returns:
        dict of inventory name to dict with groups, address, away, why, survey, asked, status, silent, peers,
        dns_servers, unpaired, api and unread.
    """
    hosts = {}
    for group in _preflight.GROUPS:
        for name in groups.get(group, []):
            hosts.setdefault(name, {"groups": [], **read(hostvars[name])})["groups"].append(group)
    return hosts


def read(variables):
    """Return what the variables of one host hold of it; None stands for what was not asked or not told."""
    results = {part: variables.get(f"maas_report_{part}") or {} for part in ("survey", "status", "failover", *API)}

    def why(*parts):
        return next((results[part]["msg"] for part in parts if results[part].get("msg")), "")

    return {
        "address": variables.get("maas_address", variables.get("ansible_host", "")),
        "away": any(result.get("unreachable", False) for result in results.values()),
        "why": why("survey", "status"),
        "survey": results["survey"].get("survey"),
        "asked": results["survey"].get("asked"),
        "status": results["status"].get("status"),
        "silent": results["status"].get("silent", {}),
        "peers": results["failover"].get("peers", []),
        "dns_servers": results["failover"].get("dns_servers", {}),
        "unpaired": why("failover"),
        "api": {
            "regions": results["regions"].get("region_controllers"),
            "racks": results["racks"].get("rack_controllers"),
            "vlans": results["vlans"].get("vlans"),
        },
        "unread": why(*API),
    }


class FilterModule:
    """The filters of the report."""

    def filters(self):
        return {"observed": observed, "report": _status.report, "drawing": _drawing.drawing}
