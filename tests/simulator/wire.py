# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes over the wire: requests, responses, refusals, and the decoding of bodies."""

from __future__ import annotations

import email.parser
import email.policy
import json
import urllib.parse

JSON = "application/json; charset=utf-8"
BARE_JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
BARE_TEXT = "text/plain"
HTML = "text/html; charset=utf-8"


class Query(dict):
    """A query as {name: last value}, made of its text or of a dict."""

    def __init__(self, query):
        self._pairs = list(query.items()) if isinstance(query, dict) else urllib.parse.parse_qsl(query, True)
        super().__init__(self._pairs)

    def all(self, name):
        """Every value of a name that is given more than once."""
        return [value for given, value in self._pairs if given == name]


class Request:
    """One HTTP request; query and data are {name: last value}, header names are lower case."""

    def __init__(self, method, path, query="", headers=None, body=b""):
        self.method = method
        self.path = path
        self.query = Query(query)
        self.headers = {name.lower(): value for name, value in (headers or {}).items()}
        self.body = body

    @property
    def content_type(self):
        """The media type of the body, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Response:
    """One HTTP response: status, headers and the body as bytes."""

    def __init__(self, status, body=b"", content_type=BARE_TEXT, headers=None):
        self.status = status
        self.body = body if isinstance(body, bytes) else body.encode()
        self.headers = {"Content-Type": content_type, "Vary": "Authorization, Cookie", **(headers or {})}

    def json(self):
        """The body, decoded."""
        return json.loads(self.body)


class Refused(Exception):
    """The API refuses, with a status and a body; raising it undoes what the request did so far."""

    def __init__(self, status, body="", content_type=TEXT, headers=None):
        super().__init__(status, body)
        self.response = Response(status, body, content_type, headers)


class Invalid(Refused):
    """400 with {field: [text]}, as validation errors are told."""

    def __init__(self, errors, content_type=JSON):
        super().__init__(400, json.dumps(errors), content_type)
        self.errors = errors


def not_found(kind):
    """404 for an object that the path names and MAAS does not have."""
    return Refused(404, f"No {kind} matches the given query.", BARE_TEXT)


def decode(request):
    """Return the fields of the body as {name: value}; the values of forms are strings, those of JSON anything.

    A field that a form repeats is a list. A body of any other type is refused by a form that says nothing.
    """
    if not request.body:
        return {}
    if request.content_type not in DECODERS:
        raise Invalid({})
    return DECODERS[request.content_type](request)


def _gather(pairs):
    fields = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _decode_form(request):
    return _gather(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True))


def _decode_json(request):
    try:
        fields = json.loads(request.body)
    except ValueError:
        raise Refused(400, "Bad Request", BARE_TEXT) from None
    return fields if isinstance(fields, dict) else {}


def _decode_multipart(request):
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    return _gather(
        (part.get_param("name", header="content-disposition"), _part_text(part)) for part in message.iter_parts()
    )


def _part_text(part):
    """The text of a part; that of a file has one character a byte."""
    return part.get_payload(decode=True).decode("latin-1" if part.get_filename() else "utf-8")


DECODERS = {
    "application/x-www-form-urlencoded": _decode_form,
    "application/json": _decode_json,
    "multipart/form-data": _decode_multipart,
}
