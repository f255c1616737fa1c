# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do something when a playbook begins a task: kill it at random ones until it ends at last, or break something."""

from __future__ import annotations

import os
import random
import re
import subprocess
import time

from tests.site.playbook import ROOT, Run, command, environment, kill, play, recap, start

SEED = int(os.environ.get("LAB_SEED") or time.time())


def follow(name, *words, at, do, inventory=None):
    """Run a playbook, and do something once, when it begins a task.

    Args:
        name, words, inventory: as play takes them.
        at: function of a task's number and of the line that announces it, whether it is the one; 1 is the first.
        do: function of the process, which goes on when that has returned.

    Returns:
        Its exit status, and what it printed.
    """
    lines, begun, done = [], 0, False
    with start(name, *words, inventory=inventory) as process:
        for line in process.stdout:
            lines.append(line)
            begun += line.startswith("TASK [")
            if line.startswith("TASK [") and not done and at(begun, line):
                done = True
                do(process)
                if process.poll() is not None:
                    break  # what outlives it, such as connections of ssh, keeps its output open
    return process.returncode, "".join(lines)


def interrupt(name, *words, after, inventory=None):
    """Run a playbook and kill it when it begins its task of that number.

    Args:
        name, words, inventory: as play takes them.
        after: number of the task; 1 is the first. A run with fewer tasks comes to its end.

    Returns:
        What it printed until then.
    """
    return follow(
        name,
        *words,
        at=lambda number, dummy: number == after,
        do=kill,
        inventory=inventory,
    )[1]


def disturbed(name, *words, task, do, inventory=None):
    """Run a playbook to its end, and do something to the site when it begins a task.

    Args:
        name, words, inventory: as play takes them.
        task: a part of the task's name.
        do: function without arguments.

    Returns:
        Run.
    """
    status, output = follow(
        name, *words, at=lambda dummy, line: task in line, do=lambda dummy: do(), inventory=inventory
    )
    assert task in output, output[-8000:]
    return Run(status, output, recap(output))


def contested(name, *words, inventory=None):
    """Run a verb to its end, and let another operator try the same when it is at its work.

    Returns:
        Run of the first, Run of the other.
    """
    others = []
    owner = ("--extra-vars", "maas_lock_owner=bob@desk")
    run = disturbed(
        name,
        *words,
        task="maas_firewall",
        do=lambda: others.append(play(name, *words, *owner, inventory=inventory)),
        inventory=inventory,
    )
    return run, *others


def tasks(name, *words, inventory=None):
    """Return how many tasks a playbook lists."""
    listing = command(name, *words, "--list-tasks", inventory=inventory)
    listed = subprocess.run(listing, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    return len(re.findall(r"^      \S", listed.stdout, re.MULTILINE))


def interrupted(name, *words, kills, inventory=None):
    """Kill a playbook that often, each time further on, then let it end; the seed is printed, LAB_SEED repeats it.

    Returns:
        Run of the last time, and what all of them printed.
    """
    dice = random.Random(SEED)
    count = tasks(name, *words, inventory=inventory)
    print(f"{name}, seed {SEED}: {kills} kills over {count} tasks")
    outputs = []
    for number in range(kills):
        after = dice.randrange(count * number // kills, count * (number + 1) // kills) + 1
        outputs.append(interrupt(name, *words, after=after, inventory=inventory))
        last = [line for line in outputs[-1].splitlines() if line.startswith("TASK [")][-1:]
        end = "came to its end after" if "PLAY RECAP" in outputs[-1] else "killed at"
        print(f"run {number + 1}, task {after}: {end} {' '.join(last).rstrip(' *')}")
    final = play(name, *words, inventory=inventory)
    return final, "".join([*outputs, final.output])
