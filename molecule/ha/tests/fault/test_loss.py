# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user notices when a host or a daemon is lost."""

from __future__ import annotations

import os

import pytest

from tests.lab import Lab
from tests.site import maas
from tests.site.playbook import play
from tests.site.probe import Probe, accepts_tcp, answers_http, until

VERSION = "/MAAS/api/2.0/version/"
COMES_BACK = 60  # seconds; that it comes back is tested here, how soon is printed
VIRTUAL_IP = 3  # seconds in which the address must be back, its own move included


pytestmark = pytest.mark.skipif(
    len(Lab.current().groups["maas_etcd"]) < 3, reason="a site of one host does not survive its loss"
)


def victims():
    """Return the hosts to lose: all in turn, or only the one on which the database leader runs."""
    if os.environ.get("LAB_LOSE") == "all":
        lab = Lab.current()
        return [host for host in lab.topology.hosts if host != "client"]
    return ["the database leader's"]


def test_a_killed_regiond_moves_nobody_else():
    lab = Lab.current()
    host = lab.groups["maas_region"][0]
    with Probe(answers_http(lab.vip, 80, VERSION)) as probe:
        lab.run(host, ["systemctl kill --signal=KILL snap.maas.pebble.service"])
        until(lambda: maas.regions() == set(lab.groups["maas_region"]), 120, f"{host} to be alive again")
    assert probe.longest < 10


@pytest.mark.parametrize("victim", victims())
def test_the_site_survives_the_loss_of_a_host(victim):
    lab = Lab.current()
    host = maas.leader() if victim.startswith("the ") else victim
    until(maas.whole, 180, "the site to be whole before the loss")
    with (
        Probe(answers_http(lab.vip, 5240, VERSION)) as api,
        Probe(accepts_tcp(lab.vip, 80)) as address,
    ):
        lab.off(host)
        try:
            until(answers_http(lab.vip, 5240, VERSION), COMES_BACK, f"the API after the loss of {host}")
            until(lambda: writes(lab), COMES_BACK, f"a write through the API after the loss of {host}")
        finally:
            print(f"lost {host}: the API was away for {api.longest:.1f} s, the virtual IP for {address.longest:.1f} s")
            lab.heal(host)
    assert address.longest < VIRTUAL_IP
    until(maas.whole, 240, f"the site to be whole again with {host}")


def test_after_the_losses_a_run_changes_nothing():
    run = play("site")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def writes(lab):
    """Tell whether something written through the virtual IP can be read back and removed."""
    from ansible_collections.metal.maas_ha.plugins.module_utils._client import MaasError

    try:
        space = maas.client().post("spaces/", {"name": "after-the-loss"})
        maas.client().delete(f"spaces/{space['id']}/")
    except MaasError:
        return False
    return True
