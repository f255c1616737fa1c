# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever can be wrong with an option ends in one sentence that names it, and nothing is written."""

from __future__ import annotations

import pytest
from ansible_collections.metal.maas_ha.tests.simulator.wire import Response

FABRIC = {"name": "dc3"}
PROV = {"fabric": "dc1", "vid": 100}
TENANT = {"fabric": "dc1", "vid": 200}
BACKUP = {"cidr": "10.10.30.0/24", "vlan": TENANT}
RANGE = {"subnet": "10.10.200.0/24", "type": "dynamic", "start_ip": "10.10.200.100", "end_ip": "10.10.200.150"}
BOB = {"username": "bob", "email": "bob@example.com", "password": "word"}
MIRROR = {"source_url": "http://mirror.example.com/", "keyring_filename": "/keys.gpg"}
IPV6 = {"subnet": "fd00:10::/64", "type": "dynamic", "start_ip": "fd00:10::1"}


@pytest.fixture
def site(play):
    """The network, with an IPv6 subnet, a relayed VLAN, DHCP on VLAN 100, a dead rack and a user."""
    play("vlan", **PROV, dhcp_on=True, primary_rack="rack1")
    play("vlan", fabric="dc1", vid=300, relay_vlan=PROV)
    play("subnet", cidr="fd00:10::/64", vlan=TENANT)
    play("user", **BOB)
    with play.site.transaction() as state:
        node = state.find("node", hostname="rack2")["id"]
        state.update("service", state.find("service", node=node, name="rackd")["id"], status="dead")
    return play


