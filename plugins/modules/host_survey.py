#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_survey
short_description: Read from a host what the preflight checks need
version_added: 1.0.0
description:
  - Reads everything that decides whether MAAS can be deployed on a host, in one round trip, and changes nothing.
  - What it means for the deployment is judged elsewhere, where the other hosts are known too.
options:
  probes:
    description: TCP ports of other hosts to connect to, all at the same time. A refused connection counts as reached.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: An IPv4 address.
        type: str
        required: true
      port:
        description: A TCP port.
        type: int
        required: true
  resolve:
    description: Host names to look up.
    type: list
    elements: str
    default: []
  neighbour:
    description: An IPv4 address of a subnet of this host to ask for by ARP. Unset asks nobody.
    type: str
  timeout:
    description: Seconds to wait for each connection and for the answer to ARP.
    type: float
    default: 2
attributes:
  check_mode:
    description: Changes nothing at any time.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
  idempotent:
    description: It only reads.
    support: full
  action:
    description: Notes on the controller when it asked and when it was answered, so that clocks can be compared.
    support: full
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Read what the preflight checks need
  metal.maas_ha.host_survey:
    probes:
      - address: 10.0.0.12
        port: 2380
    neighbour: 10.0.0.5
  register: survey
"""

RETURN = r"""
asked:
  description: The controller's clock before and after the host was asked, in seconds since 1970.
  returned: always
  type: list
  elements: float
survey:
  description: What was read.
  returned: always
  type: dict
  contains:
    clock:
      description: The host's clock, in seconds since 1970.
      type: float
    os:
      description: The C(ID) and C(VERSION_ID) of the operating system.
      type: dict
    hostname:
      description: The host's own name.
      type: str
    machine_id:
      description: The content of C(/etc/machine-id).
      type: str
    memory_mb:
      description: All memory, in MB.
      type: int
    disk_mb:
      description: Free space under C(/var), in MB.
      type: int
    data_mb:
      description: Free space where PostgreSQL, etcd and MAAS keep their data, the least of all, in MB.
      type: int
    interfaces:
      description: Each Ethernet interface with its C(name), C(mac) and C(addresses) (IPv4 with prefix).
      type: list
      elements: dict
    listeners:
      description: Each listening socket with C(protocol), C(address), C(port) and C(program).
      type: list
      elements: dict
    clocks:
      description: Active units that set the clock beside MAAS's own, without those that the role maas_host stops.
      type: list
      elements: str
    apt:
      description: Whether apt knows of any package.
      type: bool
    snapd:
      description: The newest snapd on the host; empty without one.
      type: str
    maas:
      description: The C(version), C(revision) and C(mode) of MAAS's snap; empty strings for what is not there.
      type: dict
    scope:
      description: The deployment of which the host has the database, empty where it has none.
      type: str
    postgresql:
      description: Installed majors of PostgreSQL.
      type: list
      elements: int
    databases:
      description: Majors of PostgreSQL that Patroni's data on the host is of.
      type: list
      elements: int
    certificates:
      description: When our C(host) and C(ca) certificates end, in seconds since 1970; V(0) for a file that is none.
      type: dict
    firewall:
      description: Whom our firewall lets in, addresses by group; empty where it is not.
      type: dict
    resolved:
      description: The IPv4 addresses of each name of O(resolve).
      type: dict
    sources:
      description: The host's own addresses that connections to the O(probes) come from.
      type: list
      elements: str
    silent:
      description: The O(probes) that neither connected nor were refused.
      type: list
      elements: dict
    neighbour_mac:
      description: Who answered for O(neighbour); empty when nobody did.
      type: str
