# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What programs were started with: the kernel says of each exec, on this machine and so on the lab's hosts too."""

from __future__ import annotations

import os
import socket
import struct
import threading

NETLINK_CONNECTOR = 11
CN_IDX_PROC = 1
LISTEN, IGNORE = 1, 2
PROC_EVENT_EXEC = 2
HEADER = struct.Struct("=IHHII")  # nlmsghdr: length, type, flags, sequence, sender
CONNECTOR = struct.Struct("=IIIIHH")  # cn_msg: idx, val, sequence, acknowledge, length, flags
EVENT = struct.Struct("=IIQII")  # proc_event: what, cpu, time, pid, thread group


class Execs:
    """Collects the argument lists of all programs that start while it is open (root only).

    Attributes:
        seen: set of argument lists, each joined by blanks.
        missed: how many programs ended before their arguments could be read.
    """

    def __enter__(self):
        self.seen = set()
        self.missed = 0
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_CONNECTOR)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._socket.bind((0, CN_IDX_PROC))
        self._socket.settimeout(0.5)
        self._say(LISTEN)
        self._open = True
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *dummy):
        self._open = False
        self._thread.join()
        self._say(IGNORE)
        self._socket.close()

    def _say(self, word):
        body = CONNECTOR.pack(CN_IDX_PROC, 1, 0, 0, 4, 0) + struct.pack("=I", word)
        self._socket.send(HEADER.pack(HEADER.size + len(body), 3, 0, 0, os.getpid()) + body)

    def _listen(self):
        while self._open:
            try:
                message = self._socket.recv(4096)
            except TimeoutError:
                continue
            except OSError:  # the kernel had more to say than the buffer holds
                self.missed += 1
                continue
            what, dummy, dummy, pid, dummy = EVENT.unpack_from(message, HEADER.size + CONNECTOR.size)
            if what != PROC_EVENT_EXEC:
                continue
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as stream:
                    words = stream.read()
            except OSError:
                words = b""
            if words:
                self.seen.add(words.replace(b"\0", b" ").decode(errors="replace").strip())
            else:
                self.missed += 1
