# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A region that runs in this process, with an administrator: what tests and benchmarks talk to."""

from __future__ import annotations

import itertools
import json
import time
import urllib.parse

from . import oauth, seed
from .api import Api
from .server import Server
from .state import MemoryStore
from .versions import DEFAULT
from .wire import Request

PASSWORD = "simulated-admin-password"


class Site:
    """A store with an administrator, the Api on it and the Server of that; use it as a context manager to serve."""

    def __init__(self, version=DEFAULT, **server):
        """server: the options of Server."""
        self.version = version
        self.store = MemoryStore()
        self.api = Api(self.store, version)
        self.server = Server(self.api, **server)
        with self.store.transaction() as state:
            seed.found(state, version)
            self.api_key = self._add_user(state, "admin", True)
        self._nonces = itertools.count(1)

    @property
    def url(self):
        """The URL of MAAS, as modules take it."""
        return self.server.url

    def transaction(self):
        """The state, to look at or to change: with site.transaction() as state: ..."""
        return self.store.transaction()

    def add_user(self, username, is_superuser=False):
        """Add a user and return an API key of theirs."""
        with self.transaction() as state:
            return self._add_user(state, username, is_superuser)

    def _add_user(self, state, username, is_superuser):
        user = state.add_user(username, PASSWORD, f"{username}@example.com", is_superuser)
        return state.add_api_key(user["id"])

    def call(self, method, path, data=None, api_key=None, **query):
        """Send one request to the Api, without sockets and uncounted, and return its Response."""
        nonce = f"site{next(self._nonces)}"
        headers = {
            "Authorization": oauth.authorization(api_key or self.api_key, nonce, int(time.time())),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urllib.parse.urlencode(data).encode() if data else b""
        return self.api.handle(Request(method, "/MAAS/api/2.0/" + path, query, headers, body))

    def get(self, path, **query):
        """What a GET answers, decoded; raises AssertionError if it is not 200."""
        response = self.call("GET", path, **query)
        assert response.status == 200, (path, response.status, response.body)
        return json.loads(response.body)

    def __enter__(self):
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop()
