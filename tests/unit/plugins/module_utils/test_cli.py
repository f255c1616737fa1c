# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MAAS's files are read as MAAS reads them, and its command line is used by one run at a time."""

from __future__ import annotations

import subprocess

import pytest
import yaml
from ansible_collections.metal.maas_ha.plugins.module_utils import _cli

VALUES = [
    "http://192.0.2.5:5240/MAAS",
    "10.0.0.1",
    "123",
    "1e3",
    "0x1f",
    "1_000",
    "true",
    "No",
    "null",
    "-",
    "_",
    "a-b",
    "-x",
    "",
    "fe80::1",
]


@pytest.mark.parametrize("value", VALUES)
def test_a_text_written_here_is_the_same_text_for_maas_and_back(value):
    text = _cli.merge("", {"key": value})
    assert yaml.safe_load(text) == {"key": value}
    assert _cli.parse(text) == {"key": value}
    assert _cli.parse(yaml.safe_dump({"key": value})) == {"key": value}


def test_numbers_and_lists_are_written_as_such():
    text = _cli.merge("", {"num_workers": 4, "maas_url": VALUES[:2]})
    assert yaml.safe_load(text) == {"num_workers": 4, "maas_url": VALUES[:2]}
    assert _cli.parse(text) == {"num_workers": "4", "maas_url": VALUES[:2]}


@pytest.mark.parametrize("text", ["", "{}\n", "a: 1", "a: 1\nb:\n  - x\n  - y\nc: z\n"])
def test_any_file_can_be_changed_again_and_again(text):
    for wanted in (["p", "q"], "r", ["s", "t"]):
        text = _cli.merge(text, {"b": wanted})
        assert yaml.safe_load(text)["b"] == wanted


def test_comments_and_strangers_stay_where_they_are():
    text = "# first\na: 1\nb: old\n# last\nc: {x: 1}\n"
    assert _cli.merge(text, {"b": "new"}) == text.replace("old", "new")


def test_a_second_run_waits_for_a_command_that_the_first_left_behind(snap):
    with _cli.exclusive(1) as lock:
        orphan = subprocess.Popen(["sleep", "60"], pass_fds=[lock.fileno()])
    try:
        with pytest.raises(_cli.CliError, match="an earlier run left behind"), _cli.exclusive(0):
            pass
    finally:
        orphan.kill()
        orphan.wait()
    with _cli.exclusive(0):
        pass
