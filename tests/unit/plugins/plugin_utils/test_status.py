# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault of a deployment is named once, where it comes from, and a sound deployment has none."""

from __future__ import annotations

import pytest
from ansible_collections.metal.maas_ha.plugins.plugin_utils import _drawing, _status

DAY = 86400
NOW = 1_000_000.0
CONTROL = ("maas_etcd", "maas_postgresql", "maas_haproxy", "maas_region")


def host(number, name, groups, units, **told):
    """Return a host that answered all that it was asked."""
    address = f"10.0.0.{number}"
    return {
        "groups": list(groups),
        "address": address,
        "away": False,
        "why": "",
        "asked": [NOW - 0.5, NOW + 0.5],
        "survey": {
            "clock": NOW,
            "hostname": name,
            "disk_mb": 50000,
            "data_mb": 50000,
            "interfaces": [{"name": "eth0", "mac": "52:54:00:00:00:01", "addresses": [f"{address}/24"]}],
            "clocks": [],
            "certificates": {"host": NOW + 300 * DAY, "ca": NOW + 3000 * DAY},
        },
        "status": {
            "units": dict.fromkeys(units, "active"),
            "firewall": True,
            "snap": {
                "version": "3.7.3",
                "revision": "100",
                "channel": "3.7/stable",
                "architecture": "x86_64",
                "held": True,
            },
            **told,
        },
        "silent": {},
        "peers": [],
        "dns_servers": {},
        "unpaired": "",
        "api": {"regions": None, "racks": None, "vlans": None},
        "unread": "",
    }


def control(number, name, leader):
    """Return a host with database, region and load balancer."""
    names = ("control1", "control2", "control3")
    roles = ("leader", "sync_standby", "replica")
    return host(
        number,
        name,
        CONTROL,
        [
            "etcd.service",
            "haproxy.service",
            "keepalived.service",
            "maas-database-proxy.service",
            "patroni.service",
            _status.MAAS[0],
        ],
        etcd={"healthy": True, "leads": leader},
        patroni={
            "role": "primary" if leader else "replica",
            "state": "running",
            "pending_restart": False,
            "paused": False,
            "members": [
                {"name": name, "role": role, "state": "streaming", "lag": 0}
                for name, role in zip(names, roles, strict=True)
            ],
        },
        connections={"used": 40, "most": 400},
        balancer={"maas": dict.fromkeys(names, "UP")},
        database_proxy={"control1": "UP", "control2": "DOWN", "control3": "DOWN"},
        region={"alive": list(names)},
        services=dict.fromkeys(("bind9", "http", "proxy", "regiond", "temporal"), "running"),
    )


def rack(number, name):
    """Return a rack that serves a VLAN with another."""
    one = {"vlan": 5002, "start_ip": "10.1.0.100", "end_ip": "10.1.0.199", "size": 100, "used": 7}
    services = {"rackd": "running", "dhcpd": "running", "dhcpd6": "inactive"}
    found = host(number, name, ["maas_rack"], [_status.MAAS[0]], ranges=[one], services=services)
    role = "primary" if name == "rack1" else "secondary"
    state = {"role": role, "state": "normal", "partner_state": "normal", "in_step": True, "peer_address": "10.1.0.3"}
    found["peers"] = [{"name": "failover-vlan-5002", **state}]
    found["dns_servers"] = {"10.1.0.0/24": ["10.1.0.2", "10.1.0.3"]}
    return found


def record(name, system_id):
    """Return a rack as MAAS shows it."""
    return {
        "hostname": name,
        "system_id": system_id,
        "version": "3.7.3",
        "connected": True,
        "services": {"rackd": "running", "dhcpd": "running"},
        "interfaces": [
            {"addresses": [{"cidr": "10.0.0.0/24"}]},
            {"addresses": [{"cidr": "10.1.0.0/24"}, {"cidr": None}]},
        ],
    }


