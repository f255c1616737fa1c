# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong on real hosts is told before anything changes; tests/unit holds each case."""

from __future__ import annotations

import pytest

from tests.site.playbook import play


@pytest.fixture(autouse=True, scope="module")
def no_stand_ins(lab):
    """Stop what stands for the regions: it holds MAAS's ports without being MAAS."""
    for host in lab.groups["maas_region"]:
        lab.run(host, ["systemctl", "stop", "region"])
    yield
    for host in lab.groups["maas_region"]:
        lab.run(host, ["systemd-run", "--unit=region", "--collect", "python3", "/usr/local/lib/region.py"])


def refused(run):
    """Return what a refused run said, in one line."""
    assert run.status != 0, run.output
    assert run.changes == []
    return run.told


def test_a_sound_site_passes_behind_its_firewall(lab):
    run = play("preflight")
    assert run.status == 0, run.output
    assert run.changes == []


def test_a_virtual_ip_that_somebody_else_has_is_refused(lab):
    said = refused(play("preflight", "--extra-vars", f"maas_vip={lab.hosts['client']}"))
    assert f"maas_vip {lab.hosts['client']} is held by a stranger" in said


def test_all_problems_are_told_at_once_in_check_mode_too(lab):
    region, rack = lab.groups["maas_region"][-1], lab.groups["maas_rack"][0]
    lab.run(rack, ["systemd-run --unit=stranger --collect nc -lk 5248"])
    lab.run(region, ["nft add table inet block"])
    lab.run(region, ["nft add chain inet block input '{ type filter hook input priority 0; }'"])
    lab.run(region, [f"nft add rule inet block input ip saddr {lab.hosts[rack]} tcp dport 5250 drop"])
    try:
        said = refused(play("preflight", "--check", "--extra-vars", "maas_database_password=s3cr@t maas_version=3.9"))
    finally:
        lab.run(rack, ["systemctl stop stranger"])
        lab.run(region, ["nft delete table inet block"])
    assert f"{rack} has nc on port 5248: stop" in said
    assert f"{rack} gets no answer from {region} ({lab.hosts[region]}) on TCP 5250" in said
    assert "maas_database_password has characters that MAAS cannot carry" in said
    assert "s3cr@t" not in said
    assert "maas_version is 3.9: choose one of" in said


def test_a_dead_host_stops_a_full_run_and_not_one_without_it(lab):
    rack = lab.groups["maas_rack"][-1]
    lab.off(rack)
    try:
        assert f"{rack} cannot be read as root over ssh" in refused(play("preflight"))
        without = play("preflight", "--limit", f"all:!{rack}")
    finally:
        lab.heal(rack)
    assert without.status == 0, without.output
