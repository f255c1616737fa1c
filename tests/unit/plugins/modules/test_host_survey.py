# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import socket

from ansible_collections.metal.maas_ha.plugins.modules import host_survey

SS = """\
udp   UNCONN 0      0         127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=500,fd=13))
tcp   LISTEN 0      511             0.0.0.0:80     0.0.0.0:*    users:(("apache2",pid=7,fd=4),("apache2",pid=8,fd=4))
tcp   LISTEN 0      128                [::]:22            [::]:*
"""


def test_listeners_are_told_with_their_programs():
    assert host_survey.listeners(SS) == [
        {"protocol": "udp", "address": "127.0.0.53%lo", "port": 53, "program": "systemd-resolve"},
        {"protocol": "tcp", "address": "0.0.0.0", "port": 80, "program": "apache2"},
        {"protocol": "tcp", "address": "[::]", "port": 22, "program": ""},
    ]


def test_only_ethernet_counts_and_of_its_addresses_ipv4():
    links = [
        {"ifname": "lo", "link_type": "loopback", "address": "00:00:00:00:00:00", "addr_info": []},
        {
            "ifname": "eth0",
            "link_type": "ether",
            "address": "52:54:00:00:00:01",
            "addr_info": [
                {"family": "inet", "local": "10.0.0.1", "prefixlen": 24},
                {"family": "inet6", "local": "fe80::1", "prefixlen": 64},
            ],
        },
        {},
    ]
    assert host_survey.interfaces(links) == [{"name": "eth0", "mac": "52:54:00:00:00:01", "addresses": ["10.0.0.1/24"]}]


def test_a_refused_connection_is_an_answer():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert host_survey.answers({"address": "127.0.0.1", "port": port}, 1)


def test_silence_is_no_answer(monkeypatch):
    def nobody(address, timeout):
        raise socket.timeout

    monkeypatch.setattr(socket, "create_connection", nobody)
    assert not host_survey.answers({"address": "192.0.2.1", "port": 80}, 1)


def test_the_newest_snapd_counts(monkeypatch, tmp_path):
    infos = []
    for number, version in enumerate(("VERSION=2.9.1", "VERSION=2.63+24.04\nSNAPD_APPARMOR_REEXEC=1", "")):
        infos.append(tmp_path / str(number))
        infos[-1].write_text(version)
    monkeypatch.setattr(host_survey, "SNAPD_INFOS", infos)
    assert host_survey.snapd_version() == "2.63"


def test_of_which_postgresql_the_data_is_tells_the_data_itself(monkeypatch, tmp_path):
    monkeypatch.setattr(host_survey, "DATABASES", str(tmp_path / "*/maas/PG_VERSION"))
    assert host_survey.databases() == []
    for major, cluster, text in (
        ("16", "maas", "16\n"),
        ("14", "maas", "14\n"),
        ("15", "maas", ""),
        ("13", "main", "13\n"),
    ):
        (tmp_path / major / cluster).mkdir(parents=True)
        (tmp_path / major / cluster / "PG_VERSION").write_text(text)
    assert host_survey.databases() == [14, 16]


def test_whom_the_firewall_lets_in_is_told_by_group(monkeypatch, tmp_path):
    rules = tmp_path / "rules"
    monkeypatch.setattr(host_survey, "FIREWALL", rules)
    assert host_survey.firewall() == {}
    full = "    set maas_rack {\n        type ipv4_addr\n        elements = { 10.0.0.21, 10.0.0.22 }\n    }\n"
    rules.write_text(f"{full}\n    set maas_etcd {{\n        type ipv4_addr\n    }}\n")
    assert host_survey.firewall() == {"maas_rack": ["10.0.0.21", "10.0.0.22"], "maas_etcd": []}


def test_a_neighbour_is_asked_for_in_its_own_subnet_only(monkeypatch):
    asked = []
    monkeypatch.setattr(host_survey, "ask_by_arp", lambda *words: asked.append(words) or "aa:bb:cc:dd:ee:ff")
    links = [
        {"name": "eth0", "mac": "52:54:00:00:00:01", "addresses": ["10.0.0.1/24"]},
        {"name": "eth1", "mac": "52:54:00:00:00:02", "addresses": ["10.0.1.1/24"]},
    ]
    assert host_survey.who_has("10.0.1.5", links, 1) == "aa:bb:cc:dd:ee:ff"
    assert asked == [("eth1", bytes.fromhex("525400000002"), "10.0.1.1", socket.inet_aton("10.0.1.5"), 1)]
    assert host_survey.who_has("10.0.2.5", links, 1) == ""
    assert host_survey.who_has("10.0.1.5/24", links, 1) == ""
