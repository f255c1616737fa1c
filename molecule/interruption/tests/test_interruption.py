# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml is killed at random tasks of a first deployment, run again, and converges; all the while no secret shows."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time

import pytest

from tests.lab import Lab
from tests.site import maas, secrets
from tests.site.execs import Execs
from tests.site.playbook import ROOT, command, play

POINTS = int(os.environ.get("LAB_KILLS", "10"))
SEED = int(os.environ.get("LAB_SEED") or time.time())
TALKATIVE = ("-vvv", "--diff")


def tasks():
    """Return how many tasks site.yml has."""
    listed = subprocess.run(command("site", "--list-tasks"), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return len(re.findall(r"^      \S", listed.stdout, re.MULTILINE))


def interrupted(after):
    """Run site.yml and kill it when it begins its task of that number; return what it printed."""
    lines, begun = [], 0
    with subprocess.Popen(
        command("site", *TALKATIVE),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as process:
        for line in process.stdout:
            lines.append(line)
            begun += line.startswith("TASK [")
            if begun == after:
                os.killpg(process.pid, signal.SIGKILL)
                break
    return "".join(lines)


@pytest.fixture(scope="module")
def story():
    """Interrupt a first deployment at as many points as are asked for, then let it end; what was seen on the way."""
    dice = random.Random(SEED)
    count = tasks()
    print(f"seed {SEED}: {POINTS} kills over {count} tasks")
    outputs = []
    with Execs() as programs:
        for point in range(POINTS):
            after = dice.randrange(count * point // POINTS, count * (point + 1) // POINTS) + 1
            outputs.append(interrupted(after))
            last = [line for line in outputs[-1].splitlines() if line.startswith("TASK [")][-1:]
            print(f"kill {point + 1} at task {after}: {' '.join(last).rstrip(' *')}")
        final = play("site", *TALKATIVE)
        outputs.append(final.output)
    return final, "".join(outputs), programs


def test_the_run_after_the_kills_converges(story):
    final = story[0]
    assert final.status == 0, final.output[-8000:]
    lab = Lab.current()
    assert maas.regions() == set(lab.groups["maas_region"])
    assert maas.racks() == dict.fromkeys(lab.groups["maas_rack"], "running")


def test_the_run_after_that_changes_nothing(story):
    run = play("site")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_no_secret_was_printed(story):
    assert secrets.seen_in(story[1], secrets.values()) == []


def test_no_program_was_given_a_secret_as_an_argument(story):
    programs = story[2]
    print(f"{len(programs.seen)} argument lists read, {programs.missed} programs had ended before")
    assert programs.seen
    assert secrets.seen_in("\n".join(programs.seen), secrets.values()) == []


def test_no_secret_can_be_seen_on_a_host(story):
    values = secrets.values()
    hosts = {host for members in Lab.current().groups.values() for host in members}
    assert {host: secrets.seen_on(host, values) for host in hosts} == {host: [] for host in hosts}
