# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests that use recordings share; after them it is printed how many recordings hold."""

from __future__ import annotations

import collections

import pytest

from tests.contract.place import ABSENT, CONTRACT


@pytest.fixture(scope="session")
def contract():
    """The directory of recordings; a test that needs it is skipped where it is absent."""
    if not CONTRACT.is_dir():
        pytest.skip(ABSENT)
    return CONTRACT


def pytest_terminal_summary(terminalreporter):
    """Print what the tests noted by record_property: ("recorded", [what, number]), ("held", ...), ("differs", text)."""
    noted = [
        note
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
        for note in report.user_properties
    ]
    numbers = {"recorded": collections.Counter(), "held": collections.Counter()}
    for kind, counter in numbers.items():
        for what, number in (value for name, value in noted if name == kind):
            counter[what] += number
    for what, number in sorted(numbers["recorded"].items()):
        terminalreporter.write_line(f"{what}: {numbers['held'][what]} of {number} hold")
    for text in (value for name, value in noted if name == "differs"):
        terminalreporter.write_line(f"  {text}")
