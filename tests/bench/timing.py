# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a playbook takes, as a row of a table."""

from __future__ import annotations

import time

from tests.site.playbook import play

HEAD = "| {} | run | seconds | tasks that ran, over all hosts | changed |\n|---|---|---:|---:|---:|"


def yardstick():
    """Return the seconds for ten million additions in Python, by which machines and their days can be compared."""
    begin, total = time.monotonic(), 0
    for number in range(10**7):
        total += number
    return time.monotonic() - begin


def timed(what, which, name, *words, inventory=None):
    """Run a playbook, which must succeed.

    Args:
        what, which: the row's first two cells.
        name, words, inventory: as play takes them.

    Returns:
        Run, and the row, which is printed too.
    """
    begin = time.monotonic()
    run = play(name, *words, inventory=inventory)
    seconds = time.monotonic() - begin
    assert run.status == 0, run.output[-4000:]
    tasks = sum(counts["ok"] for counts in run.hosts.values())
    row = f"| {what} | {which} | {seconds:.0f} | {tasks} | {run.changed} |"
    print(row, flush=True)
    return run, row
