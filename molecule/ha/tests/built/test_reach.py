# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host that is not in the inventory can reach."""

from __future__ import annotations

import pytest

from tests.lab import Lab

CLOSED = {
    "maas_etcd": (2379, 2380),
    "maas_postgresql": (5432, 8008),
    "maas_region": (5271, 5272, 5273, 5274, 5281, 5282, 5283, 5284, 6432),
    "maas_haproxy": (8404, 9000),
}
OPEN = {"maas_region": (5240,), "maas_haproxy": (80,)}
CONNECT = "timeout 2 bash -c '</dev/tcp/{address}/{port}' 2>/dev/null && echo reached || echo shut"


def reached(host, port):
    lab = Lab.current()
    return lab.run("client", [CONNECT.format(address=lab.hosts[host], port=port)]).strip() == "reached"


def pairs(table):
    return [(group, port) for group, ports in table.items() for port in ports]


@pytest.mark.parametrize(("group", "port"), pairs(CLOSED))
def test_a_stranger_cannot_reach(group, port):
    for host in Lab.current().groups[group]:
        assert not reached(host, port), f"{host}:{port} answers a stranger"


@pytest.mark.parametrize(("group", "port"), pairs(OPEN))
def test_a_stranger_reaches_what_is_for_all(group, port):
    for host in Lab.current().groups[group]:
        assert reached(host, port), f"{host}:{port} does not answer"


def test_the_load_balancers_statistics_are_a_socket_for_root():
    lab = Lab.current()
    for host in lab.groups["maas_haproxy"]:
        shown = lab.run(host, ["find /run/haproxy -type s -name '*.sock' -printf '%m %u\\n'"])
        assert shown.split() and all(line.split() in (["600", "root"], ["660", "root"]) for line in shown.splitlines())
