# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Subnets and IP ranges: what may lie where, and what is taken."""

from __future__ import annotations

from . import forms, network, render
from .call import Later, Route
from .forms import KEEP, Field, FieldError, Form
from .ip import parse_address, parse_network
from .wire import Refused, not_found

TYPES = ("dynamic", "reserved")


# Subnets


def subnet_fields(call):
    """The form of a subnet."""
    state = call.state
    flag = forms.boolean if call.series.lax_subnet_flags else _strict_flag
    return {
        "name": Field(forms.text(255)),
        "description": network.DESCRIPTION,
        "cidr": Field(_cidr, required=True),
        "vlan": Field(forms.row(lambda word: state.get("vlan", forms.number_or_none(word))), empty=KEEP),
        "fabric": Field(forms.row(lambda word: state.get("fabric", forms.number_or_none(word)))),
        "vid": Field(forms.integer(0, 4094)),
        "gateway_ip": Field(forms.address),
        "dns_servers": Field(_addresses, default=[]),
        "rdns_mode": Field(lambda value: int(forms.choice("0", "1", "2")(value)), default=2),
        "active_discovery": Field(forms.boolean, default=False),
        "allow_dns": Field(flag, default=True, empty=False),
        "allow_proxy": Field(flag, default=True, empty=False),
        "managed": Field(forms.boolean, default=True, empty=False),
        "disabled_boot_architectures": Field(lambda value: _in_no_order(_words(value)), default=[]),
    }


def _strict_flag(value):
    return str(value).lower() in ("true", "t", "1")


def _cidr(value):
    try:
        found = parse_network(str(value))
    except ValueError:
        raise FieldError("Required format: <network>/<prefixlen>.") from None
    if found.prefixlen == 0:
        raise FieldError("Prefix length must be greater than 0.")
    return str(found)


def _words(value):
    return value if isinstance(value, list) else str(value).replace(",", " ").split()


def _in_no_order(words):
    """MAAS keeps a set, whose order is anything."""
    return sorted(set(words), reverse=True)


def _addresses(value):
    words = _words(value)
    for word in words:
        try:
            parse_address(word)
        except ValueError:
            raise FieldError(f"Invalid IP address: {word}; provide a list of space-separated IP addresses") from None
    return words


def clean_subnet(call, subnet=None):
    """Clean the form of a new subnet or of one that exists; return it with its errors."""
    form = Form(subnet_fields(call), call.data, subnet)
    values = form.values
    if "space" in call.data:
        form.error("space", "Spaces may no longer be set on subnets. Set the space on the underlying VLAN.")
    if "cidr" in values:
        if not values.get("name"):
            values["name"] = call.data.get("cidr", values["cidr"])
        elif subnet and values["name"] == subnet["name"] == subnet["cidr"]:
            values["name"] = values["cidr"]
        if _gateway_fits(form):
            _check_overlap(call, form, subnet)
    if subnet is None:
        _choose_vlan(call, form)
    for helper in ("fabric", "vid"):
        values.pop(helper, None)
    return form


def _gateway_fits(form):
    gateway = form.values.get("gateway_ip")
    if gateway and parse_address(gateway) not in parse_network(form.values["cidr"]):
        form.error("gateway_ip", "Gateway IP must be within CIDR range.")
        return False
    return True


def _check_overlap(call, form, subnet):
    if subnet and subnet["cidr"] == form.values["cidr"]:
        return
    wanted = parse_network(form.values["cidr"])
    others = [
        parse_network(row["cidr"]) for row in call.state.where("subnet") if not subnet or row["id"] != subnet["id"]
    ]
    overlapping = any(other.version == wanted.version and other.overlaps(wanted) for other in others)
    if call.series.overlapping_subnets_refused and overlapping and not form.errors:
        form.error("__all__", f"Subnet {form.values['cidr']} would overlap with existing subnets.")
    if wanted in others:
        form.error("cidr", "Subnet with this Cidr already exists.")


def _choose_vlan(call, form):
    """Find the VLAN of a new subnet from vlan, from fabric and vid, or take the first fabric's."""
    if "vlan" in form.errors or "fabric" in form.errors:
        return
    values, state = form.values, call.state
    fabric = values.get("fabric")
    if values.get("vlan"):
        if fabric and state.get("vlan", values["vlan"])["fabric"] != fabric:
            form.error("vlan", "VLAN is not in fabric.")
        return
    fabric = fabric or min(state.table("fabric"))
    if not values.get("vid"):
        values["vlan"] = state.default_vlan(fabric)["id"]
        return
    vlan = state.find("vlan", fabric=fabric, vid=values["vid"])
    if vlan:
        values["vlan"] = vlan["id"]
    else:
        form.error("vid", f"No VLAN with vid {values['vid']} in fabric {fabric}.")


