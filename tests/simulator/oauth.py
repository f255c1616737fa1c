# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks: OAuth 1.0 with PLAINTEXT signatures, and the refusals that MAAS words so memorably."""

from __future__ import annotations

import re
import time
import urllib.parse

from .wire import BARE_TEXT, HTML, Refused

THRESHOLD = 300  # seconds that a timestamp may lie in the past
PARAMETER = re.compile(r'(\w+)="([^"]*)"')


def authenticate(state, request, now=None):
    """Return the user row that signed the request, noting its nonce."""
    now = time.time() if now is None else now
    scheme, dummy, parameters = request.headers.get("authorization", "").partition(" ")
    given = {name: urllib.parse.unquote(value) for name, value in PARAMETER.findall(parameters)}
    if scheme.lower() != "oauth" or "oauth_token" not in given:
        raise Refused(401, "Forbidden", BARE_TEXT)
    token = state.find("token", key=given["oauth_token"])
    if not state.where("token", consumer=given.get("oauth_consumer_key")):
        raise _unauthorised("Invalid API key.")
    if token is None:
        raise _unauthorised(f"'Invalid access token: {given['oauth_token']}'")
    if given.get("oauth_signature") != "&" + token["secret"]:
        raise _unauthorised(f"'Invalid signature. Expected signature base string: &{token['secret']}'")
    stamp = int(given["oauth_timestamp"]) if given.get("oauth_timestamp", "").isdigit() else 0
    if now - stamp > THRESHOLD:
        raise _unauthorised(
            f"'Expired timestamp: given {stamp} and now {int(now)} has a greater difference than threshold {THRESHOLD}'"
        )
    if state.find("nonce", nonce=given.get("oauth_nonce"), token=token["id"]):
        raise _unauthorised(f"'Nonce already used: {given['oauth_nonce']}'")
    _remember(state, token["id"], given.get("oauth_nonce"), now)
    return state.get("user", token["user"])


def _remember(state, token, nonce, now):
    """Note a nonce, and forget the oldest one when its timestamp alone would refuse it."""
    oldest = next(iter(state.table("nonce").values()), None)
    if oldest and now - oldest["seen"] > 2 * THRESHOLD:
        state.delete("nonce", oldest["id"])
    state.insert("nonce", token=token, nonce=nonce, seen=now)


def _unauthorised(text):
    return Refused(401, f"Authorization Error: {text}", HTML, {"WWW-Authenticate": 'OAuth realm="OAuth"'})


def authorization(api_key, nonce, timestamp):
    """Return the Authorization header for an API key, as a client would send it."""
    consumer, token, secret = api_key.split(":")
    parameters = {
        "oauth_version": "1.0",
        "oauth_signature_method": "PLAINTEXT",
        "oauth_consumer_key": consumer,
        "oauth_token": token,
        "oauth_signature": "%26" + secret,
        "oauth_nonce": nonce,
        "oauth_timestamp": str(timestamp),
    }
    return "OAuth " + ", ".join(f'{name}="{value}"' for name, value in parameters.items())
