# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a source of images and of its selections."""

from __future__ import annotations

MIRROR = {"source_url": "http://mirror.example.com/images/", "keyring_filename": "/usr/share/keyrings/one.gpg"}
NOBLE = {"os": "ubuntu", "release": "noble", "arches": ["amd64"]}
JAMMY = {"os": "ubuntu", "release": "jammy", "arches": ["arm64", "amd64"]}


def selected(result):
    return sorted((one["release"], sorted(one["arches"])) for one in result.boot_source["selections"])


def test_a_source_is_created_changed_and_deleted(play):
    play.changed("boot_source", **MIRROR)
    play.changed("boot_source", **{**MIRROR, "keyring_filename": "/usr/share/keyrings/two.gpg"})
    play.changed("boot_source", source_url=MIRROR["source_url"], state="absent")


def test_selections_are_the_whole_of_what_is_imported(play):
    created = play.changed("boot_source", **MIRROR, selections=[NOBLE])
    assert selected(created) == [("noble", ["amd64"])]
    grown = play.changed("boot_source", **MIRROR, selections=[JAMMY, {**NOBLE, "arches": ["arm64"]}])
    assert selected(grown) == [("jammy", ["amd64", "arm64"]), ("noble", ["arm64"])]
    play.unchanged("boot_source", **MIRROR)
    assert selected(play.changed("boot_source", **MIRROR, selections=[])) == []


def test_a_source_without_a_keyring_is_refused(play):
    for check in (True, False):
        play.refused("boot_source", "keyring_filename", check=check, source_url="http://mirror.example.com/")


def test_a_slash_at_the_end_of_the_url_makes_no_other_source(play):
    created = play.changed("boot_source", **MIRROR).boot_source
    assert created["url"].startswith("http://mirror.example.com/images")
    play.unchanged("boot_source", source_url=MIRROR["source_url"].rstrip("/"))
    play.changed("boot_source", source_url=MIRROR["source_url"].rstrip("/"), state="absent")


def test_of_two_sources_that_differ_by_a_slash_the_one_that_is_named_goes(play):
    shorter = MIRROR["source_url"].rstrip("/")
    with play.site.transaction() as state:
        for url in (shorter, MIRROR["source_url"]):
            state.insert("bootsource", url=url, keyring_filename="/one.gpg", keyring_data="", created="", updated="")
    play("boot_source", source_url=MIRROR["source_url"], state="absent")
    left = [one["url"] for one in play.site.get("boot-sources/")]
    assert shorter in left and MIRROR["source_url"] not in left
