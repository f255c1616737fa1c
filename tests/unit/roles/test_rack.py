# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only the rack that MAAS knows by a name is removed by it, and racks that serve restart in turns."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAY = """
- hosts: region
  gather_facts: false
  module_defaults:
    metal.maas_ha.dhcp_failover_info:
      identity: "{{ identity }}"
  tasks:
    - ansible.builtin.import_role:
        name: metal.maas_ha.maas_rack
        tasks_from: identity
"""
VARIABLES = """
- hosts: all
  gather_facts: false
  vars_files: {root}/roles/maas_rack/vars/main.yml
  tasks:
    - ansible.builtin.debug:
        msg: "has {{{{ {name} | join(' ') }}}}."
      run_once: true
"""
# MAAS calls the host of the inventory's rackA node-17, and has another rack that is called rackA.
RACKS = [{"system_id": "abc123", "hostname": "node-17"}, {"system_id": "def456", "hostname": "rackA"}]
HOSTS = "region ansible_connection=local\nrackA ansible_host=127.0.0.1 "


def run(directory, hosts, plays, given):
    """Run plays; return the exit status and what was printed."""
    (directory / "hosts").write_text(hosts)
    (directory / "play.yml").write_text(plays)
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "--inventory", str(directory / "hosts")]
    command += ["--extra-vars", json.dumps(given), str(directory / "play.yml")]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, " ".join(done.stdout.split())


def identity(directory, system_id, hostname, connection="ansible_connection=local"):
    """Compare a host with what MAAS knows; return the exit status and what was printed."""
    (directory / "maas_id").write_text(system_id)
    given = {
        "identity": str(directory / "maas_id"),
        "maas_rack_name": "rackA",
        "maas_rack_hostname": hostname,
        "__maas_rack_controllers": {"rack_controllers": RACKS},
    }
    return run(directory, f"{HOSTS}{connection} ansible_python_interpreter={sys.executable}\n", PLAY, given)


@pytest.mark.parametrize(
    ("system_id", "hostname", "said"),
    [
        ("abc123\n", "rackA", "which in MAAS is node-17 and not rackA. Set maas_rack_hostname of rackA to node-17"),
        ("abc123\n", "nobody", "which in MAAS is node-17 and not nobody. Set maas_rack_hostname of rackA to node-17"),
        ("xyz789\n", "rackA", "which in MAAS is no rack and not rackA. If it has just booted, run this again"),
    ],
)
def test_a_host_that_is_another_controller_is_refused(tmp_path, system_id, hostname, said):
    status, told = identity(tmp_path, system_id, hostname)
    assert status and f"rackA has the system_id {system_id.strip()}, {said}" in told, told


def test_a_host_is_the_rack_that_maas_knows_by_its_given_name(tmp_path):
    status, told = identity(tmp_path, "abc123\n", "node-17")
    assert status == 0 and "MAAS knows no rack" not in told, told


def test_a_host_that_has_no_maas_may_be_removed_again(tmp_path):
    status, told = identity(tmp_path, "", "nobody")
    assert status == 0 and "MAAS knows no rack nobody (maas_rack_hostname of rackA)" in told, told


def test_a_host_that_is_gone_is_believed_to_be_the_one(tmp_path):
    status, told = identity(tmp_path, "abc123\n", "rackA", connection="ansible_port=1")
    assert status == 0, told


def test_what_serves_and_must_restart_takes_turns_and_new_racks_do_not(tmp_path):
    due = {
        "new": {"actions": ["init", "configure"]},
        "cut_off": {"actions": ["init", "restart"]},
        "pools": {"actions": ["configure", "restart"]},
        "urls": {"actions": ["configure"]},
        "secret": {"actions": ["secret", "restart"]},
        "refused": {"msg": "secret: not hexadecimal"},
    }
    hosts = "".join(f"{name} __maas_rack_due='{json.dumps(value)}'\n" for name, value in due.items())
    status, told = run(tmp_path, hosts + "silent\n", VARIABLES.format(root=ROOT, name="__maas_rack_restarts"), {})
    assert status == 0 and "has pools secret." in told, told


def pair(name, **states):
    """Return a pair as dhcp_failover_info does."""
    return {"name": name, "partner_state": "normal", "partner_since": "1", "in_step": True, **states}


@pytest.mark.parametrize(
    ("after", "missed"),
    [
        ([], "a b"),
        ([pair("a"), pair("b")], "a b"),
        ([pair("a", partner_since="2"), pair("b", in_step=False, partner_since="2")], "b"),
        ([pair("a", partner_since="2"), pair("b", partner_state="partner-down")], ""),
        ([pair("a", partner_since="2"), pair("b", partner_since="2"), pair("new", in_step=False)], ""),
    ],
)
def test_a_rack_has_met_the_partners_that_it_was_in_step_with(tmp_path, after, missed):
    before = [pair("a"), pair("b"), pair("partner is away", in_step=False)]
    given = {"__maas_rack_before": {"peers": before}, "__maas_rack_after": {"peers": after}}
    status, told = run(tmp_path, "rack\n", VARIABLES.format(root=ROOT, name="__maas_rack_missed"), given)
    assert status == 0 and f"has {missed}." in told, told
