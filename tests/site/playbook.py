# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a playbook of the collection on the lab, as an operator would, and read the recap."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECAP = re.compile(r"^(\S+)\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)


@dataclass
class Run:
    """What a run did.

    Attributes:
        status: exit status of ansible-playbook.
        output: all that it printed.
        hosts: host name to its counts of ok, changed, unreachable and failed tasks.
    """

    status: int
    output: str
    hosts: dict

    @property
    def told(self):
        """All that it printed, as one line: sentences are wrapped where they are printed."""
        return " ".join(self.output.split())

    @property
    def changed(self):
        """Number of changed tasks over all hosts."""
        return sum(counts["changed"] for counts in self.hosts.values())

    @property
    def changes(self):
        """The lines that say what was changed, with their tasks."""
        task, found = "", []
        for line in self.output.splitlines():
            if line.startswith("TASK ["):
                task = line
            elif line.startswith("changed:"):
                found.append(f"{task.rstrip(' *')} {line}")
        return found


def command(name, *words, inventory=None):
    """Return the command line for a playbook: of the collection by its short name, or any by its path."""
    playbook = str(name) if isinstance(name, pathlib.Path) else f"metal.maas_ha.{name}"
    inventory = inventory or ROOT / "inventory" / "lab" / os.environ.get("LAB_TOPOLOGY", "ha5")
    return ["ansible-playbook", "--inventory", str(inventory), playbook, *words]


def environment():
    """Return the environment for a command whose output is read; molecule forces colours, which would hide it."""
    return os.environ | {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_DEPRECATION_WARNINGS": "1"}


def start(name, *words, inventory=None):
    """Start a playbook in a process group of its own, with all it prints on stdout; arguments as play takes them."""
    return subprocess.Popen(
        command(name, *words, inventory=inventory),
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )


def kill(process):
    """Kill a playbook and all that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def recap(output):
    """Return the counts of each host out of a run's output, of which there are some where a run comes to its end."""
    hosts = {
        host: dict(zip(("ok", "changed", "unreachable", "failed"), map(int, counts), strict=True))
        for host, *counts in RECAP.findall(output)
    }
    assert hosts or "PLAY RECAP" not in output, "this run's recap cannot be read, and neither can its changes"
    return hosts


def play(name, *words, inventory=None, timeout=1800):
    """Run a playbook to its end.

    Args:
        name: short name of the playbook, such as site, or the pathlib.Path of another one.
        words: further arguments for ansible-playbook.
        inventory: path of another inventory than the topology's.
        timeout: seconds after which the run counts as hung.

    Returns:
        Run.
    """
    with start(name, *words, inventory=inventory) as process:
        try:
            output = process.communicate(timeout=timeout)[0]
        finally:
            if process.poll() is None:
                kill(process)
    return Run(process.returncode, output, recap(output))
