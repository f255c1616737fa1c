# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions come and go, and what a client was told is written stays written; the tests run in the order of the file."""

from __future__ import annotations

import pytest
import yaml

from tests.site import maas
from tests.site.disk import CONFIGURED, written
from tests.site.interruption import contested, disturbed
from tests.site.inventory import edited
from tests.site.playbook import play
from tests.site.probe import until
from tests.site.writer import writing

STAYING, COMING = ["control1", "control2"], "control3"
CONF = "/var/snap/maas/current/rackd.conf"
SILENCE = 30  # seconds without an acknowledged write, while the database's leader changes


@pytest.fixture(scope="module")
def smaller(tmp_path_factory):
    """The inventory in which the host that comes and goes is no region."""
    return edited(tmp_path_factory.mktemp("smaller"), maas_region=STAYING)


@pytest.fixture(autouse=True, scope="module")
def site(smaller):
    run = play("site", inventory=smaller)
    assert run.status == 0, run.output[-8000:]


@pytest.fixture
def kept():
    """Whatever the test does, a client writes throughout, and what was acknowledged is there."""
    with writing(SILENCE):
        yield


@pytest.fixture
def untouched():
    """Whatever the test does, nobody's files and no region change."""
    before = written(CONFIGURED), maas.regions()
    yield
    assert (written(CONFIGURED), maas.regions()) == before


def remove(host, *words, inventory):
    return play("remove_region", "--extra-vars", f"maas_region_host={host}", *words, inventory=inventory)


def endpoints(lab):
    """Return the regions that each rack looks for, by host, one list for each rack."""
    names = {f"http://{address}:5240/MAAS": host for host, address in lab.hosts.items()}
    confs = [yaml.safe_load(lab.run(rack, [f"cat {CONF}"])) for rack in lab.groups["maas_rack"]]
    return [[names[url] for url in conf["maas_url"] if url in names] for conf in confs]


def database(lab, query):
    """Return what each member of the database answers."""
    return {
        host: lab.run(host, [f"su - postgres -c 'psql -Atc \"{query}\"'"]).strip()
        for host in lab.groups["maas_postgresql"]
    }


def connections(lab):
    return {int(number) for number in database(lab, "SHOW max_connections").values()}


def connected(lab):
    return maas.racks() == dict.fromkeys(lab.groups["maas_rack"], "running")


@pytest.mark.usefixtures("untouched")
def test_a_check_of_a_new_region_changes_nothing():
    run = play("add_region", "--check", "--diff")
    assert run.status == 0, run.output[-8000:]
    assert run.changes


@pytest.mark.usefixtures("untouched")
def test_site_with_a_limit_names_the_verb():
    run = play("site", "--limit", COMING)
    assert run.status and "run metal.maas_ha.add_region without --limit" in run.told


@pytest.mark.usefixtures("kept")
def test_a_region_is_added_and_the_database_makes_room_for_it_member_by_member(lab):
    (before,), leader = connections(lab), maas.leader()
    run = play("add_region")
    assert run.status == 0, run.output[-8000:]
    assert maas.regions() == {*STAYING, COMING}
    assert connected(lab)
    assert endpoints(lab) == [[*STAYING, COMING]] * 2
    (after,) = connections(lab)
    assert after > before
    assert maas.leader() != leader


def test_adding_it_again_changes_nothing_and_keeps_a_second_operator_away():
    run, other = contested("add_region")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []
    assert other.status and "for add_region. Ask there" in other.told


@pytest.mark.usefixtures("untouched")
def test_a_check_of_the_removal_changes_nothing(smaller):
    run = remove(COMING, "--check", "--diff", inventory=smaller)
    assert run.status == 0, run.output[-8000:]
    assert run.changes


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("", "A region (-e maas_region_host=NAME) can go when"),
        (STAYING[0], "control1 can go when it is no longer in the inventory group maas_region"),
        ("control9", "Neither MAAS nor the inventory knows control9. MAAS has the regions"),
        ("rack1", "rack1 is a rack and no region."),
    ],
)
def test_what_is_no_region_that_can_go_is_refused(smaller, host, sentence):
    run = remove(host, inventory=smaller)
    assert run.status and sentence in run.told
    assert maas.racks()["rack1"] == "running"


@pytest.mark.usefixtures("untouched")
def test_a_limit_that_leaves_out_who_stays_is_refused(smaller):
    run = remove(COMING, "--limit", COMING, inventory=smaller)
    assert run.status and "--limit may not leave out all of them" in run.told


def test_the_last_region_that_answers_is_refused(lab, tmp_path):
    lab.run("control2", ["snap stop maas"])
    try:
        run = remove("control1", inventory=edited(tmp_path, maas_region=["control2"]))
    finally:
        lab.run("control2", ["snap start maas"])
    assert run.status and "control1 can go when" in run.told
    until(lambda: maas.regions() == {*STAYING, COMING}, 120, "the regions to answer")


@pytest.mark.usefixtures("kept")
def test_a_region_that_lives_is_removed(lab, smaller):
    run = remove(COMING, inventory=smaller)
    assert run.status == 0, run.output[-8000:]
    assert maas.regions() == set(STAYING)
    assert connected(lab)
    assert endpoints(lab) == [STAYING] * 2


def test_removing_it_again_changes_nothing_and_neither_does_the_site(smaller):
    for run in (remove(COMING, inventory=smaller), play("site", inventory=smaller)):
        assert run.status == 0, run.output[-8000:]
        assert run.changes == []


@pytest.mark.usefixtures("kept")
def test_it_comes_back_while_the_database_changes_its_leader(lab):
    leader = maas.leader()
    run = disturbed("add_region", task="Initialise the region", do=lambda: hand_over(lab, leader))
    assert run.status == 0, run.output[-8000:]
    assert maas.leader() != leader
    assert maas.regions() == {*STAYING, COMING}
    assert connected(lab)


def services(host):
    """Return how MAAS's service on a host is set up, and how it is."""
    return maas.ask(host, "snap services maas 2>&1 || true").splitlines()[-1].split()[1:3]


def hand_over(lab, leader):
    lab.run(leader, ["patronictl -c /etc/patroni/config.yml switchover --force"])


def test_a_region_whose_host_died_is_removed(lab, smaller):
    lab.kill(COMING)
    run = remove(COMING, inventory=smaller)
    assert f"{COMING} cannot be reached" in run.told
    assert maas.regions() == set(STAYING)
    assert COMING not in {region["hostname"] for region in maas.client().get("regioncontrollers/")}
    assert endpoints(lab) == [STAYING] * 2


def test_when_its_host_comes_back_it_is_kept_out_and_the_same_words_end_it(lab, smaller):
    lab.on(COMING)
    until(lambda: services(COMING) == ["enabled", "active"], 180, "MAAS to run on the host again")
    run = remove(COMING, inventory=smaller)
    assert run.status == 0, run.output[-8000:]
    assert services(COMING) == ["disabled", "inactive"]
    assert maas.regions() == set(STAYING)
    assert connected(lab)
