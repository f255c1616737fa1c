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
    - ansible.builtin.import_role:
        name: metal.maas_ha.maas_drill
        tasks_from: "{{ entry }}"
"""


def drill(entry, directory, *words, **variables):
    """Run an entry point of the role; return its exit status and what it printed."""
    given = {f"maas_drill_{name}": value for name, value in variables.items()}
    (directory / "given.json").write_text(json.dumps({**given, "maas_drill_directory": str(directory)}))
    (directory / "play.yml").write_text(PLAY.replace("{{ entry }}", entry))
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), str(directory / "play.yml"), *words]
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return done.returncode, " ".join(done.stdout.split())


def test_a_tier_that_healed_is_a_line(tmp_path):
    status, said = drill("note", tmp_path, tier="database", outages=[1.5, 2.4], problems=[])
    assert status == 0, said
    (line,) = json.loads((tmp_path / "drill.json").read_text())
    assert (line["tier"], line["away"], line["problems"]) == ("database", 2.4, [])
    assert "| database | handover of the lead to the synchronous replica | 2.4 | nothing is wrong |" in said
    assert (tmp_path / "drill.md").read_text().startswith("| tier |")


def test_what_does_not_heal_is_told_kept_and_ends_the_drill(tmp_path):
    status, said = drill("note", tmp_path, tier="vip", outages=[0.0], problems=["a: is ill. Do: heal it."])
    assert status != 0 and "a: is ill. Do: heal it." in said
    assert json.loads((tmp_path / "drill.json").read_text())[0]["problems"]


def test_a_check_keeps_nothing(tmp_path):
    status, said = drill("note", tmp_path, "--check", tier="vip", outages=[], problems=[])
    assert status == 0, said
    assert not (tmp_path / "drill.json").exists()


def test_it_begins_with_a_yes_only(tmp_path):
    assert drill("main", tmp_path, tiers=["vip"])[0] != 0
    assert drill("main", tmp_path, tiers=["vip"], confirm=True)[0] == 0
    assert drill("main", tmp_path, "--check", tiers=["vip"])[0] == 0


def test_it_does_not_begin_where_nothing_can_change_hands(tmp_path):
    status, said = drill("main", tmp_path, tiers=[], confirm=True)
    assert status != 0 and "No tier has a second host" in said
