# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a rack controller's initialisation."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.metal.maas_ha.plugins.modules import rack_init

from tests.unit.plugins.conftest import permissions

URLS = ["http://192.0.2.5:5240/MAAS", "http://192.0.2.11:5240/MAAS"]
SECRET = "0123456789abcdef"
DONE = yaml.safe_dump({"maas_url": URLS})


@pytest.fixture
def play(snap):
    """Run the module with the wanted options."""
    return lambda **options: snap.play(rack_init, **{"maas_url": URLS, "secret": SECRET, **options})


def conf(snap):
    return yaml.safe_load(snap.rackd.read_text())


@pytest.fixture
def rack(snap):
    """A rack as the module leaves it."""
    snap.initialise("rack", rackd=DONE)
    snap.secret.write_text(SECRET)


def test_a_bare_host_is_initialised_once(play, snap):
    answer = play(max_rpc_connections=8)
    assert answer["actions"] == ["init", "configure"] and SECRET not in answer["printed"]
    assert snap.calls() == [f"maas init rack --maas-url {URLS[0]}"]
    assert conf(snap) == {"maas_url": URLS, "max_rpc_connections": 8}
    assert snap.secret.read_text() == SECRET
    assert permissions(snap.secret) == permissions(snap.rackd) == 0o600
    assert not play(max_rpc_connections=8)["changed"]


def test_check_mode_tells_and_writes_nothing(play, snap):
    answer = play(check=True)
    assert answer["actions"] == ["init", "configure"] and SECRET not in answer["printed"]
    assert (snap.calls(), snap.rackd.exists(), snap.run.exists()) == ([], False, False)
    assert play(check=True, secret=None)["changed"]


def test_without_a_secret_nothing_is_begun(play, snap):
    assert "without the regions' secret it cannot become one" in play(secret=None)["msg"]
    assert snap.calls() == []


def test_an_initialisation_that_was_killed_is_finished(play, snap, monkeypatch):
    monkeypatch.setenv("FAKE_FAULT", "killed")
    assert "`maas init rack` was killed" in play()["msg"]
    monkeypatch.delenv("FAKE_FAULT")
    assert play()["actions"] == ["init", "configure", "restart"]
    assert not play()["changed"]


def test_another_secret_is_taken_and_loaded(play, rack, snap):
    snap.secret.write_text("beef")
    answer = play()
    assert answer["actions"] == ["secret", "restart"]
    assert answer["diff"]["before"]["secret"] == "(hidden)" and SECRET not in answer["printed"]
    assert snap.secret.read_text() == SECRET
    assert snap.calls() == ["snap restart maas"]
    assert not play()["changed"]


def test_a_rack_that_was_stopped_is_started(play, rack, snap, monkeypatch):
    monkeypatch.setenv("FAKE_SERVICES", "disabled inactive")
    assert play()["actions"] == ["start"]
    assert snap.calls() == ["snap start --enable maas"]


def test_other_addresses_need_no_restart_and_pools_do(play, rack, snap):
    assert play(maas_url=URLS[:1])["actions"] == ["configure"]
    assert conf(snap) == {"maas_url": URLS[0]}
    assert not play(maas_url=URLS[:1])["changed"]
    assert play(max_idle_rpc_connections=2)["actions"] == ["configure", "restart"]
    assert conf(snap) == {"maas_url": URLS, "max_idle_rpc_connections": 2}


def test_what_is_not_mentioned_stays(play, rack, snap):
    snap.rackd.write_text("# by hand\ncluster_uuid: 6c0c8b4e\nmaas_url: http://192.0.2.5:5240/MAAS\ntftp_port: 69\n")
    play(secret=None)
    assert snap.rackd.read_text().startswith("# by hand\ncluster_uuid: 6c0c8b4e\nmaas_url:\n- ")
    assert conf(snap) == {"cluster_uuid": "6c0c8b4e", "maas_url": URLS, "tftp_port": 69}


def test_a_region_and_rack_keeps_its_own_secret(play, snap):
    snap.initialise("region+rack", rackd="maas_url: http://192.0.2.5:5240/MAAS\n")
    answer = play()
    assert (answer["actions"], answer["mode"]) == (["configure"], "region+rack")
    assert snap.secret.read_text() == "abcd"


@pytest.mark.parametrize(
    ("mode", "options", "said"),
    [
        ("region", {}, "initialised as a region alone"),
        ("rack", {"maas_url": []}, "maas_url: give the address of one region"),
        ("rack", {"secret": "no hex"}, "secret: not hexadecimal"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_done(play, snap, mode, options, said):
    snap.initialise(mode, rackd=DONE)
    assert said in play(**options)["msg"]
    assert snap.calls() == [] and snap.rackd.read_text() == DONE