def deployment():
    """Return a sound deployment: three control hosts and two racks."""
    hosts = {f"control{number}": control(10 + number, f"control{number}", number == 1) for number in (1, 2, 3)}
    hosts.update({f"rack{number}": rack(20 + number, f"rack{number}") for number in (1, 2)})
    hosts["control2"]["survey"]["interfaces"][0]["addresses"].append("10.0.0.5/24")
    hosts["control1"]["api"] = {
        "regions": [{"hostname": f"control{number}", "version": "3.7.3", "alive": True} for number in (1, 2, 3)],
        "racks": [record("rack1", "aaa"), record("rack2", "bbb")],
        "vlans": [
            {"id": 5002, "vid": 100, "fabric": "dc1", "dhcp_on": True, "primary_rack": "aaa", "secondary_rack": "bbb"},
            {"id": 5003, "vid": 0, "fabric": "dc1", "dhcp_on": False, "primary_rack": None, "secondary_rack": None},
        ],
    }
    return {
        "deployment": "test",
        "url": "http://10.0.0.5:5240/MAAS",
        "vip": "10.0.0.5",
        "backup_hours": 26,
        "hosts": hosts,
    }


@pytest.fixture
def site():
    """Return a sound deployment, to be broken."""
    return deployment()


def lose(site, *names):
    """Let hosts be gone."""
    for name in names:
        gone = dict(away=True, survey=None, asked=None, status=None, peers=[])
        site["hosts"][name] |= {**gone, "api": {"regions": None, "racks": None, "vlans": None}}


def told(site):
    """Return who has which problem, in order."""
    return [(problem["host"], problem["what"]) for problem in _status.problems(site)]


def only(site):
    """Return the one problem that there is."""
    (problem,) = _status.problems(site)
    assert problem["sentence"] == f"{problem['host']}: {problem['what']}. Do: {problem['remedy']}."
    return problem["severity"], problem["host"], problem["what"]


def words(site, group):
    """Return what each member of a tier does."""
    (tier,) = [tier for tier in _status.tiers(site) if tier["group"] == group]
    return {member["host"]: (member["state"], member["word"]) for member in tier["members"]}


def test_a_sound_deployment_has_no_problem_and_says_who_does_what(site):
    report = _status.report(site)
    assert report["problems"] == []
    assert {host["state"] for host in report["hosts"].values()} == {"ok"}
    assert words(site, "maas_haproxy")["control2"] == ("ok", "holds the virtual IP")
    assert words(site, "maas_postgresql") == {
        "control1": ("ok", "leads"),
        "control2": ("ok", "follows in step"),
        "control3": ("ok", "follows"),
    }
    assert words(site, "maas_rack")["rack1"] == ("ok", "serves DHCP")
    assert report["vlans"][0]["failover"] == {"rack1": "normal", "rack2": "normal"}
    assert report["vlans"][0]["in_step"]
    assert report["vlans"][0]["ranges"][0]["racks"] == ["rack1", "rack2"]


def test_a_network_is_told_with_the_racks_that_reach_it_and_what_its_machines_hear(site):
    site["hosts"]["control1"]["api"]["racks"][1] |= {"connected": False}
    assert _status.networks(site) == {
        "10.0.0.0/24": {"racks": ["rack1"], "dns_servers": []},
        "10.1.0.0/24": {"racks": ["rack1"], "dns_servers": ["10.1.0.2", "10.1.0.3"]},
    }


@pytest.mark.parametrize("name", ["control2", "control3", "rack1"])
def test_a_lost_host_is_one_problem_and_not_also_what_follows_from_it(site, name):
    for facts in site["hosts"].values():
        for states in (facts["status"].get("balancer", {}).get("maas", {}), facts["status"].get("database_proxy", {})):
            states.update({name: "DOWN"} if name in states else {})
    lose(site, name)
    if name == "rack1":
        site["hosts"]["rack2"]["peers"][0] |= {"state": "communications-interrupted", "in_step": False}
    if name == "control2":
        site["hosts"]["control3"]["survey"]["interfaces"][0]["addresses"].append("10.0.0.5/24")
        site["hosts"]["control1"]["status"]["patroni"]["members"][2]["role"] = "sync_standby"
    assert only(site) == ("critical", name, "cannot be reached over ssh")
    assert _status.report(site)["hosts"][name]["state"] == "critical"


