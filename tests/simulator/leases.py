# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a subnet is taken and what is free, addresses that users reserve, and reserved leases."""

from __future__ import annotations

from . import forms, render
from .addressing import SUBNET, find_subnet, subnet_or_404
from .call import Route
from .forms import Field, Form
from .ip import parse_address, parse_network
from .network import GLOBAL
from .state import USER_RESERVED
from .wire import Refused

ALLOC_TYPES = {0: "Automatic", 1: "Sticky", 4: "User reserved", 5: "DHCP", 6: "Observed"}


# What is taken and what is free. Spans are (first, last, purposes) with the addresses as numbers.


def taken_spans(state, series, subnet):
    """The taken spans of a subnet in order; where purposes meet on one address they are told together."""
    spans = [
        (int(parse_address(row["start_ip"])), int(parse_address(row["end_ip"])), row["type"])
        for row in state.where("iprange", subnet=subnet["id"])
    ]
    singles = [(row["ip"], "assigned-ip") for row in state.where("address", subnet=subnet["id"]) if row["ip"]]
    singles += [(subnet["gateway_ip"], "gateway-ip")] if subnet["gateway_ip"] else []
    singles += [(ip, "dns-server") for ip in subnet["dns_servers"]]
    inside = parse_network(subnet["cidr"])
    spans += [(int(parse_address(ip)),) * 2 + (purpose,) for ip, purpose in singles if parse_address(ip) in inside]
    spans = _join((first, last, {purpose}) for first, last, purpose in sorted(spans))
    return _join(spans, neighbours=True) if series.adjacent_ranges_merged else spans


def _join(spans, neighbours=False):
    """Join spans that overlap, or neighbours that have a purpose in common."""
    joined = []
    for first, last, purposes in spans:
        before = joined[-1] if joined else (0, -2, set())
        adjacent = neighbours and first == before[1] + 1 and purposes & before[2]
        if first <= before[1] or adjacent:
            joined[-1] = (before[0], max(before[1], last), before[2] | purposes)
        else:
            joined.append((first, last, purposes))
    return joined


def free_spans(subnet, taken):
    """The spans between the taken ones."""
    network = parse_network(subnet["cidr"])
    first, last = _usable(network)
    free = []
    for start, end, dummy in taken:
        if start > first:
            free.append((first, start - 1, {"unused"}))
        first = max(first, end + 1)
    return [*free, (first, last, {"unused"})] if first <= last else free


def _usable(network):
    """The first and the last address that hosts may have."""
    if network.version == 6 or network.prefixlen >= 31:
        return int(network.network_address) + (network.version == 6), int(network.broadcast_address)
    return int(network.network_address) + 1, int(network.broadcast_address) - 1


def _spell(network, number):
    """The address of a number, in the family of a network."""
    return str(type(network.network_address)(number))


def _told_span(network, span, purposes=True):
    first, last, its_purposes = span
    told = {"start": _spell(network, first), "end": _spell(network, last), "num_addresses": last - first + 1}
    return {**told, "purpose": sorted(its_purposes)} if purposes else told


def _reserved_ranges(call, word):
    subnet = subnet_or_404(call, word)
    network = parse_network(subnet["cidr"])
    return [_told_span(network, span) for span in taken_spans(call.state, call.series, subnet)]


def _unreserved_ranges(call, word):
    subnet = subnet_or_404(call, word)
    network = parse_network(subnet["cidr"])
    taken = taken_spans(call.state, call.series, subnet)
    return [_told_span(network, span, purposes=False) for span in free_spans(subnet, taken)]


def _statistics(call, word):
    subnet = subnet_or_404(call, word)
    network = parse_network(subnet["cidr"])
    taken = taken_spans(call.state, call.series, subnet)
    free = free_spans(subnet, taken)
    first, last = _usable(network)
    total = last - first + 1
    sizes = [end - start + 1 for start, end, dummy in free]
    usage = (total - sum(sizes)) / total
    told = {
        "num_available": sum(sizes),
        "largest_available": max(sizes, default=0),
        "num_unavailable": total - sum(sizes),
        "total_addresses": total,
        "usage": usage,
        "usage_string": f"{usage:.0%}",
        "available_string": f"{1 - usage:.0%}",
        "first_address": _spell(network, first),
        "last_address": _spell(network, last),
        "ip_version": network.version,
    }
    if call.flag("include_ranges"):
        told["ranges"] = [_told_span(network, span) for span in sorted(taken + free, key=lambda span: span[0])]
    return told


def _ip_addresses(call, word):
    subnet = subnet_or_404(call, word)
    now = render.timestamp("%a, %d %b. %Y %H:%M:%S")
    addresses = []
    for row in call.state.where("address", subnet=subnet["id"]):
        told = {"ip": row["ip"], "alloc_type": row["alloc_type"], "created": now, "updated": now, "user": "MAAS"}
        if row["interface"]:
            interface = call.state.get("interface", row["interface"])
            node = call.state.get("node", interface["node"])
            told["node_summary"] = {
                "system_id": node["system_id"],
                "node_type": node["node_type"],
                "fqdn": f"{node['hostname']}.{call.state.get('domain', node['domain'])['name']}",
                "hostname": node["hostname"],
                "is_container": False,
                "via": interface["name"],
            }
        elif row["user"]:
            told["user"] = call.state.get("user", row["user"])["username"]
        addresses.append(told)
    return addresses


# Addresses that users reserve


