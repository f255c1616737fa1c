# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold for every module and every role, however many there are."""

from __future__ import annotations

import importlib
import pathlib
import re

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())


def read(path):
    """Return what a YAML file holds; nothing if it is not there."""
    return (yaml.safe_load(path.read_text()) if path.exists() else None) or {}


def documentation(module):
    """Return a module and its documentation."""
    plugin = importlib.import_module(f"ansible_collections.metal.maas_ha.plugins.modules.{module}")
    return plugin, yaml.safe_load(plugin.DOCUMENTATION)


def argument_specs(role):
    """Return the options of a role's entry points."""
    specs = read(ROOT / "roles" / role / "meta" / "argument_specs.yml").get("argument_specs", {})
    return [option for spec in specs.values() for option in spec.get("options", {}).items()]


def test_every_module_that_talks_to_maas_is_in_the_action_group():
    talking = [
        one for one in MODULES if "metal.maas_ha.api" in documentation(one)[1].get("extends_documentation_fragment", [])
    ]
    assert read(ROOT / "meta" / "runtime.yml")["action_groups"]["api"] == talking


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_documented_and_tested(module):
    plugin, documented = documentation(module)
    assert documented["module"] == module and documented["version_added"]
    assert yaml.safe_load(plugin.EXAMPLES) and yaml.safe_load(plugin.RETURN)
    assert (ROOT / "tests" / "unit" / "plugins" / "modules" / f"test_{module}.py").exists()


@pytest.mark.parametrize("role", ROLES)
def test_every_default_of_a_role_is_documented_as_it_is(role):
    defaults = read(ROOT / "roles" / role / "defaults" / "main.yml")
    for name, option in argument_specs(role):
        assert "default" not in option or option["default"] == defaults[name], name
    assert not defaults.keys() - dict(argument_specs(role)).keys()


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_of_a_role_bears_its_name_and_a_full_sentence(role):
    for name, option in argument_specs(role):
        assert name.startswith(f"{role}_"), name
        text = option["description"]
        assert "".join(text).rstrip().endswith("."), name


@pytest.mark.parametrize("role", ROLES)
def test_a_truth_from_the_command_line_is_taken_for_one(role):
    """It comes as a text, which Ansible refuses as a condition and Jinja takes for true, whatever it says."""
    truths = "|".join(name for name, option in argument_specs(role) if option["type"] == "bool")
    asked = re.compile(rf"(?:when:|that:|\b(?:if|and|or|not)) (?:{truths})\b(?! *\| *(?:bool|default))")
    files = [path for path in (ROOT / "roles" / role).rglob("*") if path.suffix in (".yml", ".j2")]
    found = [f"{path.name}: {line}" for path in files for line in path.read_text().splitlines() if asked.search(line)]
    assert not truths or found == []


@pytest.mark.parametrize("role", ROLES)
def test_a_tag_reaches_what_is_included(role):
    for path in (ROOT / "roles" / role / "tasks").glob("*.yml"):
        for task in read(path):
            included = task.get("ansible.builtin.include_tasks")
            if included and "tags" in task:
                assert isinstance(included, dict) and included["apply"]["tags"] == task["tags"], task["name"]


@pytest.mark.parametrize("path", sorted((ROOT / "plugins").rglob("*.py")), ids=lambda path: path.name)
def test_every_plugin_bears_its_licence(path):
    assert "-License-Identifier: GPL-3.0-or-later\n" in path.read_text()[:400]
