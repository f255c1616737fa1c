# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time site.yml on the lab, first run and unchanged run, and write the tables into docs/performance.md.

python -m tests.bench.site [TOPOLOGY ...]
"""

from __future__ import annotations

import os
import re
import sys

from tests.bench.page import write
from tests.bench.profile import profile
from tests.bench.timing import HEAD, timed, yardstick
from tests.lab import Lab

BEGIN, END = "<!-- Site figures: python -m tests.bench.site -->", "<!-- end of the site figures -->"
TASK = re.compile(r"^(?:metal\.maas_ha\.)?(\w+ : .+?) -+ ([0-9.]+)s$", re.MULTILINE)
DEAREST = 5


def main():
    os.environ["ANSIBLE_CALLBACKS_ENABLED"] = "ansible.posix.profile_tasks"
    lab = Lab.current()
    rows, dearest, profiles, yardsticks = [], [], [], [yardstick()]
    for topology in sys.argv[1:] or ["ha5"]:
        os.environ["LAB_TOPOLOGY"] = topology
        lab.create(topology)
        for name in ("first run", "unchanged run"):
            run, row = timed(topology, name, "site")
            rows.append(row)
            dearest += [
                f"| {topology} | {name} | {task} | {cost} |" for task, cost in TASK.findall(run.output)[:DEAREST]
            ]
        profiles.append(f"The modules of an unchanged run on {topology}:\n\n{profile('site')}")
        lab.destroy()
        yardsticks.append(yardstick())
    write("performance.md", BEGIN, END, table(rows, dearest, profiles, yardsticks))


def table(rows, dearest, profiles, yardsticks):
    """Return all tables in Markdown."""
    speeds = ", ".join(f"{seconds:.1f} s" for seconds in yardsticks)
    lines = [
        HEAD.format("topology"),
        *rows,
        "",
        f"Before, between and after these runs, ten million additions in Python took {speeds}.",
        "",
        "The tasks that took longest, over all hosts together:",
        "",
        "| topology | run | task | seconds |",
        "|---|---|---|---:|",
        *dearest,
        "",
        "\n\n".join(profiles),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
