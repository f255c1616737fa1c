# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is alive: the processes of regions, the racks connected to them, and what follows for the racks' services."""

from __future__ import annotations

from .state import RACK, RACK_SERVICES, REGION, REGION_AND_RACK

WORKERS_PER_REGION = 4  # what a region without processes counts for
LOST_WITH_RACKD = ("dhcpd", "dhcpd6", "ntp_rack", "rackd", "tftp")  # the others may run without it, and nobody knows


def note_connection(state, process, node):
    """Note that a rack is connected to a process."""
    if not state.find("connection", process=process, node=node):
        state.insert("connection", process=process, node=node)


def forget_connection(state, process, node):
    """Note that a rack is no longer connected to a process."""
    for row in state.where("connection", process=process, node=node):
        state.delete("connection", row["id"])
    update_rackd(state)


def remove_process(state, process):
    """Remove a process and the connections to it."""
    for row in state.where("connection", process=process["id"]):
        state.delete("connection", row["id"])
    state.delete("process", process["id"])


def note_services(state, node, states):
    """Note what a rack says of its services."""
    for name, status in states.items():
        row = state.find("service", node=node, name=name)
        if row and row["status"] != status:
            state.update("service", row["id"], status=status)


def update_rackd(state):
    """Set what every rack's rackd is by its connections to all regions' processes, and what is lost with a dead one."""
    processes = {row["id"]: row["node"] for row in state.where("process")}
    regions = [row["id"] for row in state.where("node") if row["node_type"] in (REGION, REGION_AND_RACK)]
    wanted = len(processes) + WORKERS_PER_REGION * len(set(regions) - set(processes.values()))
    for rack in state.where("node"):
        if rack["node_type"] not in (RACK, REGION_AND_RACK):
            continue
        connected = sum(row["process"] in processes for row in state.where("connection", node=rack["id"]))
        services = {row["name"]: row for row in state.where("service", node=rack["id"])}
        if not connected:
            for name in RACK_SERVICES:
                _set_status(state, services.get(name), "dead" if name in LOST_WITH_RACKD else "unknown", "")
        elif connected < wanted:
            info = f"{connected / wanted:.0%} connected to region controllers."
            _set_status(state, services.get("rackd"), "degraded", info)
        else:
            _set_status(state, services.get("rackd"), "running", "")


def _set_status(state, row, status, info):
    if row and (row["status"], row["status_info"]) != (status, info):
        state.update("service", row["id"], status=status, status_info=info)
