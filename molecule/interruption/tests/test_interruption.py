# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""site.yml is killed at random tasks of a first deployment, run again, and converges; all the while no secret shows."""

from __future__ import annotations

import os

import pytest

from tests.lab import Lab
from tests.site import maas, secrets
from tests.site.execs import Execs
from tests.site.interruption import interrupted
from tests.site.playbook import play

KILLS = int(os.environ.get("LAB_KILLS", "10"))


@pytest.fixture(scope="module")
def story():
    """Interrupt a first deployment, then let it end; the last run, what all of them printed, what was started."""
    with Execs() as programs:
        final, output = interrupted("site", "-vvv", "--diff", kills=KILLS)
    return final, output, programs


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
