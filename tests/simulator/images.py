# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where boot images come from, and their import."""

from __future__ import annotations

import base64
import json

from . import forms, render
from .call import Route
from .forms import Field, Form
from .wire import JSON, TEXT, Refused, Response

EDIT = "can_edit_boot_entities"


# Boot sources

SOURCE_FIELDS = {
    "url": Field(forms.text(), required=True),
    "keyring_filename": Field(forms.text(), default=""),
    "keyring_data": Field(forms.text(), default=""),
}


def clean_source(call, source=None):
    """Clean the form of a boot source; keyring_data is kept as text of one character a byte."""
    form = Form(SOURCE_FIELDS, call.data, source)
    values = form.values
    if not values.get("keyring_filename") and not values.get("keyring_data"):
        form.error("__all__", "One of keyring_data or keyring_filename must be specified.")
    if values.get("keyring_filename") and values.get("keyring_data"):
        form.error("__all__", "Only one of keyring_filename or keyring_data can be specified.")
    if call.series.source_urls_stripped and "url" in values:
        values["url"] = values["url"].rstrip("/")
    same = call.state.find("bootsource", url=values.get("url"))
    if same and same["id"] != (source or {}).get("id"):
        form.error("url", "Boot source with this Url already exists.")
    form.check()
    return values


def _told_source(row):
    return {
        "id": row["id"],
        "url": row["url"],
        "keyring_filename": row["keyring_filename"],
        "keyring_data": base64.b64encode(row["keyring_data"].encode("latin-1")).decode(),
        "created": row["created"],
        "updated": row["updated"],
        "resource_uri": f"{render.API}/boot-sources/{row['id']}/",
    }


def _source(call, number):
    return call.get("bootsource", number, "BootSource")


def _list_sources(call):
    return [_told_source(row) for row in call.state.where("bootsource")]


def _create_source(call):
    now = render.timestamp()
    row = call.state.insert("bootsource", **clean_source(call), created=now, updated=now)
    return Response(201, json.dumps(_told_source(row)), JSON)


def _read_source(call, number):
    return _told_source(_source(call, number))


def _update_source(call, number):
    source = _source(call, number)
    values = clean_source(call, source)
    return _told_source(call.state.update("bootsource", source["id"], **values, updated=render.timestamp()))


def _delete_source(call, number):
    source = _source(call, number)
    for selection in call.state.where("selection", source=source["id"]):
        call.state.delete("selection", selection["id"])
    call.state.delete("bootsource", source["id"])


# Selections of a boot source


def _words(value):
    return value if isinstance(value, list) else [str(value)]


# What every boot source offers.
AVAILABLE = {"ubuntu": ("bionic", "focal", "jammy", "noble", "resolute"), "centos": ("centos7", "centos70", "8")}
SELECTION_FIELDS = {
    "os": Field(forms.text(), default=""),
    "release": Field(forms.text(), default=""),
    "arches": Field(_words, default=["*"]),
    "subarches": Field(_words, default=["*"]),
    "labels": Field(_words, default=["*"]),
}


def clean_selection(call, source, selection=None):
    """Clean the form of a selection; there is one for each release."""
    form = Form(SELECTION_FIELDS, call.data, selection)
    values = form.values
    os, release = values["os"], values["release"]
    if not any(release in releases for name, releases in AVAILABLE.items() if os in ("", name)):
        form.error("os", f"OS {os} with release {release} has no available images for download")
    same = call.state.find("selection", source=source["id"], os=os, release=release)
    if same and same["id"] != (selection or {}).get("id"):
        form.error("__all__", "Boot source selection with this Boot source, Os and Release already exists.")
    form.check()
    return values


def _told_selection(row):
    return {
        **{column: row[column] for column in ("id", "os", "release", "arches", "subarches", "labels")},
        "boot_source_id": row["source"],
        "resource_uri": f"{render.API}/boot-sources/{row['source']}/selections/{row['id']}/",
    }


