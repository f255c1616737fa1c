# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drill has seen is printed and written, a line a tier, and what does not heal ends it."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAY = """
- hosts: localhost
  gather_facts: false
  vars_files: given.json
  tasks:
"""
TASK = """
    - ansible.builtin.import_role:
        name: metal.maas_ha.maas_drill
        tasks_from: "{{ entry }}"
"""
LOSING = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.assert:
        that: inventory_hostname not in lost
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.import_role:
        name: metal.maas_ha.maas_drill
        tasks_from: guard
"""


def drill(entries, directory, *words, **variables):
    """Run entry points of the role, named in one string; return the exit status and what was printed."""
    given = {f"maas_drill_{name}": value for name, value in variables.items()}
    (directory / "given.json").write_text(json.dumps({**given, "maas_drill_directory": str(directory)}))
    return run(directory, PLAY + "".join(TASK.replace("{{ entry }}", entry) for entry in entries.split()), *words)


def run(directory, plays, *words):
    """Run plays; return the exit status and what was printed."""
    (directory / "play.yml").write_text(plays)
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), str(directory / "play.yml"), *words]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, " ".join(done.stdout.split())


def test_a_tier_that_healed_is_a_line(tmp_path):
    given = {"tiers": ["database"], "tier": "database", "outages": [1.5, 2.4], "problems": []}
    status, said = drill("begin note", tmp_path, **given)
    assert status == 0, said
    (line,) = json.loads((tmp_path / "drill.json").read_text())
    assert (line["tier"], line["finished"], line["away"], line["problems"]) == ("database", True, 2.4, [])
    assert "| database | handover of the lead to the synchronous replica | 2.4 | nothing is wrong |" in said
    assert (tmp_path / "drill.md").read_text().startswith("| tier |")


def test_what_does_not_heal_is_told_kept_and_ends_the_drill(tmp_path):
    given = {"tiers": ["vip"], "tier": "vip", "outages": [0.0], "problems": ["a: is ill. Do: heal it."]}
    status, said = drill("begin note", tmp_path, **given)
    assert status != 0 and "a: is ill. Do: heal it." in said
    assert json.loads((tmp_path / "drill.json").read_text())[0]["problems"]


def test_a_drill_that_has_begun_tells_of_no_earlier_one(tmp_path):
    (tmp_path / "drill.md").write_text("| rack | nothing is wrong |\n")
    status, said = drill("begin", tmp_path, tiers=["database", "vip"])
    assert status == 0, said
    told = json.loads((tmp_path / "drill.json").read_text())
    assert [(line["tier"], line["finished"], line["away"]) for line in told] == [
        ("database", False, None),
        ("vip", False, None),
    ]
    table = (tmp_path / "drill.md").read_text()
    assert table.count("| not finished |") == 2 and "nothing is wrong" not in table


def test_a_tier_that_is_done_takes_the_place_of_its_line(tmp_path):
    given = {"tiers": ["database", "vip", "region"], "outages": [0.0], "problems": []}
    status, said = drill("begin note", tmp_path, tier="database", **given)
    assert status == 0, said
    told = json.loads((tmp_path / "drill.json").read_text())
    assert [(line["tier"], line["finished"]) for line in told] == [
        ("database", True),
        ("vip", False),
        ("region", False),
    ]
    table = (tmp_path / "drill.md").read_text().splitlines()
    assert len(table) == 5 and table[2].endswith("| 0.0 | nothing is wrong |")


def test_a_host_that_dropped_out_is_not_judged(tmp_path):
    hosts = ("--inventory", "a,b,c", "--connection", "local", "--extra-vars")
    assert run(tmp_path, LOSING, *hosts, '{"lost": []}')[0] == 0
    status, said = run(tmp_path, LOSING, *hosts, '{"lost": ["b"]}')
    assert status != 0 and "the drill has lost b, and" in said and "Run metal.maas_ha.status" in said


def test_a_check_keeps_nothing(tmp_path):
    status, said = drill("begin note", tmp_path, "--check", tiers=["vip"], tier="vip", outages=[], problems=[])
    assert status == 0, said
    assert not (tmp_path / "drill.json").exists()


def test_it_begins_with_a_yes_only(tmp_path):
    assert drill("main", tmp_path, tiers=["vip"])[0] != 0
    assert drill("main", tmp_path, tiers=["vip"], confirm=True)[0] == 0
    assert drill("main", tmp_path, "--check", tiers=["vip"])[0] == 0


def test_it_does_not_begin_where_nothing_can_change_hands(tmp_path):
    status, said = drill("main", tmp_path, tiers=[], confirm=True)
    assert status != 0 and "No tier has a second host" in said
