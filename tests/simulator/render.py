# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows as the API tells them."""

from __future__ import annotations

import time

API = "/MAAS/api/2.0"
UNDEFINED = "undefined"  # the name of the space of what has none


SUBNET_COLUMNS = (
    "id",
    "name",
    "description",
    "cidr",
    "gateway_ip",
    "dns_servers",
    "rdns_mode",
    "allow_dns",
    "allow_proxy",
    "active_discovery",
    "managed",
    "disabled_boot_architectures",
)


def fabric_name(row):
    """The name of a fabric; unnamed ones are called by their number."""
    return row["name"] or f"fabric-{row['id']}"


def is_default_vlan(state, row):
    """Whether a VLAN is the one that its fabric was born with."""
    return row == state.default_vlan(row["fabric"])


def vlan_name(state, series, row):
    """The name of a VLAN; a fabric's first one is untagged, whatever it was named."""
    if is_default_vlan(state, row):
        return "untagged"
    return str(row["vid"]) if row["name"] is None and series.vlan_named_by_vid else row["name"]


def space_name(state, row):
    """The name of a VLAN's space."""
    return UNDEFINED if row["space"] is None else state.get("space", row["space"])["name"]


def system_id(state, node):
    """The system_id of a node's id, None for none."""
    return None if node is None else state.get("node", node)["system_id"]


def fabric(state, series, row):
    """A fabric with its VLANs."""
    return {
        "id": row["id"],
        "name": fabric_name(row),
        "class_type": row["class_type"],
        "vlans": [vlan(state, series, each) for each in state.where("vlan", fabric=row["id"])],
        "resource_uri": f"{API}/fabrics/{row['id']}/",
    }


def vlan(state, series, row):
    """A VLAN, with the one it is relayed to."""
    relay = row["relay_vlan"] and state.get("vlan", row["relay_vlan"])
    return {
        "id": row["id"],
        "vid": row["vid"],
        "name": vlan_name(state, series, row),
        "mtu": row["mtu"],
        "fabric": fabric_name(state.get("fabric", row["fabric"])),
        "fabric_id": row["fabric"],
        "space": space_name(state, row),
        "dhcp_on": row["dhcp_on"],
        "primary_rack": system_id(state, row["primary_rack"]),
        "secondary_rack": system_id(state, row["secondary_rack"]),
        "relay_vlan": vlan(state, series, relay) if relay else None,
        "external_dhcp": row["external_dhcp"],
        "resource_uri": f"{API}/vlans/{row['id']}/",
    }


def space(state, series, row):
    """A space with its VLANs and subnets; without a row, the one of all that have none."""
    vlans = state.where("vlan", space=row["id"] if row else None)
    told = {
        "id": row["id"] if row else -1,
        "name": row["name"] if row else UNDEFINED,
        "vlans": [vlan(state, series, each) for each in vlans],
        "subnets": [subnet(state, series, each) for its in vlans for each in state.where("subnet", vlan=its["id"])],
        "resource_uri": f"{API}/spaces/{row['id'] if row else UNDEFINED}/",
    }
    if row:
        return {**told, "description": row["description"]}
    return {
        **told,
        "description": "Backward compatibility object to ensure objects not associated with a space can be found.",
    }


def subnet(state, series, row):
    """A subnet with its VLAN."""
    its_vlan = state.get("vlan", row["vlan"])
    return {
        **{column: row[column] for column in SUBNET_COLUMNS},
        "vlan": vlan(state, series, its_vlan),
        "space": space_name(state, its_vlan),
        "resource_uri": f"{API}/subnets/{row['id']}/",
    }


def iprange(state, series, row):
    """An IP range with its subnet and the user who made it."""
    return {
        **{column: row[column] for column in ("id", "type", "start_ip", "end_ip", "comment")},
        "subnet": subnet(state, series, state.get("subnet", row["subnet"])),
        "user": user(state.get("user", row["user"])) if row["user"] else None,
        "resource_uri": f"{API}/ipranges/{row['id']}/",
    }


def user(row):
    """A user."""
    return {
        "username": row["username"],
        "email": row["email"],
        "is_superuser": row["is_superuser"],
        "is_local": True,
        "resource_uri": f"{API}/users/{row['username']}/",
    }


LINK_MODES = {0: "auto", 1: "static", 5: "dhcp", 6: "dhcp"}
NODE_TYPES = {2: "Rack controller", 3: "Region controller", 4: "Region and rack controller"}
HARDWARE = [
    "system_vendor",
    "system_product",
    "system_family",
    "system_version",
    "system_sku",
    "system_serial",
    "cpu_model",
    "mainboard_vendor",
    "mainboard_product",
    "mainboard_serial",
    "mainboard_version",
    "mainboard_firmware_vendor",
    "mainboard_firmware_date",
    "mainboard_firmware_version",
    "chassis_vendor",
    "chassis_type",
    "chassis_serial",
    "chassis_version",
]
TESTS = ("cpu_test", "memory_test", "storage_test", "network_test", "interface_test", "other_test", "testing")

