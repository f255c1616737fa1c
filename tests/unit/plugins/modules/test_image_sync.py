# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports of images."""

from __future__ import annotations

import types

from ansible_collections.metal.maas_ha.plugins.modules import image_sync


def test_an_import_is_started_once_and_stopped(play):
    assert play("image_sync", check=True).changed and not play.writes
    started = play("image_sync")
    assert started.changed and started.importing
    assert not play("image_sync").changed and not play.writes
    assert play("image_sync", check=True, state="stopped").changed and not play.writes
    stopped = play("image_sync", state="stopped")
    assert stopped.changed and not stopped.importing
    assert not play("image_sync", state="stopped").changed
    assert not play("image_sync", state="finished", wait=5).changed


def test_an_import_that_lasts_longer_than_the_patience_is_an_error(play):
    play("image_sync")
    play.refused("image_sync", "wait", "after 1 seconds", state="finished", wait=1)


def test_an_import_that_begins_late_is_not_taken_for_done():
    told = iter([False, False, False, True, True, False])
    client = types.SimpleNamespace(get=lambda path, op: next(told), post=lambda *words, **options: None)
    module = types.SimpleNamespace(params={"state": "started", "wait": 60}, check_mode=False)
    assert image_sync.image_sync(types.SimpleNamespace(client=client), module) == {"changed": True, "importing": False}
    assert list(told) == []