@pytest.mark.parametrize(
    ("why", "what"),
    [
        ("mkdir: cannot create directory: No space left on device", "has a full disk: Ansible can do nothing there"),
        ("root@10.0.0.13: Permission denied (publickey).", "refuses to let Ansible in"),
        ("ssh: connect to host 10.0.0.13 port 22: No route to host", "cannot be reached over ssh"),
    ],
)
def test_a_host_that_ansible_cannot_use_says_what_keeps_it_away(site, why, what):
    for facts in site["hosts"].values():
        for states in (facts["status"].get("balancer", {}).get("maas", {}), facts["status"].get("database_proxy", {})):
            states.update({"control3": "DOWN"} if "control3" in states else {})
    lose(site, "control3")
    site["hosts"]["control3"]["why"] = why
    assert only(site) == ("critical", "control3", what)


def not_asked(site, *asked):
    """Let only these hosts have been asked, as by --limit."""
    for name, facts in site["hosts"].items():
        if name not in asked:
            api = {"regions": None, "racks": None, "vlans": None}
            facts |= {"survey": None, "asked": None, "status": None, "peers": [], "api": api}


@pytest.mark.parametrize("names", [["control1"], ["control2"], ["control3"], ["rack1"], ["control3", "rack2"]])
def test_hosts_that_were_not_asked_are_no_problem(site, names):
    not_asked(site, *names)
    assert told(site) == []
    for tier in _status.tiers(site):
        for member in tier["members"]:
            assert (member["word"] == "was not asked") == (member["host"] not in names)


def test_a_quorum_that_one_host_alone_misses_is_not_known_to_be_lost(site):
    not_asked(site, "control3")
    site["hosts"]["control3"]["status"] |= {"etcd": None}
    site["hosts"]["control3"]["status"]["units"]["etcd.service"] = "failed"
    assert only(site) == ("critical", "control3", "etcd.service does not run")


def test_what_cannot_be_read_is_told_and_not_taken_for_sound(site):
    site["hosts"]["control1"] |= {"unread": "status 401", "api": {"regions": None, "racks": None, "vlans": None}}
    assert only(site) == ("critical", "control1", "MAAS's API cannot be read there: status 401")
    site["hosts"]["control1"]["unread"] = ""
    site["hosts"]["rack1"]["unpaired"] = "dhcpd.conf cannot be read"
    site["hosts"]["control3"]["status"] |= {"units": None, "snap": None, "patroni": None}
    site["hosts"]["control3"]["silent"] = {"units": "timed out", "snap": "timed out", "patroni": "timed out"}
    assert told(site) == [
        ("control3", "Patroni runs and does not answer: timed out"),
        ("control3", "its services cannot be read: timed out"),
        ("control3", "its snap of MAAS cannot be read: timed out"),
        ("rack1", "how its DHCP failover stands cannot be read: dhcpd.conf cannot be read"),
    ]


def test_hosts_may_be_named_by_their_domain(site):
    for facts in site["hosts"].values():
        facts["survey"]["hostname"] += ".example.com"
    assert told(site) == []
    site["hosts"] = {f"{name}.example.com": facts for name, facts in site["hosts"].items()}
    boxes = _drawing.drawing(_status.report(site))["boxes"]
    assert {box["label"] for box in boxes} == {"control1", "control2", "control3", "rack1", "rack2"}


def test_long_names_can_be_told_apart_in_the_drawing():
    assert _drawing.short("rack-controller-1.dc1", ".dc1") == "rack-co…roller-1"
    assert _drawing.shared_domain(["10.0.0.1"]) == ""


def test_a_host_that_cannot_be_read_says_why(site):
    site["hosts"]["rack2"] |= {"survey": None, "asked": None, "status": None, "peers": [], "why": "sudo: a password"}
    assert only(site) == ("critical", "rack2", "cannot be read: sudo: a password")


