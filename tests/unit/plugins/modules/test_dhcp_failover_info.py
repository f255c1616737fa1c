# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module against the files of a rack: a dhcpd.conf as MAAS renders it, leases as ISC dhcpd writes them."""

from __future__ import annotations

import json
import socket
import threading

import pytest
import yaml
from ansible.module_utils.testing import patch_module_args
from ansible_collections.metal.maas_ha.plugins.modules import dhcp_failover_info as module

from tests.contract.place import ABSENT, CONTRACT

CONFIG = """
failover peer "failover-vlan-5001" {
    primary;
    address 127.0.0.1;
    peer address 127.0.0.2;
    max-response-delay 60;
    mclt 3600;
    split 255;
}
"""
LEASES = """
failover peer "failover-vlan-5001" state {{
  my state {} at 1 2026/11/23 00:57:03;
  partner state {} at 1 2026/11/23 00:57:04;
  mclt 3600;
}}
"""
PAIR = {
    "vlan": "VLAN 0 on dc1",
    "peer": "failover-vlan-5001",
    "racks": [
        {"system_id": "aaaaaa", "hostname": "rack-a", "address": "127.0.0.1"},
        {"system_id": "bbbbbb", "hostname": "rack-b", "address": "127.0.0.2"},
    ],
}


@pytest.fixture
def rack(tmp_path):
    """The files of rack-a, which is in step with its partner."""
    files = {"config": CONFIG, "leases": LEASES.format("normal", "normal"), "identity": "aaaaaa"}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def run(rack, capsys):
    def run(**options):
        paths = {name: str(rack / name) for name in ("config", "leases", "identity")}
        with patch_module_args({**paths, **options}), pytest.raises(SystemExit):
            module.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_a_rack_tells_its_pair_and_both_states(run):
    assert run()["system_id"] == "aaaaaa"
    assert run()["peers"] == [
        {
            "name": "failover-vlan-5001",
            "role": "primary",
            "address": "127.0.0.1",
            "peer_address": "127.0.0.2",
            "state": "normal",
            "since": "2026-11-23T00:57:03Z",
            "partner_state": "normal",
            "partner_since": "2026-11-23T00:57:04Z",
            "in_step": True,
        }
    ]


def test_a_rack_tells_the_dns_servers_of_each_subnet(run, rack):
    assert run()["dns_servers"] == {}
    network = """
shared-network vlan-5001 {
    subnet 10.10.0.0 netmask 255.255.255.0 {
           option domain-name-servers 10.10.0.11, 10.10.0.12;
    }
    subnet 10.10.1.0 netmask 255.255.255.128 {
           option domain-name-servers 10.10.0.11;
    }
}
"""
    (rack / "config").write_text(CONFIG + network)
    assert run()["dns_servers"] == {"10.10.0.0/24": ["10.10.0.11", "10.10.0.12"], "10.10.1.0/25": ["10.10.0.11"]}


def test_the_examples_work(run):
    for task in yaml.safe_load(module.EXAMPLES):
        options = task["metal.maas_ha.dhcp_failover_info"] or {}
        if "wait_for" in options:
            assert options["wait_for"] == "{{ dhcp.pairs }}"
            options["wait_for"] = [PAIR]
        assert [peer["state"] for peer in run(**options)["peers"]] == ["normal"]


def test_the_last_entry_of_the_leases_counts(rack, run):
    (rack / "leases").write_text(LEASES.format("recover", "unknown-state") + LEASES.format("partner-down", "normal"))
    assert [run()["peers"][0][key] for key in ("state", "partner_state")] == ["partner-down", "normal"]


def test_times_in_epoch_form_are_understood(rack, run):
    (rack / "leases").write_text(LEASES.format("normal", "normal").replace("1 2026/11/23 00:57:03", "epoch 1795395423"))
    assert run()["peers"][0]["since"] == "2026-11-23T00:57:03Z"


def test_a_rack_that_serves_nothing_has_no_pairs(rack, run):
    for name in ("config", "leases", "identity"):
        (rack / name).unlink()
    assert run(wait_for=[PAIR])["peers"] == [] and run()["system_id"] == ""


def test_a_pair_whose_server_has_not_spoken_has_no_state(rack, run):
    (rack / "leases").write_text("")
    assert run()["peers"][0]["state"] is None


@pytest.mark.parametrize("rack_name", ["rack-a", "rack-b"])
def test_the_recorded_configurations_are_understood(rack, run, rack_name):
    config = CONTRACT / "dhcpd" / f"pair-{rack_name}.conf"
    if not config.exists():
        pytest.skip(ABSENT)
    (rack / "config").write_text(config.read_text())
    (peer,) = run()["peers"]
    addresses = {"rack-a": ("10.10.0.11", "10.10.0.12"), "rack-b": ("10.10.0.12", "10.10.0.11")}
    assert (peer["address"], peer["peer_address"]) == addresses[rack_name]
    assert peer["role"] == {"rack-a": "primary", "rack-b": "secondary"}[rack_name]


def test_it_waits_until_the_pair_is_in_step(rack, run):
    (rack / "leases").write_text(LEASES.format("recover", "unknown-state"))
    threading.Timer(0.3, lambda: (rack / "leases").write_text(LEASES.format("normal", "normal"))).start()
    assert "failed" not in run(wait_for=[PAIR], timeout=20)


@pytest.mark.parametrize(
    "leases", [LEASES.format("recover", "normal"), LEASES.format("normal", "communications-interrupted"), ""]
)
def test_a_pair_that_does_not_get_in_step_is_named(rack, run, leases):
    (rack / "leases").write_text(leases)
    failed = run(wait_for=[PAIR], timeout=0)
    assert failed["failed"] and "not in failover state normal on this rack: VLAN 0 on dc1" in failed["msg"]


@pytest.mark.parametrize("states", [("recover-wait", "partner-down"), ("partner-down", "recover-wait")])
def test_former_partners_are_in_step_when_one_has_told_the_other_all(rack, run, states):
    (rack / "leases").write_text(LEASES.format(*states))
    assert "failed" not in run(wait_for=[PAIR], timeout=0)


def test_an_older_pair_is_not_taken_for_the_new_one(rack, run):
    (rack / "config").write_text(CONFIG.replace("127.0.0.2", "127.0.0.9"))
    assert run(wait_for=[PAIR], timeout=0)["failed"]


def test_pairs_of_other_racks_are_their_business(rack, run):
    (rack / "identity").write_text("cccccc")
    (rack / "leases").write_text("")
    assert "failed" not in run(wait_for=[PAIR], secondaries=[PAIR], timeout=0)


def test_a_refused_connection_is_an_answer(run):
    assert "failed" not in run(secondaries=[PAIR])


def test_an_open_port_is_an_answer(run, monkeypatch):
    with socket.create_server(("127.0.0.2", 0)) as listening:
        monkeypatch.setattr(module, "PORT", listening.getsockname()[1])
        assert "failed" not in run(secondaries=[PAIR])


def test_silence_is_no_answer(run, monkeypatch):
    def silent(*dummy):
        raise TimeoutError("timed out")

    monkeypatch.setattr(socket, "create_connection", silent)
    failed = run(secondaries=[PAIR])
    assert failed["failed"]
    assert "VLAN 0 on dc1: rack-b does not answer rack-a on TCP port 647 of 127.0.0.2" in failed["msg"]


def test_files_that_cannot_be_read_are_named(rack, run):
    (rack / "leases").unlink()
    (rack / "leases").mkdir()
    assert "leases cannot be read" in run()["msg"]
