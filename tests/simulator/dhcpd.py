# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dhcpd.conf that a region makes for a rack.

What it is made of is a Site: plain dicts, taken from the state or from a recording.
"""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

from .state import AUTO, DISCOVERED, STICKY

ALLOC_TYPES = {AUTO: "auto", STICKY: "sticky", DISCOVERED: "discovered"}
STATIC = ("sticky", "auto")

HEAD = """\
# WARNING: Do not edit /var/lib/maas/dhcpd.conf yourself.  MAAS will
# overwrite any changes made there.  Instead, you can modify dhcpd.conf by
# using DHCP snippets over the API or through the web interface.

option arch code 93 = unsigned integer 16; # RFC4578
option path-prefix code 210 = text; #RFC5071

#
# Shorter lease time for PXE booting
#
class "PXE" {
   match if substring (option vendor-class-identifier, 0, 3) = "PXE";
   default-lease-time 30;
   max-lease-time 30;
}

#
# Define lease time globally (can be overriden globally or per subnet
# with a DHCP snippet)
#
default-lease-time 600;
max-lease-time 600;

#
# IPXE Options
#
option space ipxe;
option ipxe-encap-opts code 175 = encapsulate ipxe;
option ipxe.http      code 19 = unsigned integer 8;
option ipxe.bzimage   code 24 = unsigned integer 8;
option ipxe.efi       code 36 = unsigned integer 8;

#
# Global DHCP snippets
#
# No global DHCP snippets defined
"""

FAILOVER = """\
failover peer "{name}" {{
    {role};
    address {address};
    peer address {peer};
    max-response-delay 60;
    max-unacked-updates 10;
    load balance max seconds 3;
{primary}}}
"""
PRIMARY = """\
    mclt 3600;
    split 255;
"""

SUBNET = """\
    subnet {network} netmask {netmask} {{
           ignore-client-uids true;
           next-server {address};
           option subnet-mask {netmask};
           option broadcast-address {broadcast};
{options}           #
           # Bootloaders
           #
           {bootloaders}
           #
           # Subnet DHCP snippets
           #
           # No DHCP snippets defined for subnet
{pools}    }}
"""
POOL = """\
           pool {{
{failover}              # No DHCP snippets for pool

              range {start_ip} {end_ip};
           }}
"""

PXE = """\
    # pxe
    filename "lpxelinux.0";
    option path-prefix "{url}";
    if exists dhcp-parameter-request-list {{
        # Always send the PXELINUX option (path-prefix)
        option dhcp-parameter-request-list = concat(
            option dhcp-parameter-request-list,d2);
    }}
