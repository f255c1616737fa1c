# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting by asking. PRIVATE to this collection."""

from __future__ import annotations

import time


def wait_until(ask, seconds, pause=5):
    """Ask until the answer is true or the seconds are over, with a pause (seconds) between; return the last answer."""
    until = time.monotonic() + seconds
    while True:
        answer = ask()
        left = until - time.monotonic()
        if answer or left <= 0:
            return answer
        time.sleep(min(pause, left))
