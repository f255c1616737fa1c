# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The daemon module's decisions, against a systemd that answers what a test wants."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from ansible_collections.metal.maas_ha.plugins.modules import daemon

RUNNING = {
    "LoadState": "loaded",
    "ActiveState": "active",
    "UnitFileState": "enabled",
    "NeedDaemonReload": "no",
    "InvocationID": "one",
    "InactiveExitTimestampMonotonic": "0",
}


class Systemd:
    """Stands in for the module: knows the unit's properties and how long ago it started."""

    def __init__(self, started=None, **properties):
        self.shown = dict(RUNNING, **properties)
        if started is not None:
            self.shown["InactiveExitTimestampMonotonic"] = str(int((time.monotonic() - started) * 1e6))
        self.params = {"name": "thing.service"}

    def run_command(self, words, check_rc=False):
        return 0, "".join(f"{key}={value}\n" for key, value in self.shown.items()), ""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setattr(daemon, "RECORDS", str(tmp_path / "records"))
    path = tmp_path / "thing.cfg"
    path.write_text("one")
    return path


def verbs(systemd, config, **params):
    wanted = dict(files=[str(config)], apply="reload", state="started", enabled=True) | params
    return daemon.plan(daemon.Unit(systemd), wanted)


def changed(config, ago):
    os.utime(config, (time.time() - ago, time.time() - ago))


def test_a_stopped_unit_is_enabled_and_started(config):
    systemd = Systemd(ActiveState="inactive", UnitFileState="disabled")
    assert verbs(systemd, config) == ["daemon-reload", "enable", "start"]


def test_a_unit_that_started_after_its_configuration_is_left_alone(config):
    changed(config, ago=60)
    assert verbs(Systemd(started=30), config) == []


def test_a_configuration_newer_than_the_start_is_loaded(config):
    changed(config, ago=30)
    assert verbs(Systemd(started=60), config) == ["reload"]
    assert verbs(Systemd(started=60), config, apply="restart") == ["restart"]
    assert verbs(Systemd(started=60), config, apply="none") == []


def test_what_this_invocation_has_loaded_is_remembered_by_content(config):
    systemd = Systemd(started=60)
    daemon.Unit(systemd).remember([str(config)])
    changed(config, ago=0)
    assert verbs(systemd, config) == []
    config.write_text("two")
    changed(config, ago=120)
    assert verbs(systemd, config) == ["reload"]


def test_the_memory_of_an_earlier_invocation_counts_for_nothing(config):
    daemon.Unit(Systemd(started=60)).remember([str(config)])
    changed(config, ago=30)
    assert verbs(Systemd(started=60, InvocationID="two"), config) == ["reload"]


def test_a_changed_unit_file_is_read_first(config):
    changed(config, ago=60)
    assert verbs(Systemd(started=30, NeedDaemonReload="yes"), config) == ["daemon-reload"]


def test_stopping_takes_a_running_unit_only(config):
    assert verbs(Systemd(started=60), config, state="stopped", enabled=False) == ["disable", "stop"]
    assert verbs(Systemd(ActiveState="inactive"), config, state="stopped", enabled=None) == []


def test_a_unit_that_never_starts_is_waited_for_no_longer_than_the_limit(tmp_path, monkeypatch):
    """systemctl waits for ever where the unit is started again and again."""
    command = tmp_path / "systemctl"
    command.write_text("#!/bin/sh\nexec sleep 60\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(daemon, "LIMIT", 1)

    class Module(Systemd):
        def run_command(self, words, check_rc=False):
            if words[0] == "journalctl" or "show" in words:
                return super().run_command(words)
            told = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
            return told.returncode, told.stdout, told.stderr

        def fail_json(self, msg):
            raise AssertionError(msg)

    with pytest.raises(AssertionError, match=r"systemctl start thing\.service failed: it had not ended after 1 s\."):
        daemon.Unit(Module()).systemctl("start", wait=True)
