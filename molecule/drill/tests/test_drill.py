# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drill lets each tier change hands, and does nothing without a yes or on a site that is not sound."""

from __future__ import annotations

import contextlib
import json

import pytest

from tests.site import maas
from tests.site.interruption import disturbed
from tests.site.playbook import play
from tests.site.probe import Probe, until

AWAY = 10  # seconds without MAAS at most, where nothing is lost and everything planned
PATRONICTL = "patronictl -c /etc/patroni/config.yml"
TIERS = ("database", "vip", "region", "rack")


def given(directory):
    """Return the words that answer for the operator, and say where the table is kept."""
    return ("--extra-vars", json.dumps({"maas_drill_confirm": True, "maas_report_directory": str(directory)}))


def drill(directory, *words):
    """Run the drill, its answer given."""
    return play("drill", *given(directory), *words)


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


@pytest.mark.usefixtures("unmoved")
def test_a_tier_that_is_refused_ends_the_drill_and_no_earlier_table_stays(lab, tmp_path):
    """Patroni is paused once the site was found sound, and then hands over to nobody but a host that is named."""
    (tmp_path / "drill.md").write_text("| database | nothing is wrong |\n")
    leader = maas.leader()
    try:
        run = disturbed(
            "drill",
            *given(tmp_path),
            task="See who works on the deployment",
            do=lambda: lab.run(leader, [f"{PATRONICTL} pause --wait"]),
        )
    finally:
        lab.run(leader, [f"{PATRONICTL} resume --wait"])
    assert run.status
    assert {host for host, counts in run.hosts.items() if counts["failed"]} == {leader}, run.output[-8000:]
    assert "PLAY [Give the virtual IP to another load balancer]" not in run.output
    told = json.loads((tmp_path / "drill.json").read_text())
    assert [(line["tier"], line["finished"]) for line in told] == [(tier, False) for tier in TIERS]
    table = (tmp_path / "drill.md").read_text()
    assert table.count("| not finished |") == len(TIERS) and "nothing is wrong" not in table
    until(maas.whole, 120, "the site to be whole")


def test_every_tier_changes_hands_and_heals(tmp_path):
    leader = maas.leader()
    run = drill(tmp_path)
    assert run.status == 0, run.output[-8000:]
    assert maas.leader() != leader
    assert maas.whole()
    told = json.loads((tmp_path / "drill.json").read_text())
    print((tmp_path / "drill.md").read_text())
    assert [(line["tier"], line["finished"], line["problems"]) for line in told] == [(tier, True, []) for tier in TIERS]
    assert max(line["away"] for line in told) < AWAY
    assert (tmp_path / "index.html").exists()


@pytest.mark.parametrize(
    "tier, told", [("region", "seconds at most: 10"), ("rack", "was not restarted. Its DHCP failover")]
)
def test_nothing_restarts_while_another_of_its_kind_is_down(lab, tier, told):
    hosts = [host for host in lab.groups[f"maas_{tier}"] if tier == "region" or host not in lab.groups["maas_region"]]
    since = "systemctl show --property=ActiveEnterTimestampMonotonic snap.maas.pebble"
    before = {host: lab.run(host, [since]) for host in hosts[:-1]}
    lab.run(hosts[-1], ["systemctl stop snap.maas.pebble"])
    try:
        if tier == "rack":
            until(lambda: maas.failover()[hosts[0]][0] != "normal", 120, "its partner to notice")
        run = play("restart", "--extra-vars", json.dumps({"maas_restart": tier}))
        assert run.status and told in run.told, run.output[-8000:]
        assert {host: lab.run(host, [since]) for host in hosts[:-1]} == before
    finally:
        lab.run(hosts[-1], ["systemctl start snap.maas.pebble"])
        until(maas.whole, 180, "the site to be whole again")
    until(lambda: {*maas.failover().values()} == {("normal", "normal")}, 120, "the pair to be normal")


def test_no_rack_is_without_a_region_while_regions_restart(lab):
    with contextlib.ExitStack() as stack:
        probes = {
            rack: stack.enter_context(Probe(lambda rack=rack: maas.regions_of(rack)))
            for rack in lab.groups["maas_rack"]
        }
        run = play("restart", "--extra-vars", json.dumps({"maas_restart": "region"}))
    assert run.status == 0, run.output[-8000:]
    assert {rack: probe.failed for rack, probe in probes.items()} == dict.fromkeys(probes, 0)
