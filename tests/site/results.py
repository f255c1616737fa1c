# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of the fault matrix came to, kept from one run to the next: a line of JSON each."""

from __future__ import annotations

import json
import pathlib
import subprocess
import time

from tests.lab import Lab

ROOT = pathlib.Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / ".cache" / "faults"


def commit():
    """Return the commit that is checked out, `unknown` outside of a repository."""
    git = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def keep(seen):
    """Append what was seen of one fault to the topology's file, with the time and the commit, and print it."""
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    line = json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "commit": commit(), **seen})
    print(line)
    with (DIRECTORY / f"{Lab.current().topology.name}.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def kept(topology):
    """Return what was kept of a topology, in the order of the runs; empty for none."""
    file = DIRECTORY / f"{topology}.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def forget(topology, rows):
    """Drop what was kept of these rows."""
    left = [run for run in kept(topology) if run["row"] not in rows]
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    (DIRECTORY / f"{topology}.jsonl").write_text("".join(f"{json.dumps(run)}\n" for run in left), encoding="utf-8")