def test_without_a_quorum_the_cause_comes_first(site):
    lose(site, "control1", "control2")
    last = site["hosts"]["control3"]
    last["status"] |= {"etcd": {"healthy": False, "leads": False}, "region": None}
    last["status"]["database_proxy"]["control1"] = "DOWN"
    last["status"]["balancer"]["maas"] = dict.fromkeys(last["status"]["balancer"]["maas"], "DOWN")
    last["silent"] = {"region": "it answers with status 500"}
    last["survey"]["interfaces"][0]["addresses"].append("10.0.0.5/24")
    assert told(site) == [
        ("control1, control2", "cannot be reached over ssh"),
        (
            "control1, control2, control3",
            "have no quorum in etcd: fewer than 2 of 3 members work together",
        ),
        ("control1, control2, control3", "have no database leader: MAAS can neither read nor write"),
        ("control3", "MAAS does not answer, for it has no database"),
    ]
    assert words(site, "maas_region")["control3"] == ("critical", "has no database")
    assert words(site, "maas_rack")["rack1"] == ("unknown", "runs")


def test_a_leader_that_only_ansible_cannot_reach_still_leads(site):
    lose(site, "control1")
    site["hosts"]["control2"]["api"]["racks"] = [record("rack1", "aaa"), record("rack2", "bbb")]
    assert only(site) == ("critical", "control1", "cannot be reached over ssh")


def test_two_leaders_are_a_problem(site):
    site["hosts"]["control3"]["status"]["patroni"]["role"] = "master"
    assert only(site) == ("critical", "control1, control3", "each say that they lead the database")


def test_nobody_and_two_hosts_with_the_virtual_ip_are_a_problem(site):
    site["hosts"]["control3"]["survey"]["interfaces"][0]["addresses"].append("10.0.0.5/24")
    assert only(site) == ("critical", "control2, control3", "all hold the virtual IP 10.0.0.5")
    for name in ("control2", "control3"):
        site["hosts"][name]["survey"]["interfaces"][0]["addresses"].remove("10.0.0.5/24")
    assert only(site)[2] == "do not hold the virtual IP 10.0.0.5"


def test_a_stopped_daemon_is_named_once(site):
    site["hosts"]["control3"]["status"]["units"]["patroni.service"] = "failed"
    site["hosts"]["control3"]["status"]["patroni"] = None
    site["hosts"]["control3"]["silent"] = {"patroni": "Connection refused"}
    assert only(site) == ("critical", "control3", "patroni.service does not run")
    assert words(site, "maas_postgresql")["control3"] == ("critical", "is down")


def test_the_same_fault_of_several_hosts_is_told_once(site):
    for name in ("rack1", "rack2"):
        site["hosts"][name]["status"]["units"][_status.MAAS[0]] = "inactive"
    assert only(site) == ("critical", "rack1, rack2", "MAAS does not run")


def test_maas_of_an_older_series_runs_under_another_name(site):
    site["hosts"]["rack1"]["status"]["units"] = {_status.MAAS[0]: "inactive", _status.MAAS[1]: "active"}
    assert told(site) == []


def test_a_daemon_that_runs_and_is_silent_is_a_problem(site):
    site["hosts"]["control3"]["status"]["region"] = None
    site["hosts"]["control3"]["silent"] = {"region": "timed out"}
    assert only(site) == ("critical", "control3", "MAAS runs and does not answer: timed out")


def test_without_a_virtual_ip_or_a_database_of_ours_their_daemons_need_not_run(site):
    for facts in site["hosts"].values():
        facts["groups"] = [name for name in facts["groups"] if name not in ("maas_etcd", "maas_postgresql")]
        facts["status"]["units"].pop("patroni.service", None)
        for unit in ("keepalived.service", "maas-database-proxy.service"):
            if unit in facts["status"]["units"]:
                facts["status"]["units"][unit] = "inactive"
        facts["status"] |= {"patroni": None, "database_proxy": None, "etcd": None}
    assert told({**site, "vip": ""}) == []


def test_a_region_must_be_led_to_the_one_leader(site):
    site["hosts"]["control3"]["status"]["database_proxy"]["control1"] = "DOWN"
    assert only(site) == ("critical", "control3", "its database proxy finds no leader")
    site["hosts"]["control3"]["status"]["database_proxy"] |= {"control1": "UP", "control2": "UP"}
    assert only(site)[2] == "its database proxy leads to control1, control2 alike"


