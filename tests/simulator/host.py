# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a controller tells of the host it runs on: its name, interfaces and addresses, read from the kernel."""

from __future__ import annotations

import ipaddress
import pathlib
import socket
import struct

RTM_GETADDR, NLM_F_REQUEST, NLM_F_DUMP, NLMSG_DONE = 22, 0x1, 0x300, 3
IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
IFA_F_SECONDARY, IFA_F_PERMANENT = 0x01, 0x80
SYS = pathlib.Path("/sys/class/net")


def hostname():
    """Return the short name of the host."""
    return socket.gethostname().partition(".")[0]


def interfaces():
    """Return the host's interfaces but the loopback, with their IPv4 addresses.

    [{name, type, mac_address, parents, addresses: [{ip, cidr, dynamic, secondary}]}]: dynamic addresses are leases,
    secondary ones come after another of the same network.
    """
    addresses = {}
    for index, address in _addresses():
        addresses.setdefault(index, []).append(address)
    found = []
    for index, name in socket.if_nameindex():
        mac = (SYS / name / "address").read_text().strip()
        if name == "lo" or not mac:
            continue
        parent = _vlan_parent(name)
        found.append(
            {
                "name": name,
                "type": "vlan" if parent else "bridge" if (SYS / name / "bridge").exists() else "physical",
                "mac_address": mac,
                "parents": [parent] if parent else [],
                "vid": int(name.rpartition(".")[2]) if parent else 0,
                "addresses": addresses.get(index, []),
            }
        )
    return found


def endpoints():
    """Return the addresses under which the host is reached: the first one of each network."""
    return [address["ip"] for each in interfaces() for address in each["addresses"] if not address["secondary"]]


def _vlan_parent(name):
    """The interface below a VLAN that is named parent.vid, or None."""
    parent, dummy, vid = name.rpartition(".")
    return parent if vid.isdigit() and (SYS / parent).exists() else None


def _addresses():
    """Ask the kernel for all IPv4 addresses; yield (interface index, address)."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(struct.pack("=LHHLLB3xL", 24, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, socket.AF_INET, 0))
        while True:
            data = netlink.recv(65536)
            while data:
                length, kind = struct.unpack_from("=LH", data)
                if kind == NLMSG_DONE:
                    return
                yield _address(data[16:length])
                data = data[_aligned(length) :]


def _address(message):
    dummy, prefix, flags, dummy, index = struct.unpack_from("=BBBBL", message)
    attributes = {}
    rest = message[8:]
    while rest:
        length, kind = struct.unpack_from("=HH", rest)
        attributes[kind] = rest[4:length]
        rest = rest[_aligned(length) :]
    flags = struct.unpack("=L", attributes[IFA_FLAGS])[0] if IFA_FLAGS in attributes else flags
    ip = ipaddress.ip_interface((attributes.get(IFA_LOCAL, attributes[IFA_ADDRESS]), prefix))
    return index, {
        "ip": str(ip.ip),
        "cidr": str(ip.network),
        "dynamic": not flags & IFA_F_PERMANENT,
        "secondary": bool(flags & IFA_F_SECONDARY),
    }


def _aligned(length):
    return (length + 3) & ~3
