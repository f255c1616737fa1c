# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drill lets each tier change hands, and does nothing without a yes or on a site that is not sound."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.site import maas
from tests.site.playbook import play
from tests.site.probe import Probe, until

AWAY = 10  # seconds without MAAS at most, where nothing is lost and everything planned


def drill(directory, *words):
    """Run the drill, its answer given."""
    given = {"maas_drill_confirm": True, "maas_report_directory": str(directory)}
    return play("drill", "--extra-vars", json.dumps(given), *words)


@pytest.fixture
def unmoved():
    """Whatever the test does, leader and virtual IP stay where they are."""
    before = maas.leader(), maas.holders()
    yield
    assert (maas.leader(), maas.holders()) == before


@pytest.mark.usefixtures("unmoved")
def test_without_a_yes_nothing_is_done():
    run = play("drill")
    assert run.status != 0
    assert "Nothing was done. Say yes at the terminal" in run.told
    assert run.changes == []


@pytest.mark.usefixtures("unmoved")
def test_a_check_changes_nothing(tmp_path):
    run = drill(tmp_path, "--check")
    assert run.status == 0, run.output[-8000:]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("unmoved")
def test_a_site_that_is_not_sound_is_refused(lab, tmp_path):
    host = lab.groups["maas_rack"][0]
    lab.run(host, ["systemctl stop snap.maas.pebble"])
    try:
        run = drill(tmp_path)
    finally:
        lab.run(host, ["systemctl start snap.maas.pebble"])
    assert run.status != 0
    assert f"{host}: MAAS does not run" in run.told
    assert not (tmp_path / "drill.json").exists()
    until(maas.whole, 120, "the site to be whole again")
    until(lambda: {*maas.failover().values()} == {("normal", "normal")}, 120, "the pair to be normal")


def test_every_tier_changes_hands_and_heals(tmp_path):
    leader = maas.leader()
    run = drill(tmp_path)
    assert run.status == 0, run.output[-8000:]
    assert maas.leader() != leader
    assert maas.whole()
    told = json.loads((tmp_path / "drill.json").read_text())
    print((tmp_path / "drill.md").read_text())
    assert [(line["tier"], line["problems"]) for line in told] == [
        (tier, []) for tier in ("database", "vip", "region", "rack")
    ]
    assert max(line["away"] for line in told) < AWAY
    assert (tmp_path / "index.html").exists()


def test_no_rack_is_without_a_region_while_regions_restart(lab):
    with contextlib.ExitStack() as stack:
        probes = {
            rack: stack.enter_context(Probe(lambda rack=rack: maas.regions_of(rack)))
            for rack in lab.groups["maas_rack"]
        }
        run = play("restart", "--extra-vars", json.dumps({"maas_restart": "region"}))
    assert run.status == 0, run.output[-8000:]
    assert {rack: probe.failed for rack, probe in probes.items()} == dict.fromkeys(probes, 0)