def test_a_load_balancer_that_misses_a_good_region_is_a_problem(site):
    site["hosts"]["control2"]["status"]["balancer"]["maas"]["control3"] = "DOWN"
    assert only(site) == ("warning", "control2", "HAProxy calls control3 DOWN for maas, though it answers")
    site["hosts"]["control2"]["status"]["balancer"]["maas"]["control3"] = "DRAIN"
    assert "reload haproxy on control2" in _status.problems(site)[0]["remedy"]


def test_the_newest_backup_of_all_hosts_counts_and_must_not_be_old(site):
    assert _status.last_backup(site) is None
    for host, path, hours in (("rack1", "/old", 90), ("rack2", "/new", 20)):
        site["hosts"][host]["status"]["backup"] = {"path": path, "time": NOW - hours * 3600}
    assert _status.report(site)["backup"] == {"host": "rack2", "path": "/new", "time": NOW - 20 * 3600}
    assert told(site) == []
    assert only({**site, "backup_hours": 10})[1:] == ("rack2", "the last backup, /new, is 20 hours old")
    for host in ("rack1", "rack2"):
        site["hosts"][host]["status"]["backup"] = {"path": None, "time": None}
    assert only(site)[1:] == ("rack1, rack2", "there is no backup where maas_report_backups says")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"state": "creating replica"}, "its copy of the database is creating replica"),
        ({"lag": 64 * 2**20}, "its copy of the database is 64 MB behind"),
    ],
)
def test_a_replica_that_does_not_follow_is_a_problem(site, change, what):
    site["hosts"]["control1"]["status"]["patroni"]["members"][2] |= change
    assert only(site) == ("warning", "control3", what)


def test_what_patroni_cannot_do_now_is_told(site):
    site["hosts"]["control1"]["status"]["patroni"]["members"][1]["role"] = "replica"
    assert only(site)[1:] == ("control1", "no replica is synchronous: what is written now could be lost with this host")
    site["hosts"]["control1"]["status"]["patroni"]["members"][1]["role"] = "sync_standby"
    site["hosts"]["control1"]["status"]["patroni"]["paused"] = True
    assert only(site)[2] == "Patroni is paused: it would not fail over"


def test_a_member_of_etcd_apart_is_a_problem(site):
    site["hosts"]["control3"]["status"]["etcd"]["healthy"] = False
    assert only(site) == ("warning", "control3", "takes no part in etcd")


def test_full_connections_leases_and_disks_are_told(site):
    site["hosts"]["control1"]["status"]["connections"]["used"] = 320
    site["hosts"]["rack1"]["status"]["ranges"][0]["used"] = 90
    site["hosts"]["rack2"]["survey"]["data_mb"] = 12
    assert told(site) == [
        ("rack2", "has 12 MB left under /var"),
        ("rack1, rack2", "90 of the 100 addresses 10.1.0.100 to 10.1.0.199 are leased"),
        ("control1", "320 of 400 database connections are used"),
    ]


def test_a_pair_out_of_step_is_told_on_both_sides(site):
    for name in ("rack1", "rack2"):
        site["hosts"][name]["peers"][0] |= {"state": "communications-interrupted", "in_step": False}
    assert not _status.vlans(site)[0]["in_step"]
    assert only(site) == (
        "warning",
        "rack1, rack2",
        "DHCP failover of VLAN 100 of dc1 is communications-interrupted here and normal at its partner",
    )


def test_a_vlan_without_a_living_rack_has_no_dhcp(site):
    lose(site, "rack1", "rack2")
    what = "VLAN 100 of dc1 has no DHCP, for none of its racks lives as far as can be seen"
    assert told(site)[1] == ("rack1, rack2", what)


def test_racks_that_are_cut_off_serve_on_and_nobody_is_told_to_restart_them(site):
    for rack in site["hosts"]["control1"]["api"]["racks"]:
        rack |= {"services": dict.fromkeys(("rackd", "dhcpd", "agent", "tftp"), "dead"), "connected": False}
    assert only(site) == ("warning", "rack1, rack2", "MAAS is not connected to its rack")
    assert "restart no rack before" in _status.problems(site)[0]["remedy"]


