# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only what the host did not have before, and nobody needs, is purged."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.metal.maas_ha.plugins.modules import uninstall


class Apt:
    """Stands in for dpkg and apt: packages that are there, and what they need. Those that nobody needs can go."""

    def __init__(self, needs):
        self.needs, self.auto, self.asked = needs, set(), []

    def __call__(self, module, words, check_rc=False):
        self.asked.append(words)
        if words[0] == "dpkg-query":
            return 0, "".join(f"{name} installed\n" for name in self.needs) + "gone config-files\n", ""
        if words[0] == "apt-mark":
            self.auto |= set(words[2:])
        elif "autoremove" in words:
            return 0, "".join(f"Remv {name} [1.0]\n" for name in self.unneeded()), ""
        else:
            for name in words[words.index("purge") + 1 :]:
                del self.needs[name]
        return 0, "", ""

    def unneeded(self):
        gone = set()
        while True:
            needed = {other for name, others in self.needs.items() if name not in gone for other in others}
            more = self.auto - needed - gone
            if not more:
                return sorted(gone)
            gone |= more


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Return a function that runs the module on a host, and returns its answer."""

    def run(apt, *names, before="bash", check=False, leftovers=()):
        record = tmp_path / "packages"
        if before is not None:
            record.write_text("".join(f"{name} installed\n" for name in before.split()))

        def run_command(*words, **options):
            return apt(*words, **options)

        monkeypatch.setattr(AnsibleModule, "run_command", run_command)
        arguments = {"name": list(names), "record": str(record), "leftovers": [*map(str, leftovers)]}
        arguments["_ansible_check_mode"] = check
        with patch_module_args(arguments), pytest.raises(SystemExit):
            uninstall.main()
        return json.loads(capsys.readouterr().out)

    return run


def test_what_was_installed_goes_with_what_only_that_needed(run):
    apt = Apt({"bash": [], "keepalived": ["ipvsadm"], "ipvsadm": []})
    apt.auto = {"ipvsadm"}
    assert run(apt, "keepalived", "curl")["purged"] == ["ipvsadm", "keepalived"]
    assert set(apt.needs) == {"bash"}
    assert run(apt, "keepalived", "curl")["changed"] is False


def test_what_the_host_had_before_stays(run):
    apt = Apt({"bash": [], "curl": []})
    assert run(apt, "curl", before="bash curl")["changed"] is False
    assert [words[0] for words in apt.asked] == ["dpkg-query"]


def test_an_orphan_of_the_hosts_own_stays(run):
    apt = Apt({"bash": [], "orphan": [], "curl": []})
    apt.auto = {"orphan"}
    assert run(apt, "curl", before="bash orphan")["purged"] == ["curl"]


def test_what_something_else_needs_stays(run):
    apt = Apt({"bash": [], "curl": [], "monitor": ["curl"]})
    assert run(apt, "curl")["changed"] is False
    assert "curl" in apt.needs


def test_without_a_record_everything_stays_and_is_named(run, monkeypatch):
    said = []
    monkeypatch.setattr(AnsibleModule, "warn", lambda module, text: said.append(text))
    assert run(Apt({"curl": []}), "curl", before=None)["changed"] is False
    assert "who installed curl" in said[0]


def test_check_mode_tells_and_does_nothing(run):
    apt = Apt({"bash": [], "curl": []})
    assert run(apt, "curl", check=True)["purged"] == ["curl"]
    assert [words[0] for words in apt.asked] == ["dpkg-query"]


def test_what_the_programs_made_goes_once_they_are_gone(run, tmp_path):
    made = [tmp_path / "file", tmp_path / "directory"]
    made[0].touch()
    (made[1] / "dev").mkdir(parents=True)
    apt = Apt({"bash": [], "haproxy": [], "curl": ["haproxy"]})
    assert run(apt, "haproxy", leftovers=made)["changed"] is False
    del apt.needs["curl"]
    assert run(apt, "haproxy", leftovers=made, check=True)["changed"]
    assert made[0].exists()
    assert run(apt, "haproxy", leftovers=made)["changed"]
    assert not made[0].exists() and not made[1].exists()
    assert run(apt, "haproxy", leftovers=made)["changed"] is False


def test_what_is_left_without_a_record_goes_too(run, tmp_path):
    (tmp_path / "file").touch()
    assert run(Apt({"bash": []}), "haproxy", before=None, leftovers=[tmp_path / "file"])["changed"]
