# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two MAAS side by side on the lab's hosts, between which racks move; a single host of each is region and rack."""

from __future__ import annotations

from tests.site import maas
from tests.site.inventory import edited, served
from tests.site.playbook import play

OLD, NEW, MOVING = "control1", "control2", "rack2"


class Neighbour:
    """One of the two.

    Attributes:
        region: its host.
        inventory: where its inventory lies, with the other MAAS's hosts in the groups that move_rack reads.
        words: what tells it from the other one, for ansible-playbook.
    """

    def __init__(self, lab, directory, region, other, number, racks, other_racks):
        one = {group: [region] for group in ("maas_etcd", "maas_postgresql", "maas_haproxy", "maas_region")}
        directory.mkdir()
        self.region = region
        self.inventory = edited(
            directory, **one, maas_rack=[region, *racks], maas_old_region=[other], maas_old_rack=[other, *other_racks]
        )
        self.words = ["--extra-vars", f"maas_deployment={region} maas_vip={lab.network}.{number}"]
        self.words += ["--extra-vars", f"maas_keepalived_virtual_router_id={number}"]

    def play(self, name, *words):
        return play(name, *self.words, *words, inventory=self.inventory)

    def racks(self):
        return maas.racks(self.region)


def neighbours(lab, directory):
    """Deploy both: the old one with the rack that is to move as primary and another as secondary, the new one alone.

    Args:
        directory: path of an empty directory for their inventories.

    Returns:
        Neighbour, the old one; Neighbour, the new one.
    """
    old = Neighbour(lab, directory / "old", OLD, NEW, 5, ["rack1", MOVING], [])
    new = Neighbour(lab, directory / "new", NEW, OLD, 6, [MOVING], ["rack1"])
    given = served(primary_rack=MOVING, secondary_rack="rack1")
    for run in (old.play("site", *given), new.play("site", "--limit", NEW)):
        assert run.status == 0, run.output[-8000:]
    return old, new
