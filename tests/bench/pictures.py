# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the pictures of the report for docs/: of a sound site, a lost host and a lost database, in light and dark.

python -m tests.bench.pictures
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from tests.bench.page import DOCS
from tests.lab import Lab
from tests.site import maas
from tests.site.inventory import served
from tests.site.playbook import play
from tests.site.probe import until

SIZE = "1280,1180"
SCHEMES = {"": "1", "-dark": "0"}  # Chromium's own numbers


def main():
    os.environ["LAB_TOPOLOGY"] = "ha5"
    lab = Lab.current()
    lab.create("ha5")
    primary, secondary = lab.groups["maas_rack"]
    assert play("site", *served(primary_rack=primary, secondary_rack=secondary)).status == 0
    until(maas.whole, 180, "the site to be whole")
    until(lambda: {*maas.failover().values()} == {("normal", "normal")}, 120, "the racks to be in step")
    picture("sound", "")
    lab.off("control2")
    until(lambda: maas.leader() not in (None, "control2"), 60, "another leader of the database")
    picture("lost-host", "control2: cannot be reached")
    lab.off("control3")
    until(lambda: not maas.regions(), 60, "the last region to miss its database")
    picture("no-database", "have no quorum in etcd")
    lab.destroy()


def picture(name, said):
    """Take the pictures of what the report says now, which must be among its problems; empty, there must be none."""
    with tempfile.TemporaryDirectory() as directory:
        given = {"maas_report_directory": directory, "maas_report_fail": False}
        run = play("status", "--extra-vars", json.dumps(given))
        page = Path(directory) / "index.html"
        assert page.exists(), run.output[-4000:]
        problems = json.loads((Path(directory) / "report.json").read_text(encoding="utf-8"))["problems"]
        assert any(said in problem["sentence"] for problem in problems) if said else problems == [], problems
        for suffix, scheme in SCHEMES.items():
            words = [
                "chromium",
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                f"--user-data-dir={directory}/profile",
                f"--blink-settings=preferredColorScheme={scheme}",
                f"--window-size={SIZE}",
                f"--screenshot={DOCS / f'status-{name}{suffix}.png'}",
                f"file://{page}",
            ]
            subprocess.run(words, check=True, timeout=120, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
