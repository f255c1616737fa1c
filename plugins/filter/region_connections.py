# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

# What a region of a series opens besides its workers: Temporal from 3.5, the API server from 3.6, OpenFGA from 3.8.
OTHERS = (((3, 8), 53), ((3, 6), 50), ((3, 5), 39))
POOL = 10  # of each worker and of their master
LEAST = 40  # what MAAS asks for a region


def region_connections(workers, version):
    """Return how many connections to PostgreSQL a region can open.

    Args:
        workers: int, or str with one, the region's num_workers.
        version: str, MAAS's version or series, such as 3.7.

    Returns:
        int: connections.
    """
    series = tuple(int(number) for number in re.findall(r"\d+", str(version))[:2])
    others = next((number for since, number in OTHERS if series >= since), 0)
    return max(LEAST, POOL * (int(workers) + 1) + others)


class FilterModule:
    """Filters on what regions ask of PostgreSQL."""

    def filters(self):
        return {"region_connections": region_connections}
