# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a subnet."""

from __future__ import annotations

NET = {"cidr": "10.10.30.0/24"}


def test_a_subnet_is_created_changed_moved_and_deleted(play):
    created = play.changed("subnet", **NET, name="backup", vlan={"fabric": "dc1", "vid": 200}, gateway_ip="10.10.30.1")
    assert created.subnet["vlan"]["vid"] == 200
    play.changed("subnet", **NET, dns_servers=["10.10.30.2", "10.10.30.3"], description="tapes")
    play.changed("subnet", **NET, dns_servers=["10.10.30.3"])
    cleared = play.changed("subnet", **NET, dns_servers=[], gateway_ip="")
    assert not cleared.subnet["gateway_ip"] and cleared.subnet["dns_servers"] == []
    assert play.changed("subnet", **NET, vlan={"fabric": "dc1", "vid": 100}).subnet["vlan"]["vid"] == 100
    play.changed("subnet", **NET, state="absent")


def test_flags_are_set_both_ways_in_every_series(play):
    for flag in ("allow_dns", "allow_proxy", "managed", "active_discovery"):
        shown = play.site.get("subnets/net200/")[flag]
        play.changed("subnet", cidr="10.10.200.0/24", **{flag: not shown})
        play.changed("subnet", cidr="10.10.200.0/24", **{flag: shown})
    play.changed("subnet", cidr="10.10.200.0/24", rdns_mode=0)


def test_an_unchanged_subnet_takes_one_read_its_vlan_included(play):
    play.unchanged("subnet", cidr="10.10.200.0/24", name="net200", vlan={"fabric": "dc1", "vid": 200})
    assert len(play.reads) == 1


def test_an_ipv6_network_is_known_however_it_is_spelt(play):
    play.changed("subnet", cidr="fd00:10::/64", vlan={"fabric": "dc1", "vid": 200})
    play.unchanged("subnet", cidr="FD00:0010:0::/64")


def test_a_network_that_maas_has_no_path_for_is_known_all_the_same(play):
    wide = {"cidr": "16.0.0.0/8"}
    play.changed("subnet", **wide, vlan={"fabric": "dc1", "vid": 200}, gateway_ip="16.0.0.1")
    play.unchanged("subnet", **wide, gateway_ip="16.0.0.1")
    play.changed("iprange", subnet=wide["cidr"], type="reserved", start_ip="16.0.0.10", end_ip="16.0.0.20")
    assert play("subnet_info", subnet=wide["cidr"]).subnets[0]["gateway_ip"] == "16.0.0.1"
    assert len(play("iprange_info", subnet=wide["cidr"]).ipranges) == 1
    play.changed("subnet", **wide, state="absent", force=True)


def test_a_subnet_that_serves_dhcp_is_not_deleted(play):
    play("vlan", fabric="dc1", vid=100, dhcp_on=True, primary_rack="rack1")
    play.refused("subnet", "DELETE subnets/", "dynamic", cidr="10.10.100.0/24", state="absent", force=True)


def test_a_subnet_with_addresses_is_deleted_by_force(play):
    play.changed("subnet", cidr="10.10.200.0/24", state="absent", force=True)


def test_boot_architectures_have_no_order(play):
    two = ["uefi_amd64_tftp", "open-firmware_ppc64el"]
    play.changed("subnet", cidr="10.10.200.0/24", disabled_boot_architectures=two)
    play.unchanged("subnet", cidr="10.10.200.0/24", disabled_boot_architectures=two[::-1])
