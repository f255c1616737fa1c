# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of the file that holds an API key."""

from __future__ import annotations

import json

import pytest
from ansible_collections.metal.maas_ha.plugins.modules import api_key

from tests.unit.plugins.conftest import permissions

PASSWORD = "pass-word_1"


@pytest.fixture
def series():
    """What is tried here is the same in every series."""
    return "3.7.3"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "etc" / "api_key"


@pytest.fixture
def play(api, snap, path):
    """Run the module beside a region whose administrator is `admin`."""
    options = {"username": "admin", "path": str(path), "url": api.url, "email": "a@example.com", "password": PASSWORD}
    return lambda **others: snap.play(api_key, **{**options, **others})


def users(snap, **keys):
    """Let the command line know users and their keys."""
    (snap.common / "users.json").write_text(json.dumps(keys))


def test_an_absent_user_is_created_and_the_key_kept(play, snap, path):
    answer = play()
    assert answer["actions"] == ["create user", "write key"]
    assert path.read_text() == "born:with:user\n"
    assert permissions(path) == 0o600
    assert PASSWORD not in answer["printed"] + "".join(snap.calls())


def test_a_key_that_works_is_kept_without_asking_the_command_line(play, api, snap, path):
    users(snap, admin=[api.api_key])
    assert play()["actions"] == ["write key"]
    snap.calls()
    answer = play()
    assert not answer["changed"] and api.api_key not in answer["printed"]
    assert snap.calls() == []


def test_a_key_is_made_for_a_user_without_one(play, snap, path):
    users(snap, admin=[])
    assert play()["actions"] == ["make key", "write key"]
    assert path.read_text() == "made:for:user\n"


def test_a_key_that_mattered_once_is_replaced(play, api, snap, path):
    users(snap, admin=[api.api_key])
    path.parent.mkdir()
    path.write_text("some:other:one\n")
    assert play(check=True)["changed"] and path.read_text() == "some:other:one\n"
    assert play()["actions"] == ["write key"]
    assert path.read_text().strip() == api.api_key


def test_a_key_stays_when_the_region_cannot_be_asked_but_knows_it(play, snap, path):
    users(snap, admin=["one:old:key", "one:new:key"])
    path.parent.mkdir()
    path.write_text("one:new:key\n")
    path.chmod(0o600)
    assert not play(url="http://127.0.0.1:9/MAAS")["changed"]


def test_a_key_that_others_can_read_is_closed(play, api, snap, path):
    users(snap, admin=[api.api_key])
    play()
    path.chmod(0o644)
    assert play()["actions"] == ["write key"]
    assert permissions(path) == 0o600


def test_an_absent_user_without_a_password_is_refused(play, path):
    assert "username: MAAS has no user admin" in play(password=None)["msg"]
    assert not path.exists()
