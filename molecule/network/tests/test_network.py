# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client keeps its lease while racks come, swap and go; the tests run in the order of the file."""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.lab import topology
from tests.site import maas
from tests.site.playbook import play
from tests.site.probe import INTERVAL, until

SILENCE = 30  # seconds without an answer while a pair first meets; leases last 600
# Asks for its lease again and again; each line is the time and the address that was granted, or a dash.
CLIENT = r"""
echo 'timeout 4; reboot 2; retry 1; initial-interval 1; backoff-cutoff 1;' > /run/renew.conf
rm -f /run/renew.leases /run/renew.log
while :; do
  got=$(dhclient -1 -v -cf /run/renew.conf -lf /run/renew.leases -pf /run/renew.pid -sf /bin/true prov0 2>&1 \
    | sed -n 's/^bound to \([0-9.]*\).*/\1/p')
  kill $(cat /run/renew.pid 2>/dev/null) 2>/dev/null
  echo "$(date +%s.%N) ${got:--}" >> /run/renew.log
  sleep 0.5
done
"""
DESCRIBED = ("fabric", "space", "vlan", "subnet", "iprange")
PAIR = ("normal", "normal")
# What former partners are in for an hour: one serves, the other has all leases and waits.
FORMER = {PAIR, ("partner-down", "recover-wait"), ("recover-wait", "partner-down")}


@pytest.fixture(autouse=True, scope="module")
def client(lab):
    """Run the client throughout."""
    lab.run("client", ["ip link set prov0 up"])
    lab.run("client", [f"cat > /run/renew <<'END'{CLIENT}END"])
    lab.run("client", ["systemd-run --unit=renew --collect bash /run/renew"])
    until(lambda: granted(lab), 60, "the client's first lease")
    yield
    lab.run("client", ["systemctl stop renew"])


@pytest.fixture(scope="module")
def racks(lab):
    """The two racks."""
    if len(lab.groups["maas_rack"]) < 2:
        pytest.skip("there is one rack only")
    return lab.groups["maas_rack"][:2]


def granted(lab):
    """Return (time, address) of each answer that the client got."""
    lines = [line.split() for line in lab.run("client", ["cat /run/renew.log 2>/dev/null || true"]).splitlines()]
    return [(float(when), address) for when, address in lines if address != "-"]


def described(lab, primary, secondary):
    """Return the words that describe the provisioning network as the inventory would."""
    net = topology.provisioning_network(lab.network)
    entry = {
        "subnet": f"{net}.0/24",
        "dhcp_on": True,
        "primary_rack": primary,
        "secondary_rack": secondary,
        "ranges": [{"type": "dynamic", "start_ip": f"{net}.100", "end_ip": f"{net}.199"}],
    }
    return ["--extra-vars", json.dumps({"maas_network_dhcp": [entry]})]


def run(name, *words):
    """Run a playbook that must succeed."""
    done = play(name, *words)
    assert done.status == 0, done.output[-8000:]
    return done


class Kept:
    """Asserts that the client keeps its lease, and that MAAS keeps DHCP on, while something happens."""

    def __init__(self, lab):
        self.lab = lab

    def __enter__(self):
        self.since = len(granted(self.lab)) - 1
        self.over = threading.Event()
        self.watch = ThreadPoolExecutor(1).submit(self._watch)
        return self

    def __exit__(self, failed, *dummy):
        self.over.set()
        if failed:
            return
        assert self.watch.result() == {True}, "DHCP was off"
        before = len(granted(self.lab))
        until(lambda: len(granted(self.lab)) > before + 2, 60, "the client to renew")
        answers = granted(self.lab)
        assert len({address for dummy, address in answers}) == 1
        times = [when for when, dummy in answers[self.since :]]
        longest = max(later - earlier for earlier, later in zip(times, times[1:], strict=False))
        print(f"the client was granted its address {len(times)} times, the longest silence was {longest:.1f} s")
        assert longest < SILENCE

    def _watch(self):
        subnet = f"{topology.provisioning_network(self.lab.network)}.0/24"
        seen = set()
        while not self.over.wait(INTERVAL):
            seen.add(maas.client().get(f"subnets/cidr:{subnet}/")["vlan"]["dhcp_on"])
        return seen


def pair(lab):
    """Return of each rack the role that it has in its pair, and the states that it and its partner are in."""
    told = {}
    for rack in lab.groups["maas_rack"]:
        config = lab.run(rack, ["cat /var/snap/maas/common/maas/dhcpd.conf 2>/dev/null || true"])
        leases = lab.run(rack, ["cat /var/snap/maas/common/maas/dhcp/dhcpd.leases 2>/dev/null || true"])
        role = re.search(r'failover peer "[^"]+" \{\s+(primary|secondary);', config)
        states = dict(re.findall(r"^  (my|partner) state (\S+)", leases, re.MULTILINE))
        told[rack] = (role and role[1], (states.get("my"), states.get("partner")))
    return told


def rows(lab):
    """Return what tells each row that describes the network from what was there before the last write to it."""
    query = " UNION ALL ".join(f"SELECT '{kind}', id, xmin::text FROM maasserver_{kind}" for kind in DESCRIBED)
    psql = f'runuser -u postgres -- psql -At maasdb -c "{query}"'
    return sorted(lab.run(maas.leader(), [psql]).splitlines())


def test_one_rack_serves(lab, racks):
    assert granted(lab)
    assert pair(lab)[racks[0]][0] is None
    assert lab.run(racks[1], ["test -e /snap/maas && echo there || echo bare"]).strip() == "bare"


def test_a_second_rack_joins_the_site_without_a_lease_lost(lab, racks):
    with Kept(lab):
        assert run("site", *described(lab, *racks)).changed
    assert pair(lab) == {racks[0]: ("primary", PAIR), racks[1]: ("secondary", PAIR)}


def test_a_second_run_changes_and_writes_nothing(lab, racks):
    before = rows(lab)
    assert run("site", *described(lab, *racks)).changes == []
    assert rows(lab) == before


def test_check_mode_tells_the_plan_and_writes_nothing(lab, racks):
    before = rows(lab)
    assert run("network", *described(lab, *reversed(racks)), "--check", "--diff").changed
    assert rows(lab) == before


def test_the_pair_swaps_without_a_lease_lost(lab, racks):
    with Kept(lab):
        assert run("network", *described(lab, *reversed(racks))).changed
    told = pair(lab)
    assert [told[rack][0] for rack in racks] == ["secondary", "primary"]
    assert {told[rack][1] for rack in racks} <= FORMER


def test_the_survivor_serves_when_the_primary_is_lost(lab, racks):
    lab.kill(racks[1])
    try:
        before = len(granted(lab))
        until(lambda: len(granted(lab)) > before + 2, 60, "the survivor to answer")
        assert len({address for dummy, address in granted(lab)}) == 1
    finally:
        lab.on(racks[1])
        until(lambda: {states for dummy, states in pair(lab).values()} <= FORMER, 180, "the pair after the loss")


def test_a_rack_that_is_silent_is_not_made_the_secondary(lab, racks):
    first, second = racks
    run("network", *described(lab, second, ""))
    lab.run(first, ["nft add table inet deaf"])
    lab.run(first, ["nft add chain inet deaf input '{ type filter hook input priority 0; }'"])
    lab.run(first, ["nft add rule inet deaf input tcp dport 647 drop"])
    try:
        refused = play("network", *described(lab, second, first))
    finally:
        lab.run(first, ["nft delete table inet deaf"])
    assert refused.status != 0
    assert f"{first} does not answer {second} on TCP port 647" in refused.told
    assert run("network", *described(lab, second, first)).changed
