# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, their API keys and their SSH keys."""

from __future__ import annotations

import base64
import binascii
import json

from . import render
from .call import Route
from .forms import Field, FieldError, Form
from .network import WORD
from .state import api_key
from .wire import JSON, TEXT, Invalid, Refused, Response, not_found

EDIT = "can_edit_identities"
FLAGS = {"0": False, "1": True}
KEY_TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    "ssh-dss",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


def login_page(state):
    """What the login page tells before a login."""
    return Response(200, json.dumps({"authentication_url": None, "no_users": not state.table("user")}), JSON)


# Users


def _whoami(call):
    return render.user(call.user)


def _list_users(call):
    return [render.user(row) for row in sorted(call.state.where("user"), key=lambda row: row["username"])]


def _create_user(call):
    username, email, password, is_superuser = (
        call.require(name) for name in ("username", "email", "password", "is_superuser")
    )
    name, at, domain = email.rpartition("@")
    email = name + at + domain.lower()
    if is_superuser not in FLAGS:
        raise Refused(500, f"Not a valid Boolean value (0 or 1): '{is_superuser}'")
    if any(row["username"] == username or row["email"] == email for row in call.state.where("user")):
        raise Refused(409, "Conflict", TEXT, {"Retry-After": "5"})
    return render.user(call.state.add_user(username, password, email, FLAGS[is_superuser]))


def _read_user(call, username):
    return render.user(_user(call.state, username))


def _user(state, username):
    user = state.find("user", username=username)
    if user is None:
        raise not_found("User")
    return user


def delete_user(call, username):
    """Remove a user, unless ranges or addresses are theirs and nobody takes them over; strangers are gone already."""
    state = call.state
    if call.user["username"] == username:
        raise Refused(400, "An administrator cannot self-delete.")
    user = state.find("user", username=username)
    if user is None:
        return
    owned = [
        (kind, title, [row for row in state.where(kind) if row["user"] == user["id"]])
        for kind, title in (("address", "static IP address(es)"), ("iprange", "IP range(s)"))
    ]
    heir = call.query.get("transfer_resources_to")
    for kind, dummy, rows in owned:
        for row in rows if heir else ():
            state.update(kind, row["id"], user=_user(state, heir)["id"])
    counts = ", ".join(f"{len(rows)} {title}" for dummy, title, rows in owned if rows)
    if counts and not heir:
        raise Refused(400, f"User {username} cannot be deleted: {counts} are still allocated")
    for kind in ("token", "sshkey"):
        for row in state.where(kind, user=user["id"]):
            state.delete(kind, row["id"])
    state.delete("user", user["id"])


# API keys of the caller


def _create_token(call):
    key = call.state.add_api_key(call.user["id"], call.data.get("name") or "MAAS consumer")
    consumer, token, secret = key.split(":")
    name = call.state.find("token", key=token)["name"]
    return {"token_key": token, "token_secret": secret, "consumer_key": consumer, "name": name}


def _list_tokens(call):
    return [{"name": row["name"], "token": api_key(row)} for row in call.state.where("token", user=call.user["id"])]


def _token(call, parameter):
    key = call.require(parameter)
    token = call.state.find("token", key=key.split(":")[1] if key.count(":") == 2 else key, user=call.user["id"])
    if token is None:
        raise not_found("Token")
    return token


def _delete_token(call):
    call.state.delete("token", _token(call, "token_key")["id"])


def _rename_token(call):
    call.state.update("token", _token(call, "token")["id"], name=call.require("name"))
    return Response(202, "Accepted")


# SSH keys of the caller


def _public_key(value):
    """An OpenSSH public key: its type, its data and perhaps a comment."""
    words = str(value).split(None, 2)
    try:
        if len(words) < 2 or words[0] not in KEY_TYPES:
            raise ValueError(words)
        data = base64.b64decode(words[1], validate=True)
        if data[4 : 4 + int.from_bytes(data[:4], "big")].decode() != words[0]:
            raise ValueError(words[0])
    except (ValueError, binascii.Error):
        raise FieldError("Invalid SSH public key: Invalid OpenSSH public key.") from None
    return " ".join(words)


def _told_key(row):
    return {
        "id": row["id"],
        "key": row["key"],
        "keysource": row["keysource"],
        "resource_uri": f"{render.API}/account/prefs/sshkeys/{row['id']}/",
    }


def _list_sshkeys(call):
    return [_told_key(row) for row in call.state.where("sshkey", user=call.user["id"])]


def _create_sshkey(call):
    user = call.user
    if "user" in call.data:
        if not call.is_admin:
            raise Invalid(["Only administrators can specify a user when creating an SSH key."])
        user = call.state.find("user", username=call.data["user"])
        if user is None:
            raise Invalid(["Supplied username does not match any current users."])
    form = Form({"key": Field(_public_key, required=True)}, call.data)
    key = form.values.get("key")
    if key and call.state.find("sshkey", user=user["id"], key=key):
        form.error("__all__", "This key has already been added for this user.")
    form.check()
    row = call.state.insert("sshkey", user=user["id"], key=key, keysource="")
    return Response(201, json.dumps(_told_key(row)), JSON)


def _sshkey(call, number):
    return call.get("sshkey", number, "SSHKey")


def _read_sshkey(call, number):
    return _told_key(_sshkey(call, number))


def _delete_sshkey(call, number):
    row = _sshkey(call, number)
    if row["user"] != call.user["id"]:
        raise Refused(403, "Can't delete a key you don't own.")
    call.state.delete("sshkey", row["id"])


KEYS = "account/prefs/sshkeys/"
ROUTES = [
    Route("GET", "users/", _list_users),
    Route("GET", "users/", _whoami, op="whoami"),
    Route("POST", "users/", _create_user, admin=EDIT),
    Route("GET", f"users/{WORD}/", _read_user),
    Route("DELETE", f"users/{WORD}/", delete_user, admin=EDIT),
    Route("POST", "account/", _create_token, op="create_authorisation_token"),
    Route("GET", "account/", _list_tokens, op="list_authorisation_tokens"),
    Route("POST", "account/", _delete_token, op="delete_authorisation_token"),
    Route("POST", "account/", _rename_token, op="update_token_name"),
    Route("GET", KEYS, _list_sshkeys),
    Route("POST", KEYS, _create_sshkey),
    Route("GET", rf"{KEYS}(\d+)/", _read_sshkey),
    Route("DELETE", rf"{KEYS}(\d+)/", _delete_sshkey),
]
