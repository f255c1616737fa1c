# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings."""

from __future__ import annotations


def test_settings_are_set_cleared_and_kept(play):
    wanted = {"upstream_dns": ["10.0.0.2", "10.0.0.3"], "enable_analytics": False, "ntp_servers": "ntp.example.com"}
    play.changed("setting", settings=wanted)
    assert play.site.get("maas/", op="get_config", name="upstream_dns") == "10.0.0.2 10.0.0.3"
    assert play.site.get("maas/", op="get_config", name="enable_analytics") is False
    only = play.changed("setting", settings={**wanted, "enable_analytics": True})
    assert len(play.reads) == 3 and only.diff["before"]["enable_analytics"] is False
    play.changed("setting", settings={"upstream_dns": ""})
    play.unchanged("setting", settings={"upstream_dns": None})


def test_an_unknown_setting_is_refused_before_a_known_one_is_set(play):
    play.refused("setting", "nosuch", "valid settings", settings={"maas_name": "mine", "nosuch": 1})


def test_a_refused_value_says_what_was_set_before_it(play):
    result = play("setting", settings={"maas_name": "mine", "upstream_dns": "not-an-ip"})
    assert (
        result.failed and "upstream_dns: Invalid IP address" in result.msg and "set before it: maas_name" in result.msg
    )


def test_only_lists_take_a_comma_for_a_blank(play):
    play.changed("setting", settings={"kernel_opts": "console=ttyS0 115200"})
    play.changed("setting", settings={"kernel_opts": "console=ttyS0,115200"})
    play.changed("setting", settings={"ntp_servers": "a.example.com,b.example.com"})
    play.unchanged("setting", settings={"ntp_servers": "a.example.com b.example.com"})


def test_a_list_is_told_as_maas_keeps_it(play):
    told = play("setting", check=True, settings={"upstream_dns": ["10.0.0.2", "10.0.0.3"]})
    assert told.settings["upstream_dns"] == "10.0.0.2 10.0.0.3"
