# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading VLANs."""

from __future__ import annotations


def test_vlans_are_read_by_fabric_and_vid(play):
    assert len(play.unchanged("vlan_info").vlans) == 5
    assert [vlan["vid"] for vlan in play("vlan_info", fabric="dc1").vlans] == [0, 100, 200]
    assert {vlan["fabric"] for vlan in play("vlan_info", vid=100).vlans} == {"dc1", "dc2"}
    assert [vlan["name"] for vlan in play("vlan_info", fabric="dc1", vid=100).vlans] == ["prov"]
    assert len(play.reads) == 1


def test_an_unknown_fabric_is_refused(play):
    play.refused("vlan_info", "fabric", "nosuch", fabric="nosuch")
