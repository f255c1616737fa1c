# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus takes the alert rules and the example of who is asked; each rule speaks when it should, and only then."""

from __future__ import annotations

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROMTOOL = shutil.which("promtool")

pytestmark = pytest.mark.skipif(PROMTOOL is None, reason="promtool is missing: Debian's package prometheus has it")


def promtool(*words):
    done = subprocess.run([PROMTOOL, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_rules_are_rules():
    status, said = promtool("check", "rules", "docs/prometheus/alerts.yml")
    assert status == 0, said


def test_the_example_of_who_is_asked_is_a_configuration():
    status, said = promtool("check", "config", "--syntax-only", "docs/prometheus/scrape.yml")
    assert status == 0, said


def test_each_rule_speaks_when_it_should_and_only_then():
    status, said = promtool("test", "rules", "tests/unit/prometheus/alerts.yml")
    assert status == 0, said
