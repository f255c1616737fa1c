# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host tells what its daemons say, and what does not answer stops nothing else."""

from __future__ import annotations

import json
import os
import socket
import threading

import pytest
from ansible_collections.metal.maas_ha.plugins.modules import status_host

from tests.contract.place import ABSENT, CONTRACT
from tests.unit.plugins.conftest import run_module

STAT = """\
# pxname,svname,qcur,status,weight,
maas,FRONTEND,,OPEN,,
maas,control1,0,UP,1,
maas,control2,0,DOWN 1/2,1,
maas,BACKEND,0,UP,2,

"""
CONFIG = """\
failover peer "failover-vlan-5001" {
    primary;
}
shared-network vlan-5001 {
    subnet 10.1.0.0 netmask 255.255.255.0 {
       pool {
          failover peer "failover-vlan-5001";
          range 10.1.0.100 10.1.0.102;
       }
    }
}
shared-network vlan-5002 {
    subnet 10.2.0.0 netmask 255.255.255.0 {
       pool {
          range 10.2.0.10 10.2.0.19;
       }
    }
}
"""
LEASE = "lease {} {{\n  starts 1 2026/11/23 04:00:00;\n  ends {};\n  binding state {};\n}}\n"
AT = 1795406400  # 2026/11/23 04:00:00


def test_haproxy_tells_the_state_of_each_server_by_its_backend():
    assert status_host.servers(STAT) == {"maas": {"control1": "UP", "control2": "DOWN"}}


def test_leases_that_run_count_in_their_range():
    leases = "".join(
        LEASE.format(*lease)
        for lease in (
            ("10.1.0.100", "1 2026/11/23 04:10:00", "active"),
            ("10.1.0.101", "1 2026/11/23 03:50:00", "active"),
            ("10.1.0.102", "1 2026/11/23 04:10:00", "free"),
            ("10.2.0.10", f"epoch {AT + 60}", "active"),
            ("10.2.0.11", "never", "active"),
            ("10.2.0.12", "1 2026/11/23 04:10:00", "active"),
            ("10.2.0.12", "1 2026/11/23 04:10:00", "free"),
            ("10.9.0.9", "1 2026/11/23 04:10:00", "active"),
        )
    )
    assert status_host.ranges(CONFIG, leases, AT) == [
        {"vlan": 5001, "start_ip": "10.1.0.100", "end_ip": "10.1.0.102", "size": 3, "used": 1},
        {"vlan": 5002, "start_ip": "10.2.0.10", "end_ip": "10.2.0.19", "size": 10, "used": 2},
    ]


def test_a_rack_without_files_serves_nothing():
    assert status_host.ranges("", "", AT) == []


@pytest.mark.parametrize("series", ["3.7.3", "3.4.10"])
@pytest.mark.parametrize("mode", ["region", "rack"])
def test_the_services_are_told_alike_in_all_series(series, mode):
    path = CONTRACT / "cli" / series / f"{mode}-status.json"
    if not path.exists():
        pytest.skip(ABSENT)
    found = status_host.services(json.loads(path.read_text())["stdout"])
    assert found[{"region": "regiond", "rack": "rackd"}[mode]] == found["http"] == "running"
    assert {*found.values()} <= {"running", "inactive"}


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("bind9    disabled  backoff   today at 10:00 UTC (3)", "backoff"),
        ("bind9    enabled   active    today at 10:00 UTC", "running"),
        ("bind9                            FATAL     Exited too quickly (process log may have details)", "fatal"),
        ("bind9                            RUNNING   pid 1001, uptime 0:01:00", "running"),
    ],
)
def test_a_service_has_one_state(line, state):
    assert status_host.services(f"Service  Startup   Current   Since\n{line}\n") == {"bind9": state}


def test_a_supervisor_without_a_table_is_silence():
    with pytest.raises(status_host.Silent, match="not configured"):
        status_host.services("MAAS is not configured\n")


