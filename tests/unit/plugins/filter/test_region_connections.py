# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.metal.maas_ha.plugins.filter.region_connections import region_connections


@pytest.mark.parametrize(
    ("workers", "version", "connections"),
    [
        (4, "3.4", 50),
        (1, "3.4", 40),
        (4, "3.5", 89),
        (4, "3.6.1", 100),
        ("4", "3.7", 100),
        (4, "3.8", 103),
        (4, "3.10", 103),
    ],
)
def test_a_region_opens_what_its_workers_and_its_version_need(workers, version, connections):
    assert region_connections(workers, version) == connections
