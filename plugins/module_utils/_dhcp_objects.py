# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What MAAS answers about racks, VLANs, subnets and ranges, as the DHCP planner sees it. PRIVATE to this collection."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network

from ansible_collections.metal.maas_ha.plugins.module_utils._dhcp import state_of


@dataclass(frozen=True)
class Subnet:
    """A subnet, and the VLAN (database id) that it is on."""

    id: int
    cidr: str
    vlan: int
    gateway_ip: str | None
    managed: bool

    @classmethod
    def read(cls, data):
        return cls(data["id"], data["cidr"], data["vlan"]["id"], data["gateway_ip"], data["managed"])

    @property
    def network(self):
        return IPv4Network(self.cidr)


@dataclass(frozen=True)
class Link:
    """An IPv4 address of a rack. mode: how MAAS says the rack got it."""

    subnet: Subnet
    address: IPv4Address
    mode: str


@dataclass(frozen=True)
class Rack:
    system_id: str
    hostname: str
    zone: str
    dead: bool
    links: tuple

    @classmethod
    def read(cls, data):
        links = tuple(
            Link(Subnet.read(link["subnet"]), IPv4Address(link["ip_address"]), link["mode"])
            for interface in data["interface_set"]
            for link in interface["links"]
            if link.get("subnet") and link.get("ip_address") and ":" not in link["ip_address"]
        )
        dead = any(service["name"] == "rackd" and service["status"] == "dead" for service in data["service_set"])
        return cls(data["system_id"], data["hostname"], data["zone"]["name"], dead, links)

    def on(self, vlan):
        """Return the addresses that MAAS can serve a VLAN from: those not learnt by DHCP."""
        return [link for link in self.links if link.subnet.vlan == vlan and link.mode != "dhcp"]


@dataclass(frozen=True, eq=False)
class Vlan:
    id: int
    vid: int
    fabric: str
    fabric_id: int
    state: dict
    external_dhcp: str | None

    @classmethod
    def read(cls, data):
        state = state_of({**data, "relay_vlan": (data["relay_vlan"] or {}).get("id")})
        return cls(data["id"], data["vid"], data["fabric"], data["fabric_id"], state, data["external_dhcp"])

    @property
    def peer(self):
        """The name of the VLAN's pair in dhcpd.conf."""
        return f"failover-vlan-{self.id}"

    def __str__(self):
        return f"VLAN {self.vid} on {self.fabric}"


@dataclass(frozen=True)
class Range:
    type: str
    start: IPv4Address
    end: IPv4Address
    comment: str | None = field(default=None, compare=False)
    id: int | None = field(default=None, compare=False)

    @classmethod
    def read(cls, data):
        return cls(
            data["type"], IPv4Address(data["start_ip"]), IPv4Address(data["end_ip"]), data["comment"], data.get("id")
        )

    def overlaps(self, other):
        return self.start <= other.end and other.start <= self.end

    def __str__(self):
        return f"the {self.type} range {self.start}-{self.end}"


def merged(ranges):
    """Return the stretches (start, end) that ranges cover, those that touch joined."""
    stretches = []
    for one in sorted(ranges, key=lambda one: one.start):
        if stretches and int(one.start) <= int(stretches[-1][1]) + 1:
            stretches[-1] = (stretches[-1][0], max(stretches[-1][1], one.end))
        else:
            stretches.append((one.start, one.end))
    return set(stretches)
