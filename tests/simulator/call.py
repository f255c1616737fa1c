# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a handler gets and gives: the call, the routes that lead to it, and what it may leave for later."""

from __future__ import annotations

from typing import Callable, NamedTuple

from .wire import Refused, not_found

DENIED = "This method is reserved for admin users."
DENIED_BY_NAME = "User does not have permission to perform this operation. The user should have permission '{}'"


class Route(NamedTuple):
    """A method and a path (a regular expression below /MAAS/api/2.0/) that one handler answers.

    The handler is called with the Call and the groups of the path. It returns a Response, a Later, None (204), or
    anything else that JSON can carry. admin names the permission without which the request is refused.
    """

    method: str
    path: str
    handler: Callable
    op: str | None = None
    admin: str | None = None
    anonymous: bool = False
    since: str | None = None  # the difference of versions.py that a series must have


class Later(NamedTuple):
    """The rest of a request whose checks are not serialised with its writes: it runs in a transaction of its own."""

    finish: Callable


class Call:
    """One request on its way through a handler."""

    def __init__(self, state, series, user, query, data):
        self.state = state
        self.series = series
        self.user = user
        self.query = query
        self.data = data

    @property
    def is_admin(self):
        """Whether the caller is an administrator."""
        return bool(self.user and self.user["is_superuser"])

    def get(self, kind, row_id, model, **columns):
        """Return the row of that id (and those columns) or refuse with 404."""
        row = self.state.get(kind, int(row_id))
        if row is None or any(row[column] != value for column, value in columns.items()):
            raise not_found(model)
        return row

    def require(self, name):
        """Return a field of the body that must be there."""
        if self.data.get(name) is None:
            self.missing(name)
        return self.data[name]

    def missing(self, name):
        """Refuse because a parameter is not there."""
        raise Refused(400, f"No provided {name}!")

    def flag(self, name):
        """Whether a query parameter says yes."""
        return str(self.query.get(name, "")).lower() in ("true", "t", "yes", "y", "on", "1")

    def require_admin(self, permission=None):
        """Refuse plain users; without a permission to name the body is empty."""
        if self.is_admin:
            return
        raise Refused(403, denied(self.series, permission) if permission else "")


def denied(series, permission):
    """The text of a 403."""
    return DENIED_BY_NAME.format(permission) if series.permissions_named else DENIED
