# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MAAS over HTTP: OAuth 1.0a PLAINTEXT, kept-alive connections, several regions. PRIVATE to this collection."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import threading
import time
import uuid
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.basic import env_fallback

API = "/api/2.0/"
KEY_VARIABLE = "MAAS_API_KEY"
CONNECT_SECONDS = 5
# Lists that MAAS takes up to 80 ms an object for, and sends in one piece; its own web server waits for so long.
LISTS = ("ipranges/", "rackcontrollers/", "subnets/")
LIST_SECONDS = 900
# When nothing is heard for so long (idle), and then so often (count) at such a distance (interval), a peer is gone.
# TCP_KEEPALIVE is macOS's word for TCP_KEEPIDLE.
KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPALIVE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}
LONGEST_PAUSE = 2
AWAY = (502, 503, 504)
PAGE = "a web page"
NOWHERE = ("Unknown API endpoint", PAGE)  # how what MAAS and others say of a wrong path begins
# What MAAS answers with status 500 while its database fails over; everything else under 500 is final.
DATABASE_AWAY = re.compile(
    r"read-only transaction|connection to server|could not connect|server closed the connection"
    r"|terminating connection|connection already closed|the database system is"
)


def argument_spec():
    """Return the options that every module which talks to MAAS takes."""
    return {
        "url": {
            "type": "list",
            "elements": "str",
            "required": True,
            "fallback": (env_fallback, ["MAAS_URL"]),
        },
        "api_key": {"type": "str", "no_log": True, "fallback": (env_fallback, [KEY_VARIABLE])},
        "api_key_file": {"type": "path", "no_log": False},
        "validate_certs": {"type": "bool", "default": True},
        "ca_path": {"type": "path"},
        "timeout": {"type": "int", "default": 60},
    }


CONSTRAINTS = {"required_one_of": [("api_key", "api_key_file")]}


class MaasError(Exception):
    """What was asked, of whom, and what it answered, in one sentence.

    status: HTTP status, None when there was no answer. errors: MAAS's words, a dict of field to list, or text.
    unsure: MAAS may have carried the request out. wait: seconds after which to try again, None if that is in vain.
    """

    def __init__(self, message, status=None, errors=None, unsure=False, wait=None):
        super().__init__(message)
        self.status, self.errors = status, errors
        self.unsure, self.wait = unsure, wait


