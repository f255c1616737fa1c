# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the framework does for every resource when MAAS fails in the middle."""

from __future__ import annotations

from ansible_collections.metal.maas_ha.tests.simulator.server import DROP_AFTER, DROP_BEFORE
from ansible_collections.metal.maas_ha.tests.simulator.wire import Response


def creations(request):
    return request.method == "POST"


def test_a_creation_whose_answer_was_lost_is_found_again(play):
    play.site.server.fail(DROP_AFTER, when=creations)
    assert play("fabric", name="dc3").fabric["name"] == "dc3"
    assert len(play.writes) == 1


def test_a_creation_that_never_reached_maas_is_sent_again(play):
    play.site.server.fail(DROP_BEFORE, when=creations)
    assert play("fabric", name="dc3").fabric["name"] == "dc3"


def test_a_creation_that_a_load_balancer_had_no_region_for_is_sent_again(play):
    play.site.server.fail(Response(503, b"no server"), when=creations)
    assert play("iprange", subnet="net200", type="dynamic", start_ip="10.10.200.50", end_ip="10.10.200.60").changed


def test_a_change_whose_answer_was_lost_is_made_once(play):
    play.site.server.fail(DROP_AFTER, when=lambda request: request.method == "PUT")
    assert play("vlan", fabric="dc1", vid=100, mtu=1400).vlan["mtu"] == 1400


def test_an_exchange_of_racks_that_is_cut_is_finished(play):
    pair = {"fabric": "dc1", "vid": 100, "dhcp_on": True}
    play("vlan", **pair, primary_rack="rack1", secondary_rack="rack2")
    play.site.server.fail(DROP_AFTER, DROP_BEFORE, DROP_AFTER, when=lambda request: request.method == "PUT")
    play("vlan", **pair, primary_rack="rack2", secondary_rack="rack1")
    play.unchanged("vlan", **pair, primary_rack="rack2", secondary_rack="rack1")


def test_a_deletion_whose_answer_was_lost_is_a_deletion(play):
    play("fabric", name="dc3")
    play.site.server.fail(DROP_AFTER, when=lambda request: request.method == "DELETE")
    assert play("fabric", name="dc3", state="absent").changed


def test_the_key_may_lie_in_a_file(play, tmp_path):
    path = tmp_path / "api_key"
    path.write_text(play.connection["api_key"] + "\n")
    play.unchanged("fabric", name="dc1", api_key=None, api_key_file=str(path))


def test_the_connection_may_come_from_the_environment(play, monkeypatch):
    monkeypatch.setenv("MAAS_URL", play.site.url)
    monkeypatch.setenv("MAAS_API_KEY", play.connection["api_key"])
    play.unchanged("fabric", name="dc1", url=None, api_key=None)


def test_a_file_goes_before_a_key_of_the_environment(play, monkeypatch, tmp_path):
    path = tmp_path / "api_key"
    path.write_text(play.connection["api_key"])
    monkeypatch.setenv("MAAS_API_KEY", "aaa:bbb:ccc")
    play.unchanged("fabric", name="dc1", api_key=None, api_key_file=str(path))
    rack = {"hostname": "rack1", "api_key_file": str(path)}
    play.refused("rack_controller", "api_key and api_key_file are mutually exclusive", **rack)


def test_no_secret_is_printed(play):
    secret = play.connection["api_key"].split(":")[2]
    for result in (
        play("fabric", name="dc3"),
        play("fabric", name="bad name!"),
        play("fabric", api_key="a:b:c", name="x"),
    ):
        assert secret not in result.printed
