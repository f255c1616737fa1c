# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Racks come and go, and a client keeps its lease; the tests run in the order of the file."""

from __future__ import annotations

import json
import re

import pytest

from tests.lab import topology
from tests.site import maas
from tests.site.lease import Lease
from tests.site.playbook import play
from tests.site.probe import until

SILENCE = 30  # seconds without an answer while a pair first meets; leases last 600
CONFIG = "/var/snap/maas/common/maas/dhcpd.conf"
LEASES = "/var/snap/maas/common/maas/dhcp/dhcpd.leases"
# The second: what former partners are in for an hour, one serves while the other has all leases and waits.
IN_STEP = [["normal", "normal"], ["partner-down", "recover-wait"]]


@pytest.fixture(autouse=True, scope="module")
def lease(lab):
    with Lease(lab) as client:
        yield client


@pytest.fixture
def kept(lease):
    """Whatever the test does, the client gets answers throughout, all of them for one address."""
    since = len(lease.answers()) - 1
    yield
    assert lease.silence(since) < SILENCE
    assert len({address for dummy, address in lease.answers()}) == 1


def verb(lab, name, rack, *words):
    """Run a verb for a rack, where the inventory leaves it to the collection which rack serves."""
    net = topology.provisioning_network(lab.network)
    dhcp = {
        "subnet": f"{net}.0/24",
        "dhcp_on": True,
        "rack_pair": "auto",
        "ranges": [{"type": "dynamic", "start_ip": f"{net}.100", "end_ip": f"{net}.150"}],
    }
    given = json.dumps({"maas_network_dhcp": [dhcp], "maas_rack_host": rack})
    return play(name, "--extra-vars", given, *words)


def told(run):
    """Return a run's output as one line."""
    return " ".join(run.output.split())


def dhcpd(lab, rack):
    """Return the role of a rack in its pair, None for a rack alone, and the states that its dhcpd believes in."""
    config = lab.run(rack, [f"cat {CONFIG} 2>/dev/null || true"])
    states = re.findall(r"^  (?:my|partner) state (\S+)", lab.run(rack, [f"cat {LEASES} 2>/dev/null || true"]), re.M)
    role = re.search(r'failover peer "[^"]+" \{\s+(primary|secondary);', config)
    return role and role[1], sorted(states[-2:])


def has_maas(lab, host):
    return "maas" in lab.run(host, ["ls /snap"])


def test_a_check_of_a_bare_host_changes_nothing(lab):
    run = verb(lab, "add_rack", "rack2", "--check")
    assert run.status == 0, run.output[-8000:]
    assert not has_maas(lab, "rack2")
    assert set(maas.racks()) == {"rack1"}


def test_a_host_that_is_no_rack_is_refused(lab):
    run = verb(lab, "add_rack", "control1")
    assert run.status and "control1 is not in the group maas_rack" in told(run)


def test_a_host_name_that_is_taken_is_refused(lab):
    lab.run("rack2", ["hostname rack1"])
    try:
        run = verb(lab, "add_rack", "rack2", "--check")
    finally:
        lab.run("rack2", ["hostname rack2"])
    assert run.status and "MAAS has a controller rack1 with only one of this host's name and MAC addresses" in told(run)


def test_a_second_operator_is_told_who_holds_the_lock(lab):
    assert play("lock", "--extra-vars", "maas_lock_verb=upgrade maas_lock_owner=bob@desk").status == 0
    run = verb(lab, "remove_rack", "rack1")
    assert run.status and re.search(r"bob@desk has held the lock since \S+Z for upgrade", told(run))


def test_the_lock_can_be_broken_and_the_only_rack_of_a_vlan_is_not_removed(lab):
    run = verb(lab, "remove_rack", "rack1", "--extra-vars", "maas_lock_break=true")
    assert run.status and "No other living rack has a static address on VLAN 0" in told(run)
    assert has_maas(lab, "rack1") and maas.racks() == {"rack1": "running"}


def test_a_second_rack_joins_and_becomes_secondary(lab, kept):
    """The lock is still the one of the refused run, which the same operator takes over."""
    run = verb(lab, "add_rack", "rack2")
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == {"rack1": "running", "rack2": "running"}
    assert dhcpd(lab, "rack1") == ("primary", ["normal", "normal"])
    assert dhcpd(lab, "rack2") == ("secondary", ["normal", "normal"])
    assert f"{topology.provisioning_network(lab.network)}.0/24: rack1, rack2 each reach its BMCs" in told(run)
    assert "machines are told" in told(run)


def test_the_firewalls_let_the_new_rack_in(lab):
    for host in [*lab.groups["maas_region"], "rack1"]:
        assert lab.hosts["rack2"] in lab.run(host, ["nft list set inet maas_ha maas_rack"])


def test_adding_it_again_changes_nothing(lab):
    run = verb(lab, "add_rack", "rack2")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_a_check_of_the_removal_tells_the_plan_and_does_nothing(lab):
    run = verb(lab, "remove_rack", "rack1", "--check")
    assert run.status == 0, run.output[-8000:]
    assert "rack2 becomes primary, rack1 leaves" in told(run)
    assert dhcpd(lab, "rack1")[0] == "primary" and has_maas(lab, "rack1")


def test_the_primary_is_removed(lab, kept):
    run = verb(lab, "remove_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == {"rack2": "running"}
    assert not has_maas(lab, "rack1")
    assert dhcpd(lab, "rack2")[0] is None


def test_removing_it_again_changes_nothing(lab):
    run = verb(lab, "remove_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_it_comes_back_and_meets_its_former_partner(lab, kept):
    run = verb(lab, "add_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == {"rack1": "running", "rack2": "running"}
    assert dhcpd(lab, "rack2")[0] == "primary" and dhcpd(lab, "rack2")[1] in IN_STEP
    assert dhcpd(lab, "rack1")[0] == "secondary" and dhcpd(lab, "rack1")[1] in IN_STEP


def test_a_dead_rack_is_removed(lab, kept):
    lab.kill("rack1")
    try:
        until(lambda: maas.racks()["rack1"] == "dead", 120, "MAAS to miss the rack")
        run = verb(lab, "remove_rack", "rack1")
    finally:
        lab.on("rack1")
    assert run.status == 0, run.output[-8000:]
    assert "rack1 cannot be reached and keeps its secret" in told(run)
    assert "rack1" not in maas.racks()