"""
HTTP_CLIENT = '    option vendor-class-identifier "HTTPClient";\n'
# Condition, name, file, and what else is said to clients that meet the condition.
BOOTLOADERS = (
    ("00:07", "uefi_amd64_tftp", "bootx64.efi", ""),
    ("00:10", "uefi_amd64_http", "{url}images/bootx64.efi", HTTP_CLIENT),
    ("00:09", "uefi_ebc_tftp", "bootx64.efi", ""),
    ("00:0B", "uefi_arm64_tftp", "bootaa64.efi", ""),
    ("00:13", "uefi_arm64_http", "{url}images/bootaa64.efi", HTTP_CLIENT),
    ("00:0C", "open-firmware_ppc64el", "bootppc64.bin", ""),
    ("00:0E", "powernv", "pxelinux.0", '    option path-prefix "ppc64el/";\n'),
    ("00:1F", "s390x", "boots390x.bin", '    option path-prefix "s390x/";\n'),
    ("00:20", "s390x_partition", "s390x_partition/maas", ""),
)

HOST = """\
# {name}
host {name}-{dashed} {{
   #
   # Node DHCP snippets
   #
   # No DHCP snippets defined for host

   hardware ethernet {mac};
   fixed-address {ip};
}}
"""

VARIABLES = {
    "clhw": 'binary-to-ascii(16, 8, ":", substring(hardware, 1, 6))',
    "clip": 'binary-to-ascii(10, 8, ".", leased-address)',
    "cllt": 'binary-to-ascii(10, 32, "", encode-int(lease-time, 32))',
    "clht": 'pick-first-value(option host-name, "(none)")',
}

TAIL = """\
omapi-port 7911;
key omapi_key {{
    algorithm HMAC-MD5;
    secret "{omapi_key}";
}};
omapi-key omapi_key;
"""


class Unrenderable(Exception):
    """MAAS fails at this configuration, and the racks keep what they have."""


class Site(NamedTuple):
    """What DHCP configuration is made of.

    vlans: {id: {id, mtu, dhcp_on, primary_rack, secondary_rack, relay_vlan, space, subnets}}; racks: {name:
    {interfaces: [{name, mac, vlan, addresses: [{ip, alloc_type}]}]}}; region: the address that serves DNS where no
    rack does; domain and omapi_key belong to the deployment.
    """

    vlans: dict
    racks: dict
    region: str
    omapi_key: str
    domain: str = "maas"


def site_of(state, maas_url):
    """Return what DHCP configuration is made of."""
    names = {row["id"]: row["hostname"] for row in state.where("node")}
    vlans = {
        row["id"]: {
            **row,
            "primary_rack": names.get(row["primary_rack"]),
            "secondary_rack": names.get(row["secondary_rack"]),
            "subnets": [
                {
                    **subnet,
                    "ip_ranges": state.where("iprange", subnet=subnet["id"]),
                    "reserved_ips": state.where("reservedip", subnet=subnet["id"]),
                }
                for subnet in state.where("subnet", vlan=row["id"])
            ],
        }
        for row in state.where("vlan")
    }
    racks = {
        node["hostname"]: {
            "interfaces": [
                {
                    "name": row["name"],
                    "mac": row["mac_address"],
                    "vlan": row["vlan"],
                    "addresses": [
                        {"ip": each["ip"], "alloc_type": ALLOC_TYPES.get(each["alloc_type"])}
                        for each in state.where("address", interface=row["id"])
                        if each["ip"]
                    ],
                }
                for row in state.where("interface", node=node["id"])
            ]
        }
        for node in state.where("node")
    }
    address = maas_url.partition("//")[2].partition("/")[0].partition(":")[0]
    return Site(vlans, racks, address, (state.find("setting", name="omapi_key") or {}).get("value", ""))


def served(site, rack):
    """Return the VLANs on which a rack serves DHCP."""
    return [vlan for vlan in site.vlans.values() if vlan["dhcp_on"] and rack in _pair(vlan)]


def interfaces(site, rack):
    """Return the names of the interfaces that a rack's dhcpd listens on."""
    ids = {vlan["id"] for vlan in served(site, rack)}
    return sorted(each["name"] for each in site.racks[rack]["interfaces"] if each["vlan"] in ids)


def render(site, rack):
    """Return the rack's dhcpd.conf. Raises Unrenderable when a failover peer has no static address."""
    vlans = served(site, rack)
    networks = []
    for vlan in vlans:
        networks.append((vlan, vlan))
        networks += [(each, vlan) for each in site.vlans.values() if each["relay_vlan"] == vlan["id"]]
    sections = {
        "Failover Peers": [_failover(site, rack, vlan) for vlan in vlans if len(_pair(vlan)) == 2],
        "Networks": [_network(site, rack, vlan, target) for vlan, target in networks],
        "Hosts": [host for vlan, dummy in networks for host in _hosts(site, vlan)],
    }
    parts = [HEAD]
    parts += [f"{_title(title)}{''.join(texts)}" for title, texts in sections.items()]
    parts += [_title("Notify MAAS") + "".join(_on(action) for action in ("commit", "expiry", "release"))]
    return "\n".join([*parts, TAIL.format(omapi_key=site.omapi_key)])


def _pair(vlan):
    return [rack for rack in (vlan["primary_rack"], vlan["secondary_rack"]) if rack]


def _title(title):
    return f"#\n# {title}\n#\n"


def _addresses(site, rack, vlan, kinds):
    return [
        address["ip"]
        for interface in site.racks[rack]["interfaces"]
        if interface["vlan"] == vlan["id"]
        for address in interface["addresses"]
        if address["alloc_type"] in kinds
    ]


def _within(addresses, cidr):
    network = ipaddress.ip_network(cidr)
    return [address for address in addresses if ipaddress.ip_address(address) in network]


def _sorted(addresses):
    return sorted(addresses, key=ipaddress.ip_address)


def _failover(site, rack, vlan):
    primary, secondary = _pair(vlan)
    peer = secondary if rack == primary else primary
    own, other = (_addresses(site, each, vlan, STATIC) for each in (rack, peer))
    if not own or not other:
        raise Unrenderable("'NoneType' object has no attribute 'ip_addresses'")
    return FAILOVER.format(
        name=f"failover-vlan-{vlan['id']}",
        role="primary" if rack == primary else "secondary",
        address=own[0],
        peer=other[0],
        primary=PRIMARY if rack == primary else "",
    )


