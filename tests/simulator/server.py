# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A region on a socket: threads, kept-alive connections, TLS, and faults to order."""

from __future__ import annotations

import collections
import http.server
import socket
import ssl
import threading
import time

from .api import Api
from .latency import seconds
from .wire import Request

READS = ("GET", "HEAD", "OPTIONS")


class Server:
    """Serves an Api on 127.0.0.1; use it as a context manager or start() and stop() it.

    requests lists (method, path, status) of what was answered, in order.
    """

    def __init__(self, api, address=("127.0.0.1", 0), certificate=None, latency=False):
        """certificate: (certificate file, key file) for TLS; latency: answer as slowly as a real region."""
        self.api = api if isinstance(api, Api) else Api(api)
        self.requests = []
        self.latency = latency
        self._faults = collections.deque()
        self._lock = threading.Lock()
        self._http = _Listener(address, _Handler)
        self._http.owner = self
        self._scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self):
        """The URL of MAAS, as modules take it."""
        return f"{self._scheme}://127.0.0.1:{self._http.server_address[1]}/MAAS"

    @property
    def reads(self):
        """The requests that cannot have changed anything."""
        return [each for each in self.requests if each[0] in READS]

    @property
    def writes(self):
        """The requests that may have changed something."""
        return [each for each in self.requests if each[0] not in READS]

    def counts(self):
        """Return {(method, route): number of requests}, the route being a pattern such as vlans/([^/]+)/."""
        return collections.Counter(
            (method, self.api.route_of(Request(method, path))) for method, path, _ in self.requests
        )

    def fail(self, *faults, when=None):
        """Let the next requests (those for which when(request) is true) meet one fault each, instead of an answer.

        A fault is a Response, or DROP_BEFORE, DROP_AFTER or HANG.
        """
        with self._lock:
            self._faults.extend((fault, when) for fault in faults)

    def next_fault(self, request):
        """Take the fault that a request is to meet, or None."""
        with self._lock:
            for index, (fault, when) in enumerate(self._faults):
                if when is None or when(request):
                    del self._faults[index]
                    return fault
        return None

    def start(self):
        """Begin to serve."""
        self._thread.start()
        return self

    def stop(self):
        """Stop serving and close all connections."""
        self._http.shutdown()
        self._http.server_close()
        self._http.close_connections()
        self._thread.join()

    __enter__ = start

    def __exit__(self, *_):
        self.stop()


DROP_BEFORE = "drop the connection without doing anything"
DROP_AFTER = "do what is asked, then drop the connection"
HANG = "never answer"


class _Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args):
        super().__init__(*args)
        self._connections = set()

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self):
        for connection in list(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def handle_error(self, request, client_address):
        """Clients that go away are no news."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self):
        """Answer one request, or meet a fault."""
        owner = self.server.owner
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, path, query, dict(self.headers.items()), body)
        fault = owner.next_fault(request)
        if fault in (DROP_BEFORE, HANG):
            self._leave(fault == HANG)
            return
        if fault and fault != DROP_AFTER:
            response = fault
        else:
            response = owner.api.handle(request)
        if owner.latency:
            time.sleep(seconds(owner.api, request))
        owner.requests.append((self.command, path, response.status))
        if fault == DROP_AFTER:
            self._leave()
            return
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status != 204:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer

    def _leave(self, hang=False):
        self.close_connection = True
        if hang:
            self.connection.settimeout(None)
            self.rfile.read(1)
        self.connection.close()

    def log_message(self, *args):
        """Keep quiet; the requests are counted."""
