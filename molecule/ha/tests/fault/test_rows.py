# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two rows of the fault matrix, others each day; the scenario failover has them all."""

from __future__ import annotations

import pytest

from tests.lab import Lab
from tests.site.faults import survives
from tests.site.rows import of_the_day

pytestmark = pytest.mark.skipif(
    len(Lab.current().groups["maas_etcd"]) < 3, reason="a site of one host does not survive its loss"
)


@pytest.mark.parametrize("row", of_the_day(2), ids=lambda row: row.name)
def test_the_site_survives(lab, row):
    survives(lab, row)
