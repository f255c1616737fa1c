# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a region keeps in its database: the state, the rows it is made of, and the transactions that change them."""

from __future__ import annotations

import contextlib
import random
import string
import threading

from .ip import parse_address, parse_network
from .tables import Tables

AUTO, STICKY, USER_RESERVED, DHCP, DISCOVERED = 0, 1, 4, 5, 6  # how an address came to its interface
RACK, REGION, REGION_AND_RACK = 2, 3, 4  # types of node
RACKS = (RACK, REGION_AND_RACK)
REGIONS = (REGION, REGION_AND_RACK)

# Services of racks in any series, and those of regions.
RACK_SERVICES = (
    "agent",
    "dhcpd",
    "dhcpd6",
    "dns_rack",
    "http",
    "ntp_rack",
    "proxy_rack",
    "rackd",
    "syslog_rack",
    "tftp",
)
REGION_SERVICES = ("bind9", "ntp_region", "proxy", "regiond", "reverse_proxy", "syslog_region")


class State(Tables):
    """The rows of a region, and how each kind is made."""

    def add_fabric(self, name=None, description="", class_type=None):
        """Add a fabric and its untagged VLAN."""
        fabric = self.insert("fabric", name=name, description=description, class_type=class_type)
        self.add_vlan(fabric["id"], 0)
        return fabric

    def add_space(self, name, description=""):
        """Add a space."""
        return self.insert("space", name=name, description=description)

    def add_vlan(self, fabric, vid, **columns):
        """Add a VLAN to a fabric's id."""
        defaults = {
            "name": None,
            "description": "",
            "mtu": 1500,
            "space": None,
            "dhcp_on": False,
            "primary_rack": None,
            "secondary_rack": None,
            "relay_vlan": None,
            "external_dhcp": None,
        }
        return self.insert("vlan", fabric=fabric, vid=vid, **{**defaults, **columns})

    def add_subnet(self, vlan, cidr, **columns):
        """Add a subnet to a VLAN's id."""
        defaults = {
            "name": cidr,
            "description": "",
            "gateway_ip": None,
            "dns_servers": [],
            "rdns_mode": 2,
            "allow_dns": True,
            "allow_proxy": True,
            "active_discovery": False,
            "managed": True,
            "disabled_boot_architectures": [],
        }
        return self.insert("subnet", vlan=vlan, cidr=cidr, **{**defaults, **columns})

    def add_range(self, subnet, start_ip, end_ip, type="dynamic", comment="", user=None):
        """Add an IP range to a subnet's id."""
        return self.insert(
            "iprange", subnet=subnet, type=type, start_ip=start_ip, end_ip=end_ip, comment=comment, user=user
        )

    def add_user(self, username, password="", email="", is_superuser=True):
        """Add a user; the API key is a matter of its own."""
        return self.insert("user", username=username, email=email, password=password, is_superuser=is_superuser)

    def add_api_key(self, user, name="MAAS consumer"):
        """Add an API key for a user's id and return it as consumer:token:secret."""
        token = self.insert("token", user=user, name=name, consumer=_letters(18), key=_letters(18), secret=_letters(32))
        return api_key(token)

    def add_node(self, hostname, node_type, **columns):
        """Add a controller."""
        defaults = {
            "system_id": _system_id(),
            "description": "",
            "zone": 1,
            "domain": 0,
            "tags": [],
            "version": None,
            "hardware_uuid": None,
        }
        return self.insert("node", hostname=hostname, node_type=node_type, **{**defaults, **columns})

    def add_interface(self, node, name, vlan, ip=None, alloc_type=STICKY, **columns):
        """Add an interface on a VLAN's id, with an address of that VLAN's subnet if one is given."""
        defaults = {
            "type": "vlan" if "." in name else "physical",
            "mac_address": "00:16:3e:" + ":".join(f"{random.randrange(256):02x}" for dummy in range(3)),
            "parents": [name.partition(".")[0]] if "." in name else [],
            "enabled": True,
        }
        interface = self.insert("interface", node=node, name=name, vlan=vlan, **{**defaults, **columns})
        if ip:
            subnet = self.subnet_of(ip, vlan)
            self.insert(
                "address",
                interface=interface["id"],
                subnet=subnet and subnet["id"],
                ip=ip,
                alloc_type=alloc_type,
                user=None,
            )
        return interface

    def default_vlan(self, fabric):
        """The first VLAN of a fabric's id, which cannot be deleted and reads as untagged."""
        return self.first("vlan", "fabric", fabric)

    def subnet_of(self, ip, vlan=None):
        """The narrowest subnet that holds an address, one with DHCP before others, of a VLAN or of all; or None."""
        ip = parse_address(ip)
        subnets = self.where("subnet", vlan=vlan) if vlan else self.where("subnet")
        holding = [subnet for subnet in subnets if ip in parse_network(subnet["cidr"])]

        def rank(subnet):
            return self.get("vlan", subnet["vlan"])["dhcp_on"], int(subnet["cidr"].rpartition("/")[2])

        return max(holding, key=rank, default=None)

    def add_rack(self, hostname, interfaces=(), services=None, node_type=RACK, **columns):
        """Add a rack controller.

        interfaces are dicts {vlan: id, ip: address, alloc_type: STICKY, name: eth0.100}, of which only vlan is
        needed; services {name: status} change the statuses, which are running (dhcpd and dhcpd6: off) otherwise.
        """
        node = self.add_node(hostname, node_type, **columns)
        for each in interfaces:
            vid = self.get("vlan", each["vlan"])["vid"]
            self.add_interface(node["id"], **{"name": f"eth0.{vid}" if vid else "eth0", **each})
        names = RACK_SERVICES + (REGION_SERVICES if node_type == REGION_AND_RACK else ())
        for name in names:
            status = (services or {}).get(name, "off" if name in ("dhcpd", "dhcpd6") else "running")
            self.insert("service", node=node["id"], name=name, status=status, status_info="")
        return node

    def add_region(self, hostname, endpoints=None, pid=1, **columns):
        """Add a region controller; endpoints [[address, port]] make it appear in /MAAS/rpc/."""
        node = self.add_node(hostname, REGION, **columns)
        if endpoints:
            self.insert("process", node=node["id"], pid=pid, endpoints=endpoints)
        return node

    def rack(self, word):
        """The rack (or region and rack) of a system_id or hostname, or None."""
        racks = [node for node in self.where("node") if node["node_type"] in RACKS]
        return next((rack for rack in racks if word in (rack["system_id"], rack["hostname"])), None)

    def is_rack(self, node):
        """Whether a node's id is that of a rack."""
        return self.get("node", node)["node_type"] in RACKS

    def delete_interface(self, interface):
        """Remove an interface's id with its addresses."""
        for address in self.where("address", interface=interface):
            self.delete("address", address["id"])
        self.delete("interface", interface)

    def delete_node(self, node):
        """Remove a controller's id with its interfaces and services."""
        for interface in self.where("interface", node=node):
            self.delete_interface(interface["id"])
        for kind in ("service", "process", "vm_host"):
            for row in self.where(kind, node=node):
                self.delete(kind, row["id"])
        self.delete("node", node)


def api_key(token):
    """A token row as the text that users know."""
    return f"{token['consumer']}:{token['key']}:{token['secret']}"


def _system_id():
    return "".join(random.choices("abcdefghkmnprtqwxy3467", k=6))


def _letters(count):
    return "".join(random.choices(string.ascii_letters + string.digits, k=count))


class MemoryStore:
    """A database in memory: transactions come one after another, and a failed one leaves nothing behind."""

    def __init__(self):
        self._state = State()
        self._lock = threading.RLock()

    @contextlib.contextmanager
    def transaction(self):
        """Give the state to change; an exception undoes what was done."""
        with self._lock:
            try:
                yield self._state
            except BaseException:
                self._state.rollback()
                raise
            finally:
                self._state.journal.clear()
