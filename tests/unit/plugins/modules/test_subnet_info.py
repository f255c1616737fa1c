# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading subnets."""

from __future__ import annotations


def test_all_subnets_or_one_or_none_are_read(play):
    everything = play.unchanged("subnet_info").subnets
    one = play.unchanged("subnet_info", subnet="10.10.100.0/24").subnets
    assert len(everything) > 1 and len(one) == 1 and one[0] in everything
    assert len(play.reads) == 1
    assert play.unchanged("subnet_info", subnet="nosuch").subnets == []