@pytest.mark.parametrize("ended", [{"services": {"rackd": "running", "dhcpd": "inactive"}}, {"ranges": []}])
def test_racks_that_are_cut_off_and_have_ended_their_dhcp_are_told(site, ended):
    """Up to 3.6 a rack that loses its last region ends its DHCP server, and leaves the configuration where it is."""
    for rack in site["hosts"]["control1"]["api"]["racks"]:
        rack |= {"services": dict.fromkeys(("rackd", "dhcpd", "tftp"), "dead"), "connected": False}
    for name in ("rack1", "rack2"):
        site["hosts"][name]["status"] |= ended
    what = "VLAN 100 of dc1 has no DHCP, for none of its racks lives as far as can be seen"
    assert told(site)[0] == ("rack1, rack2", what)


@pytest.mark.parametrize(
    ("host", "services", "what"),
    [
        ("control2", {"regiond": "running", "bind9": "inactive", "temporal": "fatal"}, "bind9, temporal do not run"),
        ("rack2", {"rackd": "running", "dhcpd": "running", "http": "backoff"}, "http does not run"),
    ],
)
def test_a_service_that_maas_cannot_do_without_is_told(site, host, services, what):
    site["hosts"][host]["status"]["services"] = services
    assert only(site) == ("warning", host, f"of its MAAS, {what}")


def test_a_dhcp_server_that_has_ended_is_told_whatever_maas_says(site):
    site["hosts"]["control1"]["api"]["racks"][1]["services"]["dhcpd"] = "off"
    site["hosts"]["rack2"]["status"]["services"]["dhcpd"] = "inactive"
    assert only(site) == ("warning", "rack2", "its DHCP server is dead")
    assert words(site, "maas_rack")["rack2"] == ("warning", "DHCP is down")
    site["hosts"]["rack2"]["status"]["services"]["dhcpd"] = "backoff"
    assert only(site) == ("warning", "rack2", "its DHCP server is dead")
    site["hosts"]["rack2"]["status"]["units"][_status.MAAS[0]] = "failed"
    assert only(site) == ("critical", "rack2", "MAAS does not run")


def test_what_a_region_runs_is_not_told_where_it_has_no_database(site):
    site["hosts"]["control3"]["status"] |= {"region": None, "services": {"regiond": "running", "temporal": "backoff"}}
    site["hosts"]["control3"]["silent"] = {"region": "timed out"}
    assert only(site) == ("critical", "control3", "MAAS runs and does not answer: timed out")


def test_without_the_api_the_racks_tell_of_their_vlans(site):
    site["hosts"]["control1"]["api"] = {"regions": None, "racks": None, "vlans": None}
    (vlan,) = _status.vlans(site)
    assert (vlan["name"], vlan["primary_rack"], vlan["secondary_rack"]) == ("VLAN no. 5002", "rack1", "rack2")
    assert vlan["in_step"] and vlan["ranges"][0]["used"] == 7
    lose(site, "rack1")
    site["hosts"]["rack2"]["peers"][0] |= {"state": "communications-interrupted", "in_step": False}
    (vlan,) = _status.vlans(site)
    assert (vlan["primary_rack"], vlan["secondary_rack"]) == (None, "rack2")
    assert told(site) == [("rack1", "cannot be reached over ssh")]


def test_a_region_that_only_maas_knows_is_told(site):
    site["hosts"]["control1"]["api"]["regions"].append(
        {**site["hosts"]["control1"]["api"]["regions"][0], "hostname": "control9"}
    )
    assert only(site) == ("warning", "control9", "is a region to MAAS, but not in maas_region")


def test_a_certificate_that_is_over_is_told_and_not_what_follows_from_it(site):
    for name in ("control1", "control2", "control3"):
        facts = site["hosts"][name]
        facts["survey"]["certificates"]["host"] = NOW - DAY
        facts["status"] |= {"etcd": None, "patroni": None, "region": None}
        facts["silent"] = {"etcd": "certificate has expired", "patroni": "certificate has expired", "region": "500"}
    what = "its certificate, host.crt in /etc/maas-ha/pki, is over"
    assert told(site)[0] == ("control1, control2, control3", what)
    assert not [what for host, what in told(site) if "etcd" in what or "leader" in what]


