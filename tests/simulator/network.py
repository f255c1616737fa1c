# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fabrics, spaces and VLANs, with the rules that decide which racks serve DHCP."""

from __future__ import annotations

import re

from . import forms, render
from .call import Route
from .forms import KEEP, Field, FieldError, Form
from .wire import BARE_JSON, BARE_TEXT, Refused, not_found

DESCRIPTION = Field(forms.text(), default="")


# Fabrics


def fabric_fields(call, fabric_id=None):
    """The form of a fabric."""
    return {
        "name": Field(_own_name(call.state, "fabric", fabric_id)),
        "description": DESCRIPTION,
        "class_type": Field(forms.name),
    }


def _own_name(state, kind, row_id):
    """A name that no other row has, and that is not kept for another unnamed one."""

    def clean(value):
        value = str(value)
        if not forms.NAME.match(value):
            raise FieldError(f"Invalid {kind} name: {value}.")
        reserved = re.fullmatch(rf"{kind}-(\d+)", value)
        if (reserved and reserved.group(1) != str(row_id)) or (kind == "space" and value == render.UNDEFINED):
            raise FieldError(f"Reserved {kind} name.")
        same = state.find(kind, name=value)
        if same and same["id"] != row_id:
            raise FieldError(f"{kind.capitalize()} with this Name already exists.")
        return value

    return clean


def find_fabric(state, word):
    """The fabric of an id or a name, or None."""
    return state.get("fabric", forms.number_or_none(word.replace("fabric-", "", 1))) or state.find("fabric", name=word)


def _fabric(call, word):
    fabric = find_fabric(call.state, word)
    if fabric is None:
        raise not_found("Fabric")
    return fabric


def _list_fabrics(call):
    return [render.fabric(call.state, call.series, row) for row in call.state.where("fabric")]


def _create_fabric(call):
    form = Form(fabric_fields(call), call.data)
    form.check()
    return render.fabric(call.state, call.series, call.state.add_fabric(**form.values))


def _read_fabric(call, word):
    return render.fabric(call.state, call.series, _fabric(call, word))


def _update_fabric(call, word):
    fabric = _fabric(call, word)
    call.require_admin()
    form = Form(fabric_fields(call, fabric["id"]), call.data, fabric)
    form.check()
    return render.fabric(call.state, call.series, call.state.update("fabric", fabric["id"], **form.values))


def _delete_fabric(call, word):
    fabric = _fabric(call, word)
    call.require_admin()
    vlans = call.state.where("vlan", fabric=fabric["id"])
    subnets = [subnet["cidr"] for vlan in vlans for subnet in call.state.where("subnet", vlan=vlan["id"])]
    if subnets:
        raise Refused(
            400, "Can't delete fabric; the following subnets are still present: " + ", ".join(sorted(subnets))
        )
    connected = [
        f"{interface['name']} ({interface['type']}) on {call.state.get('node', interface['node'])['hostname']}"
        for vlan in vlans
        for interface in call.state.where("interface", vlan=vlan["id"])
    ]
    if connected:
        raise Refused(
            400, "Can't delete fabric; the following interfaces are still connected: " + ", ".join(sorted(connected))
        )
    for vlan in vlans:
        _forget_vlan(call.state, vlan)
    call.state.delete("fabric", fabric["id"])


# Spaces


def find_space(state, word):
    """The space of an id or a name, or None."""
    return state.get("space", forms.number_or_none(word.replace("space-", "", 1))) or state.find("space", name=word)


def _space(call, word):
    space = find_space(call.state, word)
    if space is None:
        raise not_found("Space")
    return space


def space_fields(call, space_id=None):
    """The form of a space."""
    return {"name": Field(_own_name(call.state, "space", space_id)), "description": DESCRIPTION}


def _list_spaces(call):
    spaces = [render.space(call.state, call.series, row) for row in call.state.where("space")]
    return [*spaces, render.space(call.state, call.series, None)]


def _create_space(call):
    form = Form(space_fields(call), call.data)
    form.check()
    return render.space(call.state, call.series, call.state.add_space(**form.values))


def _read_space(call, word):
    return render.space(call.state, call.series, None if word in (render.UNDEFINED, "-1") else _space(call, word))


def _update_space(call, word):
    space = _space(call, word)
    call.require_admin()
    form = Form(space_fields(call, space["id"]), call.data, space)
    form.check()
    return render.space(call.state, call.series, call.state.update("space", space["id"], **form.values))


def _delete_space(call, word):
    space = _space(call, word)
    call.require_admin()
    for vlan in call.state.where("vlan", space=space["id"]):
        call.state.update("vlan", vlan["id"], space=None)
    call.state.delete("space", space["id"])


# VLANs

