# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test of a module runs against every series of MAAS."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["3.4.10", "3.5.13", "3.6.5", "3.7.3", "3.8"])
def series(request):
    """Each series of MAAS that is supported."""
    return request.param
