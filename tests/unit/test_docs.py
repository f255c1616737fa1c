# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the prose tells a reader to type is there, and what it links to exists."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"```(shell|yaml)\n(.*?)```", re.DOTALL)


INSTALLS = ("ansible-galaxy", "python3", "pip", "mkdir", "cp")  # tried below, or nothing of ours
RESCUES = ("systemctl", "mv")  # what molecule/day2_database types as it stands


def blocks(language):
    return [(page.name, text) for page in PAGES for found, text in BLOCK.findall(page.read_text()) if found == language]


def commands():
    """Return every command of the shell blocks, and of `code` that begins with a program of ours."""
    lines = {line.split("#")[0].strip() for dummy, text in blocks("shell") for line in text.splitlines()}
    for page in PAGES:
        lines |= set(re.findall(r"`((?:make|ansible-playbook|python -m) [^`]+)`", page.read_text()))
    return sorted(lines - {""})


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_prose_can_be_typed(command):
    words = command.split()
    if words[0] == "make":
        verb = next(word for word in words[1:] if "=" not in word)
        assert re.search(rf"^{verb}:", (ROOT / "Makefile").read_text(), re.MULTILINE), f"no verb {verb} in the Makefile"
    elif words[0] == "ansible-playbook":
        playbook = next(word for word in words if word.startswith("metal.maas_ha.")).removeprefix("metal.maas_ha.")
        assert (ROOT / "playbooks" / f"{playbook}.yml").is_file()
        if "-i" in words:
            assert (ROOT / words[words.index("-i") + 1]).exists()
    elif words[:2] == ["python", "-m"]:
        package = ROOT.joinpath(*words[2].split("."))
        assert (package / "__main__.py").is_file() or package.with_suffix(".py").is_file()
    else:
        assert words[0] in ("ansible-doc", *INSTALLS, *RESCUES), f"nobody tests {command}"


def test_the_collection_can_be_installed_as_the_readme_says(tmp_path):
    (command,) = [command for command in commands() if command.startswith("ansible-galaxy")]
    words = command.replace("~/metal.maas_ha", str(ROOT)).split()
    program = pathlib.Path(sys.executable).parent / words[0]
    where = ["--no-deps", "--collections-path", str(tmp_path)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    done = subprocess.run(
        [program, *words[1:], *where], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    installed = tmp_path / "ansible_collections" / "metal" / "maas_ha"
    assert (installed / "playbooks" / "site.yml").is_file()
    assert not (installed / "tests").exists() and not (installed / ".cache").exists()


@pytest.mark.parametrize(("page", "text"), blocks("yaml"))
def test_an_example_in_yaml_is_yaml(page, text):
    assert yaml.safe_load(text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("topology", ["minimal", "ha3", "ha5", "ha"])
def test_an_example_inventory_is_one(topology):
    command = [pathlib.Path(sys.executable).parent / "ansible-inventory", "-i", ROOT / "inventory" / topology, "--list"]
    listed = subprocess.run(command, capture_output=True, check=True)
    groups = yaml.safe_load(listed.stdout)
    assert {"maas_etcd", "maas_postgresql", "maas_haproxy", "maas_region", "maas_rack"} <= set(groups)


def test_every_word_of_the_example_variables_is_read_somewhere():
    text = (ROOT / "inventory" / "group_vars.example.yml").read_text()
    words = set(re.findall(r"^(?:# )?(maas_[a-z_]+):", text, re.MULTILINE))
    read = "".join(path.read_text() for path in [*ROOT.glob("playbooks/*.yml"), *ROOT.glob("roles/*/meta/*.yml")])
    read += (ROOT / "plugins/filter/members.py").read_text()
    assert {word for word in words if not re.search(rf"\b{word}\b", read)} == set()
