# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each problem is named by one sentence, and a sound deployment by none."""

from __future__ import annotations

import copy
import pathlib

import pytest
import yaml
from ansible_collections.metal.maas_ha.plugins.filter.preflight import deployment, judge, passwords
from ansible_collections.metal.maas_ha.plugins.plugin_utils import _preflight

ROOT = pathlib.Path(__file__).resolve().parents[4]
PORTS = yaml.safe_load((ROOT / "roles/maas_firewall/vars/main.yml").read_text())["maas_firewall_ports"]
DAY = 86400


def host(number, name, *groups):
    """Return a host of a deployment that was read and has no fault."""
    address = f"10.0.0.{number}"
    return {
        "groups": list(groups),
        "address": address,
        "num_workers": 4,
        "metrics": [],
        "rack_hostname": "",
        "asked": [1000.0, 1001.0],
        "survey": {
            "clock": 1000.5,
            "os": {"id": "ubuntu", "version": "24.04"},
            "memory_mb": 8000,
            "disk_mb": 50000,
            "data_mb": 50000,
            "hostname": name,
            "machine_id": f"{number:032x}",
            "interfaces": [{"name": "eth0", "mac": f"52:54:00:00:00:{number:02x}", "addresses": [f"{address}/24"]}],
            "listeners": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22, "program": "sshd"}],
            "clocks": [],
            "apt": True,
            "snapd": "2.75",
            "maas": {"version": "", "revision": "", "mode": ""},
            "scope": "",
            "postgresql": [],
            "databases": [],
            "certificates": {},
            "firewall": {},
            "resolved": {"10.0.0.5": ["10.0.0.5"]},
            "sources": [address],
            "silent": [],
            "neighbour_mac": "",
        },
    }


@pytest.fixture
def site():
    """Return a sound deployment: three control hosts and two racks."""
    control = ("maas_etcd", "maas_postgresql", "maas_haproxy", "maas_region")
    hosts = {f"control{number}": host(10 + number, f"control{number}", *control) for number in (1, 2, 3)}
    hosts.update({f"rack{number}": host(20 + number, f"rack{number}", "maas_rack") for number in (1, 2)})
    return {
        "hosts": hosts,
        "groups": ["all", "ungrouped", *_preflight.GROUPS],
        "run": list(hosts),
        "check": False,
        "ports": PORTS,
        "deployment": "prod",
        "version": "3.7",
        "vip": "10.0.0.5",
        "virtual_router_id": "77",
        "url": "http://10.0.0.5:5240/MAAS",
        "haproxy_makes_room": False,
        "database_host": "",
        "max_connections": 0,
        "own_ca": False,
        "passwords": {},
        "memory_mb": 2000,
        "disk_mb": 10000,
    }


def leave(site, group, *names):
    """Take hosts out of a group, all of them where none is named."""
    for name in names or list(site["hosts"]):
        groups = site["hosts"][name]["groups"]
        site["hosts"][name]["groups"] = [other for other in groups if other != group]


def survey(site, name, **values):
    """Change what was read from a host."""
    site["hosts"][name]["survey"].update(values)


def listen(site, name, port, program, protocol="tcp", address="0.0.0.0"):
    """Let a program listen on a host."""
    socket = {"protocol": protocol, "address": address, "port": port, "program": program}
    site["hosts"][name]["survey"]["listeners"].append(socket)


def interface(number, name="eth0", address="10.0.0.11/24"):
    """Return an interface as it is read from a host."""
    return {"name": name, "mac": f"52:54:00:00:00:{number:02x}", "addresses": [address]}


def move(site, name, address):
    """Give a host another cluster address."""
    site["hosts"][name]["address"] = address
    survey(site, name, interfaces=[interface(99, address=f"{address}/24")], sources=[address])


def one_database(site):
    """Leave one host in the database's groups."""
    for group in ("maas_etcd", "maas_postgresql"):
        leave(site, group, "control2", "control3")