def test_a_unit_that_waits_to_be_started_again_does_not_run(monkeypatch):
    states = {"a.service": ("active", "running"), "b.service": ("activating", "auto-restart")}
    shown = "\n".join(
        f"Id={unit}\nActiveState={state}\nSubState={detail}\n" for unit, (state, detail) in states.items()
    )
    monkeypatch.setattr(status_host.Host, "run", lambda self, *words: shown)
    assert status_host.Host([], "127.0.0.1", "", 1).units() == {"a.service": "active", "b.service": "auto-restart"}


def test_what_does_not_answer_is_told_and_stops_nothing(tmp_path, monkeypatch):
    path = str(tmp_path / "maas.sock")
    monkeypatch.setattr(status_host, "BALANCER", path)
    monkeypatch.setattr(status_host, "PKI", f"{tmp_path}/pki/")
    monkeypatch.setattr(status_host.Host, "units", lambda host: {"etcd.service": "failed"})
    with socket.socket(socket.AF_UNIX) as balancer:
        balancer.bind(path)
        balancer.listen()
        threading.Thread(target=serve, args=(balancer,), daemon=True).start()
        told = run_module("status_host", groups=["maas_etcd", "maas_haproxy"], address="127.0.0.1", check=True)
    assert not told.failed and not told.changed
    assert told.status["balancer"] == {"maas": {"control1": "UP", "control2": "DOWN"}}
    assert told.status["etcd"] is None and "No such file" in told.silent["etcd"]


def serve(balancer):
    """Answer one question as HAProxy does."""
    talk = balancer.accept()[0]
    talk.recv(100)
    talk.sendall(STAT.encode())
    talk.close()


def test_the_newest_of_the_files_that_match_is_the_last_backup(tmp_path, monkeypatch):
    monkeypatch.setattr(status_host.Host, "units", lambda host: {})
    monkeypatch.setattr(status_host.Host, "firewall", lambda host: None)
    case = {"groups": ["maas_haproxy"], "address": "127.0.0.1", "backups": f"{tmp_path}/*.dump"}
    assert run_module("status_host", **case).status["backup"] == {"path": None, "time": None}
    for name, when in (("old.dump", 100), ("new.dump", 200), ("newer.log", 300)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (when, when))
    assert run_module("status_host", **case).status["backup"] == {"path": f"{tmp_path}/new.dump", "time": 200}
    (tmp_path / "latest.dump").symlink_to(tmp_path / "gone.dump")
    assert run_module("status_host", **case).status["backup"] == {"path": f"{tmp_path}/new.dump", "time": 200}
    assert "backup" not in run_module("status_host", **case | {"backups": None}).status


def test_an_answer_that_nobody_expects_is_none(monkeypatch):
    monkeypatch.setattr(status_host.Host, "run", lambda self, *words: "" if words[0] == "snap" else "one|two")
    told = run_module("status_host", groups=["maas_postgresql", "maas_rack"], address="127.0.0.1")
    assert told.status["connections"] is None and told.status["snap"] is None
    assert "two" in told.silent["connections"] or "one" in told.silent["connections"]
    assert told.silent["snap"] == "list index out of range"


@pytest.mark.parametrize(
    ("unit", "tables", "loaded"),
    [
        ("enabled", "table inet filter\ntable inet maas_ha\n", True),
        ("enabled", "table inet filter\n", False),
        ("disabled", "", None),
        ("", "", None),
    ],
)
def test_the_firewalls_rules_are_loaded_or_not_wanted(monkeypatch, unit, tables, loaded):
    said = {"systemctl": f"UnitFileState={unit}\n", "nft": tables}
    monkeypatch.setattr(status_host.Host, "run", lambda self, *words: said[words[0]])
    assert status_host.Host([], "127.0.0.1", "", 1).firewall() is loaded


@pytest.mark.parametrize("words", [("false",), ("no-such-program",), ("sleep", "9")])
def test_a_command_that_fails_or_hangs_is_silence(words):
    with pytest.raises(status_host.Silent):
        status_host.Host([], "127.0.0.1", "", 0.1).run(*words)


def test_only_a_host_with_groups_of_ours_is_asked():
    assert run_module("status_host", groups=["maas_nosuch"], address="127.0.0.1").failed
