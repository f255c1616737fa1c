# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and their keys."""

from __future__ import annotations

import json

from . import render
from .call import Route
from .wire import JSON, Response


def whoami(call):
    return render.user(call.user)


def login_page(state, request):
    """What the login page tells before a login."""
    return Response(200, json.dumps({"authentication_url": None, "no_users": not state.table("user")}), JSON)


ROUTES = [
    Route("GET", "users/", whoami, op="whoami"),
]
