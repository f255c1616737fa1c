# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading IP ranges."""

from __future__ import annotations


def test_ranges_are_read_by_subnet_and_type(play):
    play("iprange", subnet="net200", type="reserved", start_ip="10.10.200.2", end_ip="10.10.200.9")
    assert len(play.unchanged("iprange_info").ipranges) == 2
    assert [one["start_ip"] for one in play("iprange_info", subnet="10.10.200.0/24").ipranges] == ["10.10.200.2"]
    assert [one["start_ip"] for one in play("iprange_info", type="dynamic").ipranges] == ["10.10.100.100"]


def test_an_unknown_subnet_is_refused(play):
    play.refused("iprange_info", "subnet", "nosuch", subnet="nosuch")
