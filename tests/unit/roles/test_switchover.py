# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of hands that fails on one host ends the verb, one host that is away does not."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
VIP = "192.0.2.1"
HELD = json.dumps([{"ifname": "lan", "addr_info": [{"local": VIP}]}])
LATER = {
    "hosts": "all",
    "gather_facts": False,
    "tasks": [{"ansible.builtin.debug": {"msg": "{{ inventory_hostname }} goes on"}}],
}


@pytest.fixture
def hand_over(tmp_path):
    """Run the play of switchover that hands over the virtual IP, which one host keeps, and another play after it."""

    def run(**facts):
        name = "Give the virtual IP to another load balancer"
        plays = yaml.safe_load((ROOT / "playbooks" / "switchover.yml").read_text())
        (play,) = [play for play in plays if play["name"] == name]
        path = f"{tmp_path}/{{{{ inventory_hostname }}}}:{os.environ['PATH']}"
        play |= {"become": False, "environment": {"PATH": path}}
        (tmp_path / "plays.yml").write_text(yaml.safe_dump([play, LATER]))
        given = {
            "maas_switchover": "vip",
            "maas_vip": VIP,
            "__maas_keepalived_preference": f"{tmp_path}/{{{{ inventory_hostname }}}}/preference",
            "__maas_keepalived_patience": 0,
        }
        words = ["--inventory", str(tmp_path / "hosts.json"), "--extra-vars", json.dumps(given)]
        hosts = {}
        for host, told in {"a": HELD, "b": "[]", "c": "[]"}.items():
            (tmp_path / host).mkdir()
            (tmp_path / host / "ip").write_text(f"#!/bin/sh\necho '{told}'\n")
            (tmp_path / host / "ip").chmod(0o755)
            hosts[host] = {
                "ansible_connection": "local",
                "maas_address": f"192.0.2.1{len(hosts)}",
                **facts.get(host, {}),
            }
        groups = {"maas_haproxy": {"hosts": hosts}, "maas_rack": {"hosts": {"r": {"ansible_connection": "local"}}}}
        (tmp_path / "hosts.json").write_text(json.dumps({"all": {"children": groups}}))
        command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), str(tmp_path / "plays.yml"), *words]
        done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.returncode, " ".join(done.stdout.split())

    return run


def test_a_virtual_ip_that_does_not_move_ends_the_verb(hand_over, tmp_path):
    status, said = hand_over()
    assert status != 0 and f"{VIP} has not moved" in said
    assert "goes on" not in said
    assert (tmp_path / "a" / "preference").read_text() == "0\n"


def test_a_load_balancer_that_is_away_ends_nothing(hand_over):
    away = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}
    said = hand_over(a=away)[1]
    assert "b goes on" in said and "c goes on" in said
