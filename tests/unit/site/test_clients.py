# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writers beside each other are one service; who looks for a split brain sees past what hangs, and sees something."""

from __future__ import annotations

import os
import threading
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from ansible_collections.metal.maas_ha.plugins.module_utils._client import MaasError

from tests.lab.shell import run
from tests.site import faults, maas
from tests.site.probe import until
from tests.site.rows import chosen
from tests.site.writer import Writer


class Api:
    """A stand-in for MAAS's client that answers once so many requests were sent, and one thread with an error only."""

    def __init__(self, beside):
        self.beside, self.names, self.refused = beside, [], None

    def exchange(self, dummy_region, dummy_method, dummy_path, dummy_query, data):
        self.names.append(data["name"])
        self.refused = self.refused or threading.get_ident()
        until(lambda: len(self.names) >= self.beside, 5, "requests beside each other")
        if threading.get_ident() == self.refused:
            raise MaasError("no answer")

    def get(self, dummy_path):
        return [{"name": name} for name in self.names]


def test_writers_beside_each_other_are_one_service(monkeypatch):
    api = Api(3)
    monkeypatch.setattr(maas, "client", lambda timeout=None: api)
    with Writer(beside=3) as writer:
        until(lambda: len(writer.failed) >= 2 and len(writer.acknowledged) >= 4, 5, "two answers for each writer")
    assert sorted(write.name for write in writer.writes) == sorted(set(api.names))
    assert writer.longest < 1
    writer.writes.reverse()
    assert writer.times == sorted(writer.times)
    assert writer.missing() == []
    lost = [write.name for write in writer.acknowledged[-2:]]
    api.names = [name for name in api.names if name not in lost]
    assert writer.missing() == lost


def test_a_region_is_restarted_in_a_burst_of_writes(monkeypatch):
    (row,) = chosen("region-restart")

    def writer(beside, **dummy):
        assert beside == row.writers > 1
        raise InterruptedError

    monkeypatch.setattr(faults, "Lease", nullcontext)
    monkeypatch.setattr(faults, "Writer", writer)
    with pytest.raises(InterruptedError):
        faults.watch(None, row, "region1", {})


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
