# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of ports speaks of groups that exist, and names each port once."""

from __future__ import annotations

import pathlib

import yaml
from ansible_collections.metal.maas_ha.plugins.plugin_utils._preflight import GROUPS

ROOT = pathlib.Path(__file__).resolve().parents[4]
PORTS = yaml.safe_load((ROOT / "roles/maas_firewall/vars/main.yml").read_text())["maas_firewall_ports"]


def test_the_table_names_groups_of_the_collection():
    assert all(set(rule["to"] + rule["from"]) <= set(GROUPS) for rule in PORTS)


def test_no_port_is_ruled_twice():
    ruled = []
    for rule in PORTS:
        first, dummy, last = str(rule.get("port", rule.get("protocol"))).partition("-")
        ruled.extend(range(int(first), int(last or first) + 1))
    assert len(ruled) == len(set(ruled))


def test_nothing_is_tried_that_is_no_port():
    assert all("port" in rule for rule in PORTS if rule.get("tried", True))
