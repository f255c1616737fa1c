# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regions answer, keep their secrets, and survive a run that is killed."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml

from tests.site import maas, secrets
from tests.site.playbook import ROOT, command, play
from tests.site.probe import Probe, answers_http, until

CONF = "/var/snap/maas/current/regiond.conf"
VERSION = "/MAAS/api/2.0/version/"

# Ends the initialisation and its migrations as soon as tables are being made. No pattern matches this script itself.
KILL_INIT = """
until pgrep -f 'dbupgrad[e]' >/dev/null; do sleep 0.05; done
sleep 0.6
pkill -9 -f 'init region --maas-ur[l]'
pkill -9 -f 'dbupgrad[e]'
ls /var/snap/maas/common/snap_mode
"""


# A server as its package makes it, that lets one host in.
OWN_POSTGRESQL = """
apt-get install -qqy postgresql >/dev/null
echo 'host maasdb maas {region}/32 scram-sha-256' >>/etc/postgresql/15/main/pg_hba.conf
su - postgres -c psql <<'END'
CREATE ROLE maas LOGIN PASSWORD 'its-own';
CREATE DATABASE maasdb OWNER maas;
ALTER SYSTEM SET listen_addresses = '*';
END
systemctl restart postgresql
"""
MORE_CONNECTIONS = """
su - postgres -c 'psql -c "ALTER SYSTEM SET max_connections = 200"'
systemctl restart postgresql
"""


@pytest.fixture
def regions(lab):
    return lab.groups["maas_region"]


@pytest.fixture
def uninitialised(lab, regions):
    """Regions without the snap, and an empty database."""
    for region in regions:
        lab.run(region, ["snap remove --purge maas"])
    lab.run(maas.leader(), ["su - postgres -c 'psql -c \"DROP DATABASE maasdb WITH (FORCE)\"'"])
    run = play("database")
    assert run.status == 0, run.output[-8000:]


def answers(lab, region):
    """Return what a region answers to an unauthenticated request that goes to its database."""
    return json.loads(lab.run(region, [f"curl -sf http://localhost:5240{VERSION}"]))


def test_every_region_answers_out_of_its_database_and_knows_the_others(lab, regions):
    for region in regions:
        assert answers(lab, region)["version"].startswith("3.")
        loops = json.loads(lab.run(region, ["curl -sf http://localhost:5240/MAAS/rpc/"]))["eventloops"]
        assert {loop.split(":")[0] for loop in loops} == set(regions)


def test_the_api_key_on_every_region_is_the_administrators(lab, regions):
    for region in regions:
        assert maas.client(region).get("users/", op="whoami")["username"] == "admin"


def test_a_region_is_found_at_its_own_address_and_reaches_the_database_by_the_proxy(lab, regions):
    for region in regions:
        conf = yaml.safe_load(lab.run(region, [f"cat {CONF}"]))
        assert conf["broadcast_address"] == lab.hosts[region]
        assert (conf["database_host"], conf["database_port"]) == ("127.0.0.1", 6432)


def test_root_alone_can_read_what_holds_a_secret(lab, regions):
    for region in regions:
        paths = [CONF, "/etc/maas-ha/api_key", "/etc/maas-ha/secrets/region.json"]
        assert lab.run(region, ["stat", "-c", "%a", *paths]).split() == ["600"] * len(paths)
        assert secrets.seen_on(region, secrets.values()) == []


def test_check_mode_reports_no_change():
    run = play("region", "--check", "--diff")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_a_change_restarts_one_region_after_the_other(lab, regions):
    if len(regions) == 1:
        pytest.skip("there is one region only")
    asks = [answers_http(lab.hosts[region], 5240, VERSION) for region in regions]
    with Probe(lambda: any(ask() for ask in asks)) as api:
        run = play("region", "--extra-vars", "maas_region_num_workers=2")
    assert run.status == 0, run.output[-8000:]
    assert len(run.changes) == len(regions)
    assert api.longest < 1
    assert play("region").status == 0


def test_a_mode_that_an_initialised_host_cannot_take_is_refused(regions):
    run = play("region", "--limit", regions[-1], "--extra-vars", "maas_region_mode=region+rack")
    assert run.status
    assert "is initialised as region and cannot become region+rack" in run.told


def test_a_version_other_than_what_runs_is_refused(regions):
    run = play("region", "--limit", regions[-1], "--extra-vars", "maas_version=3.6")
    assert run.status
    assert "another version is an upgrade" in run.told


def test_an_initialisation_that_is_killed_while_it_migrates_is_finished(lab, regions, uninitialised):
    killer = subprocess.Popen(lab.command(regions[0], [KILL_INIT]), stderr=subprocess.PIPE, text=True)
    cut = play("region", "--limit", regions[0])
    assert "No such file" in killer.communicate(timeout=60)[1], "the host was initialised before it could be killed"
    assert cut.status
    assert "`maas init region` was killed" in cut.told
    run = play("region")
    assert run.status == 0, run.output[-8000:]
    for region in regions:
        assert answers(lab, region)["version"].startswith("3.")


def test_a_run_that_is_killed_does_not_kill_its_initialisation_and_the_next_waits_for_it(lab, regions, uninitialised):
    run = subprocess.Popen(command("region", "--limit", regions[0]), stdout=subprocess.DEVNULL)
    begun = ["pgrep", "-f", "init region --maas-ur[l]"]
    initialises = lab.command(regions[0], begun)
    until(lambda: subprocess.run(initialises, capture_output=True, check=False).returncode == 0, 120, "the init")
    run.kill()
    run.wait()
    again = play("region")
    assert again.status == 0, again.output[-8000:]
    assert play("region").changes == []


def test_a_region_runs_on_postgresql_of_ones_own_that_has_room_for_it(lab, regions, tmp_path):
    region, server = regions[0], lab.hosts["client"]
    lab.run(region, ["snap remove --purge maas"])
    lab.run("client", [OWN_POSTGRESQL.format(region=lab.hosts[region])])
    words = {"maas_database_host": server, "maas_database_password": "its-own"}
    group = {"hosts": {region: {"ansible_host": lab.hosts[region]}}, "vars": words}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"maas_region": group}))
    (tmp_path / "group_vars").symlink_to(ROOT / "inventory" / "lab" / "group_vars")

    refused = play("database", inventory=tmp_path)
    assert refused.status
    assert f"{server}:5432 must let maas into maasdb" in refused.output
    assert re.search(r"connections'+: 100\b", refused.output)
    lab.run("client", [MORE_CONNECTIONS])
    for name in ("database", "region"):
        run = play(name, inventory=tmp_path)
        assert run.status == 0, run.output[-8000:]
    assert answers(lab, region)["version"].startswith("3.")
    conf = yaml.safe_load(lab.run(region, [f"cat {CONF}"]))
    assert (conf["database_host"], conf["database_port"]) == (server, 5432)
    assert play("region", inventory=tmp_path).changes == []