"""

import glob
import json
import os
import re
import shutil
import socket
import ssl
import struct
import time
from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils.basic import AnsibleModule

APT_LISTS = "/var/lib/apt/lists/*_Packages*"
CLOCK_UNITS = ("ntp.service", "ntpd.service", "ntpsec.service", "openntpd.service")
SNAPD_INFOS = ("/usr/lib/snapd/info", "/snap/snapd/current/usr/lib/snapd/info")
DATA = ("/var", "/var/lib/postgresql", "/var/lib/etcd", "/var/snap")
DATABASES = "/var/lib/postgresql/*/maas/PG_VERSION"
FIREWALL = "/etc/maas-firewall.nft"
CERTIFICATES = {"host": "/etc/maas-ha/pki/host.crt", "ca": "/etc/maas-ha/pki/ca.crt"}


def read(path):
    """Return the text of a file without surrounding blanks, empty when there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read().strip()
    except OSError:
        return ""


def find(pattern, text):
    """Return the first group of the first match, empty when there is none."""
    match = re.search(pattern, text, re.MULTILINE)
    return match.group(1) if match else ""


def interfaces(links):
    """Return the Ethernet interfaces among the links that ip(8) prints."""
    return [
        {
            "name": link["ifname"],
            "mac": link["address"],
            "addresses": [
                f"{found['local']}/{found['prefixlen']}" for found in link["addr_info"] if found["family"] == "inet"
            ],
        }
        for link in links
        if link.get("link_type") == "ether"
    ]


def listeners(text):
    """Return the sockets that ss(8) prints."""
    found = []
    for line in text.splitlines():
        words = line.split(None, 6)
        address, dummy, port = words[4].rpartition(":")
        program = find(r'\(\("([^"]+)"', words[6]) if len(words) > 6 else ""
        found.append({"protocol": words[0], "address": address, "port": int(port), "program": program})
    return found


def snapd_version():
    """Return the newest snapd of the host: that of the distribution, or that of its own snap."""
    versions = [find(r"^VERSION=(\d[\d.]*)", read(path)) for path in SNAPD_INFOS]
    return max(versions, key=lambda version: [int(part) for part in version.split(".") if part])


def maas():
    """Return what MAAS's snap is and how it was initialised."""
    there = os.path.islink("/snap/maas/current")
    return {
        "version": find(r"^version: *['\"]?([^'\"\s]+)", read("/snap/maas/current/meta/snap.yaml")),
        "revision": os.readlink("/snap/maas/current") if there else "",
        "mode": read("/var/snap/maas/common/snap_mode"),
    }


def databases():
    """Return the majors of PostgreSQL that Patroni's data is of, none on a host without any."""
    return sorted(int(major) for major in map(read, glob.glob(DATABASES)) if major.isdigit())


def certificate_end(module, path):
    """Return when a certificate ends, in seconds since 1970; 0 for what is none, as after a power cut."""
    status, answer, dummy = module.run_command(["openssl", "x509", "-noout", "-enddate", "-in", path])
    return 0 if status else ssl.cert_time_to_seconds(answer.strip().partition("=")[2])


def firewall():
    """Return the addresses that our firewall lets in, by group; empty without it."""
    sets = re.findall(r"set (maas_\w+) \{\s+type ipv4_addr(?:\s+elements = \{([^}]*)\})?", read(FIREWALL))
    return {group: re.findall(r"[\d.]+", addresses) for group, addresses in sets}


def resolve(name):
    """Return the IPv4 addresses of a name, none when it has none."""
    try:
        return sorted({found[4][0] for found in socket.getaddrinfo(name, None, socket.AF_INET)})
    except socket.gaierror:
        return []


def answers(probe, timeout):
    """Tell whether anything at all comes back from a port."""
    try:
        socket.create_connection((probe["address"], probe["port"]), timeout).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return True


