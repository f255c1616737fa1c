# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client keeps its lease while racks come, swap and go; the tests run in the order of the file."""

from __future__ import annotations

import json
import re

import pytest

from tests.lab import topology
from tests.site.playbook import play
from tests.site.probe import until

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


@pytest.fixture(autouse=True, scope="module")
def client(lab):
    """Run the client throughout."""
    lab.run("client", ["ip link set prov0 up"])
    lab.run("client", [f"cat > /run/renew <<'END'{CLIENT}END"])
    lab.run("client", ["systemd-run --unit=renew --collect bash /run/renew"])
    until(lambda: granted(lab), 60, "the client's first lease")
    yield
    lab.run("client", ["systemctl stop renew"])


def granted(lab):
    """Return (time, address) of each answer that the client got."""
    lines = [line.split() for line in lab.run("client", ["cat /run/renew.log 2>/dev/null || true"]).splitlines()]
    return [(float(when), address) for when, address in lines if address != "-"]


def entry(lab, primary, secondary):
    """Return the provisioning network as the inventory would describe it."""
    net = topology.provisioning_network(lab.network)
    return {
        "subnet": f"{net}.0/24",
        "dhcp_on": True,
        "primary_rack": primary,
        "secondary_rack": secondary,
        "ranges": [{"type": "dynamic", "start_ip": f"{net}.100", "end_ip": f"{net}.150"}],
    }


def network(lab, primary, secondary, *words):
    """Run the playbook for a pair of racks."""
    run = play("network", "--extra-vars", json.dumps({"maas_network_dhcp": [entry(lab, primary, secondary)]}), *words)
    assert run.status == 0, run.output
    return run


def kept(lab, since):
    """Assert that the client got answers until now, all of them for the lease that it has from the start."""
    before = len(granted(lab))
    until(lambda: len(granted(lab)) > before + 2, 60, "the client to renew")
    answers = granted(lab)
    assert len({address for dummy, address in answers}) == 1
    times = [when for when, dummy in answers[since:]]
    assert max(later - earlier for earlier, later in zip(times, times[1:], strict=False)) < SILENCE


def roles(lab):
    """Return of each rack the role that it has in its pair, and whether both sides are normal."""
    told = {}
    for rack in lab.groups["maas_rack"]:
        config = lab.run(rack, ["cat /var/snap/maas/common/maas/dhcpd.conf 2>/dev/null || true"])
        leases = lab.run(rack, ["cat /var/snap/maas/common/maas/dhcp/dhcpd.leases 2>/dev/null || true"])
        role = re.search(r'failover peer "[^"]+" \{\s+(primary|secondary);', config)
        states = re.findall(r"^  (?:my|partner) state (\S+)", leases, re.MULTILINE)[-2:]
        told[rack] = (role and role[1], states)
    return told


@pytest.fixture
def racks(lab):
    if len(lab.groups["maas_rack"]) < 2:
        pytest.skip("there is one rack only")
    return lab.groups["maas_rack"][:2]


def test_one_rack_serves(lab):
    assert granted(lab)


def test_a_second_rack_joins_without_a_lease_lost(lab, racks):
    since = len(granted(lab)) - 1
    assert network(lab, *racks).changed
    assert roles(lab)[racks[0]] == ("primary", ["normal", "normal"])
    assert roles(lab)[racks[1]] == ("secondary", ["normal", "normal"])
    kept(lab, since)


def test_a_second_run_changes_nothing(lab, racks):
    assert network(lab, *racks).changes == []


def test_the_pair_swaps_without_a_lease_lost(lab, racks):
    since = len(granted(lab)) - 1
    assert network(lab, *reversed(racks)).changed
    assert roles(lab)[racks[1]] == ("primary", ["normal", "normal"])
    kept(lab, since)


def test_check_mode_tells_the_plan_and_does_nothing(lab, racks):
    run = network(lab, *racks, "--check", "--diff")
    assert run.changed
    assert roles(lab)[racks[1]] == ("primary", ["normal", "normal"])


def test_the_survivor_serves_when_the_primary_is_lost(lab, racks):
    lab.kill(racks[1])
    try:
        before = len(granted(lab))
        until(lambda: len(granted(lab)) > before + 2, 60, "the survivor to answer")
        assert len({address for dummy, address in granted(lab)}) == 1
    finally:
        lab.on(racks[1])
        until(lambda: roles(lab)[racks[1]] == ("primary", ["normal", "normal"]), 180, "the pair after the loss")


def test_a_rack_that_is_silent_is_not_made_the_secondary(lab, racks):
    first, second = racks
    network(lab, second, "")
    lab.run(first, ["nft add table inet deaf"])
    lab.run(first, ["nft add chain inet deaf input '{ type filter hook input priority 0; }'"])
    lab.run(first, ["nft add rule inet deaf input tcp dport 647 drop"])
    try:
        run = play("network", "--extra-vars", json.dumps({"maas_network_dhcp": [entry(lab, second, first)]}))
    finally:
        lab.run(first, ["nft delete table inet deaf"])
    assert run.status != 0
    assert f"{first} does not answer {second} on TCP port 647" in " ".join(run.output.split())
    assert network(lab, second, first).changed
