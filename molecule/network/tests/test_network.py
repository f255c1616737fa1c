# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client keeps its lease while racks come, swap and go; the tests run in the order of the file."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from tests.lab import topology
from tests.site import maas
from tests.site.inventory import served
from tests.site.lease import Lease
from tests.site.playbook import play
from tests.site.probe import INTERVAL, until

SILENCE = 30  # seconds without an answer while a pair first meets; leases last 600
DESCRIBED = ("fabric", "space", "vlan", "subnet", "iprange")
PAIR = ("normal", "normal")
# What former partners are in for an hour: one serves, the other has all leases and waits.
FORMER = {PAIR, ("partner-down", "recover-wait"), ("recover-wait", "partner-down")}


@pytest.fixture(autouse=True, scope="module")
def lease(lab):
    """Let a client renew its lease throughout."""
    with Lease(lab) as client:
        yield client


@pytest.fixture(scope="module")
def racks(lab):
    """The two racks."""
    if len(lab.groups["maas_rack"]) < 2:
        pytest.skip("there is one rack only")
    return lab.groups["maas_rack"][:2]


def described(primary, secondary):
    """Return the words that describe the provisioning network as the inventory would."""
    return served(primary_rack=primary, secondary_rack=secondary)


def run(name, *words):
    """Run a playbook that must succeed."""
    done = play(name, *words)
    assert done.status == 0, done.output[-8000:]
    return done


@contextmanager
def kept(lab, lease):
    """Assert that the client keeps its lease, and that MAAS keeps DHCP on, whatever happens meanwhile."""
    since, over = len(lease.answers()) - 1, threading.Event()
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(switches, lab, over)
        try:
            yield
        finally:
            over.set()
    assert seen.result() == {True}, "DHCP was off"
    longest = lease.silence(since)
    print(f"the longest silence was {longest:.1f} s")
    assert longest < SILENCE
    assert len({address for dummy, address in lease.answers()}) == 1


def switches(lab, over):
    """Return what MAAS told of DHCP until it was over: True for on, False for off."""
    subnet = f"{topology.provisioning_network(lab.network)}.0/24"
    seen = set()
    while not over.wait(INTERVAL):
        seen.add(maas.client().get(f"subnets/cidr:{subnet}/")["vlan"]["dhcp_on"])
    return seen


def pair(lab):
    """Return of each rack the role that it has in its pair, and the states that it and its partner are in."""
    told = {}
    for rack in lab.groups["maas_rack"]:
        leases = lab.run(rack, ["cat /var/snap/maas/common/maas/dhcp/dhcpd.leases 2>/dev/null || true"])
        states = dict(re.findall(r"^  (my|partner) state (\S+)", leases, re.MULTILINE))
        told[rack] = (maas.dhcp_role(rack), (states.get("my"), states.get("partner")))
    return told


def rows(lab):
    """Return what tells each row that describes the network from what was there before the last write to it."""
    query = " UNION ALL ".join(f"SELECT '{kind}', id, xmin::text FROM maasserver_{kind}" for kind in DESCRIBED)
    psql = f'runuser -u postgres -- psql -At maasdb -c "{query}"'
    return sorted(lab.run(maas.leader(), [psql]).splitlines())


def test_one_rack_serves(lab, racks, lease):
    assert lease.answers()
    assert pair(lab)[racks[0]][0] == "alone"
    assert lab.run(racks[1], ["test -e /snap/maas && echo there || echo bare"]).strip() == "bare"


def test_a_second_rack_joins_the_site_without_a_lease_lost(lab, racks, lease):
    with kept(lab, lease):
        assert run("site", *described(*racks)).changed
    assert pair(lab) == {racks[0]: ("primary", PAIR), racks[1]: ("secondary", PAIR)}


def test_a_second_run_changes_and_writes_nothing(lab, racks):
    before = rows(lab)
    assert run("site", *described(*racks)).changes == []
    assert rows(lab) == before


def test_check_mode_tells_the_plan_and_writes_nothing(lab, racks):
    before = rows(lab)
    assert run("network", *described(*reversed(racks)), "--check", "--diff").changed
    assert rows(lab) == before


def test_a_check_of_what_is_not_there_yet_says_so(racks):
    entry = {"fabric": "dc9", "vid": 77}
    new = {
        "maas_network_fabrics": [{"name": "dc9"}],
        "maas_network_vlans": [entry],
        "maas_network_dhcp": [{**entry, "dhcp_on": True, "primary_rack": racks[0]}],
    }
    done = run("network", "--check", "--extra-vars", json.dumps(new))
    assert "MAAS has no fabric dc9" in done.told
    assert "dc9" not in {each["name"] for each in maas.client().get("fabrics/")}


def test_the_pair_swaps_without_a_lease_lost(lab, racks, lease):
    with kept(lab, lease):
        assert run("network", *described(*reversed(racks))).changed
    told = pair(lab)
    assert [told[rack][0] for rack in racks] == ["secondary", "primary"]
    assert {told[rack][1] for rack in racks} <= FORMER


def test_the_survivor_serves_when_the_primary_is_lost(lab, racks, lease):
    lab.kill(racks[1])
    try:
        before = len(lease.answers())
        until(lambda: len(lease.answers()) > before + 2, 60, "the survivor to answer")
        assert len({address for dummy, address in lease.answers()}) == 1
    finally:
        lab.on(racks[1])
        until(lambda: {states for dummy, states in pair(lab).values()} <= FORMER, 180, "the pair after the loss")


def test_a_rack_that_is_silent_is_not_made_the_secondary(lab, racks):
    first, second = racks
    run("network", *described(second, ""))
    lab.run(first, ["nft add table inet deaf"])
    lab.run(first, ["nft add chain inet deaf input '{ type filter hook input priority 0; }'"])
    lab.run(first, ["nft add rule inet deaf input tcp dport 647 drop"])
    try:
        refused = play("network", *described(second, first))
    finally:
        lab.run(first, ["nft delete table inet deaf"])
    assert refused.status != 0
    assert f"{first} does not answer {second} on TCP port 647" in refused.told
    assert run("network", *described(second, first)).changed
