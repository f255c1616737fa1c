# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disturb a playbook: do something at one of its tasks, or kill it at random ones and let it end at last."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time

from tests.site.playbook import ROOT, Run, command, environment, play, recap

SEED = int(os.environ.get("LAB_SEED") or time.time())


def started(name, *words, inventory=None):
    """Start a playbook in a process group of its own; its output is to be read."""
    return subprocess.Popen(
        command(name, *words, inventory=inventory),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def meanwhile(name, *words, task, do, inventory=None):
    """Run a playbook to its end, and do something when it first begins a task.

    Args:
        name, words, inventory: as play takes them.
        task: part of the task's name.
        do: callable without arguments; the playbook goes on meanwhile.

    Returns:
        Run.
    """
    lines, done = [], False
    with started(name, *words, inventory=inventory) as process:
        for line in process.stdout:
            lines.append(line)
            if not done and line.startswith("TASK [") and task in line:
                done = True
                do()
    output = "".join(lines)
    assert done, f"{name} has no task {task}:\n{output[-8000:]}"
    return Run(process.returncode, output, recap(output))


def interrupt(name, *words, after, inventory=None):
    """Run a playbook and kill it when it begins its task of that number.

    Args:
        name, words, inventory: as play takes them.
        after: number of the task; 1 is the first. A run with fewer tasks comes to its end.

    Returns:
        What it printed until then.
    """
    lines, begun = [], 0
    with started(name, *words, inventory=inventory) as process:
        for line in process.stdout:
            lines.append(line)
            begun += line.startswith("TASK [")
            if begun == after:
                os.killpg(process.pid, signal.SIGKILL)
                break
    return "".join(lines)


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
    for kill in range(kills):
        after = dice.randrange(count * kill // kills, count * (kill + 1) // kills) + 1
        outputs.append(interrupt(name, *words, after=after, inventory=inventory))
        last = [line for line in outputs[-1].splitlines() if line.startswith("TASK [")][-1:]
        end = "came to its end after" if "PLAY RECAP" in outputs[-1] else "killed at"
        print(f"run {kill + 1}, task {after}: {end} {' '.join(last).rstrip(' *')}")
    final = play(name, *words, inventory=inventory)
    return final, "".join([*outputs, final.output])
