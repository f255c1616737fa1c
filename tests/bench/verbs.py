# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time the verbs of day 2 on the lab, the run that does the work and the unchanged one, and write docs/performance.md.

python -m tests.bench.verbs
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests.bench.page import write
from tests.bench.timing import HEAD, timed
from tests.lab import Lab
from tests.site import maas
from tests.site.inventory import edited, served
from tests.site.neighbours import MOVING, neighbours

BEGIN, END = "<!-- Verb figures: python -m tests.bench.verbs -->", "<!-- end of the verb figures -->"
ONE, TWO, THREE = ["control1"], ["control1", "control2"], ["control1", "control2", "control3"]


def main():
    os.environ["LAB_TOPOLOGY"] = "ha5"
    lab = Lab.current()
    lab.create("ha5")
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        inventory = Path(directory)
        for name, words, *what in cases(lab, inventory):
            rows += both(" ".join([f"`{name}`", *what]), name, *words, inventory=inventory)
    lab.create("ha5")
    with tempfile.TemporaryDirectory() as directory:
        dummy, new = neighbours(lab, Path(directory))
        rows += both(
            "`move_rack`", "move_rack", *new.words, "--extra-vars", f"maas_rack_host={MOVING}", inventory=new.inventory
        )
    lab.destroy()
    write("performance.md", BEGIN, END, "\n".join([HEAD.format("verb"), *rows]))


def both(title, name, *words, inventory):
    """Return the rows of the run that does the work and of the one that finds it done."""
    return [timed(title, which, name, *words, inventory=inventory)[1] for which in ("first run", "unchanged run")]


def cases(lab, inventory):
    """Yield each verb, its words and perhaps what it is about, once lab and inventory are what the verb is for."""
    dhcp = served(rack_pair="auto")
    groups = {"maas_etcd": ONE, "maas_postgresql": ONE, "maas_region": TWO, "maas_haproxy": TWO, "maas_rack": ["rack1"]}
    timed("`site`", "first run", "site", *dhcp, inventory=edited(inventory, **groups))

    groups |= {"maas_etcd": THREE, "maas_postgresql": THREE}
    edited(inventory, **groups)
    yield "add_database", ()
    lab.reinstall("control3")
    yield "replace_database", ()

    edited(inventory, **groups | {"maas_region": THREE})
    yield "add_region", ()
    edited(inventory, **groups)
    yield "remove_region", ("--extra-vars", "maas_region_host=control3")

    edited(inventory, **groups | {"maas_rack": ["rack1", "rack2"]})
    rack2 = (*dhcp, "--extra-vars", "maas_rack_host=rack2")
    yield "add_rack", rack2
    yield "switchover", ("--extra-vars", "maas_switchover=rack maas_switchover_to=rack2"), "of racks"
    yield "remove_rack", rack2

    heir = maas.member("sync_standby")
    yield "switchover", ("--extra-vars", f"maas_switchover=database maas_switchover_to={heir}"), "of the database"
    (heir,) = {*TWO} - {*maas.holders()}
    yield "switchover", ("--extra-vars", f"maas_switchover=vip maas_switchover_to={heir}"), "of the virtual IP"
    yield "teardown", ("--limit", "control3", "--extra-vars", "maas_teardown=lab")


if __name__ == "__main__":
    main()
