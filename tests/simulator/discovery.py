# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a controller that registers becomes rows: its node, interfaces and addresses, and the networks they are on."""

from __future__ import annotations

from .state import (
    DISCOVERED,
    RACK,
    REGION,
    REGION_AND_RACK,
    REGION_SERVICES,
    STICKY,
)


class Ambiguous(Exception):
    """More than one node could be this controller."""


def register(state, told, node_type, services):
    """Add or update the node of a controller that tells {system_id, hostname, interfaces, version}; return its row.

    One that is not `surveyed` yet is found by its interfaces, and has none for MAAS until it is.
    """
    node = _find(state, told, node_type)
    columns = {"hostname": told["hostname"], "version": told["version"]}
    if node is None:
        node = state.add_node(node_type=node_type, **columns)
    elif node_type not in (node["node_type"], *_parts(node["node_type"])):
        columns["node_type"] = REGION_AND_RACK
    node = _change(state, "node", node, **columns)
    known = {row["name"] for row in state.where("service", node=node["id"])}
    for name in services:
        if name not in known:
            status = "off" if name.startswith("dhcpd") else "running"
            state.insert("service", node=node["id"], name=name, status=status, status_info="")
    if told.get("surveyed", True):
        _update_interfaces(state, node, told["interfaces"])
    return node


def region_services(series):
    """The services that a region of a series reports."""
    return REGION_SERVICES if series.name == "3.4" else (*REGION_SERVICES, "temporal", "temporal-worker")


def _parts(node_type):
    return (RACK, REGION) if node_type == REGION_AND_RACK else ()


def _find(state, told, node_type):
    """The node with that system_id, else those with the host's name or one of its MAC addresses."""
    for node in state.where("node"):
        if node["system_id"] == told["system_id"]:
            return node
    macs = {each["mac_address"] for each in told["interfaces"]}
    owners = {row["node"] for row in state.where("interface") if row["mac_address"] in macs}
    found = [node for node in state.where("node") if node["hostname"] == told["hostname"] or node["id"] in owners]
    if len(found) > 1 and node_type == REGION:
        raise Ambiguous(f"Multiple results for {told['hostname']}: {', '.join(node['hostname'] for node in found)}")
    return found[0] if found else None


def _change(state, kind, row, **columns):
    """Update a row if that changes it; return it."""
    same = all(row.get(name) == value for name, value in columns.items())
    return row if same else state.update(kind, row["id"], **columns)


def _update_interfaces(state, node, told):
    rows = {row["name"]: row for row in state.where("interface", node=node["id"])}
    for name in set(rows) - {each["name"] for each in told}:
        for address in state.where("address", interface=rows[name]["id"]):
            state.delete("address", address["id"])
        state.delete("interface", rows[name]["id"])
    for each in sorted(told, key=lambda each: each["vid"]):
        vlan = _vlan(state, node, each, rows.get(each["name"]))
        columns = {
            "vlan": vlan,
            "type": each["type"],
            "mac_address": each["mac_address"],
            "parents": each["parents"],
        }
        if each["name"] in rows:
            row = _change(state, "interface", rows[each["name"]], **columns)
        else:
            row = state.add_interface(node["id"], each["name"], **columns)
        _update_addresses(state, row, each["addresses"])


def _vlan(state, node, told, row):
    """The VLAN of an interface: that of a subnet it has an address in, else the one it had, else one of its own."""
    for address in told["addresses"]:
        subnet = state.find("subnet", cidr=address["cidr"])
        if subnet:
            return subnet["vlan"]
    if row:
        return row["vlan"]
    if told["vid"]:
        parent = state.find("interface", node=node["id"], name=told["parents"][0])
        fabric = state.get("vlan", parent["vlan"])["fabric"]
        vlan = state.find("vlan", fabric=fabric, vid=told["vid"]) or state.add_vlan(fabric, told["vid"])
    else:
        fabric = _unused_fabric(state) or state.add_fabric()["id"]
        vlan = state.where("vlan", fabric=fabric)[0]
    for cidr in sorted({address["cidr"] for address in told["addresses"]}):
        state.add_subnet(vlan["id"], cidr)
    return vlan["id"]


def _unused_fabric(state):
    """The first fabric, as long as no subnet and no interface is on it."""
    fabric = min(state.table("fabric"), default=None)
    vlans = state.where("vlan", fabric=fabric) if fabric else []
    taken = any(state.find("subnet", vlan=row["id"]) or state.find("interface", vlan=row["id"]) for row in vlans)
    return None if taken else fabric


def _update_addresses(state, interface, told):
    rows = {row["ip"]: row for row in state.where("address", interface=interface["id"])}
    for ip in set(rows) - {each["ip"] for each in told}:
        state.delete("address", rows[ip]["id"])
    for each in told:
        subnet = state.find("subnet", cidr=each["cidr"]) or state.add_subnet(interface["vlan"], each["cidr"])
        columns = {"subnet": subnet["id"], "alloc_type": DISCOVERED if each["dynamic"] else STICKY}
        if each["ip"] in rows:
            _change(state, "address", rows[each["ip"]], **columns)
        else:
            state.insert("address", interface=interface["id"], ip=each["ip"], user=None, **columns)