VLAN_TAKEN = "A VLAN with the specified VID already exists in the destination fabric."
VLAN_LIMITS = "VID must be between 0 and 4094."
NO_RANGE = "dhcp can only be turned on when a dynamic IP range is defined."
NO_PRIMARY = "dhcp can only be turned on when a primary rack controller is set."
DEAD_PRIMARY = (
    "The primary rack controller must be up and running to set a secondary rack controller. Without the primary the "
    "secondary DHCP service will not be able to synchronize, preventing it from responding to DHCP requests."
)
NEW_VLAN = {"id": None, "primary_rack": None, "secondary_rack": None, "relay_vlan": None, "dhcp_on": False}


def vlan_fields(call, vlan):
    """The form of a VLAN; racks must have an interface on a VLAN of the stored VID, in whichever fabric."""
    state = call.state
    rack = Field(
        forms.row(
            lambda word: _rack_on_vid(state, word, vlan.get("vid")),
            "Select a valid choice. {} is not one of the available choices.",
        )
    )
    return {
        "name": Field(forms.name),
        "description": DESCRIPTION,
        "vid": Field(forms.integer(), required=True),
        "mtu": Field(forms.integer(552, 65535), default=1500, empty=KEEP),
        "dhcp_on": Field(forms.boolean, default=False),
        "primary_rack": rack,
        "secondary_rack": rack,
        "relay_vlan": Field(forms.row(lambda word: _possible_relay(state, word, vlan))),
        "space": Field(_space_or_none(state) if vlan["id"] else forms.row(lambda word: find_space(state, word))),
        "fabric": Field(forms.row(lambda word: find_fabric(state, word)), empty=KEEP),
    }


def _rack_on_vid(state, word, vid):
    """The rack of that system_id or hostname, if it has an interface on any VLAN with that VID."""
    rack = state.rack(word)
    attached = (
        interface["node"]
        for vlan in state.where("vlan", vid=vid)
        for interface in state.where("interface", vlan=vlan["id"])
    )
    return rack if rack and rack["id"] in attached else None


def _possible_relay(state, word, vlan):
    """The VLAN of that id, if it may be relayed to."""
    target = state.get("vlan", forms.number_or_none(word))
    if target is None or target["id"] == vlan["id"]:
        return None
    allowed = target["id"] == vlan["relay_vlan"] if vlan["dhcp_on"] else target["relay_vlan"] is None
    return target if allowed else None


def _space_or_none(state):
    find = forms.row(lambda word: find_space(state, word))
    return lambda value: None if value == render.UNDEFINED else find(value)


def _stored(state, vlan):
    """A VLAN's columns as its form begins with them."""
    racks = {side: render.system_id(state, vlan[side]) for side in ("primary_rack", "secondary_rack")}
    return {**vlan, **racks}


def clean_vlan(call, vlan=None):
    """Clean the form of a new VLAN or of one that exists; return it with its errors."""
    current = vlan and _stored(call.state, vlan)
    vlan = vlan or NEW_VLAN
    form = Form(vlan_fields(call, vlan), call.data, current)
    vid = form.values.get("vid")
    if vid is None or not 0 <= vid <= 4094:
        form.error("vid", VLAN_LIMITS)
    if form.values.get("dhcp_on"):
        _check_ranges(call, form, vlan)
    _check_racks(call.state, form, vlan)
    return form


def _check_ranges(call, form, vlan):
    if vlan["id"] is None and call.series.new_vlan_with_dhcp_crashes:
        raise Refused(500, "'VLAN' instance needs to have a primary key value before this relationship can be used.")
    subnets = call.state.where("subnet", vlan=vlan["id"]) if vlan["id"] else ()
    if not any(call.state.find("iprange", subnet=subnet["id"], type="dynamic") for subnet in subnets):
        form.error("dhcp_on", NO_RANGE)


def _check_racks(state, form, vlan):
    """Promote, drop and refuse racks as MAAS does; the order of the rules is what makes swaps take two requests."""
    values = form.values
    for side in ("primary_rack", "secondary_rack"):
        values.setdefault(side)
    if not values["primary_rack"] and vlan["secondary_rack"]:
        values.update(primary_rack=vlan["secondary_rack"], secondary_rack=None)
    if values["primary_rack"] and values["primary_rack"] == vlan["secondary_rack"]:
        values["secondary_rack"] = None
    primary, secondary = values["primary_rack"], values["secondary_rack"]
    if secondary and secondary == vlan["primary_rack"]:
        form.error("__all__", f"{render.system_id(state, secondary)} is already set as the primary rack controller")
    elif secondary and secondary == primary:
        form.error("__all__", "The primary and secondary rack must be different")
    elif (
        secondary and primary == vlan["primary_rack"] and secondary != vlan["secondary_rack"] and _dead(state, primary)
    ):
        form.error("__all__", DEAD_PRIMARY)
    elif values.get("dhcp_on") and not primary and not vlan["primary_rack"]:
        form.error("__all__", NO_PRIMARY)


