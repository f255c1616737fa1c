# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host that is not in the inventory can reach."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from tests.lab import Lab

ROOT = pathlib.Path(__file__).resolve().parents[4]
RULES = yaml.safe_load((ROOT / "roles/maas_firewall/vars/main.yml").read_text())["maas_firewall_ports"]
CLOSED = [
    ("maas_region", 6432),  # the database proxy, on the loopback address only
    *(
        (group, int(str(rule["port"]).split("-", maxsplit=1)[0]))
        for rule in RULES
        if "port" in rule and rule.get("guarded", True)
        for group in rule["to"]
    ),
]
OPEN = [("maas_region", 5240), ("maas_haproxy", 80)]
CONNECT = "timeout 2 bash -c '</dev/tcp/{address}/{port}' 2>/dev/null && echo reached || echo shut"


def reached(host, port):
    lab = Lab.current()
    return lab.run("client", [CONNECT.format(address=lab.hosts[host], port=port)]).strip() == "reached"


@pytest.mark.parametrize(("group", "port"), CLOSED)
def test_a_stranger_cannot_reach(group, port):
    for host in Lab.current().groups[group]:
        assert not reached(host, port), f"{host}:{port} answers a stranger"


@pytest.mark.parametrize(("group", "port"), OPEN)
def test_a_stranger_reaches_what_is_for_all(group, port):
    for host in Lab.current().groups[group]:
        assert reached(host, port), f"{host}:{port} does not answer"


def test_the_load_balancers_statistics_are_a_socket_for_root():
    lab = Lab.current()
    for host in lab.groups["maas_haproxy"]:
        shown = lab.run(host, ["find /run/haproxy -type s -name '*.sock' -printf '%m %u\\n'"])
        assert shown.split() and all(line.split() in (["600", "root"], ["660", "root"]) for line in shown.splitlines())