def _network(site, rack, vlan, target):
    subnets = "".join(
        _subnet(site, rack, vlan, target, subnet)
        for subnet in vlan["subnets"]
        if subnet["managed"] and ipaddress.ip_network(subnet["cidr"]).version == 4
    )
    return f"shared-network vlan-{vlan['id']} {{\n{subnets}}}\n"


def _subnet(site, rack, vlan, target, subnet):
    network = ipaddress.ip_network(subnet["cidr"])
    own = _addresses(site, rack, target, (*STATIC, "discovered"))
    address = (_within(own, subnet["cidr"]) or own or [site.region])[0]
    static = [ip for each in _pair(target) for ip in _addresses(site, each, target, STATIC)]
    servers = _sorted(_within(static, subnet["cidr"]) or static) or [site.region]
    options = {
        "domain-name-servers": ", ".join([*(servers if subnet["allow_dns"] else []), *subnet["dns_servers"]]),
        "domain-name": f'"{site.domain}"',
        "domain-search": f'"{site.domain}"',
        "routers": subnet["gateway_ip"],
        "ntp-servers": ", ".join(_ntp_servers(site, rack, vlan)),
        "interface-mtu": vlan["mtu"] if vlan["mtu"] != 1500 else None,
    }
    failover = f'              failover peer "failover-vlan-{vlan["id"]}";\n' if len(_pair(vlan)) == 2 else ""
    return SUBNET.format(
        network=network.network_address,
        netmask=network.netmask,
        broadcast=network.broadcast_address,
        address=address,
        options="".join(f"           option {name} {value};\n" for name, value in options.items() if value),
        bootloaders=_bootloaders(f"http://{address}:5248/"),
        pools="".join(
            POOL.format(failover=failover, **each) for each in subnet["ip_ranges"] if each["type"] == "dynamic"
        ),
    )


def _ntp_servers(site, rack, vlan):
    """The best address in the VLAN's space of the rack and of its peer: rather where there is no DHCP."""
    peers = [each for each in _pair(vlan) if each != rack]
    return [address for each in (rack, *peers) if (address := _best_address(site, each, vlan["space"]))]


def _best_address(site, rack, space):
    candidates = [
        (vlan["dhcp_on"], ipaddress.ip_address(address))
        for vlan in site.vlans.values()
        if vlan["space"] == space
        for address in _addresses(site, rack, vlan, STATIC)
    ]
    return str(min(candidates)[1]) if candidates else None


def _bootloaders(url):
    ipxe = 'option user-class = "iPXE" or (exists ipxe.http and ( exists ipxe.bzimage or exists ipxe.efi ))'
    choices = [(ipxe, f'    # ipxe\n    filename "{url}ipxe.cfg";\n')]
    choices.append(("option arch = 00:00", PXE.format(url=url)))
    for arch, title, file, more in BOOTLOADERS:
        text = f'    # {title}\n    filename "{file.format(url=url)}";\n{more}'
        choices.append((f"option arch = {arch}", text))
    tests = " els".join(f"if {condition} {{\n{text}}}" for condition, text in choices)
    return f"{tests} else {{\n{PXE.format(url=url)}}}\n"


def _hosts(site, vlan):
    found = []
    for subnet in vlan["subnets"]:
        for rack, details in site.racks.items():
            for interface in details["interfaces"]:
                static = [each["ip"] for each in interface["addresses"] if each["alloc_type"] in STATIC]
                if interface["vlan"] == vlan["id"]:
                    title = f"{rack}-{interface['name']}"
                    found += [(title, interface["mac"], ip) for ip in _within(static, subnet["cidr"])]
        found += [(f"rsvd-{each['id']}", each["mac_address"], each["ip"]) for each in subnet["reserved_ips"]]
    return [
        HOST.format(name=re.sub(r"[^\w-]", "-", title), dashed=mac.replace(":", "-"), mac=mac, ip=ip)
        for title, mac, ip in found
    ]


def _on(action):
    names = list(VARIABLES)[: 4 if action == "commit" else 2]
    sets = "".join(f"   set {name} = {VARIABLES[name]};\n" for name in names)
    lease = '       "--lease-time", cllt, "--hostname", clht,\n' if action == "commit" else ""
    return f"""\
on {action} {{
{sets}   execute(
       "/snap/maas/current/usr/sbin/maas-dhcp-helper", "notify",
       "--action", "{action}", "--mac", clhw,
       "--ip-family", "ipv4", "--ip", clip,
{lease}       "--socket", "/var/snap/maas/common/maas/dhcpd.sock");
}}
"""
