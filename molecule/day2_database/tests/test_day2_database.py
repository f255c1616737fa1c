# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Database hosts come and go, and what was acknowledged stays written; the tests run in the order of the file."""

from __future__ import annotations

import json
import pathlib
import re
import textwrap

import pytest

from tests.site import maas
from tests.site.disk import CONFIGURED, written
from tests.site.interruption import contested, disturbed
from tests.site.inventory import edited
from tests.site.playbook import play
from tests.site.probe import until
from tests.site.writer import writing

FIRST, SECOND, THIRD = MEMBERS = ["control1", "control2", "control3"]
SILENCE = 15  # seconds without an acknowledged write, while the leader changes
LIST_MEMBERS = """
cd /etc/maas-ha/pki
read -r ETCDCTL_USER
export ETCDCTL_USER ETCDCTL_API=3
etcdctl --endpoints=https://{address}:2379 --cacert=ca.crt --cert=host.crt --key=host.key member list -w json
"""
OPERATIONS = pathlib.Path(__file__).resolve().parents[3] / "docs" / "operations.md"
PATRONICTL = "patronictl -c /etc/patroni/config.yml"
GAP = re.compile(r"was away for [0-9.]+ s at most \(\d+ of \d+ questions were not answered\)")


@pytest.fixture(scope="module")
def inventory(tmp_path_factory):
    """Write an inventory in which the database has these hosts."""

    def having(*hosts, **groups):
        directory = tmp_path_factory.mktemp("inventory")
        return edited(directory, maas_etcd=hosts, maas_postgresql=hosts, **groups)

    return having


@pytest.fixture(autouse=True, scope="module")
def site(inventory):
    run = play("site", inventory=inventory(FIRST))
    assert run.status == 0, run.output[-8000:]


@pytest.fixture
def kept():
    """Whatever the test does, a client writes throughout, and what was acknowledged is there."""
    with writing(SILENCE):
        yield


def voters(lab):
    """Return the members of etcd that vote."""
    password = json.loads(lab.run(FIRST, ["cat /etc/maas-ha/secrets/database.json"]))["etcd_root"]
    listing = lab.run(FIRST, [LIST_MEMBERS.format(address=lab.hosts[FIRST])], stdin=f"root:{password}\n")
    return {member["name"] for member in json.loads(listing)["members"] if not member.get("isLearner")}


def test_a_check_of_new_hosts_changes_nothing():
    before = written(CONFIGURED)
    run = play("add_database", "--check", "--diff")
    assert run.status == 0, run.output[-8000:]
    assert run.changes
    assert written(CONFIGURED) == before


def test_site_with_a_limit_names_the_verb():
    run = play("site", "--limit", SECOND)
    assert run.status and "run metal.maas_ha.add_database without --limit" in run.told


@pytest.mark.usefixtures("kept")
def test_one_host_becomes_three(lab):
    run = play("add_database")
    assert run.status == 0, run.output[-8000:]
    assert maas.database_is_whole(*MEMBERS)
    assert maas.leader() in MEMBERS
    assert voters(lab) == set(MEMBERS)
    assert "sync_standby" in run.output


def test_adding_them_again_changes_nothing_and_keeps_a_second_operator_away():
    run, other = contested("add_database")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []
    assert other.status and "for add_database. Ask there" in other.told


@pytest.mark.usefixtures("kept")
def test_the_lead_goes_to_another_host_and_the_gap_is_told(lab):
    leader = maas.leader()
    run = play("switchover", "--extra-vars", "maas_switchover=database")
    assert run.status == 0, run.output[-8000:]
    assert maas.leader() != leader
    assert maas.database_is_whole(*MEMBERS)
    print(*GAP.findall(run.told), sep="\n")
    assert len(GAP.findall(run.told)) == len(lab.groups["maas_region"])


@pytest.mark.usefixtures("kept")
def test_the_lead_goes_to_the_host_that_is_named_and_stays_there(lab):
    heir = maas.member("sync_standby")
    words = f"maas_switchover=database maas_switchover_to={heir}"
    for expected in (True, False):
        run = play("switchover", "--extra-vars", words)
        assert run.status == 0, run.output[-8000:]
        assert bool(run.changes) is expected
        assert maas.leader() == heir


@pytest.mark.usefixtures("kept")
def test_the_virtual_ip_goes_to_another_host_and_the_gap_is_told(lab):
    (holder,) = maas.holders()
    run = play("switchover", "--extra-vars", "maas_switchover=vip")
    assert run.status == 0, run.output[-8000:]
    (heir,) = maas.holders()
    assert heir != holder
    print(*GAP.findall(run.told), sep="\n")
    assert len(GAP.findall(run.told)) == len(lab.groups["maas_region"])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "Say what is to change hands"),
        ("maas_switchover=database maas_switchover_to=rack1", "or no rack1, that the lead could go to"),
        ("maas_switchover=vip maas_switchover_to=rack1", "or no rack1, that"),
    ],
)
def test_a_change_of_hands_that_makes_no_sense_is_refused(words, sentence):
    leader, holders = maas.leader(), maas.holders()
    run = play("switchover", "--extra-vars", words or "maas_switchover=")
    assert run.status and sentence in run.told
    assert (maas.leader(), maas.holders()) == (leader, holders)


