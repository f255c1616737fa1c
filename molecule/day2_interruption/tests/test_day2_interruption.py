# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verbs of day 2 are killed at random tasks, run again, and converge; the tests run in the order of the file."""

from __future__ import annotations

import os

import pytest

from tests.site import maas
from tests.site.interruption import interrupted
from tests.site.inventory import edited
from tests.site.playbook import play
from tests.site.writer import Writer

KILLS = int(os.environ.get("LAB_KILLS", "5"))
TWO, THREE = ["control1", "control2"], ["control1", "control2", "control3"]


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    """Write an inventory in which the database and the regions have these hosts, and the third is no load balancer."""

    def having(database, regions):
        groups = {"maas_etcd": database, "maas_postgresql": database, "maas_region": regions, "maas_haproxy": TWO}
        return edited(tmp_path_factory.mktemp("inventory"), **groups)

    return having


@pytest.fixture(autouse=True, scope="module")
def site(inventory):
    run = play("site", inventory=inventory(TWO[:1], TWO))
    assert run.status == 0, run.output[-8000:]


def survives(name, *words, inventory):
    """See a verb converge after its kills, which cost a client that writes meanwhile nothing that was acknowledged."""
    with Writer() as writer:
        final = interrupted(name, *words, kills=KILLS, inventory=inventory)[0]
    print(writer)
    assert final.status == 0, final.output[-8000:]
    assert writer.missing() == []


def changes_nothing(name, *words, inventory):
    run = play(name, *words, inventory=inventory)
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_add_database(lab, inventory):
    case = {"inventory": inventory(THREE, TWO)}
    survives("add_database", **case)
    assert maas.database_is_whole(*THREE)
    changes_nothing("add_database", **case)


def test_replace_database(lab, inventory):
    lab.reinstall("control3")
    case = {"inventory": inventory(THREE, TWO)}
    survives("replace_database", **case)
    assert maas.database_is_whole(*THREE)
    changes_nothing("replace_database", **case)


def test_switchover(lab, inventory):
    heir = maas.member("sync_standby")
    words = ("--extra-vars", f"maas_switchover=database maas_switchover_to={heir}")
    survives("switchover", *words, inventory=inventory(THREE, TWO))
    assert maas.leader() == heir


def test_add_region(lab, inventory):
    case = {"inventory": inventory(THREE, THREE)}
    survives("add_region", **case)
    assert maas.regions() == set(THREE)
    changes_nothing("add_region", **case)


def test_remove_region(lab, inventory):
    words, case = ("--extra-vars", "maas_region_host=control3"), {"inventory": inventory(THREE, TWO)}
    survives("remove_region", *words, **case)
    assert maas.regions() == set(TWO)
    changes_nothing("remove_region", *words, **case)
