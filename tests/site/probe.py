# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a service again and again while something happens to it, and say how long it was away."""

from __future__ import annotations

import http.client
import socket
import threading
import time

INTERVAL = 0.1  # seconds between two questions
PATIENCE = 2.0  # seconds after which a question counts as not answered


def answers_http(address, port, path):
    """Return a question: does a GET of the path come back with 200?"""

    def ask():
        connection = http.client.HTTPConnection(address, port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


def accepts_tcp(address, port, patience=PATIENCE):
    """Return a question: does the address accept a connection, in so many seconds?"""

    def ask():
        try:
            socket.create_connection((address, port), timeout=patience).close()
        except OSError:
            return False
        return True

    return ask


def longest_gap(times, begin, end):
    """Return the longest time without an answer, of the times that reach into a span.

    Args:
        times: moments of the answers, in seconds.
        begin, end: the span, in the same seconds. What began before counts whole, what is open ends with the span.
    """
    known = [moment for moment in times if moment < end] + [end]
    gaps = (after - before for before, after in zip(known, known[1:], strict=False) if after > begin)
    return max(gaps, default=0.0)


class Probe:
    """Asks its question in the background while it is open.

    Attributes:
        times: moments of the good answers, as time.monotonic() tells them; the first is the beginning.
        asked, failed: numbers of all questions, and of those that were not answered.
        gaps: seconds of each time without an answer, from the last good answer to the next; the open one counts too.
    """

    def __init__(self, ask):
        self.ask = ask

    def __enter__(self):
        self.times = [time.monotonic()]
        self.asked = self.failed = 0
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *dummy):
        self._open = False
        self._thread.join()
        self.times.append(time.monotonic())

    def _run(self):
        while self._open:
            self.asked += 1
            if self.ask():
                self.times.append(time.monotonic())
            else:
                self.failed += 1
            time.sleep(INTERVAL)  # the rhythm of the questions, not a wait for anything

    @property
    def gaps(self):
        times = list(self.times)
        steps = (after - before for before, after in zip(times, times[1:], strict=False))
        return [step for step in steps if step > 5 * INTERVAL]

    @property
    def longest(self):
        """Seconds of the longest time without an answer; 0 when there was none."""
        return max(self.gaps, default=0.0)


def until(ask, seconds, what):
    """Wait until a question is answered with yes.

    Args:
        ask: callable without arguments.
        seconds: how long that may take.
        what: what is waited for, for the message.

    Raises:
        AssertionError: it took longer.
    """
    end = time.monotonic() + seconds
    while not ask():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(INTERVAL)  # the rhythm of the questions