def test_a_change_of_hands_without_all_who_take_part_is_refused():
    leader = maas.leader()
    run = play("switchover", "--limit", FIRST, "--extra-vars", "maas_switchover=database")
    assert run.status and "--limit may leave out none of them" in run.told
    assert maas.leader() == leader


def test_a_member_that_runs_and_is_not_in_the_inventory_is_refused(lab, inventory):
    run = play("replace_database", inventory=inventory(FIRST, SECOND))
    assert run.status and "running, but not in maas_postgresql: control3" in run.told
    assert voters(lab) == set(MEMBERS)


def test_a_database_without_a_leader_is_refused(lab):
    """Patroni is told to let things be, so nobody takes the lead that its leader gives up."""
    leader = maas.leader()
    lab.run(leader, [f"{PATRONICTL} pause --wait; systemctl stop patroni"])
    try:
        until(lambda: not maas.leader(), 60, "the leader's key to expire")
        run = play("add_database")
    finally:
        lab.run(leader, [f"systemctl start patroni; {PATRONICTL} resume --wait"])
    assert run.status and "the leader is nobody" in run.told
    assert run.changes == []
    until(lambda: maas.database_is_whole(*MEMBERS), 120, "the database to recover")


def test_a_database_of_which_nobody_can_tell_is_refused(lab):
    """Two of three members of etcd are away, so what Patroni says is of the past."""
    for host in (SECOND, THIRD):
        lab.run(host, ["systemctl stop etcd"])
    try:
        until(lambda: not maas.etcd(), 60, "the last member of etcd to miss its leader")
        run = play("add_database")
    finally:
        for host in (SECOND, THIRD):
            lab.run(host, ["systemctl start etcd"])
    assert run.status and "answers for the database" in run.told
    assert run.changes == []
    until(lambda: maas.database_is_whole(*MEMBERS), 180, "the database to recover")


@pytest.mark.usefixtures("kept")
def test_a_host_that_comes_back_with_an_empty_disk_joins_again(lab):
    lab.reinstall(THIRD)
    run = play("replace_database")
    assert run.status == 0, run.output[-8000:]
    assert maas.database_is_whole(*MEMBERS)
    assert voters(lab) == set(MEMBERS)


def test_replacing_it_again_changes_nothing():
    run = play("replace_database")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("task", ["member add", "Run Patroni with its configuration"])
def test_a_host_that_dies_half_way_joins_with_the_next_run(lab, task):
    lab.reinstall(THIRD)
    patience = ("--extra-vars", "maas_postgresql_start_timeout=30")
    cut = disturbed("replace_database", *patience, task=task, do=lambda: lab.off(THIRD))
    assert cut.status
    lab.on(THIRD)
    run = play("replace_database")
    assert run.status == 0, run.output[-8000:]
    assert maas.database_is_whole(*MEMBERS)
    assert voters(lab) == set(MEMBERS)


@pytest.mark.usefixtures("kept")
def test_a_new_host_takes_the_place_of_a_dead_one(lab, inventory):
    lab.off(THIRD)
    others = {group: [FIRST, SECOND] for group in ("maas_haproxy", "maas_region")}
    run = play("replace_database", inventory=inventory(FIRST, SECOND, "rack2", **others))
    assert run.status == 0, run.output[-8000:]
    assert maas.database_is_whole(FIRST, SECOND, "rack2")
    assert voters(lab) == {FIRST, SECOND, "rack2"}


def test_one_host_that_is_left_carries_the_database_on(lab, inventory):
    """As the page of operations tells it for an etcd most of which is gone for good."""
    maas.client().post("tags/", {"name": "kept"})
    lab.off("rack2")
    for host in (SECOND, THIRD):
        lab.reinstall(host)
    refused = play("site", inventory=inventory(*MEMBERS, maas_rack=["rack1"]))
    assert refused.status and "cluster would begin with an empty one" in refused.told
    section = OPERATIONS.read_text().partition("### Most of etcd is gone for good")[2]
    (commands,) = re.findall(r"```shell\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    others = {"maas_region": [FIRST], "maas_haproxy": [FIRST], "maas_rack": ["rack1"]}
    lab.run(FIRST, [textwrap.dedent(commands)])
    run = play("database", inventory=inventory(FIRST, **others))
    assert run.status == 0, run.output[-8000:]
    assert maas.database_is_whole(FIRST)
    for host in (SECOND, THIRD):
        run = play("remove_region", "--extra-vars", f"maas_region_host={host}", inventory=inventory(FIRST, **others))
        assert run.status == 0, run.output[-8000:]
    run = play("add_database", inventory=inventory(*MEMBERS, **others))
    assert run.status == 0, run.output[-8000:]
    run = play("add_region", inventory=inventory(*MEMBERS, maas_rack=["rack1"]))
    assert run.status == 0, run.output[-8000:]
    assert maas.database_is_whole(*MEMBERS)
    assert maas.regions() == set(MEMBERS)
    assert maas.client().find("tags/kept/")
