# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rack and region controllers, and what regions tell without a login."""

from __future__ import annotations

import json

from . import forms, render
from .call import Route
from .forms import Field, Form
from .network import DESCRIPTION, WORD
from .state import RACKS, REGION, REGION_AND_RACK, REGIONS
from .wire import BARE_JSON, TEXT, Refused, Response, not_found

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
EDIT = "can_edit_controllers"
PROTECTED = (
    "(\"Cannot delete some instances of model 'RackController' because they are referenced through protected foreign "
    "keys: 'VLAN.primary_rack'.\")"
)


def _version(call):
    return {"capabilities": CAPABILITIES, "version": call.series.version, "subversion": ""}


def rpc(state):
    """The live regions, with the addresses that racks connect to."""
    eventloops = {
        f"{state.get('node', row['node'])['hostname']}:pid={row['pid']}": row["endpoints"]
        for row in state.where("process")
    }
    return Response(200, json.dumps({"eventloops": eventloops}), BARE_JSON)


class Kind:
    """The handlers of one kind of controller."""

    def __init__(self, collection, model, node_types, told, delete):
        self.collection = collection
        self.model = model
        self.node_types = node_types
        self.told = told
        self._delete = delete

    def visible(self, call):
        """The controllers that a caller sees, filtered as the query asks; plain users see none."""
        if not call.is_admin:
            return []
        nodes = [node for node in call.state.where("node") if node["node_type"] in self.node_types]
        for parameter, column in (("hostname", "hostname"), ("id", "system_id")):
            if parameter in call.query:
                nodes = [node for node in nodes if node[column] in call.query.all(parameter)]
        return nodes

    def find(self, call, system_id):
        """The controller of a system_id; nothing else will do."""
        node = call.state.find("node", system_id=system_id)
        if node is None or node["node_type"] not in self.node_types:
            raise not_found(self.model)
        return node

    def edit(self, call, system_id):
        """The controller of a system_id, for an administrator."""
        node = self.find(call, system_id)
        call.require_admin(EDIT if call.series.permissions_named else None)
        return node

    def list(self, call):
        """What a caller sees."""
        return [self.told(call.state, call.series, node) for node in self.visible(call)]

    def read(self, call, system_id):
        """One controller."""
        return self.told(call.state, call.series, self.find(call, system_id))

    def update(self, call, system_id):
        """Change the description, the zone or the domain."""
        node = self.edit(call, system_id)
        fields = {
            "description": DESCRIPTION,
            "zone": Field(forms.row(lambda name: call.state.find("zone", name=name))),
            "domain": Field(forms.row(lambda name: call.state.find("domain", name=name))),
        }
        stored = {"description": node["description"]}
        stored.update({kind: call.state.get(kind, node[kind])["name"] for kind in ("zone", "domain")})
        form = Form(fields, call.data, stored)
        form.check()
        values = {name: value for name, value in form.values.items() if value is not None}
        return self.told(call.state, call.series, call.state.update("node", node["id"], **values))

    def delete(self, call, system_id):
        """Forget a controller, as its kind does."""
        self._delete(call, self.edit(call, system_id))

    def power_parameters(self, call, system_id=None):
        """Controllers have none."""
        if system_id:
            self.find(call, system_id)
            return {}
        return {node["system_id"]: {} for node in self.visible(call)}

    def is_registered(self, call):
        """Whether a controller has that MAC address."""
        mac_address = call.query.get("mac_address")
        return any(
            interface["mac_address"] == mac_address
            for node in self.visible(call)
            for interface in call.state.where("interface", node=node["id"])
        )

    def power_state(self, call, system_id):
        """Refuse: controllers are not powered by MAAS."""
        self.find(call, system_id)
        raise Refused(503, "No BMC is defined.  Cannot power control node.", TEXT)

    def routes(self):
        """The routes that all kinds have."""
        item = f"{self.collection}/{WORD}/"
        return [
            Route("GET", f"{self.collection}/", self.list),
            Route("GET", f"{self.collection}/", self.is_registered, op="is_registered"),
            Route("GET", f"{self.collection}/", self.power_parameters, op="power_parameters"),
            Route("GET", item, self.read),
            Route("GET", item, self.power_parameters, op="power_parameters"),
            Route("GET", item, self.power_state, op="query_power_state"),
            Route("PUT", item, self.update),
            Route("DELETE", item, self.delete),
        ]


