# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What regions and racks say to each other: one JSON object a line, after each has proven that it has the secret.

A rack opens the connection and sends {"nonce"}; the region answers {"nonce", "digest"}, the rack {"digest"}, each
digest over the other's nonce. Then the rack sends {"register"} and {"services"} and {"ping"}, and the region
{"registered"} or {"rejected"}, {"pong"}, {"dhcp"} and {"forget"}.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os

LIMIT = 2**24  # bytes of the longest line: a dhcpd.conf of many VLANs


class Failed(Exception):
    """The peer does not have the secret, or is gone."""


class Channel:
    """A connection that carries one JSON object a line."""

    def __init__(self, reader, writer):
        self._reader = reader
        self._writer = writer

    @property
    def peer(self):
        """The other end as address:port."""
        return "{}:{}".format(*self._writer.get_extra_info("peername")[:2])

    def send(self, **message):
        """Send a message."""
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def receive(self, timeout=None):
        """Return the next message, or None at the end. Raises asyncio.TimeoutError after timeout seconds."""
        line = await asyncio.wait_for(self._reader.readline(), timeout)
        return json.loads(line) if line.endswith(b"\n") else None

    def close(self):
        """Close the connection."""
        self._writer.close()


def _digest(secret, nonce):
    return hmac.new(bytes.fromhex(secret), nonce.encode(), hashlib.sha256).hexdigest()


async def _expect(channel, key):
    message = await channel.receive(10)
    if not message or key not in message:
        raise Failed
    return message[key]


async def greet_region(channel, secret):
    """The rack's half of the handshake. Raises Failed."""
    nonce = os.urandom(16).hex()
    channel.send(nonce=nonce)
    answer = await channel.receive(10)
    if not answer:
        raise Failed
    channel.send(digest=_digest(secret, answer["nonce"]))
    if not hmac.compare_digest(answer["digest"], _digest(secret, nonce)):
        raise Failed


async def greet_rack(channel, secret):
    """The region's half of the handshake. Raises Failed."""
    theirs = await _expect(channel, "nonce")
    nonce = os.urandom(16).hex()
    channel.send(nonce=nonce, digest=_digest(secret, theirs))
    if not hmac.compare_digest(await _expect(channel, "digest"), _digest(secret, nonce)):
        raise Failed
