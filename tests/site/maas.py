# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a deployed lab what it is, over ssh and over MAAS's API."""

from __future__ import annotations

import json
from functools import cache

from ansible_collections.metal.maas_ha.plugins.module_utils._client import Client

from tests.lab import Lab

API_KEY = "/etc/maas-ha/api_key"


@cache
def client(host=None, timeout=60):
    """Return a client of the API, through the virtual IP or straight at one region; timeout: seconds for a request."""
    lab = Lab.current()
    address = lab.hosts[host] if host else lab.vip
    key = next(filter(None, (lab.run(region, ["cat", API_KEY]).strip() for region in lab.groups["maas_region"])))
    return Client([f"http://{address}:5240/MAAS"], key, timeout=timeout)


def regions():
    """Return the host names of the regions that /MAAS/rpc/ lists as alive; none while nobody answers."""
    answer = Lab.current().run("client", [f"curl -sf --max-time 5 http://{Lab.current().vip}:5240/MAAS/rpc/ || true"])
    return {name.split(":")[0] for name in json.loads(answer or '{"eventloops": {}}')["eventloops"]}


def racks():
    """Return the status of rackd by the host name of its rack, as the API shows it."""
    return {
        rack["hostname"]: next(service["status"] for service in rack["service_set"] if service["name"] == "rackd")
        for rack in client().get("rackcontrollers/")
    }


def leader():
    """Return the database host that Patroni calls leader, by asking those that answer."""
    lab = Lab.current()
    for host in lab.groups["maas_postgresql"]:
        if lab.condition(host) != "on":
            continue
        members = json.loads(lab.run(host, ["patronictl -c /etc/patroni/config.yml list -f json"]))
        for member in members:
            if member["Role"] == "Leader" and member["State"] == "running":
                return member["Member"]
    return None


def holders():
    """Return the hosts that have the virtual IP on an interface."""
    lab = Lab.current()
    on = [host for host in lab.groups["maas_haproxy"] if lab.condition(host) == "on"]
    return [host for host in on if f" {lab.vip}/" in lab.run(host, ["ip -4 -o address show"])]
