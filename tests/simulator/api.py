# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A region's HTTP interface without the sockets: requests in, responses out."""

from __future__ import annotations

import json
import re
import threading
import time

from . import addressing, catalogue, controllers, images, leases, network, oauth, people, settings
from .call import Call, Later, denied
from .tables import StoreError
from .versions import DEFAULT, series_of
from .wire import BARE_TEXT, HTML, JSON, TEXT, Refused, Response, decode

ROOT = "/MAAS/api/2.0/"
MODULES = (network, addressing, leases, controllers, people, settings, images, catalogue)


class Api:
    """Answers requests as a region of one version would, from the rows of a store."""

    def __init__(self, store, version=DEFAULT, workers=4, gap=0.005):
        """workers: how many requests are answered at the same time.

        gap: seconds between the checks and the write of requests whose checks MAAS does not serialise.
        """
        self.store = store
        self.series = series_of(version)
        self.gap = gap
        self._workers = threading.BoundedSemaphore(workers)
        routes = [route for module in MODULES for route in module.ROUTES]
        self._routes = [
            (re.compile(route.path), route)
            for route in routes
            if route.since is None or getattr(self.series, route.since)
        ]

    def handle(self, request):
        """Return the response to a request."""
        with self._workers:
            return self._handle(request)

    def _handle(self, request):
        try:
            with self.store.transaction() as state:
                answer = self._answer(state, request)
            if isinstance(answer, Later):
                time.sleep(self.gap)
                with self.store.transaction() as state:
                    answer = _respond(answer.finish(state))
        except StoreError as error:
            return Response(500, str(error), TEXT)
        return answer

    def route_of(self, method, path):
        """Return the path pattern of the route that answers a request, for counting; None if there is none."""
        found = self._find(method, _below_root(path))
        return found[0][0].path if found else None

    def _answer(self, state, request):
        """Answer within one transaction; a refusal undoes all but the nonce."""
        mark = 0
        try:
            path = _below_root(request.path)
            if path is None:
                return _outside(state, request)
            candidates = self._find(request.method, path)
            user = self._authenticate(state, request, candidates)
            mark = len(state.journal)
            return self._dispatch(state, request, candidates, user)
        except Refused as refused:
            state.rollback(mark)
            return refused.response

    def _find(self, method, path):
        """The routes of a path for a method, with the groups of the path; None if the path is unknown."""
        matches = [
            (route, match) for pattern, route in self._routes for match in [pattern.fullmatch(path or "")] if match
        ]
        if not matches:
            return None
        return [(route, match.groups()) for route, match in matches if route.method == method]

    def _authenticate(self, state, request, candidates):
        if (
            candidates
            and all(route.anonymous for route, dummy in candidates)
            and "authorization" not in request.headers
        ):
            return None
        return oauth.authenticate(state, request)

    def _dispatch(self, state, request, candidates, user):
        if candidates is None:
            raise Refused(404, f"Unknown API endpoint: {request.path}.", TEXT)
        if not candidates:
            raise Refused(405, "", HTML)
        if "format" in request.query and request.query["format"] != "json":
            raise Refused(400, f"Invalid output format specified '{request.query['format']}'.", BARE_TEXT)
        data = decode(request)
        op = request.query.get("op", data.get("op") if request.method == "POST" else None)
        route, groups = next((each for each in candidates if each[0].op == op), (None, ()))
        if route is None:
            raise Refused(400, f"Unrecognised signature: method={request.method} op={op}", TEXT)
        if route.admin and not user["is_superuser"]:
            raise Refused(403, denied(self.series, route.admin))
        answer = route.handler(Call(state, self.series, user, request.query, data), *groups)
        return answer if isinstance(answer, Later) else _respond(answer)


def _below_root(path):
    """The path below the API's root, doubled slashes forgiven; None outside of it."""
    path = re.sub("/+", "/", path)
    return path[len(ROOT) :] if path.startswith(ROOT) else None


def _respond(answer):
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(204)
    return Response(200, json.dumps(answer), JSON)


# The few pages outside of the API that tell whether a region is alive.
PAGES = {"/MAAS/rpc/": controllers.rpc, "/MAAS/accounts/login/": people.login_page}


def _outside(state, request):
    if request.path not in PAGES:
        raise Refused(404, "Not Found", HTML)
    return PAGES[request.path](state)