def delete_rack(call, rack):
    """Hand over DHCP, then forget the rack; without force, not if DHCP would end anywhere.

    The primary rack of a VLAN whose DHCP is off is handed over to nobody, and the database does not let it go.
    """
    state = call.state
    if state.where("vm_host", node=rack["id"]) and not call.flag("force"):
        raise Refused(400, f"Unable to delete '{rack['hostname']}'; it hosts virtual machines.")
    orphaned = [vlan for vlan in _served_by(state, rack) if vlan["dhcp_on"] and not _hand_over(state, vlan, rack)]
    if orphaned and not call.flag("force"):
        names = (
            f"{render.fabric_name(state.get('fabric', vlan['fabric']))}.{render.vlan_name(state, call.series, vlan)}"
            for vlan in orphaned
        )
        raise Refused(
            400,
            f"Unable to delete '{rack['hostname']}'; it is currently set as a primary rack controller on VLANs "
            f"{', '.join(names)} and no other rack controller can provide DHCP.",
        )
    for vlan in state.where("vlan", secondary_rack=rack["id"]):
        state.update("vlan", vlan["id"], secondary_rack=None)
    if rack["node_type"] == REGION_AND_RACK:
        state.update("node", rack["id"], node_type=REGION)
    elif state.where("vlan", primary_rack=rack["id"]):
        raise Refused(500, PROTECTED)
    else:
        state.delete_node(rack["id"])


def _list_vm_hosts(call):
    return [
        {"id": row["id"], "name": row["name"], "host": {"system_id": call.state.get("node", row["node"])["system_id"]}}
        for row in call.state.where("vm_host")
    ]


def _served_by(state, rack):
    return state.where("vlan", primary_rack=rack["id"]) + state.where("vlan", secondary_rack=rack["id"])


def _hand_over(state, vlan, rack):
    """Let others serve a VLAN instead of a rack, any that have an interface on it; return the new primary's id."""
    pair = [node for node in (vlan["primary_rack"], vlan["secondary_rack"]) if node and node != rack["id"]]
    others = [
        interface["node"]
        for interface in state.where("interface", vlan=vlan["id"])
        if interface["node"] not in (rack["id"], *pair) and state.is_rack(interface["node"])
    ]
    alone = vlan["secondary_rack"] is None
    primary, secondary = (pair + others[:1] + [None, None])[:2]
    if alone:
        secondary = None
    state.update("vlan", vlan["id"], primary_rack=primary, secondary_rack=secondary, dhcp_on=primary is not None)
    return primary


def delete_region(call, region):
    """Forget a region that no longer runs; of one that is a rack too, the rack, whether it runs or not."""
    if region["node_type"] == REGION_AND_RACK:
        delete_rack(call, region)
    elif call.state.where("process", node=region["id"]):
        raise Refused(400, f"Unable to delete {region['hostname']} as it's currently running.")
    else:
        call.state.delete_node(region["id"])


def list_boot_images(call, system_id):
    """A stub that always says yes."""
    RACK_KIND.find(call, system_id)
    return {"images": [], "connected": True, "status": "synced"}


def import_boot_images(call, system_id=None):
    """A stub that does nothing."""
    return Response(202, "Accepted")


def _list_interfaces(call, system_id):
    node = call.state.find("node", system_id=system_id)
    if node is None:
        raise not_found("Node")
    return [render.interface(call.state, call.series, row) for row in call.state.where("interface", node=node["id"])]


RACK_KIND = Kind("rackcontrollers", "RackController", RACKS, render.rack, delete_rack)
REGION_KIND = Kind("regioncontrollers", "RegionController", REGIONS, render.region, delete_region)
ROUTES = [
    Route("GET", "version/", _version, anonymous=True),
    *RACK_KIND.routes(),
    Route("POST", "rackcontrollers/", import_boot_images, op="import_boot_images"),
    Route("POST", f"rackcontrollers/{WORD}/", import_boot_images, op="import_boot_images"),
    Route("GET", f"rackcontrollers/{WORD}/", list_boot_images, op="list_boot_images"),
    *REGION_KIND.routes(),
    Route("GET", f"nodes/{WORD}/interfaces/", _list_interfaces),
    Route("GET", "vm-hosts/", _list_vm_hosts),
]
