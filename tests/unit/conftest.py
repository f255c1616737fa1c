# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for everything that talks to a region."""

from __future__ import annotations

import pytest
from ansible_collections.metal.maas_ha.tests.simulator.site import Site
from ansible_collections.metal.maas_ha.tests.simulator.versions import DEFAULT


@pytest.fixture
def series():
    """The version of MAAS to play; parametrise it to run a test against several series."""
    return DEFAULT


@pytest.fixture
def api(series):
    """A running region with an administrator: url, api_key, server (its requests), transaction() (its state)."""
    with Site(series) as site:
        yield site
