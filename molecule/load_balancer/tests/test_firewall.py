# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The deployment's own ports are for its hosts; everything else is as it was."""

from __future__ import annotations

import pytest

from tests.site.playbook import play

# A closed port is refused at once where the firewall lets it, and silent where it does not.
TRY = "timeout 2 bash -c '</dev/tcp/{address}/{port}' 2>/dev/null; [ $? -eq 124 ] && echo silent || echo answered"
TABLES = ["nft", "list", "tables"]


def answered(lab, source, address, port):
    """Tell whether anything comes back to a host from a port."""
    return lab.run(source, [TRY.format(address=address, port=port)]).strip() == "answered"


@pytest.mark.parametrize(
    ("group", "port"),
    [
        ("maas_etcd", 2379),
        ("maas_postgresql", 5432),
        ("maas_postgresql", 8008),
        ("maas_region", 5271),
        ("maas_rack", 647),
    ],
)
def test_a_stranger_gets_no_answer_where_a_member_does(lab, group, port):
    target, member = lab.groups[group][0], lab.groups[group][-1]
    assert not answered(lab, "client", lab.hosts[target], port)
    assert answered(lab, member, lab.hosts[target], port)


def test_a_rack_reaches_regions_but_no_database(lab):
    rack = lab.groups["maas_rack"][0]
    if rack in lab.groups["maas_postgresql"]:
        pytest.skip("the racks are database hosts")
    assert answered(lab, rack, lab.hosts[lab.groups["maas_region"][0]], 5250)
    assert not answered(lab, rack, lab.hosts[lab.groups["maas_postgresql"][0]], 5432)


def test_ipv6_is_no_way_around(lab):
    target = lab.groups["maas_etcd"][0]
    address = lab.run(target, ["ip -6 -o address show dev host0 scope link | awk '{print $4}' | cut -d/ -f1"]).strip()
    assert answered(lab, "client", f"{address}%host0", 22)
    assert not answered(lab, "client", f"{address}%host0", 2379)


def test_a_rack_hears_its_peer_on_the_provisioning_network(lab):
    if len(lab.groups["maas_rack"]) == 1:
        pytest.skip("there is one rack only")
    target, peer = lab.groups["maas_rack"][:2]
    address = lab.run(target, ["ip -4 -o address show dev prov0 | awk '{print $4}' | cut -d/ -f1"]).strip()
    assert answered(lab, peer, address, 647)
    assert not answered(lab, peer, address, 7911)


def test_the_host_itself_is_not_kept_out(lab):
    host = lab.groups["maas_etcd"][0]
    assert answered(lab, host, lab.hosts[host], 2379)


def test_the_distributions_firewall_does_not_take_ours_away(lab):
    host = lab.groups["maas_rack"][0]
    for verb in ("start", "restart", "reload"):
        lab.run(host, ["systemctl", verb, "nftables"])
        assert "table inet maas_ha" in lab.run(host, TABLES)
    lab.run(host, ["systemctl", "stop", "nftables"])


def test_tables_of_others_stay_and_ours_can_be_taken_away(lab):
    host = lab.groups["maas_rack"][0]
    lab.run(host, ["nft", "add", "table", "inet", "others"])
    run = play("firewall", "--limit", host, "--extra-vars", '{"maas_firewall_enabled": false}')
    assert run.status == 0, run.output
    assert lab.run(host, TABLES).split("\n")[:-1] == ["table inet others"]
    run = play("firewall", "--limit", host)
    assert run.status == 0, run.output
    assert "table inet maas_ha" in lab.run(host, TABLES)
    assert "table inet others" in lab.run(host, TABLES)
    lab.run(host, ["nft", "delete", "table", "inet", "others"])


def test_checking_changes_nothing(lab):
    run = play("firewall", "--check", "--diff")
    assert run.status == 0, run.output
    assert run.changes == []
