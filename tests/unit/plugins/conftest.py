# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run as Ansible runs them, in this process.

`play` runs one against a simulated region with a small network, `snap` one that uses MAAS's command line on a host.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import pathlib
import stat
import sys
from unittest import mock

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.metal.maas_ha.plugins.module_utils import _cli

FAKE = pathlib.Path(__file__).parent / "fake_maas.py"


class Result(dict):
    """What a module returned, and what it printed."""

    printed = ""

    def __getattr__(self, name):
        return self[name]


def run_module(name, /, check=False, **options):
    """Run a module of the collection and return its Result; options that are None are not given."""
    module = importlib.import_module(f"ansible_collections.metal.maas_ha.plugins.modules.{name}")
    given = {key: value for key, value in options.items() if value is not None}
    printed, warnings = io.StringIO(), []
    args = patch_module_args({**given, "_ansible_check_mode": check, "_ansible_diff": True})
    warn = mock.patch.object(AnsibleModule, "warn", lambda self, text: warnings.append(text))
    with args, warn, contextlib.redirect_stdout(printed), pytest.raises(SystemExit):
        module.main()
    result = Result({"failed": False, "warnings": warnings, **json.loads(printed.getvalue())})
    result.printed = printed.getvalue()
    return result


@pytest.fixture
def network(api):
    """The region with fabrics dc1 and dc2, and racks that stand on some of their VLANs.

    dc1 has VLANs 0, 100 and 200, each with a subnet 10.10.VID.0/24, and a dynamic range on VLAN 100; rack1 and rack2
    have .11 and .12 on all three. dc2 has VLANs 0 and 100 and rack3 on both.
    """
    with api.transaction() as state:
        state.add_space("mgmt")
        dc1, dc2 = state.add_fabric("dc1")["id"], state.add_fabric("dc2")["id"]
        state.add_vlan(dc1, 100, name="prov")
        state.add_vlan(dc1, 200, name="tenant")
        state.add_vlan(dc2, 100, name="other")
        vlans = {fabric: state.where("vlan", fabric=fabric) for fabric in (dc1, dc2)}
        for vlan in vlans[dc1]:
            net = f"10.10.{vlan['vid']}"
            state.add_subnet(vlan["id"], f"{net}.0/24", name=f"net{vlan['vid']}", gateway_ip=f"{net}.1")
        state.add_subnet(vlans[dc2][0]["id"], "10.20.0.0/24")
        state.add_range(state.find("subnet", name="net100")["id"], "10.10.100.100", "10.10.100.150")
        for number in (1, 2):
            places = [{"vlan": vlan["id"], "ip": f"10.10.{vlan['vid']}.1{number}"} for vlan in vlans[dc1]]
            state.add_rack(f"rack{number}", places, version=api.version)
        state.add_rack("rack3", [{"vlan": vlan["id"]} for vlan in vlans[dc2]], version=api.version)
        state.add_region("region1", [["10.10.0.2", 5250]], version=api.version)
    return api


class Player:
    """Runs modules against a region and tells what they sent."""

    def __init__(self, site):
        self.site = site
        self.connection = {"url": [site.url], "api_key": site.api_key, "timeout": 5}

    def __call__(self, name, /, check=False, **options):
        """Run a module with the region's connection; an option of None takes the default away."""
        reads, writes = len(self.site.server.reads), len(self.site.server.writes)
        result = run_module(name, check, **{**self.connection, **options})
        self.reads = self.site.server.reads[reads:]
        self.writes = self.site.server.writes[writes:]
        return result

    def changed(self, name, /, **options):
        """Run a module that must do something: foretold in check mode, done, and nothing left to do."""
        foretold = self(name, check=True, **options)
        assert foretold.changed and not self.writes, (foretold, self.writes)
        result = self(name, **options)
        assert not result.failed, result.msg
        assert result.changed and self.writes, result
        self.unchanged(name, **options)
        return result

    def unchanged(self, name, /, **options):
        """Run a module that must have nothing to do, in check mode as well."""
        for check in (True, False):
            result = self(name, check=check, **options)
            assert not result.failed, result.msg
            assert not result.changed and not self.writes, (result, self.writes)
        return result

    def refused(self, name, /, *words, **options):
        """Run a module that must fail in one sentence with these words in it, and write nothing."""
        result = self(name, **options)
        assert result.failed, result
        assert not [write for write in self.writes if write[2] < 300], self.writes
        assert "\n" not in result.msg and "Traceback" not in result.printed, result.msg
        for word in words:
            assert word in result.msg, result.msg
        return result.msg


@pytest.fixture
def play(network):
    """Run a module against the network: play("vlan", fabric="dc1", vid=100)."""
    return Player(network)


class Snap:
    """The files of a host with the snap, and what was asked of its command line."""

    def __init__(self, root, capsys):
        self.common, self.data, self.run, self.log = root / "common", root / "current", root / "run", root / "log"
        self.regiond, self.rackd = self.data / "regiond.conf", self.data / "rackd.conf"
        self.mode, self.secret = self.common / "snap_mode", self.common / "maas" / "secret"
        self.capsys = capsys
        for path in (self.common / "maas", self.data):
            path.mkdir(parents=True)
        self.regiond.write_text("")
        self.regiond.chmod(0o640)

    def play(self, module, check=False, **options):
        """Run a module and return its answer, with what it printed under `printed`."""
        arguments = {"_ansible_check_mode": check, "_ansible_diff": True, **options}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module.main()
        printed = self.capsys.readouterr().out
        return {**json.loads(printed), "printed": printed}

    def calls(self):
        """Return the commands since the last time."""
        calls = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return calls

    def initialise(self, mode, regiond="", rackd=""):
        """Make the host what a finished initialisation leaves."""
        for path, text in ((self.mode, mode), (self.regiond, regiond), (self.rackd, rackd), (self.secret, "abcd")):
            path.write_text(text)
            path.chmod(0o600)


def permissions(path):
    """Return a file's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def snap(tmp_path, monkeypatch, capsys):
    """A host with the snap, not initialised."""
    snap = Snap(tmp_path, capsys)
    for program in ("maas", "snap"):
        script = tmp_path / program
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} {program} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setattr(_cli, program.upper(), str(script))
    for name, path in (("COMMON", snap.common), ("DATA", snap.data), ("RUN", snap.run)):
        monkeypatch.setattr(_cli, name, path)
    for name, path in (("SNAP_COMMON", snap.common), ("SNAP_DATA", snap.data), ("FAKE_LOG", snap.log)):
        monkeypatch.setenv(name, str(path))
    return snap
