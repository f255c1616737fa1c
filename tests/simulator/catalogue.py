# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones, tags, domains and DHCP snippets: small things that others refer to."""

from __future__ import annotations

import re

from . import forms, render
from .call import Route
from .forms import Field, FieldError, Form
from .network import DESCRIPTION, GLOBAL, WORD
from .wire import Refused, not_found

# Zones


def _unique(state, kind, row_id, label, clean_name=forms.name):
    def clean(value):
        same = state.find(kind, name=clean_name(value))
        if same and same["id"] != row_id:
            raise FieldError(f"{label} with this Name already exists.")
        return value

    return clean


def clean_zone(call, zone=None):
    """Clean the form of a zone."""
    name = _unique(call.state, "zone", zone and zone["id"], "Physical zone")
    form = Form({"name": Field(name, required=True), "description": DESCRIPTION}, call.data, zone)
    form.check()
    return form.values


def _zone(call, name):
    zone = call.state.find("zone", name=name)
    if zone is None:
        raise not_found("Zone")
    return zone


def _list_zones(call):
    return [render.zone(row) for row in call.state.where("zone")]


def _create_zone(call):
    return render.zone(call.state.insert("zone", **clean_zone(call)))


def _read_zone(call, name):
    return render.zone(_zone(call, name))


def _update_zone(call, name):
    zone = _zone(call, name)
    return render.zone(call.state.update("zone", zone["id"], **clean_zone(call, zone)))


def delete_zone(call, name):
    """Remove a zone; its controllers fall back to the first one, and a zone that is gone is gone."""
    zone = call.state.find("zone", name=name)
    if zone is None:
        return
    default = call.state.where("zone")[0]
    if zone is default:
        raise Refused(400, "This zone is the default zone, it cannot be deleted.")
    for node in call.state.where("node", zone=zone["id"]):
        call.state.update("node", node["id"], zone=default["id"])
    call.state.delete("zone", zone["id"])


# Tags

TAG_COLUMNS = ("name", "definition", "comment", "kernel_opts")


def _tag_name(value):
    if not re.fullmatch("[a-zA-Z0-9_-]+", value):
        raise FieldError("Enter a valid value.")
    return value


def clean_tag(call, tag=None):
    """Clean the form of a tag."""
    fields = {"name": Field(_unique(call.state, "tag", tag and tag["id"], "Tag", _tag_name), required=True)}
    fields.update({column: Field(forms.text(), default="") for column in TAG_COLUMNS[1:]})
    form = Form(fields, call.data, tag)
    form.check()
    return form.values


def _told_tag(row):
    return {
        **{column: row[column] for column in TAG_COLUMNS},
        "resource_uri": f"{render.API}/tags/{row['name']}/",
    }


def _tag(call, name):
    tag = call.state.find("tag", name=name)
    if tag is None:
        raise not_found("Tag")
    return tag


def _list_tags(call):
    return [_told_tag(row) for row in call.state.where("tag")]


def _create_tag(call):
    return _told_tag(call.state.insert("tag", **clean_tag(call)))


def _read_tag(call, name):
    return _told_tag(_tag(call, name))


def _update_tag(call, name):
    tag = _tag(call, name)
    values = clean_tag(call, tag)
    for node in _tagged(call.state, name):
        _set_tags(call.state, node, set(node["tags"]) - {name} | {values["name"]})
    return _told_tag(call.state.update("tag", tag["id"], **values))


def _delete_tag(call, name):
    tag = _tag(call, name)
    for node in _tagged(call.state, name):
        _set_tags(call.state, node, set(node["tags"]) - {name})
    call.state.delete("tag", tag["id"])


def tag_nodes(call, name):
    """Put a tag on nodes and take it off others; unknown system_ids are not missed."""
    _tag(call, name)
    added, removed = (
        [node for node in call.state.where("node") if node["system_id"] in _list(call.data.get(parameter))]
        for parameter in ("add", "remove")
    )
    for node in added:
        _set_tags(call.state, node, {*node["tags"], name})
    for node in removed:
        _set_tags(call.state, node, set(node["tags"]) - {name})
    return {"added": len(added), "removed": len(removed)}


