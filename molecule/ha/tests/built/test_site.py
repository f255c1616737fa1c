# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a deployed site is, asked from outside."""

from __future__ import annotations

import json

from tests.lab import Lab
from tests.site import maas
from tests.site.playbook import play


def test_the_virtual_ip_answers_for_maas():
    lab = Lab.current()
    for port in (80, 5240):
        answer = json.loads(lab.run("client", [f"curl -sf http://{lab.vip}:{port}/MAAS/api/2.0/version/"]))
        assert answer["version"].startswith("3.")


def test_exactly_one_load_balancer_holds_the_virtual_ip_with_its_subnets_prefix():
    lab = Lab.current()
    (holder,) = maas.holders()
    assert f" {lab.vip}/24 " in lab.run(holder, ["ip -4 -o address show"])


def test_every_region_is_alive():
    assert maas.regions() == set(Lab.current().groups["maas_region"])


def test_every_rack_is_connected_to_every_region():
    assert maas.racks() == dict.fromkeys(Lab.current().groups["maas_rack"], "running")


def test_the_api_writes_through_the_virtual_ip():
    client = maas.client()
    space = client.post("spaces/", {"name": "written-through-the-virtual-ip"})
    client.delete(f"spaces/{space['id']}/")


def test_a_second_run_changes_nothing():
    run = play("site")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_check_mode_on_a_built_site_reports_no_change():
    run = play("site", "--check", "--diff")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_one_tier_alone_can_be_run():
    run = play("site", "--tags", "maas_haproxy")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_one_host_alone_can_be_run():
    host = Lab.current().groups["maas_region"][-1]
    run = play("site", "--limit", host)
    assert run.status == 0, run.output[-8000:]
    assert set(run.hosts) <= {host, "localhost"}
    assert run.changes == []
