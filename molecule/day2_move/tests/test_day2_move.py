# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rack2 moves from the MAAS on control1 to the one on control2; the tests run in the order of the file."""

from __future__ import annotations

import pytest

from tests.site import maas
from tests.site.interruption import interrupted
from tests.site.lease import Lease
from tests.site.neighbours import NEW, OLD, neighbours
from tests.site.probe import answers_http, until

SILENCE = 30  # seconds without an answer while a pair first meets; leases last 600


@pytest.fixture(scope="module")
def sites(lab, tmp_path_factory):
    return neighbours(lab, tmp_path_factory.mktemp("sites"))


@pytest.fixture(scope="module")
def old(sites):
    return sites[0]


@pytest.fixture(scope="module")
def new(sites):
    return sites[1]


@pytest.fixture(scope="module", autouse=True)
def lease(lab, sites):
    """Let a client renew its lease."""
    with Lease(lab) as client:
        yield client


def move(site, *words):
    return site.play("move_rack", "--extra-vars", "maas_rack_host=rack2", *words)


def refusal(site, *words):
    """Run a move that must be refused before it changes anything, and return what it says in one line."""
    run = move(site, *words)
    assert run.status and not run.changed, run.output[-8000:]
    return run.told


def test_a_rack_of_another_version_is_refused(new):
    assert "rack2 runs MAAS 3.7" in refusal(new, "--extra-vars", "maas_version=3.6")


def test_a_rack_that_hosts_virtual_machines_is_refused(new, old):
    row = "SELECT 1, json_build_object('id', 1, 'name', 'kvm1', 'node', id) FROM maasserver_node"
    maas.rewrite("vm_host", f"INSERT INTO maasserver_vm_host {row} WHERE data->>'hostname' = 'rack2'", old.region)
    try:
        assert "rack2 hosts virtual machines: kvm1" in refusal(new)
    finally:
        maas.rewrite("vm_host", "DELETE FROM maasserver_vm_host", old.region)


def test_a_mute_old_maas_is_not_taken_for_one_that_has_forgotten(lab, new, old):
    lab.run(OLD, ["snap stop maas"])
    try:
        assert "cannot be asked whether it knows rack2" in refusal(new)
    finally:
        lab.run(OLD, ["snap start maas"])
    until(answers_http(lab.hosts[OLD], 5240, "/MAAS/api/2.0/version/"), 60, "the old MAAS")
    until(lambda: set(old.racks().values()) == {"running"}, 60, "its racks")


def test_check_mode_tells_the_plan_and_does_nothing(new, old):
    run = move(new, "--check")
    assert run.status == 0, run.output[-8000:]
    assert "rack1 becomes primary, rack2 leaves" in run.told
    assert old.racks() == dict.fromkeys([OLD, "rack1", "rack2"], "running")
    assert new.racks() == {NEW: "running"}


def test_the_rack_moves_and_the_client_keeps_its_lease(new, old, lease):
    since = len(lease.answers()) - 1
    run = move(new)
    assert run.status == 0, run.output[-8000:]
    assert old.racks() == dict.fromkeys([OLD, "rack1"], "running")
    assert new.racks() == dict.fromkeys([NEW, "rack2"], "running")
    assert lease.silence(since) < SILENCE
    assert len({address for dummy, address in lease.answers()}) == 1


def test_again_it_changes_nothing(new):
    run = move(new)
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_a_rack_that_two_maas_know_is_refused(new, old):
    """The old MAAS gets it back while the new one still knows it, which is what nobody should do."""
    assert old.play("add_rack", "--extra-vars", "maas_rack_host=rack2").status == 0
    assert "rack2 is known to both" in refusal(new)
    run = old.play("remove_rack", "--extra-vars", "maas_rack_host=rack2")
    assert run.status == 0, run.output[-8000:]


def test_killed_at_random_tasks_a_move_is_made_good_by_the_next_run(lab, new, old):
    assert move(new).status == 0
    given = ("--extra-vars", "maas_rack_host=rack2")
    run = interrupted("move_rack", *old.words, *given, kills=5, inventory=old.inventory)[0]
    assert run.status == 0, run.output[-8000:]
    assert old.racks() == dict.fromkeys([OLD, "rack1", "rack2"], "running")
    assert new.racks() == {NEW: "running"}
    assert old.play("move_rack", *given).changes == []
