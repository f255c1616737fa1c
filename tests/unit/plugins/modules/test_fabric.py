# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a fabric."""

from __future__ import annotations


def test_a_fabric_is_created_changed_renamed_and_deleted(play):
    created = play.changed("fabric", name="dc3", description="third", class_type="1g")
    assert created.fabric["name"] == "dc3" and created.diff["before"] == {}
    changed = play.changed("fabric", name="dc3", class_type="10g")
    assert (changed.diff["before"]["class_type"], changed.diff["after"]["class_type"]) == ("1g", "10g")
    play.changed("fabric", name="dc3", class_type="")
    renamed = play.changed("fabric", id=created.fabric["id"], name="hall3")
    assert renamed.fabric["name"] == "hall3"
    assert play.changed("fabric", name="hall3", state="absent").fabric["id"] == created.fabric["id"]


def test_a_description_is_sent_along_and_never_taken_for_a_change(play):
    play.unchanged("fabric", name="dc1", description="MAAS does not show it")
    play.changed("fabric", name="dc1", description="new", class_type="10g")
    with play.site.transaction() as state:
        assert state.find("fabric", name="dc1")["description"] == "new"


def test_a_fabric_takes_one_read_however_large_maas_is(play):
    play("fabric", name="dc1")
    assert len(play.reads) == 1


def test_a_fabric_in_use_is_not_deleted(play):
    play.refused("fabric", "DELETE fabrics/", "10.10.100.0/24", name="dc1", state="absent")