class Client:
    """MAAS's API. Threads may share a client: each keeps a connection of its own.

    `reads` and `writes` count the requests that were sent.
    """

    def __init__(self, urls, api_key, validate_certs=True, ca_path=None, timeout=60):
        """urls: MAAS's addresses, tried in order. timeout: seconds for a request, its repetitions included."""
        if not urls:
            raise MaasError("url: at least one address of MAAS is needed")
        if timeout < 1:
            raise MaasError(f"timeout: {timeout} is too short, give at least 1 second")
        self._regions = [_region(url) for url in urls]
        self._current = 0
        self._key = _key(api_key)
        self._tls = any(host.scheme == "https" for host, root in self._regions) and _tls(validate_certs, ca_path)
        self._timeout = timeout
        self._local = threading.local()
        self._lock = threading.Lock()
        self.reads = self.writes = 0

    @classmethod
    def from_options(cls, options):
        """Make a client of the options that `argument_spec` describes, raise MaasError when they are wrong."""
        api_key = options["api_key"]
        if options["api_key_file"]:
            try:
                with open(options["api_key_file"], encoding="utf-8") as file:
                    api_key = file.read()
            except (OSError, UnicodeDecodeError) as error:
                raise MaasError(f"api_key_file: {options['api_key_file']} cannot be read: {error}") from error
        return cls(options["url"], api_key, options["validate_certs"], options["ca_path"], options["timeout"])

    @classmethod
    def from_module(cls, module):
        """Make a client of a module's options, or end the module; a file goes before a key of the environment."""
        own_key = module.params["api_key"] not in (None, os.environ.get(KEY_VARIABLE))
        if own_key and module.params["api_key_file"]:
            module.fail_json(msg="api_key and api_key_file are mutually exclusive; give one of them")
        try:
            return cls.from_options(module.params)
        except MaasError as error:
            module.fail_json(msg=str(error))

    def get(self, path, **query):
        """Read. A path is relative to the API; with a slash before it, to MAAS itself (`/rpc/`)."""
        return self._send("GET", path, query)

    def find(self, path, **query):
        """Read what may not be there: None instead of MAAS's error 404, which is not that of a wrong address."""
        try:
            return self.get(path, **query)
        except MaasError as error:
            if error.status == 404 and not str(error.errors).startswith(NOWHERE):
                return None
            raise

    def post(self, path, data=None, op=None, repeat=False):
        """Create, or carry out an operation; repeat says that twice is as good as once.

        Else it is not repeated when MAAS may have received it: the error's `unsure` says that one must look first.
        """
        return self._send("POST", path, {"op": op} if op else {}, data or {}, repeat)

    def put(self, path, data):
        """Change. Repeated while MAAS is away, so data must say what is wanted, not what to do."""
        return self._send("PUT", path, {}, data)

    def delete(self, path, **query):
        """Delete. Repeated while MAAS is away; gone by then is as good as deleted."""
        return self._send("DELETE", path, query)

    def _send(self, method, path, query, data=None, repeat=True):
        whole = method == "GET" and path in LISTS and not query
        # Long lists are given time to answer, not to fail: that of their repeats begins with the first failure.
        until = None if whole else time.monotonic() + self._timeout
        # A region that hangs must leave time for the next one.
        patience = LIST_SECONDS if whole else self._timeout / len(self._regions)
        attempt = 0
        while True:
            region = self._current
            try:
                return self.exchange(region, method, path, query, data, patience)
            except MaasError as error:
                if method == "DELETE" and attempt and error.status == 404:
                    return None
                wait = error.wait
                until = until or time.monotonic() + self._timeout
                if wait is None or (error.unsure and not repeat) or time.monotonic() + wait > until:
                    raise
            if self._current == region:
                self._current = (region + 1) % len(self._regions)
            time.sleep(max(wait, min(0.1 * 2**attempt, LONGEST_PAUSE)))
            attempt += 1

    def exchange(self, region, method, path, query, data=None, patience=None):
        """Send once, to the region of that number; return what MAAS answered, or raise MaasError.

        patience: seconds without a byte of the answer after which there is none; None for the client's timeout.
        """
        host, root = self._regions[region]
        asked = path + (f"?{_form(query)}" if query else "")
        place = f"{method} {asked}"
        target = root + (asked if path.startswith("/") else API + asked)
        headers = {"Authorization": self._authorization()}
        body = None
        if data is not None:
            body = _form(data).encode()
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        sent = False
        try:
            connection = self._connection(region)
            connection.sock.settimeout(patience or self._timeout)
            self._count(method)
            sent = True
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except ssl.SSLCertVerificationError as error:
            self._hang_up()
            raise MaasError(
                f"url: the certificate of https://{host.netloc} is not trusted: {error.verify_message}. "
                "Name its CA by ca_path",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            self._hang_up()
            raise MaasError(
                f"{place}: no answer from {host.scheme}://{host.netloc} ({error or type(error).__name__})",
                unsure=sent and method != "GET",
                wait=0,
            ) from error
        if response.will_close:
            self._hang_up()
        if response.status < 300:
            return _answer(place, response, text)
        raise _refusal(method, place, response, text)

    def _connection(self, region):
        """Return this thread's connection to the region, opened if need be."""
        kept = getattr(self._local, "kept", None)
        if kept and kept[0] == region and kept[1].sock:
            return kept[1]
        self._hang_up()
        host = self._regions[region][0]
        patience = min(CONNECT_SECONDS, self._timeout)
        if host.scheme == "https":
            connection = http.client.HTTPSConnection(host.hostname, host.port, timeout=patience, context=self._tls)
        else:
            connection = http.client.HTTPConnection(host.hostname, host.port, timeout=patience)
        connection.connect()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            if hasattr(socket, name):
                connection.sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        self._local.kept = (region, connection)
        return connection

    def _hang_up(self):
        kept = getattr(self._local, "kept", None)
        if kept:
            kept[1].close()
        self._local.kept = None

    def _count(self, method):
        with self._lock:
            if method == "GET":
                self.reads += 1
            else:
                self.writes += 1

    def _authorization(self):
        """Sign one request. MAAS takes each nonce once, and clocks may differ by five minutes."""
        consumer, token, secret = self._key
        words = {
            "oauth_version": "1.0",
            "oauth_signature_method": "PLAINTEXT",
            "oauth_consumer_key": consumer,
            "oauth_token": token,
            "oauth_signature": f"&{secret}",
            "oauth_nonce": uuid.uuid4().hex,
            "oauth_timestamp": str(int(time.time())),
        }
        return "OAuth " + ", ".join(f'{name}="{quote(value, safe="")}"' for name, value in words.items())


def _region(url):
    """Split a MAAS URL into its address and its root path."""
    try:
        host = urlsplit(url.strip())
        usable = host.scheme in ("http", "https") and host.hostname and host.port != 0 and "@" not in host.netloc
    except ValueError:
        usable = False
    if not usable:
        shown = re.sub(r"//[^/]*@", "//", url)  # without a password
        raise MaasError(f"url: {shown!r} is not an address like http://maas.example.com:5240/MAAS")
    return host, host.path.rstrip("/").removesuffix(API.rstrip("/")) or "/MAAS"


def _key(api_key):
    parts = (api_key or "").strip().split(":")
    if len(parts) != 3 or not all(re.fullmatch(r"[!-~]+", part) for part in parts):
        raise MaasError(
            "api_key: not an API key, which is three words joined by colons (consumer:token:secret), "
            "as `maas apikey --username USER` prints it"
        )
    return parts


def _tls(validate_certs, ca_path):
    try:
        directory = ca_path and os.path.isdir(ca_path)
        context = ssl.create_default_context(**{"capath" if directory else "cafile": ca_path})
    except OSError as error:
        raise MaasError(f"ca_path: {ca_path} holds no certificates that can be read: {error}") from error
    if not validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _form(data):
    """Encode fields as MAAS's forms read them: `true`, `false`, empty for None, a list as the field repeated."""
    pairs = []
    for name, value in data.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(one, bool):
                one = "true" if one else "false"
            pairs.append((name, "" if one is None else one))
    return urlencode(pairs)


def _answer(place, response, text):
    kind = response.headers.get("Content-Type", "")
    if "html" in kind:
        raise MaasError(
            f"{place}: a web page came instead of an answer; url must be MAAS's own (http://HOST:5240/MAAS)"
        )
    if "json" not in kind:
        return text or None
    try:
        return json.loads(text)
    except ValueError as error:
        raise MaasError(f"{place}: the answer is not JSON: {error}") from error


def _refusal(method, place, response, text):
    """Tell in MAAS's words why it refused. The body of a 401 holds the key's secret, so it is never repeated."""
    status, wait, errors = response.status, None, _errors(response, text)
    if status == 401:
        errors = "api_key: not accepted"
        if "timestamp" in text.lower():
            errors = "the clocks of this host and of MAAS differ by more than five minutes"
    elif status < 400:
        where = response.headers.get("Location", "elsewhere")
        errors = f"url: MAAS sends on to {where}, where the API key is not sent; give that address instead"
    elif status == 409 and response.headers.get("Retry-After", "").isdigit():
        wait = int(response.headers["Retry-After"])
    elif status in AWAY or (status == 500 and DATABASE_AWAY.search(text)):
        wait = 0
    words = errors if isinstance(errors, str) else _sentence(errors)
    return MaasError(
        f"{place} answered {status}: {words}",
        status,
        errors,
        unsure=status >= 500 and method != "GET",
        wait=wait,
    )


def _errors(response, text):
    """Return MAAS's words: a dict of field to texts, or one text."""
    kind = response.headers.get("Content-Type", "")
    if "json" in kind:
        try:
            errors = json.loads(text)
        except ValueError:
            errors = text
        return errors if isinstance(errors, dict) else str(errors)
    if "html" in kind:
        title = re.search(r"<(title|h1)[^>]*>(.*?)</\1>", text, re.DOTALL | re.IGNORECASE)
        text = f"{PAGE}, {title.group(2)}" if title else PAGE
    return " ".join(text.split())[:500] or response.reason or "no reason given"


def _sentence(errors):
    """Join MAAS's words, each under the field it concerns; the same words for several fields are said once."""
    fields = {}
    for field, texts in errors.items():
        words = " ".join(str(text) for text in texts) if isinstance(texts, list) else str(texts)
        fields.setdefault(words, []).append(field)
    return "; ".join(
        words if names == ["__all__"] else f"{', '.join(names)}: {words}" for words, names in fields.items()
    )
