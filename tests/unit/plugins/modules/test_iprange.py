# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an IP range, and what it costs to look at one."""

from __future__ import annotations

NET = {"subnet": "10.10.200.0/24"}
DYNAMIC = {**NET, "type": "dynamic", "start_ip": "10.10.200.100", "end_ip": "10.10.200.150"}


def paths(requests):
    return [path.removeprefix("/MAAS/api/2.0/") for dummy, path, dummy in requests]


def test_a_range_is_created_made_longer_commented_and_deleted(play):
    created = play.changed("iprange", **DYNAMIC)
    assert created.iprange["type"] == "dynamic"
    longer = play.changed("iprange", **NET, start_ip="10.10.200.100", end_ip="10.10.200.199")
    assert longer.diff["after"]["end_ip"] == "10.10.200.199"
    play.changed("iprange", **NET, start_ip="10.10.200.100", comment="machines that boot")
    play.changed("iprange", **NET, start_ip="10.10.200.100", type="reserved")
    play.changed("iprange", **NET, start_ip="10.10.200.100", state="absent")
    play.unchanged("iprange", subnet="10.99.0.0/24", start_ip="10.99.0.1", state="absent")


def test_the_last_dynamic_range_stays_while_dhcp_is_on(play):
    first = {"subnet": "10.10.100.0/24", "start_ip": "10.10.100.100"}
    other = {**first, "type": "dynamic", "start_ip": "10.10.100.200", "end_ip": "10.10.100.209"}
    serve = {"fabric": "dc1", "vid": 100, "dhcp_on": True, "primary_rack": "rack1", "secondary_rack": "rack2"}
    play.changed("vlan", **serve)
    for check in (True, False):
        play.refused("iprange", "state: ", "last dynamic one of VLAN 100 on dc1", **first, state="absent", check=check)
        play.refused("iprange", "type: ", "last dynamic one of VLAN 100 on dc1", **first, type="reserved", check=check)
    play.changed("iprange", **other)
    play.changed("iprange", **first, type="reserved")
    play.changed("iprange", **first, state="absent")
    play.changed("vlan", **{**serve, "dhcp_on": False})
    play.changed("iprange", **other, state="absent")


def test_an_ipv6_range_is_no_substitute_for_the_last_ipv4_one(play):
    first = {"subnet": "10.10.100.0/24", "start_ip": "10.10.100.100"}
    other = {"subnet": "fd00:10::/64", "start_ip": "fd00:10::1:0"}
    play("subnet", cidr="fd00:10::/64", vlan={"fabric": "dc1", "vid": 100})
    play.changed("iprange", **other, type="dynamic", end_ip="fd00:10::1:ffff")
    play.changed("vlan", fabric="dc1", vid=100, dhcp_on=True, primary_rack="rack1", secondary_rack="rack2")
    play.refused("iprange", "state: ", "last dynamic one", **first, state="absent")
    play.changed("iprange", **other, state="absent")


def test_a_reserved_range_may_hold_an_address_in_use(play):
    play.changed("iprange", subnet="net200", type="reserved", start_ip="10.10.200.10", end_ip="10.10.200.20")


def test_a_comment_is_set_and_cleared(play):
    play.changed("iprange", **DYNAMIC, comment="first")
    play.changed("iprange", **DYNAMIC, comment="")


def test_the_list_of_all_ranges_is_not_read_where_the_subnet_tells(play):
    play("iprange", **DYNAMIC)
    assert "ipranges/" not in paths(play.reads)
    unchanged = play.unchanged("iprange", **DYNAMIC)
    assert len(play.reads) == 2 and "ipranges/" not in paths(play.reads)
    assert unchanged.iprange["end_ip"] == "10.10.200.150"
    play("iprange", **NET, start_ip="10.10.200.200", state="absent")
    assert len(play.reads) == 2 and "ipranges/" not in paths(play.reads)


def test_neighbours_that_maas_tells_as_one_are_told_apart(play):
    play.changed("iprange", **NET, type="reserved", start_ip="10.10.200.30", end_ip="10.10.200.39")
    play.changed("iprange", **NET, type="reserved", start_ip="10.10.200.40", end_ip="10.10.200.49")
    play.unchanged("iprange", **NET, type="reserved", start_ip="10.10.200.30", end_ip="10.10.200.39")


def test_an_ipv6_range_is_known_however_it_is_spelt(play):
    play("subnet", cidr="fd00:10::/64", vlan={"fabric": "dc1", "vid": 200})
    created = {"subnet": "fd00:10::/64", "type": "dynamic", "start_ip": "fd00:10::1:0", "end_ip": "fd00:10::1:ffff"}
    play.changed("iprange", **created)
    play.unchanged("iprange", **{**created, "start_ip": "FD00:10:0::1:0000"})


def test_an_overlap_is_refused_in_maas_words_under_the_options(play):
    play.refused(
        "iprange",
        "start_ip",
        "conflicts with an existing",
        subnet="10.10.100.0/24",
        type="dynamic",
        start_ip="10.10.100.140",
        end_ip="10.10.100.160",
    )