# What controllers tell about themselves and nobody here cares for.
CONSTANT_OF_NODES = {
    **{f"{test}_status": -1 for test in TESTS},
    **{f"{test}_status_name": "Unknown" for test in TESTS},
    "commissioning_status": 0,
    "commissioning_status_name": "Pending",
    "current_commissioning_result_id": 1,
    "current_testing_result_id": None,
    "current_installation_result_id": None,
    "hardware_info": dict.fromkeys(HARDWARE, "Unknown"),
    "cpu_count": 0,
    "cpu_speed": 0,
    "memory": 0,
    "swap_size": None,
    "osystem": "",
    "distro_series": "",
    "power_type": "",
    "status_action": None,
}
CONSTANT_OF_INTERFACES = {
    "tags": [],
    "vendor": None,
    "product": None,
    "firmware_version": None,
    "link_connected": True,
    "interface_speed": 0,
    "link_speed": 0,
    "discovered": None,
    "sriov_max_vf": 0,
}


def timestamp(form="%Y-%m-%dT%H:%M:%S.000Z"):
    """The present moment, as the API tells it."""
    return time.strftime(form, time.gmtime())


def zone(row):
    """A zone."""
    return {
        **{column: row[column] for column in ("id", "name", "description")},
        "resource_uri": f"{API}/zones/{row['name']}/",
    }


def domain(row):
    """A domain."""
    return {
        **{column: row[column] for column in ("id", "name", "authoritative", "ttl")},
        "is_default": row["id"] == 0,
        "resource_record_count": 0,
        "resource_uri": f"{API}/domains/{row['id']}/",
    }


def rack(state, series, row):
    """A rack controller with its services."""
    services = [
        {column: service[column] for column in ("name", "status", "status_info")}
        for service in state.where("service", node=row["id"])
        if service["name"] not in series.unknown_services
    ]
    told = controller(state, series, row, "rackcontrollers")
    return {**told, "architecture": "amd64/generic", "power_state": "off", "service_set": services}


def region(state, series, row):
    """A region controller."""
    return {**controller(state, series, row, "regioncontrollers"), "architecture": None, "power_state": "unknown"}


def controller(state, series, row, collection):
    """What all controllers tell."""
    its_domain = state.get("domain", row["domain"])
    return {
        **CONSTANT_OF_NODES,
        "system_id": row["system_id"],
        "hostname": row["hostname"],
        "fqdn": f"{row['hostname']}.{its_domain['name']}",
        "node_type": row["node_type"],
        "node_type_name": NODE_TYPES[row["node_type"]],
        "description": row["description"],
        "version": row["version"] or series.version,
        "hardware_uuid": row["hardware_uuid"],
        "zone": zone(state.get("zone", row["zone"])),
        "domain": domain(its_domain),
        "tag_names": row["tags"],
        "interface_set": [interface(state, series, each) for each in state.where("interface", node=row["id"])],
        "resource_uri": f"{API}/{collection}/{row['system_id']}/",
    }


def interface(state, series, row):
    """An interface with its VLAN and links."""
    node = state.get("node", row["node"])
    its_vlan = row["vlan"] and state.get("vlan", row["vlan"])
    physical = row["type"] == "physical"
    siblings = state.where("interface", node=row["node"]) if physical else ()
    return {
        **CONSTANT_OF_INTERFACES,
        "id": row["id"],
        "name": row["name"],
        "type": row["type"],
        "enabled": row["enabled"],
        "mac_address": row["mac_address"],
        "vlan": vlan(state, series, its_vlan) if its_vlan else None,
        "effective_mtu": its_vlan["mtu"] if its_vlan else 1500,
        "params": "" if physical else {},
        "numa_node": 0 if physical else None,
        "parents": row["parents"],
        "children": [each["name"] for each in siblings if row["name"] in each["parents"]],
        "links": [link(state, series, each) for each in state.where("address", interface=row["id"])],
        "system_id": node["system_id"],
        "resource_uri": f"{API}/nodes/{node['system_id']}/interfaces/{row['id']}/",
    }


def link(state, series, row):
    """An address of an interface."""
    its_subnet = row["subnet"] and state.get("subnet", row["subnet"])
    return {
        "id": row["id"],
        "mode": LINK_MODES[row["alloc_type"]],
        "ip_address": row["ip"],
        "subnet": subnet(state, series, its_subnet) if its_subnet else None,
    }
