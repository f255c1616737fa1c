# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of all scenarios have: the lab, and its hosts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import testinfra
from testinfra.host import Host

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.collection import make_importable
from tests.lab import Lab

make_importable()


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab of this environment, with its fault verbs."""
    return Lab.current()


@pytest.fixture(scope="session")
def hosts(lab: Lab) -> dict[str, Host]:
    """Every host by name, the client too, over ssh."""
    return {name: testinfra.get_host(f"ssh://{name}", ssh_config=f"{lab.state}/ssh_config") for name in lab.hosts}


@pytest.fixture(scope="session")
def group(lab: Lab, hosts: dict[str, Host]) -> Callable[[str], list[Host]]:
    """The hosts of a group: group("maas_region")."""
    return lambda name: [hosts[member] for member in lab.groups[name]]