def find_subnet(state, word):
    """The subnet of an id, a CIDR (also as cidr:...) or a name, or None."""
    word = word[len("cidr:") :] if word.startswith("cidr:") else word
    return (
        state.get("subnet", forms.number_or_none(word))
        or state.find("subnet", cidr=word)
        or state.find("subnet", name=word)
    )


def subnet_or_404(call, word):
    """The subnet of an id, a CIDR or a name; refuses if there is none."""
    subnet = find_subnet(call.state, word)
    if subnet is None:
        raise not_found("Subnet")
    return subnet


def _list_subnets(call):
    return [render.subnet(call.state, call.series, row) for row in call.state.where("subnet")]


def _create_subnet(call):
    form = clean_subnet(call)
    form.check()
    return _as_written(call, call.state.add_subnet(**form.values))


def _as_written(call, subnet):
    """A subnet as the answer to a write tells it: no gateway reads as an empty text, and as null later."""
    told = render.subnet(call.state, call.series, subnet)
    return {**told, "gateway_ip": told["gateway_ip"] or ""}


def _read_subnet(call, word):
    return render.subnet(call.state, call.series, subnet_or_404(call, word))


def _update_subnet(call, word):
    subnet = subnet_or_404(call, word)
    call.require_admin()
    form = clean_subnet(call, subnet)
    form.check()
    return _as_written(call, call.state.update("subnet", subnet["id"], **form.values))


def _delete_subnet(call, word):
    subnet = subnet_or_404(call, word)
    call.require_admin()
    state = call.state
    ranges = state.where("iprange", subnet=subnet["id"])
    if state.get("vlan", subnet["vlan"])["dhcp_on"] and any(row["type"] == "dynamic" for row in ranges):
        raise Refused(
            400,
            "Cannot delete a subnet that is actively servicing a dynamic IP range. "
            "(Delete the dynamic range or disable DHCP first.)",
        )
    addresses = state.where("address", subnet=subnet["id"])
    if call.series.used_subnets_kept and not call.flag("force") and any(row["interface"] for row in addresses):
        raise Refused(
            400,
            "Cannot delete a subnet that has IP addresses in use by nodes. (Use the 'force' parameter to override.)",
        )
    for kind, rows in (
        ("iprange", ranges),
        ("address", addresses),
        ("reservedip", state.where("reservedip", subnet=subnet["id"])),
    ):
        for row in rows:
            state.delete(kind, row["id"])
    state.delete("subnet", subnet["id"])


# IP ranges


def range_fields(call):
    """The form of an IP range."""
    state = call.state
    return {
        "subnet": Field(forms.row(lambda word: state.get("subnet", forms.number_or_none(word))), required=True),
        "type": Field(forms.choice(*TYPES), required=True),
        "start_ip": Field(forms.address, required=True),
        "end_ip": Field(forms.address, required=True),
        "comment": Field(forms.text(255), default=""),
    }


BOTH = ("start_ip", "end_ip")


def clean_range(call, iprange=None):
    """Clean the form of a new range or of one that exists; return it with its errors."""
    data = dict(call.data)
    if iprange is None and data.get("subnet") is None:
        subnet = _subnet_for(call.state, data.get("start_ip"))
        if subnet:
            data["subnet"] = subnet["id"]
    form = Form(range_fields(call), data, iprange)
    if form.values.get("type") == "dynamic":
        _crash_on_dynamic(call, form)
    elif form.values.get("type") == "reserved" and call.series.reserved_range_crashes:
        _crash_on_reserved(form)
    _check_ends(call, form, iprange)
    return form


def _subnet_for(state, start_ip):
    try:
        return state.subnet_of(start_ip)
    except ValueError:
        return None


def _crash_on_dynamic(call, form):
    """Look at fields that may have failed, as later series do before they look for errors."""
    values = form.values
    if call.series.dynamic_range_crashes:
        for name in ("subnet", *BOTH):
            if name not in values:
                raise Refused(500, f"'{name}'")
        start, end = (parse_address(values[name]) for name in BOTH)
        if start.version != end.version:
            raise Refused(500, f"base address '{end}' is not IPv{start.version}")
        if start > end:
            raise Refused(500, "lower bound IP greater than upper bound!")
    if call.series.has_reserved_ips and not form.errors:
        start, end = (parse_address(values[name]) for name in BOTH)
        if any(
            start <= parse_address(row["ip"]) <= end for row in call.state.where("reservedip", subnet=values["subnet"])
        ):
            form.error("__all__", "The dynamic IP range cannot include reserved IPs.")


def _crash_on_reserved(form):
    if any(name not in form.values for name in BOTH):
        raise Refused(500, "argument of type 'NoneType' is not iterable")


def _check_ends(call, form, iprange):
    """The rules on both ends and on what lies between them; the first one broken is told."""
    try:
        _check_ends_of(call, form, iprange)
    except _Misplaced as misplaced:
        for name in misplaced.fields:
            form.error(name, misplaced.text)


class _Misplaced(Exception):
    def __init__(self, text, *fields):
        super().__init__(text)
        self.text = text
        self.fields = fields or BOTH


