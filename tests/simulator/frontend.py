# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nginx does on a region: port 5240 (and https), the static pages, and the way to regiond's socket.

It lives on when regiond does not: then what regiond would answer is 502 at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal

from . import config, tls

PORT = 5240
INTERNAL_PORT = 5242
TIMEOUT = 900
UI = b"<!doctype html><title>MAAS</title><p>MAAS\n"
# With TLS these alone stay on plain http.
PLAIN = (
    "/MAAS/rpc/",
    "/MAAS/metadata/",
    "/MAAS/api/2.0/machines",
    "/MAAS/maas-run-scripts",
    "/MAAS/machine-resources/",
    "/MAAS/images-stream",
    "/MAAS/boot-resources/",
)
REASONS = {200: "OK", 301: "Moved Permanently", 502: "Bad Gateway", 504: "Gateway Time-out"}


async def read_message(reader):
    """Return (head, body) of the next HTTP message, None at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, OSError):
        return None
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, dummy, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return head, await reader.readexactly(length)


def page(status, body=b"", **headers):
    """Return a whole answer of nginx's own."""
    headers = {"Content-Type": "text/html", **headers, "Content-Length": len(body)}
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Frontend:
    """The front end with what regiond wrote about TLS."""

    def __init__(self):
        self._servers = []
        self._tls = None

    async def run(self):
        """Serve until SIGTERM; on SIGHUP with the configuration as it is then."""
        loop = asyncio.get_running_loop()
        changed = asyncio.Event()
        loop.add_signal_handler(signal.SIGHUP, changed.set)
        loop.add_signal_handler(signal.SIGTERM, os._exit, 0)
        while True:
            changed.clear()
            await self._listen()
            await changed.wait()
            for server in self._servers:
                server.close()

    async def _listen(self):
        self._tls = json.loads(config.read_text(config.HTTP_CONF) or "null")
        self._servers = [await asyncio.start_server(self._serve, port=PORT, reuse_address=True)]
        if config.SERIES >= (3, 6):
            self._servers.append(await asyncio.start_server(pass_by, port=INTERNAL_PORT))
        if self._tls:
            context = tls.context(self._tls["key"], self._tls["cert"], self._tls["cacert"])
            self._servers.append(await asyncio.start_server(self._serve, port=self._tls["port"], ssl=context))

    async def _serve(self, reader, writer):
        secure = writer.get_extra_info("ssl_object") is not None
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
            while message := await read_message(reader):
                head, body = message
                writer.write(await self._answer(head, body, secure))
                await writer.drain()
                if b"\r\nconnection: close" in head.lower():
                    return

    async def _answer(self, head, body, secure):
        path = head.split(b" ", 2)[1].decode("latin1")
        if self._tls and not secure and not path.startswith(PLAIN):
            return page(301, Location=f"https://{host_of(head)}:{self._tls['port']}{path}")
        if path in ("/", "/MAAS", "/MAAS/"):
            return page(301, Location="/MAAS/r/")
        if path.startswith("/MAAS/r/"):
            return page(200, UI)
        return await ask_regiond(head + body)


def host_of(head):
    """Return the host that a request was sent to, without the port."""
    for line in head.decode("latin1").split("\r\n")[1:]:
        name, dummy, value = line.partition(":")
        if name.lower() == "host":
            return value.strip().partition(":")[0]
    return "localhost"


async def ask_regiond(request):
    """Return regiond's whole answer."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(config.REGIOND_SOCKET), limit=2**20)
        with contextlib.closing(writer):
            writer.write(request)
            answer = await asyncio.wait_for(read_message(reader), TIMEOUT)
    except asyncio.TimeoutError:
        return page(504)
    except OSError:
        answer = None
    return b"".join(answer) if answer else page(502, b"<h1>502 Bad Gateway</h1>\n")


async def pass_by(reader, writer):
    """Accept what is passed through to the internal API, which nobody here talks to."""
    with contextlib.suppress(OSError):
        await reader.read()
        writer.close()


if __name__ == "__main__":
    asyncio.run(Frontend().run())