def _selection(call, source, number):
    return call.get("selection", number, "BootSourceSelection", source=int(source))


def _list_selections(call, source):
    return [_told_selection(row) for row in call.state.where("selection", source=_source(call, source)["id"])]


def _create_selection(call, source):
    source = _source(call, source)
    row = call.state.insert("selection", source=source["id"], synced=False, **clean_selection(call, source))
    return Response(201, json.dumps(_told_selection(row)), JSON)


def _read_selection(call, source, number):
    return _told_selection(_selection(call, source, number))


def _update_selection(call, source, number):
    selection = _selection(call, source, number)
    values = clean_selection(call, _source(call, source), selection)
    return _told_selection(call.state.update("selection", selection["id"], **values))


def _delete_selection(call, source, number):
    call.state.delete("selection", _selection(call, source, number)["id"])


# Boot resources: what selections have brought. An import runs until it is stopped or has been asked about often enough.

READS_OF_AN_IMPORT = 3
TYPES = ("synced", "uploaded", "generated")


def _list_resources(call):
    wanted = call.query.get("type", "all")
    if wanted != "all" and wanted not in TYPES:
        raise Refused(400, f"'{wanted}' is not a valid boot resource type. Available types: {list(TYPES)}")
    if wanted not in ("all", "synced"):
        return []
    synced = [row for row in call.state.where("selection") if row["synced"]]
    images = [(row, arch) for row in synced for arch in row["arches"]]
    return [_told_resource(number, row, arch) for number, (row, arch) in enumerate(images, 1)]


def _told_resource(number, selection, arch):
    return {
        "id": number,
        "type": "Synced",
        "name": f"{selection['os'] or 'ubuntu'}/{selection['release']}",
        "architecture": f"{'amd64' if arch == '*' else arch}/generic",
        "last_deployed": None,
        "resource_uri": f"{render.API}/boot-resources/{number}/",
    }


def _start_import(call):
    if not call.state.where("import"):
        call.state.insert("import", reads_left=READS_OF_AN_IMPORT)
    return Response(200, "Import of boot resources started", TEXT)


def _stop_import(call):
    for row in call.state.where("import"):
        call.state.delete("import", row["id"])
    return Response(200, "Import of boot resources is being stopped", TEXT)


def _is_importing(call):
    running = call.state.find("import")
    if running is None:
        return False
    if running["reads_left"] > 1:
        call.state.update("import", running["id"], reads_left=running["reads_left"] - 1)
    else:
        _finish_import(call.state, running)
    return True


def _finish_import(state, running):
    """End an import: what is selected is there now."""
    state.delete("import", running["id"])
    for selection in state.where("selection"):
        state.update("selection", selection["id"], synced=True)


SOURCE = r"boot-sources/(\d+)/"
SELECTIONS = f"{SOURCE}selections/"
SELECTION = rf"{SELECTIONS}(\d+)/"
ROUTES = [
    Route("GET", "boot-sources/", _list_sources, admin=EDIT),
    Route("POST", "boot-sources/", _create_source, admin=EDIT),
    Route("GET", SOURCE, _read_source, admin=EDIT),
    Route("PUT", SOURCE, _update_source, admin=EDIT),
    Route("DELETE", SOURCE, _delete_source, admin=EDIT),
    Route("GET", SELECTIONS, _list_selections, admin=EDIT),
    Route("POST", SELECTIONS, _create_selection, admin=EDIT),
    Route("GET", SELECTION, _read_selection, admin=EDIT),
    Route("PUT", SELECTION, _update_selection, admin=EDIT),
    Route("DELETE", SELECTION, _delete_selection, admin=EDIT),
    Route("GET", "boot-resources/", _list_resources),
    Route("POST", "boot-resources/", _start_import, op="import", admin=EDIT),
    Route("POST", "boot-resources/", _stop_import, op="stop_import", admin=EDIT),
    Route("GET", "boot-resources/", _is_importing, op="is_importing", admin=EDIT),
]