def _told_address(call, row):
    subnet = call.state.get("subnet", row["subnet"])
    return {
        "ip": row["ip"],
        "alloc_type": row["alloc_type"],
        "alloc_type_name": ALLOC_TYPES[row["alloc_type"]],
        "created": row["created"],
        "subnet": render.subnet(call.state, call.series, subnet),
        "interface_set": [],
        "owner": render.user(call.state.get("user", row["user"])),
        "resource_uri": f"{render.API}/ipaddresses/",
    }


def _list_addresses(call):
    return [_told_address(call, row) for row in call.state.where("address") if row["user"] == call.user["id"]]


def reserve_address(call):
    """Reserve the given address, or the first free one of the given subnet."""
    subnet, ip = call.data.get("subnet"), call.data.get("ip")
    subnet = find_subnet(call.state, str(subnet)) if subnet else call.state.subnet_of(ip)
    if subnet is None:
        raise Refused(400, "No subnet found for the given address.")
    if ip is None:
        taken = taken_spans(call.state, call.series, subnet)
        ip = _spell(parse_network(subnet["cidr"]), free_spans(subnet, taken)[0][0])
    elif call.state.find("address", ip=ip):
        raise Refused(404, f"The IP address {ip} is already in use.")
    row = call.state.insert(
        "address",
        interface=None,
        subnet=subnet["id"],
        ip=ip,
        alloc_type=USER_RESERVED,
        user=call.user["id"],
        created=render.timestamp(),
    )
    return _told_address(call, row)


def _release_address(call):
    ip = call.require("ip")
    row = call.state.find("address", ip=ip, alloc_type=USER_RESERVED)
    if row is None or (row["user"] != call.user["id"] and not call.flag("force")):
        raise Refused(
            404,
            f"IP address {ip} does not exist, is not the correct type of address, or does not belong to the "
            "requesting user.",
        )
    call.state.delete("address", row["id"])


# Reserved leases


def clean_lease(call, lease=None):
    """Clean the form of a reserved lease; only its comment can be changed later."""
    state = call.state
    data = dict(call.data)
    if lease is None and "subnet" not in data and data.get("ip"):
        subnet = state.subnet_of(data["ip"])
        data["subnet"] = subnet and subnet["id"]
    fields = {
        "ip": Field(forms.address, required=True),
        "mac_address": Field(forms.text(), required=True),
        "subnet": Field(forms.row(lambda word: state.get("subnet", forms.number_or_none(word))), required=True),
        "comment": Field(forms.text(255), default=""),
    }
    form = Form(fields, data, lease)
    form.check()
    _check_lease(state, form, lease)
    form.check()
    return form.values


def _check_lease(state, form, lease):
    values = form.values
    ip, subnet = parse_address(values["ip"]), state.get("subnet", values["subnet"])
    if ip not in parse_network(subnet["cidr"]):
        form.error("ip", "The provided IP is not part of the subnet.")
        return
    for row in state.where("iprange", subnet=subnet["id"], type="dynamic"):
        if parse_address(row["start_ip"]) <= ip <= parse_address(row["end_ip"]):
            text = f"The reserved IP {ip} must be outside the dynamic range {row['start_ip']} - {row['end_ip']}."
            form.error("ip", text)
            return
    same = state.find("reservedip", ip=values["ip"])
    if same and same["id"] != (lease or {}).get("id"):
        form.error("ip", "Reserved IP with this IP address already exists.")


def _told_lease(call, row):
    return {
        **{column: row[column] for column in ("id", "ip", "mac_address", "comment")},
        "subnet": render.subnet(call.state, call.series, call.state.get("subnet", row["subnet"])),
        "resource_uri": f"{render.API}/reservedips/{row['id']}/",
    }


def _list_leases(call):
    return [_told_lease(call, row) for row in call.state.where("reservedip")]


def _create_lease(call):
    return _told_lease(call, call.state.insert("reservedip", **clean_lease(call)))


def _lease(call, number):
    return call.get("reservedip", number, "ReservedIP")


def _read_lease(call, number):
    return _told_lease(call, _lease(call, number))


def _update_lease(call, number):
    row = _lease(call, number)
    return _told_lease(call, call.state.update("reservedip", row["id"], **clean_lease(call, row)))


def _delete_lease(call, number):
    call.state.delete("reservedip", _lease(call, number)["id"])


LEASES = "has_reserved_ips"
ROUTES = [
    Route("GET", f"subnets/{SUBNET}/", _reserved_ranges, op="reserved_ip_ranges"),
    Route("GET", f"subnets/{SUBNET}/", _unreserved_ranges, op="unreserved_ip_ranges"),
    Route("GET", f"subnets/{SUBNET}/", _statistics, op="statistics"),
    Route("GET", f"subnets/{SUBNET}/", _ip_addresses, op="ip_addresses"),
    Route("GET", "ipaddresses/", _list_addresses),
    Route("POST", "ipaddresses/", reserve_address, op="reserve"),
    Route("POST", "ipaddresses/", _release_address, op="release"),
    Route("GET", "reservedips/", _list_leases, since=LEASES),
    Route("POST", "reservedips/", _create_lease, admin=GLOBAL, since=LEASES),
    Route("GET", r"reservedips/(\d+)/", _read_lease, since=LEASES),
    Route("PUT", r"reservedips/(\d+)/", _update_lease, admin=GLOBAL, since=LEASES),
    Route("DELETE", r"reservedips/(\d+)/", _delete_lease, admin=GLOBAL, since=LEASES),
]
