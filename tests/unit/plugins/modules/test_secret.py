# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The secret module keeps what it has, adds what is missing, and writes nothing else."""

from __future__ import annotations

import json
import stat

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.metal.maas_ha.plugins.modules import secret


@pytest.fixture
def path(tmp_path):
    return tmp_path / "secrets" / "database.json"


@pytest.fixture
def run(path, capsys):
    """Return a function that runs the module and returns its answer."""

    def run(check=False, **options):
        arguments = {"path": str(path), "names": ["maas", "etcd"], "_ansible_check_mode": check, **options}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            secret.main()
        return json.loads(capsys.readouterr().out)

    return run


def kept(path):
    return json.loads(path.read_text())


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_missing_secrets_are_born_once(run, path):
    first = run(generate=True)
    assert first["changed"]
    assert set(first["secrets"]) == {"maas", "etcd"}
    assert all(len(value) == 32 and value.isalnum() for value in first["secrets"].values())
    assert first["secrets"]["maas"] != first["secrets"]["etcd"]
    again = run(generate=True)
    assert not again["changed"]
    assert again["secrets"] == first["secrets"] == kept(path)


def test_only_root_can_read_the_file(run, path):
    run(generate=True)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


def test_loosened_modes_are_mended(run, path):
    run(generate=True)
    path.chmod(0o644)
    assert run(check=True)["changed"]
    assert mode(path) == 0o644
    assert run()["changed"]
    assert mode(path) == 0o600
    assert not run()["changed"]


def test_reading_writes_nothing(run, path):
    answer = run()
    assert not answer["changed"]
    assert answer["secrets"] == {}
    assert not path.parent.exists()


def test_a_given_secret_replaces_the_kept_one_and_is_not_returned(run, path):
    run(generate=True)
    answer = run(given={"maas": "from-the-vault"})
    assert answer["changed"]
    assert set(answer["secrets"]) == {"etcd"}
    assert kept(path)["maas"] == "from-the-vault"
    assert not run(given={"maas": "from-the-vault"})["changed"]


def test_an_empty_or_unasked_value_is_ignored(run, path):
    run(given={"maas": "", "other": "x"}, generate=True)
    assert set(kept(path)) == {"maas", "etcd"}
    assert len(kept(path)["maas"]) == 32


def test_other_names_in_the_file_are_left_alone(run, path):
    path.parent.mkdir()
    path.write_text('{"older": "stays"}')
    answer = run(generate=True)
    assert kept(path)["older"] == "stays"
    assert "older" not in answer["secrets"]


def test_check_mode_tells_the_change_and_writes_nothing(run, path):
    answer = run(check=True, generate=True)
    assert answer["changed"]
    assert set(answer["secrets"]) == {"maas", "etcd"}
    assert not path.parent.exists()


@pytest.mark.parametrize("value", ["with space", "per%cent", "a@b", "quote'", "ümlaut", "line\n"])
def test_characters_that_maas_cannot_carry_are_refused(run, path, value):
    answer = run(given={"maas": value})
    assert answer["failed"]
    assert "The secret maas has characters" in answer["msg"]
    assert value not in answer["msg"]
    assert not path.exists()


@pytest.mark.parametrize("content", ["not json", "[]"])
def test_a_damaged_file_is_refused_and_left_alone(run, path, content):
    path.parent.mkdir()
    path.write_text(content)
    answer = run(generate=True)
    assert answer["failed"]
    assert "is no file of secrets" in answer["msg"]
    assert path.read_text() == content