def outside(site):
    """Give the deployment a PostgreSQL of the user's own."""
    leave(site, "maas_etcd")
    leave(site, "maas_postgresql")
    site["database_host"] = "10.0.0.9"
    site["passwords"]["maas_database_password"] = "Kq3_x-99z"


# What is done to a sound deployment, and how the one sentence about it begins, and what it holds.
FAULTS = {
    "no region": (lambda s: leave(s, "maas_region"), "maas_region is empty", "put at least one"),
    "no rack": (lambda s: leave(s, "maas_rack"), "maas_rack is empty", "put at least one"),
    "no database": (
        lambda s: (leave(s, "maas_postgresql"), leave(s, "maas_etcd")),
        "maas_postgresql is empty",
        "one host",
    ),
    "no etcd": (lambda s: leave(s, "maas_etcd"), "maas_etcd is empty", "put one host or three"),
    "even etcd": (
        lambda s: leave(s, "maas_etcd", "control3"),
        "maas_etcd has 2 hosts (control1, control2)",
        "1, 3 or 5",
    ),
    "two databases": (
        lambda s: s.update(database_host="10.0.0.9", passwords={"maas_database_password": "Kq3_x"}),
        "maas_database_host is 10.0.0.9",
        "empty the other",
    ),
    "unreachable": (lambda s: s["hosts"]["rack2"].update(survey=None), "rack2 cannot be read", "'all:!rack2'"),
    "no address": (lambda s: s["hosts"]["rack1"].update(address=""), "rack1 has nothing for maas_address", "IPv4"),
    "name as address": (lambda s: s["hosts"]["rack1"].update(address="rack1.lan"), "rack1 has rack1.lan for", "IPv4"),
    "foreign address": (
        lambda s: s["hosts"]["rack1"].update(address="10.0.0.99"),
        "rack1 does not have",
        "10.0.0.21/24",
    ),
    "vip with prefix": (lambda s: s.update(vip="10.0.0.5/24"), "maas_vip is 10.0.0.5/24", "without prefix"),
    "vip without balancer": (
        lambda s: leave(s, "maas_haproxy"),
        "maas_vip is set, but maas_haproxy is empty",
        "put hosts into it",
    ),
    "no router id": (
        lambda s: s.update(virtual_router_id=""),
        "maas_keepalived_virtual_router_id is not set",
        "1 to 255",
    ),
    "bad router id": (
        lambda s: s.update(virtual_router_id="256"),
        "maas_keepalived_virtual_router_id is 256",
        "1 to 255",
    ),
    "vip of a host": (
        lambda s: move(s, "rack1", "10.0.0.5"),
        "rack1 has maas_vip 10.0.0.5 as its maas_address",
        "free",
    ),
    "vip elsewhere": (
        lambda s: survey(s, "control1", interfaces=[interface(11, address="10.0.0.11/30")]),
        "control1 has 10.0.0.11/30, and maas_vip 10.0.0.5",
        "free address there",
    ),
    "stranger": (
        lambda s: survey(s, "control1", neighbour_mac="aa:bb:cc:00:00:01"),
        "maas_vip 10.0.0.5 is held by a stranger (aa:bb:cc:00:00:01)",
        "free address",
    ),
    "no url": (lambda s: s.update(url="", vip="") or leave(s, "maas_haproxy"), "maas_url is not set", "set maas_vip"),
    "https": (lambda s: s.update(url="https://10.0.0.5:5443/MAAS"), "maas_url is https", "plain HTTP"),
    "path": (lambda s: s.update(url="http://10.0.0.5:5240"), "maas_url is http", "/MAAS"),
    "url port": (lambda s: s.update(url="http://10.0.0.5:8080/MAAS"), "maas_url is http", "5240 or 80"),
    "unresolved url": (
        lambda s: survey(s, "rack1", resolved={"10.0.0.5": []}),
        "rack1 cannot resolve 10.0.0.5",
        "DNS",
    ),
    "unserved url": (
        lambda s: survey(s, "rack1", resolved={"10.0.0.5": ["192.0.2.1"]}),
        "rack1 takes maas_url to 192.0.2.1",
        "empty maas_haproxy",
    ),
    "no name": (lambda s: s.update(deployment=""), "maas_deployment is not set", "choose a name"),
    "a name that etcd would not carry": (
        lambda s: s.update(deployment="My site"),
        "maas_deployment is 'My site'",
        "hyphens",
    ),
    "no version": (lambda s: s.update(version=""), "maas_version is not set", "3.7"),
    "version as number": (lambda s: s.update(version=3.7), "maas_version is 3.7", "in quotes"),
    "old version": (lambda s: s.update(version="3.3"), "maas_version is 3.3", "choose one of 3.4"),
    "other version runs": (
        lambda s: survey(s, "control2", maas={"version": "3.6.5-1", "revision": "7", "mode": "region"}),
        "control2 runs MAAS 3.6.5-1, but maas_version is 3.7",
        "another version is an upgrade",
    ),
    "old snapd": (
        lambda s: s.update(version="3.8") or survey(s, "rack1", snapd="2.63.1"),
        "rack1 has snapd 2.63.1",
        "2.75",
    ),
    "other system": (
        lambda s: survey(s, "rack1", os={"id": "debian", "version": "11"}),
        "rack1 runs debian 11",
        "24.04",
    ),
    "old postgresql": (
        lambda s: one_database(s) or s.update(version="3.8") or survey(s, "control1", postgresql=[13]),
        "control1 has PostgreSQL 13",
        "14",
    ),
    "old etcd": (
        lambda s: survey(s, "control1", os={"id": "ubuntu", "version": "22.04"}, postgresql=[16]),
        "control1 has an etcd that no other could join later",
        "Debian 12 or Ubuntu 24.04",
    ),
    "a system that was upgraded under its database": (
        lambda s: survey(s, "control1", postgresql=[14, 16], databases=[14]),
        "control1 has a database of PostgreSQL 14, but ubuntu 24.04 carries 16",
        "give it a system with 14 again",
    ),
    "mixed postgresql": (
        lambda s: survey(s, "control1", postgresql=[14]),
        "maas_postgresql mixes majors of PostgreSQL (14 on control1, 16 on control2, 16 on control3)",
        "same system",
    ),
    "a check of a host without lists of packages": (
        lambda s: survey(s, "rack1", apt=False) or s.update(check=True),
        "rack1 knows no packages yet",
        "run apt-get update, or leave out --check",
    ),
    "other mode": (
        lambda s: survey(s, "control1", maas={"version": "3.7.3", "revision": "7", "mode": "region+rack"}),
        "control1 was initialised as region+rack, but its groups make it region",
        "put it back",
    ),
    "no password": (
        lambda s: outside(s) or s.update(passwords={}),
        "maas_database_password is missing",
        "your own PostgreSQL",
    ),
    "password as number": (
        lambda s: s.update(passwords={"maas_x_password": 1234}),
        "maas_x_password is no text",
        "quotes",
    ),
    "password characters": (
        lambda s: s.update(passwords={"maas_x_password": "s3cr@t"}),
        "maas_x_password has characters",
        "A-Z",
    ),
    "default password": (
        lambda s: s.update(passwords={"maas_x_password": "Maas-2024"}),
        "maas_x_password is a well-known password",
        "choose another",
    ),
    "eleven workers": (
        lambda s: s["hosts"]["control1"].update(num_workers=11),
        "control1 has maas_region_num_workers 11",
        "1 to 10",
    ),
    "connections": (lambda s: s.update(max_connections=100), "max_connections of PostgreSQL is 100", "can open 320"),
    "same name": (
        lambda s: survey(s, "rack2", hostname="rack1.lan"),
        "rack1, rack2 all call themselves rack1",
        "hostnamectl",
    ),
    "localhost": (lambda s: survey(s, "rack2", hostname="localhost"), "rack2 calls itself localhost", "hostnamectl"),
    "same mac": (
        lambda s: s["hosts"]["rack2"]["survey"]["interfaces"].append(interface(21, "br0", "192.0.2.1/24")),
        "rack1, rack2 share the MAC address 52:54:00:00:00:15",
        "its own",
    ),
    "same machine-id": (
        lambda s: survey(s, "rack2", machine_id=f"{21:032x}"),
        "rack1, rack2 share the machine-id",
        "empty /etc/machine-id",
    ),
    "silence": (
        lambda s: survey(s, "rack1", silent=[{"address": "10.0.0.12", "port": port} for port in (5250, 5240)]),
        "rack1 gets no answer from control2 (10.0.0.12) on TCP 5240, 5250",
        "firewall",
    ),
    "other source": (
        lambda s: survey(s, "rack1", sources=["10.0.0.21", "192.0.2.21"]),
        "rack1 reaches other hosts from 192.0.2.21 too",
        "maas_firewall_peers",
    ),
    "clock": (lambda s: survey(s, "rack1", clock=995.0), "rack1 has a clock 4 s or more off", "time server"),
    "clock daemon": (
        lambda s: survey(s, "rack1", clocks=["ntpsec.service"]),
        "rack1 runs ntpsec.service beside MAAS's own",
        "disable --now ntpsec.service",
    ),
    "apache": (lambda s: listen(s, "control1", 80, "apache2"), "control1 has apache2 on port 80", "stop and disable"),
    "foreign etcd": (
        lambda s: listen(s, "control1", 2379, "docker-proxy"),
        "control1 has docker-proxy on port 2379",
        "stop",
    ),
    "the port of etcd's metrics": (
        lambda s: s["hosts"]["control1"].update(metrics=["maas_etcd"]) or listen(s, "control1", 2381, "prometheus"),
        "control1 has prometheus on port 2381",
        "stop and disable",
    ),
    "the port of HAProxy's metrics": (
        lambda s: s["hosts"]["control1"].update(metrics=["maas_haproxy"]) or listen(s, "control1", 8405, "nginx"),
        "control1 has nginx on port 8405",
        "stop and disable",
    ),
    "the distribution's PostgreSQL": (
        lambda s: listen(s, "control1", 5432, "postgres", address="127.0.0.1"),
        "control1 has postgres on port 5432",
        "stop and disable",
    ),
    "tftp": (lambda s: listen(s, "rack1", 69, "in.tftpd", "udp"), "rack1 has in.tftpd on port 69", "stop"),
    "unknown holder": (lambda s: listen(s, "rack1", 5248, ""), "rack1 has another program on port 5248", "stop"),
    "memory": (lambda s: survey(s, "rack1", memory_mb=1000), "rack1 has 1000 MB of memory", "maas_preflight_memory_mb"),
    "disk": (lambda s: survey(s, "rack1", disk_mb=9000), "rack1 has 9000 MB free under /var", "maas_preflight_disk_mb"),
    "full disk of a built host": (
        lambda s: survey(s, "control1", data_mb=900, postgresql=[16]),
        "control1 has 900 MB free under /var and needs 1000",
        "make room",
    ),
    "another deployment": (
        lambda s: survey(s, "control1", scope="test"),
        "control1 has the database of test, but maas_deployment is prod",
        "set it to test",
    ),
    "a load balancer that left": (
        lambda s: listen(s, "rack1", 80, "haproxy"),
        "rack1 still is a load balancer, but is not in maas_haproxy",
        "systemctl disable --now keepalived haproxy",
    ),
    "a member of etcd that left": (
        lambda s: listen(s, "rack1", 2379, "etcd", address="10.0.0.21"),
        "rack1 still is a member of etcd, but is not in maas_etcd",
        "replace_database",
    ),
    "authority": (
        lambda s: survey(s, "control1", certificates={"ca": 1000 + 100 * DAY}),
        "control1 has a ca.crt in /etc/maas-ha/pki that ends in 100 days",
        "remove",
    ),
    "an authority of somebody else that is over": (
        lambda s: (survey(s, "control1", certificates={"ca": 1000 - DAY}), s.update(own_ca=True)),
        "control1 has a ca.crt in /etc/maas-ha/pki that is over",
        "give another CA",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_problem_is_one_sentence_that_names_it_and_says_what_to_do(site, name):
    break_it, beginning, remedy = FAULTS[name]
    break_it(site)
    found = judge(site)["problems"]
    assert len(found) == 1, found
    assert found[0].startswith(beginning)
    assert remedy in found[0]


def test_a_sound_deployment_has_no_problem_and_no_warning(site):
    assert judge(site) == {"problems": [], "warnings": []}


def test_all_problems_are_told_at_once(site):
    for name in ("even etcd", "no router id", "apache", "clock"):
        FAULTS[name][0](site)
    assert len(judge(site)["problems"]) == 4


def test_a_built_site_has_no_problem(site):
    for name in site["hosts"]:
        mode = "rack" if name.startswith("rack") else "region"
        survey(site, name, maas={"version": "3.7.3-1-g1", "revision": "x1", "mode": mode}, disk_mb=5000, data_mb=5000)
        for port in range(5239, 5260):
            listen(site, name, port, "nginx")
        if mode == "region":
            listen(site, name, 80, "haproxy")
            survey(site, name, postgresql=[14, 16], databases=[14, 16])  # what pg_upgrade left behind hinders nobody
            for port, program in ((2379, "etcd"), (5432, "postgres"), (8008, "patroni")):
                listen(site, name, port, program, address=site["hosts"][name]["address"])
    site["hosts"]["control2"]["survey"]["interfaces"][0]["addresses"].append("10.0.0.5/24")
    for name in ("control1", "control3"):
        survey(site, name, neighbour_mac="52:54:00:00:00:0c")
    assert judge(site)["problems"] == []


def test_a_host_without_lists_of_packages_gets_them_from_a_run_and_needs_none_when_it_is_built(site):
    survey(site, "rack1", apt=False)
    assert judge(site)["problems"] == []
    survey(site, "rack1", maas={"version": "3.7.3", "revision": "1", "mode": "rack"})
    site["check"] = True
    assert judge(site)["problems"] == []


def test_one_host_alone_may_be_everything(site):
    site["hosts"] = {"maas1": host(11, "maas1", *_preflight.GROUPS)}
    site["run"] = ["maas1"]
    assert judge(site) == {"problems": [], "warnings": []}


def test_a_postgresql_of_ones_own_needs_no_etcd(site):
    outside(site)
    assert judge(site)["problems"] == []


def test_a_load_balancer_of_ones_own_needs_no_vip(site):
    leave(site, "maas_haproxy")
    site.update(vip="", virtual_router_id="", url="http://maas.example.com:5240/MAAS")
    assert judge(site)["problems"] == []


def test_a_limited_run_does_not_complain_of_the_hosts_it_leaves_out(site):
    site["hosts"]["control3"].update(survey=None, asked=None)
    site["run"].remove("rack2")
    assert judge(site)["problems"][0].startswith("control3 cannot be read as root over ssh")
    site["run"].remove("control3")
    survey(site, "rack1", silent=[{"address": "10.0.0.13", "port": 5250}])
    survey(site, "control1", neighbour_mac="52:54:00:00:00:0d")
    verdict = judge(site)
    assert verdict["problems"] == []
    assert verdict["warnings"][0].startswith("rack1 gets no answer from control3")


def test_a_port_of_metrics_is_free_to_others_where_nobody_tells_any(site):
    for name in ("control1", "rack1"):
        listen(site, name, 2381, "prometheus")
    site["hosts"]["rack1"]["metrics"] = ["maas_etcd", "maas_haproxy"]
    assert judge(site)["problems"] == []


def test_what_listens_on_the_loopback_does_not_hinder_maas(site):
    listen(site, "rack1", 53, "systemd-resolve", "udp", "127.0.0.53%lo")
    assert judge(site)["problems"] == []


def test_a_region_that_the_inventory_no_longer_names_is_sent_to_the_verb(site):
    survey(site, "control1", maas={"version": "3.7.3", "revision": "1", "mode": "region"})
    leave(site, "maas_region", "control1")
    assert judge(site)["problems"] == []
    listen(site, "control1", 5240, "nginx")
    (problem,) = judge(site)["problems"]
    assert (
        problem.startswith("control1 still runs a region") and "remove_region -e maas_region_host=control1" in problem
    )


def test_a_load_balancer_may_hold_ports_of_a_region_that_comes_beside_it(site):
    for port in (80, 5240, 5271):
        listen(site, "control1", port, "haproxy")
    assert len(judge(site)["problems"]) == 2
    site["haproxy_makes_room"] = True
    assert judge(site)["problems"] == []
    listen(site, "rack1", 5248, "haproxy")
    assert len(judge(site)["problems"]) == 1


def test_a_slow_answer_is_no_wrong_clock(site):
    site["hosts"]["rack1"].update(asked=[1000.0, 1030.0])
    survey(site, "rack1", clock=1029.0)
    assert judge(site)["problems"] == []


def test_a_misspelt_group_a_lone_pair_and_an_ending_certificate_are_worth_a_word(site):
    site["groups"] += ["maas_racks", "maas_old_rack", "maas_old_region"]
    survey(site, "control1", certificates={"host": 1000 + 3 * DAY, "ca": 1000 + 3000 * DAY})
    leave(site, "maas_postgresql", "control3")
    survey(site, "control2", hostname="node-13.lan")
    verdict = judge(site)
    assert verdict["problems"] == []
    assert [line.split(" ")[0] for line in verdict["warnings"]] == [
        "maas_racks",
        "control2",
        "maas_postgresql",
        "control1",
    ]


def test_a_rack_that_calls_itself_otherwise_is_worth_a_word_until_the_inventory_says_so(site):
    survey(site, "rack1", hostname="node-17")
    survey(site, "control1", hostname="node-18")
    site["hosts"]["control1"]["groups"].append("maas_rack")
    assert judge(site)["problems"] == []
    assert judge(site)["warnings"] == [
        "control1 calls itself node-18: let the inventory do so too, else remove_region will not find it.",
        "rack1 calls itself node-17: set its maas_rack_hostname to that, else remove_rack refuses it.",
    ]
    site["hosts"]["rack1"]["rack_hostname"] = "node-17"
    assert len(judge(site)["warnings"]) == 1


def test_a_password_is_never_repeated(site):
    site["passwords"] = {"maas_a_password": "s3cr@tWord", "maas_b_password": 736251, "maas_c_password": "changeme"}
    text = " ".join(judge(site)["problems"])
    assert not any(str(password) in text for password in site["passwords"].values())


def test_a_host_connects_only_where_the_firewall_lets_it(site):
    tried = _preflight.probes(site, "rack1")
    assert {probe["address"] for probe in tried} == {"10.0.0.11", "10.0.0.12", "10.0.0.13"}
    assert {probe["port"] for probe in tried} == {5240, 5242, 5250, 5271}


def test_the_deployment_is_read_from_groups_and_variables():
    told = {"maas_etcd_metrics": "no", "maas_haproxy_metrics": "yes"}
    hostvars = {
        "a": {"ansible_host": "10.0.0.1", "maas_preflight_survey": {"survey": {"clock": 1}, "asked": [0, 2]}},
        "b": {"ansible_host": "192.0.2.2", "maas_address": "10.0.0.2", "maas_region_num_workers": 8, **told},
        "c": {"maas_rack_hostname": "node-17"},
    }
    hosts = deployment({"maas_region": ["b", "a"], "maas_rack": ["a", "c"], "all": ["a", "b", "c", "d"]}, hostvars)
    unread = {"num_workers": 4, "metrics": [], "rack_hostname": "", "survey": None, "asked": None}
    assert hosts == {
        "b": {
            **unread,
            "groups": ["maas_region"],
            "address": "10.0.0.2",
            "num_workers": 8,
            "metrics": ["maas_haproxy"],
        },
        "a": {
            **unread,
            "groups": ["maas_region", "maas_rack"],
            "address": "10.0.0.1",
            "survey": {"clock": 1},
            "asked": [0, 2],
        },
        "c": {**unread, "groups": ["maas_rack"], "address": "", "rack_hostname": "node-17"},
    }


def test_passwords_are_those_of_all_hosts():
    hostvars = {
        "a": {"maas_database_password": "one", "other_password": "x"},
        "b": {"maas_database_password": "two", "maas_region_admin_password": "three"},
        "c": {"maas_database_password": "one"},
    }
    groups = {"maas_etcd": ["a"], "maas_region": ["b", "c"]}
    assert passwords(groups, hostvars) == {
        "maas_database_password": "one",
        "maas_database_password of b": "two",
        "maas_region_admin_password": "three",
    }


def test_judging_changes_nothing(site):
    before = copy.deepcopy(site)
    judge(site)
    assert site == before


def test_a_new_member_that_comes_alone_is_sent_to_the_verb(site):
    site["run"] = ["control1"]
    for name in set(site["hosts"]) - {"control1"}:
        site["hosts"][name]["survey"] = None
    problems = judge(site)["problems"]
    assert [problem.split("run metal.maas_ha.")[1] for problem in problems] == [
        "add_database without --limit.",
        "add_region without --limit.",
        "site without --limit.",
    ]
    survey(site, "control1", postgresql=[15], maas={"version": "3.7.3", "revision": "1", "mode": "region"})
    listen(site, "control1", 80, "haproxy")
    assert judge(site)["problems"] == []


def test_a_new_load_balancer_does_not_come_while_another_is_left_out(site):
    site["run"].remove("control1")
    assert judge(site)["problems"] == []
    listen(site, "control2", 80, "haproxy")
    (problem,) = judge(site)["problems"]
    assert problem.startswith("control3 is new in maas_haproxy, and this run leaves out control1")


def test_a_firewall_that_knows_no_newcomer_yet_does_not_hinder_it(site):
    known = {group: ["10.0.0.11", "10.0.0.12", "10.0.0.13"] for group in site["hosts"]["control1"]["groups"]}
    survey(site, "control1", firewall=known)
    survey(site, "control3", silent=[{"address": "10.0.0.11", "port": 5432}])
    assert "control3 gets no answer from control1" in judge(site)["problems"][0]
    known["maas_postgresql"].remove("10.0.0.13")
    assert judge(site)["problems"] == []


def test_an_authority_of_somebody_else_that_ends_soon_is_worth_a_word(site):
    survey(site, "control1", certificates={"ca": 1000 + 100 * DAY})
    site["own_ca"] = True
    assert judge(site)["problems"] == []
    (warning,) = judge(site)["warnings"]
    assert "ends in 100 days" in warning and "give another CA" in warning


def test_the_role_knows_the_postgresql_of_every_system():
    role = yaml.safe_load((ROOT / "roles/maas_postgresql/vars/main.yml").read_text())["__maas_postgresql_majors"]
    systems = {
        f"{name.capitalize()} {version.partition('.')[0]}": major
        for (name, version), major in _preflight.SYSTEMS.items()
    }
    assert role == systems