def _check_ends_of(call, form, iprange):
    values = {**(iprange or {}), **form.values}
    if not all(values.get(name) for name in BOTH):
        raise _Misplaced("Start IP address and end IP address are both required.")
    start, end = (parse_address(values[name]) for name in BOTH)
    if start.version != end.version:
        raise _Misplaced("Start IP address and end IP address must be in the same address family.")
    if end < start:
        raise _Misplaced("End IP address must not be less than Start IP address.", "end_ip")
    if not values.get("subnet"):
        return
    subnet = call.state.get("subnet", values["subnet"])
    cidr = parse_network(subnet["cidr"])
    if start not in cidr and end not in cidr:
        raise _Misplaced(f"IP addresses must be within subnet: {cidr}.")
    if start not in cidr:
        raise _Misplaced(f"Start IP address must be within subnet: {cidr}.", "start_ip")
    if end not in cidr:
        raise _Misplaced(f"End IP address must be within subnet: {cidr}.", "end_ip")
    if start == cidr.network_address:
        raise _Misplaced("Reserved network address cannot be included in IP range.", "start_ip")
    if cidr.version == 4 and end == cidr.broadcast_address:
        raise _Misplaced("Broadcast address cannot be included in IP range.", "end_ip")
    kind = values.get("type")
    if cidr.version == 6 and kind == "dynamic" and int(end) - int(start) < 255:
        raise _Misplaced("IPv6 dynamic range must be at least 256 addresses in size.")
    if kind in TYPES and "__all__" not in form.errors:
        _check_free(call, subnet, kind, start, end, iprange)


def _check_free(call, subnet, kind, start, end, iprange):
    taken = [
        (parse_address(row["start_ip"]), parse_address(row["end_ip"]))
        for row in call.state.where("iprange", subnet=subnet["id"])
        if not iprange or row["id"] != iprange["id"]
    ]
    if kind == "dynamic":
        taken += [(ip, ip) for ip in used_addresses(call.state, subnet)]
    if any(start <= last and end >= first for first, last in taken):
        what = "IP address or range" if kind == "dynamic" else "range"
        raise _Misplaced(f"Requested {kind} range conflicts with an existing {what}.")


def used_addresses(state, subnet):
    """The addresses of a subnet that nodes, users, its gateway and its DNS servers have."""
    ips = [row["ip"] for row in state.where("address", subnet=subnet["id"]) if row["ip"]]
    ips += [subnet["gateway_ip"]] if subnet["gateway_ip"] else []
    ips += [ip for ip in subnet["dns_servers"] if parse_address(ip) in parse_network(subnet["cidr"])]
    return [parse_address(ip) for ip in ips]


def _range(call, word):
    number = forms.number_or_none(word)
    iprange = call.state.get("iprange", number)
    if iprange is None:
        raise not_found("IPRange")
    return iprange


def _list_ranges(call):
    return [render.iprange(call.state, call.series, row) for row in call.state.where("iprange")]


def create_range(call):
    """Check now, insert later: two ranges sent at the same moment do not see each other."""
    if call.data.get("type") == "dynamic" and not call.is_admin:
        raise Refused(403, "Unable to create dynamic IP range. You don't have sufficient privileges.")
    form = clean_range(call)
    form.check()

    def insert(state):
        row = state.add_range(**form.values, user=call.user["id"])
        return render.iprange(state, call.series, row)

    return Later(insert)


def _read_range(call, word):
    return render.iprange(call.state, call.series, _range(call, word))


def _update_range(call, word):
    iprange = _range(call, word)
    _require_owner(call, iprange)
    form = clean_range(call, iprange)
    form.check()
    return render.iprange(call.state, call.series, call.state.update("iprange", iprange["id"], **form.values))


def _delete_range(call, word):
    iprange = _range(call, word)
    _require_owner(call, iprange)
    call.state.delete("iprange", iprange["id"])


def _require_owner(call, iprange):
    if not call.is_admin and iprange["user"] != call.user["id"]:
        raise Refused(403, "Unable to modify IP range. You don't have sufficient privileges.")


WORD = network.WORD
SUBNET = r"([.: \w-]+(?:/\d{2,3})?)"  # no prefix length of one digit
ROUTES = [
    Route("GET", "subnets/", _list_subnets),
    Route("POST", "subnets/", _create_subnet, admin=network.GLOBAL),
    Route("GET", f"subnets/{SUBNET}/", _read_subnet),
    Route("PUT", f"subnets/{SUBNET}/", _update_subnet),
    Route("DELETE", f"subnets/{SUBNET}/", _delete_subnet),
    Route("GET", "ipranges/", _list_ranges),
    Route("POST", "ipranges/", create_range),
    Route("GET", f"ipranges/{WORD}/", _read_range),
    Route("PUT", f"ipranges/{WORD}/", _update_range),
    Route("DELETE", f"ipranges/{WORD}/", _delete_range),
]