def source(address):
    """Return the host's own address from which it would connect to another, empty without a route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        try:
            unsent.connect((address, 9))
        except OSError:
            return ""
        return unsent.getsockname()[0]


def who_has(address, links, timeout):
    """Ask for an address by ARP on the interface whose subnet holds it.

    Returns:
        str: the MAC address of whoever answered, empty when nobody did or the host is in no such subnet.
    """
    try:
        target = socket.inet_aton(address)
    except OSError:
        return ""
    for link in links:
        for own in link["addresses"]:
            source, prefix = own.split("/")
            mask = 0xFFFFFFFF << (32 - int(prefix)) & 0xFFFFFFFF
            numbers = [struct.unpack("!I", octets)[0] & mask for octets in (socket.inet_aton(source), target)]
            if numbers[0] == numbers[1]:
                return ask_by_arp(link["name"], bytes.fromhex(link["mac"].replace(":", "")), source, target, timeout)
    return ""


def ask_by_arp(interface, mac, source, target, timeout):
    """Broadcast one ARP request and return the MAC address in the answer, empty without one."""
    arp = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + mac + socket.inet_aton(source) + bytes(6) + target
    deadline = time.monotonic() + timeout
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0806)) as wire:
        wire.bind((interface, 0))
        wire.send(b"\xff" * 6 + mac + b"\x08\x06" + arp)
        while time.monotonic() < deadline:
            wire.settimeout(max(deadline - time.monotonic(), 0.01))
            try:
                answer = wire.recv(64)[14:]
            except socket.timeout:
                break
            if answer[6:8] == b"\x00\x02" and answer[14:18] == target:
                return answer[8:14].hex(":")
    return ""


def survey(module):
    """Return all that is read from the host."""
    params = module.params
    links = interfaces(json.loads(module.run_command(["ip", "-json", "address"], check_rc=True)[1]))
    sockets = ["ss", "--no-header", "--listening", "--numeric", "--tcp", "--udp", "--processes"]
    release = read("/etc/os-release")
    with ThreadPoolExecutor(max_workers=64) as pool:
        reached = list(pool.map(lambda probe: answers(probe, params["timeout"]), params["probes"]))
    return {
        "clock": time.time(),
        "os": {
            "id": find(r"^ID=\"?([^\"\n]+)", release),
            "version": find(r"^VERSION_ID=\"?([^\"\n]+)", release),
        },
        "hostname": socket.gethostname(),
        "machine_id": read("/etc/machine-id"),
        "memory_mb": int(find(r"^MemTotal: *(\d+)", read("/proc/meminfo"))) // 1024,
        "disk_mb": shutil.disk_usage("/var").free // 2**20,
        "data_mb": min(shutil.disk_usage(path).free for path in DATA if os.path.exists(path)) // 2**20,
        "interfaces": links,
        "listeners": listeners(module.run_command(sockets, check_rc=True)[1]),
        "clocks": [
            unit
            for unit, state in zip(
                CLOCK_UNITS, module.run_command(["systemctl", "is-active", *CLOCK_UNITS])[1].split("\n")
            )
            if state == "active"
        ],
        "apt": bool(glob.glob(APT_LISTS)),
        "snapd": snapd_version(),
        "maas": maas(),
        "scope": find(r"^scope: *\"?([^\"\n]*)", read("/etc/patroni/config.yml")),
        "postgresql": sorted(int(major) for major in os.listdir("/usr/lib/postgresql") if major.isdigit())
        if os.path.isdir("/usr/lib/postgresql")
        else [],
        "databases": databases(),
        "certificates": {
            name: certificate_end(module, path) for name, path in CERTIFICATES.items() if os.path.exists(path)
        },
        "firewall": firewall(),
        "resolved": {name: resolve(name) for name in params["resolve"]},
        "sources": sorted({source(probe["address"]) for probe in params["probes"]} - {""}),
        "silent": [probe for probe, reply in zip(params["probes"], reached) if not reply],
        "neighbour_mac": who_has(params["neighbour"], links, params["timeout"]) if params["neighbour"] else "",
    }


def main():
    module = AnsibleModule(
        argument_spec=dict(
            probes=dict(
                type="list",
                elements="dict",
                default=[],
                options=dict(address=dict(type="str", required=True), port=dict(type="int", required=True)),
            ),
            resolve=dict(type="list", elements="str", default=[]),
            neighbour=dict(type="str"),
            timeout=dict(type="float", default=2),
        ),
        supports_check_mode=True,
    )
    module.exit_json(changed=False, survey=survey(module))


if __name__ == "__main__":
    main()
