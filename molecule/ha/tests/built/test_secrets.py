# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret can be seen by who is not root."""

from __future__ import annotations

from tests.lab import Lab
from tests.site import secrets


def test_no_secret_is_in_a_journal_an_argument_or_a_readable_file():
    lab = Lab.current()
    values = secrets.values()
    assert len(values) >= 5, f"only {sorted(values)} were found: the scan would prove little"
    hosts = {host for members in lab.groups.values() for host in members}
    assert {host: secrets.seen_on(host, values) for host in hosts} == {host: [] for host in hosts}
