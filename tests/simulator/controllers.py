# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rack and region controllers, and what regions tell without a login."""

from __future__ import annotations

import json

from . import render
from .call import Route
from .network import WORD
from .state import RACK, REGION, REGION_AND_RACK
from .wire import BARE_JSON, Response, not_found

RACKS = (RACK, REGION_AND_RACK)
REGIONS = (REGION, REGION_AND_RACK)
CAPABILITIES = [
    "networks-management",
    "static-ipaddresses",
    "ipv6-deployment-ubuntu",
    "devices-management",
    "storage-deployment-ubuntu",
    "network-deployment-ubuntu",
    "bridging-interface-ubuntu",
    "bridging-automatic-ubuntu",
    "authenticate-api",
]


def version(call):
    return {"capabilities": CAPABILITIES, "version": call.series.version, "subversion": ""}


def rpc(state, request):
    """The live regions, with the addresses that racks connect to."""
    eventloops = {
        f"{state.get('node', row['node'])['hostname']}:pid={row['pid']}": row["endpoints"]
        for row in state.where("process")
    }
    return Response(200, json.dumps({"eventloops": eventloops}), BARE_JSON)


def _list(node_types, told):
    def handler(call):
        if not call.is_admin:
            return []
        nodes = [node for node in call.state.where("node") if node["node_type"] in node_types]
        if "hostname" in call.query:
            nodes = [node for node in nodes if node["hostname"] == call.query["hostname"]]
        if "id" in call.query:
            nodes = [node for node in nodes if node["system_id"] == call.query["id"]]
        return [told(call.state, call.series, node) for node in nodes]

    return handler


def _rack(call, system_id):
    rack = call.state.rack(system_id)
    if rack is None or rack["system_id"] != system_id:
        raise not_found("RackController")
    return rack


def read_rack(call, system_id):
    return render.rack(call.state, call.series, _rack(call, system_id))


ROUTES = [
    Route("GET", "version/", version, anonymous=True),
    Route("GET", "rackcontrollers/", _list(RACKS, render.rack)),
    Route("GET", f"rackcontrollers/{WORD}/", read_rack),
    Route("GET", "regioncontrollers/", _list(REGIONS, render.region)),
]
