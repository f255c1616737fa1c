# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a space."""

from __future__ import annotations


def test_a_space_is_created_changed_and_deleted(play):
    created = play.changed("space", name="tenants")
    assert created.space["name"] == "tenants"
    play.changed("space", name="tenants", description="machines of the tenants")
    play.changed("space", name="tenants", description="")
    play.changed("space", name="tenants", state="absent")


def test_one_space_is_read_and_not_all_of_them(play):
    play("space", name="mgmt")
    assert [path for dummy, path, dummy in play.reads] == ["/MAAS/api/2.0/spaces/mgmt/"]


def test_the_word_for_no_space_is_no_name(play):
    play.refused("space", "name", "undefined", name="undefined")