@pytest.mark.parametrize(
    ("module", "options", "words"),
    [
        ("fabric", {**FABRIC, "url": ["ftp://maas.example.com/MAAS"]}, ["url", "ftp://maas.example.com/MAAS"]),
        ("fabric", {**FABRIC, "url": ["maas.example.com"]}, ["url", "maas.example.com"]),
        ("fabric", {**FABRIC, "url": ["http://:5240/MAAS"]}, ["url", "http://:5240/MAAS"]),
        ("fabric", {**FABRIC, "url": ["http://maas.example.com:99999/MAAS"]}, ["url", "99999"]),
        ("fabric", {**FABRIC, "url": ["http://admin:word@maas.example.com/MAAS"]}, ["url"]),
        ("fabric", {**FABRIC, "url": []}, ["url"]),
        ("fabric", {**FABRIC, "timeout": 0}, ["timeout", "0"]),
        ("fabric", {**FABRIC, "timeout": "soon"}, ["timeout", "soon"]),
        ("fabric", {**FABRIC, "validate_certs": "perhaps"}, ["validate_certs"]),
        ("fabric", {**FABRIC, "api_key": "one:two"}, ["api_key", "consumer:token:secret"]),
        ("fabric", {**FABRIC, "api_key": "one::three"}, ["api_key", "consumer:token:secret"]),
        ("fabric", {**FABRIC, "api_key": "one:two:three\nfour:five:six"}, ["api_key", "consumer:token:secret"]),
        ("fabric", {**FABRIC, "api_key": None}, ["api_key", "api_key_file"]),
        ("fabric", {**FABRIC, "api_key_file": "/etc/hostname"}, ["api_key", "mutually exclusive"]),
        ("fabric", {**FABRIC, "api_key": None, "api_key_file": "/no/such/file"}, ["api_key_file", "/no/such/file"]),
        ("fabric", {**FABRIC, "api_key": None, "api_key_file": "/etc"}, ["api_key_file", "/etc"]),
        ("fabric", {**FABRIC, "api_key": None, "api_key_file": "/etc/passwd"}, ["api_key", "consumer:token:secret"]),
        ("fabric", {**FABRIC, "api_key": "aaa:bbb:ccc"}, ["GET fabrics/", "401", "api_key"]),
        ("fabric", {}, ["name"]),
        ("fabric", {"name": ""}, ["name", "empty"]),
        ("fabric", {"name": "bad name!"}, ["POST fabrics/", "400", "name", "bad name!"]),
        ("fabric", {"name": "dc1", "id": 999}, ["id", "999"]),
        ("fabric", {"name": "dc1", "id": "second"}, ["id", "second"]),
        ("fabric", {**FABRIC, "state": "deleted"}, ["state", "deleted"]),
        ("fabric", {**FABRIC, "colour": "red"}, ["colour"]),
        ("space", {"name": "undefined"}, ["name", "undefined"]),
        ("space", {"name": ""}, ["name", "empty"]),
        ("vlan", {"fabric": "dc1"}, ["vid"]),
        ("vlan", {"fabric": "dc1", "vid": 4095}, ["vid", "4095"]),
        ("vlan", {"fabric": "dc1", "vid": -1}, ["vid", "-1"]),
        ("vlan", {"fabric": "dc1", "vid": "prov"}, ["vid", "prov"]),
        ("vlan", {"fabric": "nosuch", "vid": 1}, ["fabric", "nosuch"]),
        ("vlan", {**PROV, "mtu": 551}, ["mtu", "551"]),
        ("vlan", {**PROV, "mtu": 65536}, ["mtu", "65536"]),
        ("vlan", {**PROV, "mtu": 70000, "vid": 5000}, ["mtu: 70000", "vid: 5000"]),
        ("vlan", {**PROV, "space": "nosuch"}, ["space"]),
        ("vlan", {"fabric": "dc1", "vid": 0, "name": "native"}, ["name", "untagged"]),
        ("vlan", {**PROV, "dhcp_on": "maybe"}, ["dhcp_on", "maybe"]),
        ("vlan", {**PROV, "primary_rack": "nosuch"}, ["primary_rack", "nosuch"]),
        ("vlan", {**PROV, "secondary_rack": "nosuch"}, ["secondary_rack", "nosuch"]),
        ("vlan", {**PROV, "primary_rack": "rack1", "secondary_rack": "rack1"}, ["secondary_rack"]),
        ("vlan", {**PROV, "secondary_rack": "rack1"}, ["secondary_rack"]),
        ("vlan", {**PROV, "primary_rack": "rack3"}, ["primary_rack", "rack3", "VLAN 100 of fabric dc1"]),
        ("vlan", {**PROV, "secondary_rack": "rack3"}, ["secondary_rack", "rack3"]),
        ("vlan", {**PROV, "primary_rack": "rack2", "secondary_rack": "rack1"}, ["primary_rack", "rack2", "dead"]),
        ("vlan", {**PROV, "primary_rack": ""}, ["primary_rack"]),
        ("vlan", {**TENANT, "dhcp_on": True}, ["primary_rack"]),
        ("vlan", {**TENANT, "dhcp_on": True, "primary_rack": "rack1"}, ["dhcp_on", "dynamic"]),
        ("vlan", {**TENANT, "secondary_rack": "rack1"}, ["secondary_rack"]),
        ("vlan", {"fabric": "dc1", "vid": 400, "dhcp_on": True}, ["dhcp_on", "VLAN 400"]),
        ("vlan", {"fabric": "dc1", "vid": 400, "primary_rack": "rack1"}, ["primary_rack", "VLAN 400"]),
        ("vlan", {**TENANT, "relay_vlan": {"fabric": "dc1", "vid": 7}}, ["relay_vlan", "7"]),
        ("vlan", {**TENANT, "relay_vlan": {"fabric": "dc1", "vid": 4095}}, ["relay_vlan", "4095"]),
        ("vlan", {**TENANT, "relay_vlan": {"fabric": "dc1"}}, ["relay_vlan", "vid"]),
        ("vlan", {**TENANT, "relay_vlan": {"fabric": "nosuch", "vid": 7}}, ["relay_vlan", "nosuch"]),
        ("vlan", {**TENANT, "relay_vlan": TENANT}, ["relay_vlan"]),
        ("vlan", {**TENANT, "relay_vlan": {"fabric": "dc1", "vid": 300}}, ["relay_vlan"]),
        ("vlan", {**PROV, "relay_vlan": TENANT, "dhcp_on": True}, ["relay_vlan"]),
        ("vlan", {"fabric": "dc1", "vid": 0, "state": "absent"}, ["default VLAN"]),
        ("subnet", {"cidr": "10.10.30.0/33", "vlan": TENANT}, ["cidr", "10.10.30.0/33"]),
        ("subnet", {"cidr": "10.10.30.5/24", "vlan": TENANT}, ["cidr", "10.10.30.0/24"]),
        ("subnet", {"cidr": "backup", "vlan": TENANT}, ["cidr", "backup"]),
        ("subnet", {"cidr": "10.10.30.0/24"}, ["vlan", "10.10.30.0/24"]),
        ("subnet", {"cidr": "10.10.200.0/24", "vlan": {}}, ["vlan", "10.10.200.0/24"]),
        ("subnet", {"cidr": "10.10.30.0/24", "vlan": {"fabric": "dc1", "vid": 9}}, ["vlan", "9"]),
        ("subnet", {**BACKUP, "gateway_ip": "10.10.31.1"}, ["gateway_ip"]),
        ("subnet", {**BACKUP, "gateway_ip": "10.10.30.256"}, ["gateway_ip", "10.10.30.256"]),
        ("subnet", {**BACKUP, "gateway_ip": "fd00::1"}, ["gateway_ip"]),
        ("subnet", {**BACKUP, "dns_servers": ["10.0.0.1", "resolver"]}, ["dns_servers", "resolver"]),
        ("subnet", {**BACKUP, "rdns_mode": 7}, ["rdns_mode", "7"]),
        ("iprange", {**RANGE, "subnet": "10.99.0.0/24"}, ["subnet", "10.99.0.0/24"]),
        ("iprange", {**RANGE, "subnet": "10.10.200.0/99"}, ["subnet", "10.10.200.0/99"]),
        ("iprange", {**RANGE, "subnet": ""}, ["subnet", "empty"]),
        ("iprange", {**RANGE, "type": "static"}, ["type", "static"]),
        ("iprange", {**RANGE, "type": None}, ["type", "10.10.200.100"]),
        ("iprange", {**RANGE, "end_ip": None}, ["end_ip", "10.10.200.100"]),
        ("iprange", {**RANGE, "start_ip": "10.10.200.999"}, ["start_ip", "10.10.200.999"]),
        ("iprange", {**RANGE, "start_ip": ""}, ["start_ip", "empty"]),
        ("iprange", {**RANGE, "end_ip": "last"}, ["end_ip", "last"]),
        ("iprange", {**RANGE, "end_ip": ""}, ["end_ip", "empty"]),
        ("iprange", {**RANGE, "end_ip": "10.10.200.99"}, ["end_ip", "10.10.200.99", "before"]),
        ("iprange", {**RANGE, "start_ip": "10.10.1.1", "end_ip": "10.10.1.2"}, ["start_ip", "10.10.200.0/24"]),
        ("iprange", {**RANGE, "end_ip": "10.10.201.5"}, ["end_ip", "10.10.200.0/24"]),
        ("iprange", {**RANGE, "start_ip": "10.10.200.0", "end_ip": "10.10.200.9"}, ["start_ip", "10.10.200.0/24"]),
        ("iprange", {**RANGE, "end_ip": "10.10.200.255"}, ["end_ip", "broadcast"]),
        ("iprange", {**RANGE, "end_ip": "fd00::9"}, ["end_ip", "fd00::9"]),
        ("iprange", {**RANGE, "start_ip": "fd00::1", "end_ip": "fd00::9"}, ["start_ip", "fd00::1"]),
        ("iprange", {**IPV6, "end_ip": "fd00:10::80"}, ["end_ip", "256"]),
        ("iprange", {**RANGE, "start_ip": "10.10.200.1"}, ["start_ip", "conflicts"]),
        ("iprange", {**RANGE, "start_ip": "10.10.200.5"}, ["start_ip", "conflicts"]),
        (
            "iprange",
            {"subnet": "net100", "type": "reserved", "start_ip": "10.10.100.90", "end_ip": "10.10.100.110"},
            ["start_ip", "conflicts"],
        ),
        ("iprange", {"subnet": "net100", "start_ip": "10.10.100.100", "end_ip": "10.10.100.99"}, ["end_ip", "before"]),
        ("rack_controller", {}, ["hostname", "system_id"]),
        ("rack_controller", {"hostname": "rack1", "system_id": "abcdef"}, ["hostname", "system_id"]),
        ("rack_controller", {"hostname": "rack9"}, ["hostname", "rack9"]),
        ("rack_controller", {"system_id": "zzzzzz"}, ["system_id", "zzzzzz"]),
        ("rack_controller", {"hostname": "", "state": "absent"}, ["hostname", "empty"]),
        ("rack_controller", {"hostname": "rack1", "zone": "nosuch"}, ["zone"]),
        ("rack_controller", {"hostname": "rack1", "tags": ["two words"]}, ["tags", "two words"]),
        ("rack_controller", {"hostname": "rack1", "tags": ["row.4"]}, ["tags: 'row.4'"]),
        ("rack_controller", {"hostname": "rack1", "tags": ["größe"]}, ["tags: 'größe'"]),
        ("rack_controller", {"hostname": "rack1", "state": "absent"}, ["hostname", "rack1", "100 of dc1", "force"]),
        ("setting", {"settings": {"nosuch": 1}}, ["nosuch"]),
        ("setting", {"settings": {"upstream_dns": "not-an-ip"}}, ["upstream_dns", "not-an-ip"]),
        ("setting", {"settings": "upstream_dns"}, ["settings"]),
        ("setting", {}, ["settings"]),
        ("user", {"username": "eve", "password": "word"}, ["email", "eve"]),
        ("user", {"username": "eve", "email": "eve@example.com"}, ["password", "eve"]),
        ("user", {**BOB, "email": "robert@example.com"}, ["email", "bob@example.com"]),
        ("user", {**BOB, "is_superuser": True}, ["is_superuser", "bob"]),
        ("user", {**BOB, "username": "eve"}, ["email"]),
        ("user", {"username": ""}, ["username", "empty"]),
        ("ssh_key", {"key": "AAAAC3NzaC1lZDI1NTE5"}, ["key", "public SSH key"]),
        ("ssh_key", {"key": "ssh-ed25519 AAAA\nssh-ed25519 BBBB"}, ["key", "public SSH key"]),
        ("boot_source", {"source_url": MIRROR["source_url"]}, ["keyring"]),
        ("boot_source", {**MIRROR, "selections": [{"os": "ubuntu"}]}, ["selections", "release"]),
        ("boot_source", {"source_url": ""}, ["source_url", "empty"]),
        ("image_sync", {"state": "running"}, ["state", "running"]),
        ("image_sync", {"wait": "long"}, ["wait", "long"]),
        ("vlan_info", {"fabric": "nosuch"}, ["fabric", "nosuch"]),
        ("subnet_info", {"subnet": "10.0.0.0/99"}, ["subnet", "10.0.0.0/99"]),
        ("subnet_info", {"subnet": ""}, ["subnet", "empty"]),
        ("iprange_info", {"subnet": "nosuch"}, ["subnet", "nosuch"]),
        ("iprange_info", {"type": "static"}, ["type", "static"]),
        ("rack_controller_info", {"hostname": "a", "system_id": "b"}, ["hostname", "system_id"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_it_is_refused_in_one_sentence_that_names_the_option(site, module, options, words):
    site.refused(module, *words, **options)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Response(500, b"<html><head><title>Server Error</title></head></html>", "text/html"),
            ["500", "Server Error"],
        ),
        (Response(200, b"<html>Welcome</html>", "text/html"), ["url", "web page"]),
        (
            Response(302, b"", headers={"Location": "https://elsewhere.example.com/"}),
            ["url", "https://elsewhere.example.com/"],
        ),
        (Response(200, b"{", "application/json"), ["GET fabrics/", "not JSON"]),
        (Response(403, b"This method is reserved for admin users."), ["403", "admin"]),
    ],
    ids=["a crash", "a web page", "a redirect", "half an answer", "no administrator"],
)
def test_what_is_no_answer_is_told_with_the_request_and_the_status(play, fault, words):
    play.site.server.fail(fault)
    play.refused("fabric", "GET fabrics/", *words, **FABRIC)


def test_a_plain_user_changes_nothing(play):
    play.connection["api_key"] = play.site.add_user("eve")
    play.refused("fabric", "POST fabrics/", "403", **FABRIC)
    play.refused("vlan", "primary_rack", "rack1", **PROV, primary_rack="rack1")


def test_a_region_that_is_down_is_named(play):
    play.site.server.stop()
    play.refused("fabric", "GET fabrics/", play.site.url.removesuffix("/MAAS"), **FABRIC, timeout=1)