def test_a_certificate_that_is_over_elsewhere_hides_no_lost_quorum(site):
    """The one whose certificate is over is a member, and the two others are gone."""
    site["hosts"]["rack1"]["survey"]["certificates"]["host"] = NOW - DAY
    lose(site, "control1", "control2")
    site["hosts"]["control3"]["status"] |= {"etcd": {"healthy": False, "leads": False}, "patroni": None, "region": None}
    site["hosts"]["control3"]["silent"] = {"patroni": "timed out", "region": "500"}
    found = [what for dummy, what in told(site)]
    assert any(what.startswith("have no quorum in etcd") for what in found)
    assert any(what.startswith("have no database leader") for what in found)


def test_a_region_finds_no_leader_though_the_certificate_of_another_host_is_over(site):
    site["hosts"]["rack1"]["survey"]["certificates"]["host"] = NOW - DAY
    site["hosts"]["control3"]["status"]["database_proxy"]["control1"] = "DOWN"
    assert ("control3", "its database proxy finds no leader") in told(site)


def test_a_host_that_hangs_is_told_so_and_hides_no_lost_quorum(site):
    lose(site, "control1")
    why = "Task failed: Timed out after 60 second(s)."
    site["hosts"]["control2"] |= {"status": None, "why": why}
    site["hosts"]["control3"]["status"] |= {"etcd": {"healthy": False, "leads": False}, "patroni": None, "region": None}
    site["hosts"]["control3"]["silent"] = {"patroni": "timed out", "region": "500"}
    found = told(site)
    assert ("control2", f"hangs: {why}") in found
    assert any(what.startswith("have no quorum in etcd") for dummy, what in found)
    assert any(what.startswith("have no database leader") for dummy, what in found)
    assert not [what for dummy, what in found if "Patroni runs and does not answer" in what]


def test_a_leader_that_hangs_and_has_no_successor_is_told(site):
    """etcd is well and has no key of a leader, for nobody was fit to follow."""
    site["hosts"]["control1"] |= {"status": None, "why": "Task failed: Timed out after 60 second(s)."}
    site["hosts"]["control1"]["api"] = {"regions": None, "racks": None, "vlans": None}
    for name in ("control2", "control3"):
        status = site["hosts"][name]["status"]
        status["patroni"]["members"] = [{**one, "role": "replica"} for one in status["patroni"]["members"]]
        status["region"] = None
        site["hosts"][name]["silent"] = {"region": "500"}
    assert any(what.startswith("have no database leader") for dummy, what in told(site))


def test_a_host_that_hangs_with_a_certificate_that_is_over_is_one_host(site):
    lose(site, "control1")
    site["hosts"]["control2"] |= {"status": None, "why": "Task failed: Timed out after 60 second(s)."}
    site["hosts"]["control2"]["survey"]["certificates"]["host"] = NOW - DAY
    site["hosts"]["control3"]["status"] |= {"etcd": {"healthy": False, "leads": False}, "patroni": None, "region": None}
    assert any(what.startswith("have no quorum in etcd") for dummy, what in told(site))


def test_a_pair_out_of_step_is_told_while_the_api_is_silent_and_another_host_away(site):
    site["hosts"]["control1"]["api"] = {"regions": None, "racks": None, "vlans": None}
    lose(site, "control3")
    for name in ("rack1", "rack2"):
        site["hosts"][name]["peers"][0] |= {"state": "communications-interrupted", "in_step": False}
    assert any(what.startswith("DHCP failover of VLAN no. 5002") for dummy, what in told(site))


def test_a_leader_that_patronis_failsafe_mode_keeps_is_not_denied(site):
    """etcd is gone, the leader hangs, and a region answers from its database."""
    lose(site, "control2")
    site["hosts"]["control1"] |= {"status": None, "why": "Task failed: Timed out after 60 second(s)."}
    site["hosts"]["control3"]["status"] |= {"etcd": {"healthy": False, "leads": False}}
    assert not [what for dummy, what in told(site) if "no database leader" in what]


