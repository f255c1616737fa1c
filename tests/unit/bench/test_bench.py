# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every measurement can be begun as the Makefile begins it."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", ["__main__", "faults", "pictures", "site", "verbs"])
def test_a_measurement_finds_all_that_it_imports(name):
    subprocess.run([sys.executable, "-c", f"import tests.bench.{name}"], cwd=ROOT, check=True)
