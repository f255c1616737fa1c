# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who looks for a split brain sees past what hangs, and must have seen something."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from tests.lab.shell import run
from tests.site import faults
from tests.site.probe import until
from tests.site.rows import chosen


def test_a_database_that_hangs_does_not_hide_who_holds_the_virtual_ip(monkeypatch, tmp_path):
    for name, does in (("psql", "exec sleep 30"), ("ip", "echo '2: eth0    inet 10.0.0.5/32 scope global eth0'")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    lab = SimpleNamespace(
        groups={"maas_postgresql": ["control1"], "maas_haproxy": ["control1", "control2"]},
        vip="10.0.0.5",
        condition=lambda dummy: "on",
        inside=lambda dummy, command, **options: run(command, **options),
    )
    with faults.Watch(lab) as brains:
        until(lambda: brains.shared > 0, 12, "two holders to be seen twice")
    assert brains.writable == 0


@pytest.mark.parametrize(
    ("writable", "why"), [(0, "no host was ever seen to take writes"), (2, "two hosts took writes")]
)
def test_a_row_wants_one_host_to_take_writes(monkeypatch, writable, why):
    seen = {"lost": 0, "writable": writable, "shared": 0.0, "addresses": 1}
    monkeypatch.setattr(faults, "suffer", lambda dummy_lab, dummy_row, told: told.update(seen))
    kept = []
    with pytest.raises(AssertionError, match=why):
        faults.survives(None, chosen("switchover")[0], keep=kept.append)
    assert why in kept[0]["why"]