def test_an_etcd_that_waits_for_others_runs_and_what_waits_for_it_is_not_told(site):
    lose(site, "control1", "control2")
    facts = site["hosts"]["control3"]
    facts["status"]["units"]["etcd.service"] = "activating"
    facts["status"] |= {"etcd": None, "patroni": None}
    facts["silent"] = {"etcd": "Connection refused", "patroni": "The read operation timed out"}
    found = [what for host, what in told(site) if "control3" in host]
    assert any(what.startswith("have no quorum in etcd") for what in found)
    assert not [what for what in found if "does not answer" in what or "does not run" in what]


def test_a_replica_on_a_full_disk_is_not_told_to_copy_anew(site):
    site["hosts"]["control3"]["survey"]["data_mb"] = 12
    site["hosts"]["control1"]["status"]["patroni"]["members"][2] |= {"state": "crashed", "lag": None}
    assert only(site) == ("warning", "control3", "has 12 MB left under /var")


def test_a_clock_that_jumped_comes_first(site):
    site["hosts"]["rack1"]["survey"]["clock"] = NOW + 3600
    severity, host, what = only(site)
    assert (severity, host) == ("critical", "rack1") and what.startswith("has a clock 35")


@pytest.mark.parametrize(
    ("services", "what"),
    [
        ({"rackd": "dead", "dhcpd": "off"}, "MAAS is not connected to its rack"),
        ({"rackd": "degraded", "dhcpd": "running"}, "its rack is connected to some regions only"),
        ({"rackd": "running", "dhcpd": "dead"}, "its DHCP server is dead"),
        (
            {"rackd": "running", "dhcpd": "running", "agent": "dead"},
            "the agent of its MAAS is dead, which carries out power actions, and DHCP from 3.7 on",
        ),
    ],
)
def test_a_rack_is_well_when_maas_says_so(site, services, what):
    rack = site["hosts"]["control1"]["api"]["racks"][0]
    rack |= {"services": services, "connected": services["rackd"] == "running"}
    assert only(site) == ("warning", "rack1", what)


def test_a_rack_that_maas_does_not_know_is_told(site):
    site["hosts"]["control1"]["api"]["racks"].append(record("rack9", "ccc"))
    site["hosts"]["rack2"]["survey"]["hostname"] = "another"
    assert only(site)[2] == "MAAS knows no rack of that name"


def test_a_firewall_without_its_rules_is_told(site):
    site["hosts"]["control2"]["status"]["firewall"] = False
    site["hosts"]["control3"]["status"]["firewall"] = None
    assert only(site) == ("warning", "control2", "its firewall leaves the ports of the cluster open")


def test_versions_that_differ_or_may_change_are_told(site):
    site["hosts"]["rack1"]["status"]["snap"] |= {"version": "3.7.2", "revision": "90", "channel": "", "held": False}
    assert told(site) == [
        ("rack1", "the revisions of MAAS differ: 100 on control1, control2, control3, rack2; 90 on rack1"),
        ("rack1", "its snap of MAAS is not held: snapd refreshes it when it likes"),
    ]


def test_each_architecture_has_revisions_of_its_own(site):
    snap = site["hosts"]["rack1"]["status"]["snap"]
    snap |= {"architecture": "aarch64", "revision": "101"}
    assert told(site) == []
    snap["version"] = "3.7.2"
    words = "3.7.3 on control1, control2, control3, rack2; 3.7.2 on rack1"
    assert only(site)[2] == f"the versions of MAAS differ: {words}"


def test_a_daemon_that_ends_again_and_again_does_not_run(site):
    site["hosts"]["control3"]["status"]["units"]["keepalived.service"] = "auto-restart"
    assert only(site) == ("critical", "control3", "keepalived.service does not run")
    assert words(site, "maas_haproxy")["control3"] == ("critical", "keepalived is down")


def test_certificates_and_clocks_are_told(site):
    site["hosts"]["control1"]["survey"]["certificates"]["host"] = NOW + 10 * DAY
    site["hosts"]["rack1"]["survey"]["clock"] = NOW + 60
    assert told(site) == [
        ("control1", "has a host.crt in /etc/maas-ha/pki that ends in 10 days"),
        ("rack1", "has a clock 59 s or more off control3's"),
    ]
    assert _status.report(site)["hosts"]["rack1"]["clock_offset"] == 59.5
