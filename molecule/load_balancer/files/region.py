# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands for a region: answers on 5240 and 5271, fails while /run/region-fails exists, and says who it is."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_SECONDS = 4


class Region(BaseHTTPRequestHandler):
    """Answers each path alike; /MAAS/slow takes its time."""

    def do_GET(self):
        failing = os.path.exists("/run/region-fails")
        answer = {"host": socket.gethostname(), "forwarded": self.headers.get("X-Forwarded-For")}
        body = json.dumps(answer).encode()
        self.send_response(500 if failing else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/MAAS/slow":
            time.sleep(SLOW_SECONDS)
        self.wfile.write(body)

    def log_message(self, *words):
        """Keep the journal free of one line a second."""


temporal = ThreadingHTTPServer(("", 5271), Region)
threading.Thread(target=temporal.serve_forever, daemon=True).start()
ThreadingHTTPServer(("", 5240), Region).serve_forever()
