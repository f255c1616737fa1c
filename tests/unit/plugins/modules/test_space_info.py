# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading spaces."""

from __future__ import annotations


def test_all_spaces_or_one_or_none_are_read(play):
    everything = play.unchanged("space_info").spaces
    one = play.unchanged("space_info", name="mgmt").spaces
    assert len(everything) > 1 and len(one) == 1 and one[0] in everything
    assert len(play.reads) == 1
    assert play.unchanged("space_info", name="nosuch").spaces == []
