# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of a deployment: one for all regions, kept in the database."""

from __future__ import annotations

import ssl
import tempfile

NAME = "global/tls"


def context(key, cert, chain=""):
    """Return a server's TLS context. Raises ssl.SSLError for what is no key and certificate of each other."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(f"{key}\n{cert}\n{chain}")
        file.flush()
        made.load_cert_chain(file.name)
    return made


def check(key, cert):
    """Raise ValueError as MAAS does, which takes key and certificate in either order and looks at no date."""
    try:
        context(key, cert)
    except ssl.SSLError as error:
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        raise ValueError("Private and public keys don't match" if mismatch else "Invalid PEM material") from error


def enable(state, key, cert, chain, port):
    """Keep the certificate and the port."""
    _replace(state, "secret", {"path": NAME}, value={"key": key, "cert": cert, "cacert": chain})
    _replace(state, "setting", {"name": "tls_port"}, value=port)


def disable(state):
    """Forget the certificate."""
    for secret in state.where("secret", path=NAME):
        state.delete("secret", secret["id"])
    _replace(state, "setting", {"name": "tls_port"}, value=None)


def stored(state):
    """Return {port, key, cert, cacert} of what is enabled, or None."""
    secret = state.find("secret", path=NAME)
    setting = state.find("setting", name="tls_port")
    return {"port": setting["value"], **secret["value"]} if secret and setting else None


def _replace(state, kind, which, **columns):
    row = state.find(kind, **which)
    if row:
        state.update(kind, row["id"], **columns)
    else:
        state.insert(kind, **which, **columns)
