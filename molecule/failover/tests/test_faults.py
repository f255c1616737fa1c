# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site suffers every fault of the matrix, loses nothing that it acknowledged, and is whole again by itself."""

from __future__ import annotations

import os

import pytest

from tests.site import results
from tests.site.faults import survives
from tests.site.rows import chosen

TURNS = range(int(os.environ.get("REPEAT", "1")))


@pytest.mark.parametrize("row", chosen(os.environ.get("FAULTS", "*")), ids=lambda row: row.name)
@pytest.mark.parametrize("turn", TURNS)
def test_the_site_survives(lab, row, turn):
    survives(lab, row, keep=results.keep)