def _list(value):
    return value if isinstance(value, list) else [value]


def _tagged(state, name):
    return [node for node in state.where("node") if name in node["tags"]]


def _set_tags(state, node, tags):
    state.update("node", node["id"], tags=sorted(tags))


# DHCP snippets


def _told_snippet(call, row):
    subnet = row["subnet"] and call.state.get("subnet", row["subnet"])
    return {
        **{column: row[column] for column in ("id", "name", "description", "enabled", "value", "history")},
        "node": None,
        "subnet": render.subnet(call.state, call.series, subnet) if subnet else None,
        "global_snippet": row["subnet"] is None,
        "resource_uri": f"{render.API}/dhcp-snippets/{row['id']}/",
    }


def clean_snippet(call, snippet=None):
    """Clean the form of a snippet; what it says to dhcpd is not looked at."""
    subnet = forms.row(lambda word: call.state.get("subnet", forms.number_or_none(word)), "None found with id={}.")
    fields = {
        "name": Field(forms.name, required=True),
        "value": Field(forms.text()),
        "description": DESCRIPTION,
        "enabled": Field(forms.boolean, default=True, empty=False),
        "subnet": Field(subnet),
    }
    form = Form(fields, call.data, snippet)
    if not form.values.get("value"):
        form.error("value", "Must be given a value")
    form.check()
    return form.values


def _with_history(values, history=()):
    """The columns of a snippet with its value noted as the newest of its history."""
    created = render.timestamp("%a, %d %b %Y %T +0000")
    entry = {"id": len(history) + 1, "value": values["value"], "created": created}
    return {**values, "history": [entry, *history]}


def _list_snippets(call):
    return [_told_snippet(call, row) for row in call.state.where("snippet")]


def _create_snippet(call):
    values = clean_snippet(call)
    return _told_snippet(call, call.state.insert("snippet", **_with_history(values)))


def _snippet(call, number):
    return call.get("snippet", number, "DHCPSnippet")


def _read_snippet(call, number):
    return _told_snippet(call, _snippet(call, number))


def _update_snippet(call, number):
    row = _snippet(call, number)
    values = clean_snippet(call, row)
    if values["value"] != row["value"]:
        values = _with_history(values, row["history"])
    return _told_snippet(call, call.state.update("snippet", row["id"], **values))


def _delete_snippet(call, number):
    call.state.delete("snippet", _snippet(call, number)["id"])


def _list_domains(call):
    return [render.domain(row) for row in call.state.where("domain")]


SNIPPET = r"dhcp-snippets/(\d+)/"
ROUTES = [
    Route("GET", "zones/", _list_zones),
    Route("POST", "zones/", _create_zone, admin=GLOBAL),
    Route("GET", f"zones/{WORD}/", _read_zone),
    Route("PUT", f"zones/{WORD}/", _update_zone, admin=GLOBAL),
    Route("DELETE", f"zones/{WORD}/", delete_zone, admin=GLOBAL),
    Route("GET", "tags/", _list_tags),
    Route("POST", "tags/", _create_tag, admin=GLOBAL),
    Route("POST", f"tags/{WORD}/", tag_nodes, op="update_nodes", admin=GLOBAL),
    Route("GET", f"tags/{WORD}/", _read_tag),
    Route("PUT", f"tags/{WORD}/", _update_tag, admin=GLOBAL),
    Route("DELETE", f"tags/{WORD}/", _delete_tag, admin=GLOBAL),
    Route("GET", "dhcp-snippets/", _list_snippets),
    Route("POST", "dhcp-snippets/", _create_snippet, admin=GLOBAL),
    Route("GET", SNIPPET, _read_snippet),
    Route("PUT", SNIPPET, _update_snippet, admin=GLOBAL),
    Route("DELETE", SNIPPET, _delete_snippet, admin=GLOBAL),
    Route("GET", "domains/", _list_domains),
]
