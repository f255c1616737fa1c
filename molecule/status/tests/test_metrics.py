# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus is told what the alert rules ask for, where that is asked for, and nobody else is."""

from __future__ import annotations

import json
import re
import urllib.request
from ssl import create_default_context

import pytest
import yaml

from tests.site.playbook import ROOT, play

PORTS = {"maas_etcd": 2381, "maas_postgresql": 8008, "maas_haproxy": 8405}
NAME = re.compile(r"\b(?:etcd|patroni|haproxy)_\w+")


@pytest.fixture(scope="module")
def watched(lab):
    """A site whose metrics this machine may read."""
    given = {
        "maas_etcd_metrics": True,
        "maas_postgresql_metrics": True,
        "maas_haproxy_metrics": True,
        "maas_firewall_monitors": [f"{lab.network}.1"],
    }
    for name in ("firewall", "database", "load_balancer"):
        run = play(name, "--extra-vars", json.dumps(given))
        assert run.status == 0, run.output[-8000:]


def metrics(lab, host, port):
    """Return what a daemon tells."""
    scheme, context = "http", None
    if port == PORTS["maas_postgresql"]:
        scheme, context = "https", create_default_context(cadata=lab.run(host, ["cat", "/etc/maas-ha/pki/ca.crt"]))
    with urllib.request.urlopen(f"{scheme}://{lab.hosts[host]}:{port}/metrics", timeout=5, context=context) as answer:
        return answer.read().decode()


@pytest.mark.usefixtures("watched")
def test_every_metric_of_the_rules_is_told(lab):
    told = "".join(metrics(lab, lab.groups[group][0], port) for group, port in PORTS.items())
    rules = yaml.safe_load((ROOT / "docs/prometheus/alerts.yml").read_text())["groups"][0]["rules"]
    wanted = {name for rule in rules for name in NAME.findall(rule["expr"])}
    assert wanted and {name for name in wanted if not re.search(rf"^{name}\b", told, re.MULTILINE)} == set()


@pytest.mark.usefixtures("watched")
def test_a_stranger_is_told_nothing(lab):
    for group, port in PORTS.items():
        address = lab.hosts[lab.groups[group][0]]
        reached = f"timeout 2 bash -c '</dev/tcp/{address}/{port}' 2>/dev/null && echo reached || echo shut"
        assert lab.run("client", [reached]).strip() == "shut"


@pytest.mark.usefixtures("watched")
def test_who_has_no_certificate_changes_nothing(lab):
    host = lab.groups["maas_postgresql"][0]
    ask = f"curl -s -o /dev/null -w '%{{http_code}}' -k -X POST https://{lab.hosts[host]}:8008/restart"
    assert lab.run(host, [ask]) == "403"
