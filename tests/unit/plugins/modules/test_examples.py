# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the documentation work as they stand, one after the other."""

from __future__ import annotations

import importlib
import pathlib
import time

import pytest
import yaml

COLLECTION = "metal.maas_ha"
ROOT = pathlib.Path(__file__).resolve().parents[4]
API = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]["api"]
MODULES = [module for module in API if module != "dhcp_ha"]  # whose test has a network of its own


def examples(module):
    """Return the options of each example of a module, without those of the connection."""
    text = importlib.import_module(f"ansible_collections.{COLLECTION}.plugins.modules.{module}").EXAMPLES
    for task in yaml.safe_load(text):
        options = task[f"{COLLECTION}.{module}"] or {}
        yield {name: value for name, value in options.items() if name not in ("url", "api_key_file")}


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_work_in_their_order(play, module, monkeypatch):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    for options in examples(module):
        result = play(module, **options)
        assert not result.failed, (options, result.msg)
