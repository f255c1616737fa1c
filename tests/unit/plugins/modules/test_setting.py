# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings."""

from __future__ import annotations

import pytest


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


@pytest.mark.parametrize("word", [0, "no", "off", "False"])
def test_what_is_true_or_false_takes_ansibles_words_for_it(play, word):
    told = play("setting", check=True, settings={"enable_http_proxy": word})
    assert told.settings["enable_http_proxy"] is False
    off = play.changed("setting", settings={"enable_http_proxy": word})
    assert off.settings["enable_http_proxy"] is False
    assert play.site.get("maas/", op="get_config", name="enable_http_proxy") is False


@pytest.mark.parametrize("word", ["maybe", 2, "", None, ["no"]])
def test_another_word_for_true_or_false_is_refused_before_anything_is_set(play, word):
    wanted = {"maas_name": "mine", "enable_http_proxy": word}
    play.refused("setting", "settings: enable_http_proxy is true or false", settings=wanted)
    assert not play.writes


@pytest.mark.parametrize(
    ("host", "kept"),
    [
        ("logs.example.com", "logs.example.com:514"),
        ("Logs.example.com:5514", "logs.example.com:5514"),
        ("[2001:db8::5]", "[2001:db8::5]:514"),
        ("[2001:db8::5]:5514", "[2001:db8::5]:5514"),
    ],
)
def test_remote_syslog_has_a_port(play, host, kept):
    assert play("setting", check=True, settings={"remote_syslog": host}).settings["remote_syslog"] == kept
    assert play.changed("setting", settings={"remote_syslog": host}).settings["remote_syslog"] == kept
    play.changed("setting", settings={"remote_syslog": ""})


def test_what_maas_makes_of_a_value_is_told(play):
    wanted = {"maas_name": "mine", "remote_syslog": "::1"}
    shown = "remote_syslog: MAAS shows '[::1]:514', not '::1', though it agreed; set before it: maas_name"
    assert shown in play("setting", settings=wanted).msg
