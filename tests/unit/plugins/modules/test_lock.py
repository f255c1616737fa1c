# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One operator at a time holds a lock."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.metal.maas_ha.plugins.modules import lock


@pytest.fixture
def path(tmp_path):
    return tmp_path / "verbs" / "lock"


@pytest.fixture
def run(path, capsys):
    """Return a function that runs the module and returns its answer."""

    def run(owner, check=False, **options):
        arguments = {"path": str(path), "owner": owner, "_ansible_check_mode": check, **options}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            lock.main()
        return {"failed": False, **json.loads(capsys.readouterr().out)}

    return run


def test_the_second_is_told_who_holds_it_since_when_and_for_what(run):
    assert run("alice@laptop", purpose="add_rack")["holder"] == {}
    refused = run("bob@desk", purpose="remove_rack")
    assert refused["failed"]
    assert refused["holder"]["owner"] == "alice@laptop"
    since = refused["holder"]["since"]
    assert refused["msg"] == f"alice@laptop has held the lock since {since} for add_rack."


def test_the_same_operator_takes_it_over(run, path):
    run("alice@laptop", purpose="add_rack")
    again = run("alice@laptop", purpose="remove_rack")
    assert not again["failed"]
    assert again["holder"]["purpose"] == "add_rack"
    assert json.loads(path.read_text())["purpose"] == "remove_rack"


def test_force_takes_it_from_another(run, path):
    run("alice@laptop")
    assert not run("bob@desk", force=True)["failed"]
    assert json.loads(path.read_text())["owner"] == "bob@desk"


def test_it_is_given_back_by_its_holder_only(run, path):
    run("alice@laptop")
    assert not run("bob@desk", state="absent")["changed"]
    assert path.exists()
    assert run("alice@laptop", state="absent")["changed"]
    assert not path.exists()
    assert not run("alice@laptop", state="absent")["changed"]


def test_check_mode_refuses_alike_and_writes_nothing(run, path):
    assert run("alice@laptop", check=True)["changed"]
    assert not path.parent.exists()
    run("alice@laptop")
    before = path.read_text()
    assert run("bob@desk", check=True)["failed"]
    assert run("alice@laptop", check=True, state="absent")["changed"]
    assert path.read_text() == before


def test_of_many_at_once_one_gets_it(path):
    def take(number):
        claim = {"owner": f"operator{number}", "purpose": "", "since": ""}
        return lock.take(str(path), claim, lambda holder: False, draft=str(path) + str(number))

    with ThreadPoolExecutor(16) as pool:
        holders = list(pool.map(take, range(16)))
    assert holders.count({}) == 1
    winner = f"operator{holders.index({})}"
    assert all(holder["owner"] == winner for holder in holders if holder)
    assert [one.name for one in path.parent.iterdir()] == ["lock"]
