# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A region on a socket: threads, kept-alive connections, TLS, and faults to order."""

from __future__ import annotations

import collections
import contextlib
import http.server
import socket
import ssl
import sys
import threading
import time

from .latency import seconds
from .wire import HTML, Request, Response

READS = ("GET", "HEAD", "OPTIONS")
# MAAS's web server takes a request's first line into one buffer of 8 kB.
LONGEST_TARGET = 8190 - len("DELETE  HTTP/1.1")
TOO_LONG = Response(414, "<title>414 Request-URI Too Large</title>", HTML)

# Faults that a request can meet, beside a Response that is sent in place of the answer.
DROP_BEFORE = "drop the connection without doing anything"
DROP_AFTER = "do what is asked, then drop the connection"
HANG = "never answer"


class Server:
    """Serves an Api on 127.0.0.1; use it as a context manager or start() and stop() it.

    requests lists (method, path, status) of what was answered, in order.
    """

    def __init__(self, api, address=("127.0.0.1", 0), certificate=None, latency=0):
        """certificate: (certificate file, key file) for TLS.

        latency: how many requests are answered at a time, each as slowly as a real region does; 0: all, and at once.
        """
        self.api = api
        self.requests = []
        self._faults = []
        self._lock = threading.Lock()
        self._slow = bool(latency)
        self._workers = threading.BoundedSemaphore(latency or 1)
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
        return collections.Counter((method, self.api.route_of(method, path)) for method, path, dummy in self.requests)

    def fail(self, *faults, when=lambda request: True):
        """Let the next requests (those for which when(request) is true) meet one fault each, instead of an answer.

        A fault is a Response, or DROP_BEFORE, DROP_AFTER or HANG.
        """
        with self._lock:
            self._faults.extend((fault, when) for fault in faults)

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

    def answer(self, request):
        """Return the response to a request, or one of the faults that are no response."""
        fault = self._next_fault(request)
        if fault in (DROP_BEFORE, HANG):
            return fault
        response = fault if fault and fault != DROP_AFTER else self._answer(request)
        self.requests.append((request.method, request.path, response.status))
        return fault if fault == DROP_AFTER else response

    def _answer(self, request):
        if not self._slow:
            return self.api.handle(request)
        with self._workers:
            began = time.monotonic()
            response = self.api.handle(request)
            wanted = seconds(request.method, self.api.route_of(request.method, request.path), response.body)
            time.sleep(max(0, wanted - (time.monotonic() - began)))
        return response

    def _next_fault(self, request):
        with self._lock:
            for index, (fault, when) in enumerate(self._faults):
                if when(request):
                    del self._faults[index]
                    return fault
        return None


class _Listener(http.server.ThreadingHTTPServer):
    """Accepts connections and remembers them, so that they can be closed."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *args):
        super().__init__(*args)
        self._connections = set()

    def process_request(self, request, client_address):
        """Remember a connection and serve it."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        """Forget a connection that ends."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self):
        """Hang up on everybody."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request, client_address):
        """Show what is wrong with the simulator; clients that go away are no news."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    """Reads requests from one connection and writes the answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece

    def _serve(self):
        path, dummy, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, path, query, dict(self.headers.items()), body)
        answer = TOO_LONG if len(self.path) > LONGEST_TARGET else self.server.owner.answer(request)
        if isinstance(answer, str):
            self.close_connection = True
            if answer == HANG:
                self.rfile.read(1)  # until the client gives up
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = _serve

    def log_message(self, *args):
        """Keep quiet: the requests are listed."""
