# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a region controller's initialisation."""

from __future__ import annotations

import socket

import pytest
import yaml
from ansible_collections.metal.maas_ha.plugins.modules import region_init

from tests.unit.plugins.conftest import permissions

PASSWORD = "pass-word_1"
OPTIONS = {
    "maas_url": "http://192.0.2.5:5240/MAAS",
    "database_host": "127.0.0.1",
    "database_port": 6432,
    "database_password": PASSWORD,
    "broadcast_address": "192.0.2.11",
    "num_workers": 2,
    "ready_timeout": 1,
}
INIT = "maas init region --maas-url http://192.0.2.5:5240/MAAS"
DONE = {
    "broadcast_address": "192.0.2.11",
    "database_host": "127.0.0.1",
    "database_name": "maasdb",
    "database_pass": PASSWORD,
    "database_port": 6432,
    "database_user": "maas",
    "maas_url": "http://192.0.2.5:5240/MAAS",
    "num_workers": 2,
}


@pytest.fixture
def series():
    """What is tried here is the same in every series."""
    return "3.7.3"


@pytest.fixture
def play(api, snap, monkeypatch):
    """Run the module on a host whose region answers as soon as it is started."""
    monkeypatch.setattr(region_init, "API", api.url)
    with api.transaction() as state:
        state.add_region(socket.gethostname().split(".")[0], endpoints=[["127.0.0.1", 5250]], pid=1)

    def play(**options):
        snap.secret.write_text("abcd")  # as regiond does when it starts
        return snap.play(region_init, **{**OPTIONS, **options})

    return play


def conf(snap):
    return yaml.safe_load(snap.regiond.read_text())


def test_a_bare_host_is_initialised_once(play, snap):
    assert play()["actions"] == ["init"]
    assert snap.calls() == [INIT]
    assert conf(snap) == DONE
    assert not play()["changed"]
    assert snap.calls() == []


def test_the_password_goes_by_stdin_into_a_file_for_root_alone(play, snap):
    answer = play()
    assert PASSWORD not in answer["printed"] + "".join(snap.calls())
    assert permissions(snap.regiond) == 0o600


def test_check_mode_tells_and_writes_nothing(play, snap):
    answer = play(check=True)
    assert answer["changed"] and answer["actions"] == ["init"]
    assert (
        answer["diff"]["before"] == {"mode": "none"} and answer["diff"]["after"]["database_pass"] == "(hidden, another)"
    )
    assert (snap.calls(), snap.regiond.read_text(), snap.run.exists()) == ([], "", False)


def test_an_initialisation_that_was_killed_is_finished(play, snap, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "killed")
    assert "`maas init region` was killed" in play()["msg"]
    monkeypatch.delenv("FAKE_FAULT")
    snap.calls()
    assert play()["actions"] == ["init", "migrate", "restart"]
    assert snap.calls() == [INIT, "maas migrate", "snap restart maas"]
    assert not play()["changed"]


def test_what_a_killed_hand_made_initialisation_left_is_finished(play, snap):
    snap.regiond.write_text(yaml.safe_dump({**DONE, "database_name": "other"}))
    assert play()["actions"] == ["init", "migrate", "restart"]
    assert conf(snap) == DONE


def test_a_run_that_was_cut_before_the_restart_is_made_good(play, snap):
    snap.initialise("region", regiond=yaml.safe_dump(DONE))
    snap.run.mkdir()
    (snap.run / "region.begun").touch()
    assert play(check=True)["actions"] == ["migrate", "restart"]
    assert play()["actions"] == ["migrate", "restart"]
    assert not play()["changed"]


@pytest.mark.parametrize("services", ["disabled inactive", "enabled inactive"])
def test_a_region_that_was_stopped_is_started(play, snap, monkeypatch, services):
    snap.initialise("region", regiond=yaml.safe_dump({**DONE, "num_workers": 4}))
    monkeypatch.setenv("FAKE_SERVICES", services)
    assert play(check=True)["actions"] == ["configure", "start"]
    assert play()["actions"] == ["configure", "start"]
    assert snap.calls() == ["snap start --enable maas"]


def test_settings_that_differ_are_changed_and_others_stay(play, snap):
    snap.initialise("region", regiond=yaml.safe_dump({**DONE, "debug": True, "database_pass": "old", "num_workers": 4}))
    answer = play()
    assert answer["actions"] == ["configure", "restart"]
    assert conf(snap) == {**DONE, "debug": True}
    assert answer["diff"]["before"] == {"database_pass": "(hidden)", "mode": "region", "num_workers": "4"}
    assert PASSWORD not in answer["printed"]
    assert not play()["changed"]


def test_another_database_is_migrated(play, snap):
    snap.initialise("region", regiond=yaml.safe_dump({**DONE, "database_name": "old"}))
    assert play()["actions"] == ["configure", "migrate", "restart"]


def test_a_file_that_others_can_read_is_closed_without_a_restart(play, snap):
    snap.initialise("region", regiond=yaml.safe_dump(DONE))
    snap.regiond.chmod(0o640)
    assert play()["actions"] == ["configure"]
    assert permissions(snap.regiond) == 0o600


def test_credentials_in_vault_are_left_there(play, snap):
    emptied = dict.fromkeys(("database_name", "database_user", "database_pass"), "")
    snap.initialise("region", regiond=yaml.safe_dump({**DONE, **emptied, "vault_url": "https://192.0.2.9:8200"}))
    assert not play()["changed"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"database_password": "p@ss"}, "database_password: MAAS carries letters"),
        ({"num_workers": 11}, "num_workers: 11 is not between 1 and 10"),
        ({"mode": "region+rack"}, "mode: this host is initialised as region and cannot become region+rack"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_done(play, snap, options, said):
    snap.initialise("region", regiond=yaml.safe_dump(DONE))
    assert said in play(**options)["msg"]
    assert snap.calls() == []


def test_a_wrong_password_is_named_and_not_shown(play, snap, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "password")
    answer = play()
    assert answer["msg"].endswith("database_password: PostgreSQL refuses it.")
    assert PASSWORD not in answer["printed"]
    assert not snap.mode.exists()


def test_questions_without_end_are_ended(play, snap, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "questions")
    assert "`maas init region` asked for ever" in play()["msg"]


def test_a_command_that_does_not_end_is_killed(play, snap, monkeypatch):
    monkeypatch.setattr(region_init._cli, "FLOOD", 1 << 40)
    monkeypatch.setenv("FAKE_FAULT", "questions")
    assert "was killed, by its limit of 1 s" in play(timeout=1)["msg"]


def test_a_region_that_stays_silent_is_migrated_once_more_and_then_named(play, api, snap):
    snap.initialise("region", regiond=yaml.safe_dump(DONE))
    with api.transaction() as state:
        for process in list(state.table("process")):
            state.delete("process", process)
    assert "is not among the regions that it names to racks" in play()["msg"]
    assert snap.calls() == ["maas migrate", "snap restart maas"]


def test_a_host_without_the_snap_says_so(play, monkeypatch):
    monkeypatch.setattr(region_init._cli, "MAAS", "/nowhere/maas")
    assert "Install the maas snap first" in play()["msg"]
