# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an unchanged run spends by module, and what Ansible itself takes for as many tasks that do nothing.

The second is measured by a playbook with the same tasks on the same hosts, in which ansible.builtin.ping stands for
whatever went to a host, and ansible.builtin.assert for whatever stayed on the controller.
"""

from __future__ import annotations

import collections
import json
import os
import pathlib
import tempfile
import time
from datetime import datetime
from unittest import mock

import yaml

from tests.site.playbook import play

# These modules are action plugins alone: they send nothing to a host.
AT_HOME = {
    f"ansible.builtin.{name}"
    for name in ("assert", "debug", "fail", "include_tasks", "pause", "set_fact", "validate_argument_spec")
}


def profile(name):
    """Run a playbook twice, as it is and with nothing in its tasks.

    Args:
        name: short name of a playbook that changes nothing any more.

    Returns:
        A table in Markdown of its modules, and a sentence about the run with nothing in it.
    """
    tasks, seconds = ran(name)
    with tempfile.TemporaryDirectory() as directory:
        page = pathlib.Path(directory) / "empty.yml"
        page.write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": list(map(empty, tasks))}]))
        floor = ran(page)[1]
    rows = collections.defaultdict(lambda: [0, 0, 0.0])
    for task in tasks:
        row = rows[task["module"]]
        row[0] += 1
        row[1] += sum(task["hosts"].values())
        row[2] += task["seconds"]
    return "\n".join(
        [
            "| module | tasks | times, over all hosts | seconds |",
            "|---|---:|---:|---:|",
            *(
                f"| {module.removeprefix('ansible.builtin.')} | {count} | {times} | {spent:.1f} |"
                for module, (count, times, spent) in sorted(rows.items(), key=lambda item: -item[1][2])
            ),
            "",
            f"This run took {seconds:.0f} s. The same tasks on the same hosts with nothing in them (ping, or assert",
            f"where nothing goes to a host) took {floor:.0f} s, {100 * floor / seconds:.0f} % of it.",
        ]
    )


def ran(name):
    """Run a playbook and return its tasks (name, module, seconds, hosts: host to times) and how long it took in all."""
    with mock.patch.dict(os.environ, ANSIBLE_STDOUT_CALLBACK="ansible.posix.json"):
        begin = time.monotonic()
        run = play(name)
        seconds = time.monotonic() - begin
    assert run.status == 0, run.output[-4000:]
    told = json.JSONDecoder().raw_decode(run.output, run.output.index("{\n"))[0]
    return [read(task) for part in told["plays"] for task in part["tasks"] if task["hosts"]], seconds


def read(task):
    """Return what the callback told of a task, as ran describes it."""
    results = task["hosts"]
    begin, end = (datetime.fromisoformat(task["task"]["duration"][edge]) for edge in ("start", "end"))
    return {
        "name": task["task"]["name"],
        "module": next(iter(results.values()))["action"],
        "seconds": (end - begin).total_seconds(),
        "hosts": {host: times(result) for host, result in results.items()},
    }


def times(result):
    """Return how often a task ran on a host: once for each item that was not skipped."""
    return sum(not item.get("skipped") for item in result.get("results", [result]))


def empty(task):
    """Return a task that runs as often on the same hosts, and does nothing."""
    hosts = [host for host, count in task["hosts"].items() if count]
    module = {"ansible.builtin.assert": {"that": True}} if task["module"] in AT_HOME else {"ansible.builtin.ping": {}}
    most = max(task["hosts"].values())
    loop = {"loop": list(range(most))} if most > 1 else {}
    return {"name": task["name"].partition("{{")[0], "when": f"inventory_hostname in {hosts}"} | module | loop
