# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play that names its connection once, run by ansible-playbook itself."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAY = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/metal.maas_ha.api:
      url: {url}
      api_key: "{key}"
  tasks:
    - name: Create a fabric
      metal.maas_ha.fabric:
        name: dc3
      register: fabric
    - name: Create a VLAN on it
      metal.maas_ha.vlan:
        fabric: dc3
        vid: 300
    - name: Read the racks
      metal.maas_ha.rack_controller_info:
      register: racks
    - name: Show them
      ansible.builtin.debug:
        msg: "{{{{ racks.rack_controllers | map(attribute='hostname') | join(' ') }}}}"
"""


@pytest.fixture
def playbook(network, tmp_path):
    """Run the play with arguments and return what it printed."""
    path = tmp_path / "play.yml"
    path.write_text(PLAY.format(url=network.url, key=network.api_key))

    def run(*words):
        done = subprocess.run(
            [pathlib.Path(sys.executable).parent / "ansible-playbook", "-i", "localhost,", "-c", "local", path, *words],
            env={
                **os.environ,
                "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
                "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run


def test_the_connection_is_named_once_for_all_modules(playbook, network):
    foretold = playbook("--check", "--diff")
    assert "changed=2" in foretold and "dc3" in foretold
    assert not network.server.writes
    assert "changed=2" in playbook()
    again = playbook("-vvv", "--diff")
    assert "changed=0" in again and "rack1 rack2 rack3" in again
    assert network.api_key.split(":")[2] not in again
