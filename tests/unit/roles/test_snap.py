# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host installs the revision that peers of its own architecture have from the store."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAY = f"""
- hosts: localhost
  gather_facts: false
  vars_files: {ROOT}/roles/maas_snap/vars/main.yml
  tasks:
    - ansible.builtin.debug:
        msg: "{{{{ item }}}} takes {{{{ __maas_snap_revision_flag }}}}."
      vars:
        __maas_snap_architecture: {{stdout: "{{{{ item }}}}"}}
      loop: [amd64, arm64, riscv64]
"""


def peer(architecture, revision):
    """Return what a peer with MAAS answers."""
    return {"stdout_lines": [architecture, "Name Version Rev", f"maas 3.7.3-1 {revision} 3.7/stable canonical held"]}


def test_a_revision_is_taken_from_a_peer_of_the_same_architecture_and_from_the_store(tmp_path):
    answers = [{"unreachable": True}, {"stdout_lines": []}, {"stdout_lines": ["riscv64"]}]
    answers += [peer("riscv64", "x1"), peer("amd64", "100"), peer("arm64", "x2"), peer("arm64", "200")]
    (tmp_path / "play.yml").write_text(PLAY)
    given = json.dumps({"__maas_snap_peer_lists": {"results": answers}, "maas_snap_revision": ""})
    command = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), "--extra-vars", given]
    command.append(str(tmp_path / "play.yml"))
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    told = " ".join(done.stdout.split())
    for line in ("amd64 takes ['--revision=100'].", "arm64 takes ['--revision=200'].", "riscv64 takes []."):
        assert line in told, told