def _dead(state, rack):
    service = rack and state.find("service", node=rack, name="rackd")
    return bool(service) and service["status"] == "dead"


def _same_vid(state, fabric, vid, but=None):
    return any(vlan["id"] != but for vlan in state.where("vlan", fabric=fabric, vid=vid))


def _vlan_of_fabric(call, fabric_word, vid_word):
    fabric = _fabric(call, fabric_word)
    if vid_word == "untagged":
        return call.state.default_vlan(fabric["id"])
    vlan = call.state.find("vlan", fabric=fabric["id"], vid=_number(vid_word))
    if vlan is None:
        raise not_found("VLAN")
    return vlan


def _vlan(call, word):
    vlan = call.state.get("vlan", _number(word))
    if vlan is None:
        raise Refused(404, "VLAN with specified ID does not exist.", BARE_TEXT)
    return vlan


def _number(word):
    number = forms.number_or_none(word)
    if number is None:
        raise Refused(500, f"Field 'id' expected a number but got '{word}'.")
    return number


def _list_vlans(call, fabric_word):
    vlans = call.state.where("vlan", fabric=_fabric(call, fabric_word)["id"])
    return [render.vlan(call.state, call.series, row) for row in vlans]


def _create_vlan(call, fabric_word):
    fabric = _fabric(call, fabric_word)
    call.require_admin()
    form = clean_vlan(call)
    form.check()
    if _same_vid(call.state, fabric["id"], form.values["vid"]):
        form.error("__all__", VLAN_TAKEN)
    form.check(content_type=BARE_JSON)
    return render.vlan(call.state, call.series, call.state.add_vlan(**{**form.values, "fabric": fabric["id"]}))


def _read_vlan(call, *words):
    return render.vlan(call.state, call.series, _find_vlan(call, words))


def _update_vlan(call, *words):
    vlan = _find_vlan(call, words)
    call.require_admin()
    form = clean_vlan(call, vlan)
    form.check()
    values = form.values
    if _same_vid(call.state, values["fabric"], values["vid"], but=vlan["id"]):
        form.error("__all__", VLAN_TAKEN)
    form.check()
    if values["dhcp_on"]:
        values["relay_vlan"] = None
    return render.vlan(call.state, call.series, call.state.update("vlan", vlan["id"], **values))


def _delete_vlan(call, *words):
    vlan = _find_vlan(call, words)
    call.require_admin()
    if render.is_default_vlan(call.state, vlan):
        raise Refused(400, "This VLAN is the default VLAN in the fabric, it cannot be deleted.")
    state = call.state
    default = state.default_vlan(vlan["fabric"])["id"]
    for subnet in state.where("subnet", vlan=vlan["id"]):
        state.update("subnet", subnet["id"], vlan=default)
    for interface in state.where("interface", vlan=vlan["id"]):
        if interface["type"] == "vlan":
            state.delete_interface(interface["id"])
        else:
            state.update("interface", interface["id"], vlan=default)
    _forget_vlan(state, vlan)


def _find_vlan(call, words):
    return _vlan(call, *words) if len(words) == 1 else _vlan_of_fabric(call, *words)


def _forget_vlan(state, vlan):
    """Remove a VLAN and the relays to it."""
    for row in state.where("vlan", relay_vlan=vlan["id"]):
        state.update("vlan", row["id"], relay_vlan=None)
    state.delete("vlan", vlan["id"])


GLOBAL = "can_edit_global_entities"
WORD = "([^/]+)"
ROUTES = [
    Route("GET", "fabrics/", _list_fabrics),
    Route("POST", "fabrics/", _create_fabric, admin=GLOBAL),
    Route("GET", f"fabrics/{WORD}/", _read_fabric),
    Route("PUT", f"fabrics/{WORD}/", _update_fabric),
    Route("DELETE", f"fabrics/{WORD}/", _delete_fabric),
    Route("GET", "spaces/", _list_spaces),
    Route("POST", "spaces/", _create_space, admin=GLOBAL),
    Route("GET", f"spaces/{WORD}/", _read_space),
    Route("PUT", f"spaces/{WORD}/", _update_space),
    Route("DELETE", f"spaces/{WORD}/", _delete_space),
    Route("GET", f"fabrics/{WORD}/vlans/", _list_vlans),
    Route("POST", f"fabrics/{WORD}/vlans/", _create_vlan),
    *(
        route
        for path in (f"vlans/{WORD}/", f"fabrics/{WORD}/vlans/{WORD}/")
        for route in (
            Route("GET", path, _read_vlan),
            Route("PUT", path, _update_vlan),
            Route("DELETE", path, _delete_vlan),
        )
    ),
]
