# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a deployment: what they are called, what they may be, and what they are at first."""

from __future__ import annotations

import json
import re
import urllib.parse
from typing import Any, Callable, NamedTuple

from . import forms
from .call import Route
from .forms import Field, FieldError, Form
from .ip import parse_address, parse_network
from .versions import SERIES
from .wire import BARE_JSON, BARE_TEXT, Invalid, Response

EDIT = "can_edit_configurations"


def _words(check, problem):
    """A list of words, separated by spaces or commas, kept with single spaces."""

    def clean(value):
        words = [word for word in re.split(r"[,\s]+", str(value)) if word]
        for word in words:
            if not check(word):
                raise FieldError(problem.format(word))
        return " ".join(words)

    return clean


def _parses(parse):
    def check(word):
        try:
            return bool(parse(word))
        except ValueError:
            return False

    return check


def _url(value):
    parts = urllib.parse.urlsplit(str(value))
    if parts.scheme not in ("http", "https", "ftp", "ftps") or not parts.hostname:
        raise FieldError("Enter a valid URL.")
    return value


def _syslog(value):
    """A host and its port, in small letters."""
    parts = urllib.parse.urlsplit(f"//{value}")
    if parts.hostname is None:  # an IPv6 address without brackets
        parts = urllib.parse.urlsplit(f"//[{value}]")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or 514}"


def _port(value):
    port = forms.integer(0)(value)
    if not 1 <= port <= 65535 or port < 1024:
        raise FieldError("Unable to change port number. Port number must be between 1024 and 65535.")
    if 5240 <= port <= 5270 and port != 5247:
        raise FieldError("Unable to change port number. Port number is reserved for MAAS services.")
    return port


def _choice(*words):
    def clean(value):
        if str(value) not in words:
            raise FieldError(f"{value!r} is not a valid choice. It should be one of: {', '.join(map(repr, words))}.")
        return str(value)

    return clean


HOST = r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?"
HOSTNAME = re.compile(rf"{HOST}(\.{HOST})*\.?")
ADDRESSES = _words(_parses(parse_address), "Invalid IP address: {}; provide a list of space-separated IP addresses")
NETWORKS = _words(
    lambda word: _parses(parse_network)(word) or HOSTNAME.fullmatch(word.lstrip("!")),
    "Invalid network or ACL name: {}; provide a list of space-separated networks, addresses or ACL names",
)
HOSTS = _words(
    lambda word: _parses(parse_address)(word) or HOSTNAME.fullmatch(word),
    "Failed to detect a valid IP address from {!r}.",
)
TEXT = forms.text()
FLAG = forms.boolean
COUNT = forms.integer(0)


class Setting(NamedTuple):
    """How one setting is cleaned, what it is at first, and the series that brought it."""

    clean: Callable
    default: Any
    required: bool = False
    since: str = SERIES[0]


SETTINGS = {
    "maas_name": Setting(TEXT, "maas", required=True),
    "theme": Setting(TEXT, ""),
    "kernel_opts": Setting(TEXT, None),
    "enable_http_proxy": Setting(FLAG, True),
    "maas_proxy_port": Setting(_port, 8000),
    "use_peer_proxy": Setting(FLAG, False),
    "prefer_v4_proxy": Setting(FLAG, False),
    "http_proxy": Setting(_url, None),
    "default_dns_ttl": Setting(COUNT, 30),
    "upstream_dns": Setting(ADDRESSES, None),
    "dnssec_validation": Setting(_choice("auto", "yes", "no"), "auto"),
    "maas_internal_domain": Setting(_words(HOSTNAME.fullmatch, "Invalid domain name: {}."), "maas-internal"),
    "dns_trusted_acl": Setting(NETWORKS, None),
    "ntp_servers": Setting(HOSTS, "ntp.ubuntu.com"),
    "ntp_external_only": Setting(FLAG, False),
    "allow_only_trusted_transfers": Setting(FLAG, False, since="3.5"),
    "remote_syslog": Setting(_syslog, None),
    "maas_syslog_port": Setting(_port, 5247),
    "network_discovery": Setting(_choice("enabled", "disabled"), "enabled"),
    "active_discovery_interval": Setting(
        lambda value: int(_choice("0", "604800", "86400", "43200", "21600", "10800", "3600", "1800", "600")(value)),
        10800,
    ),
    "default_boot_interface_link_type": Setting(_choice("auto", "dhcp", "link_up", "static"), "auto", since="3.6"),
    "default_osystem": Setting(TEXT, "ubuntu"),
    "default_distro_series": Setting(TEXT, "noble"),
    "default_min_hwe_kernel": Setting(TEXT, ""),
    "enable_kernel_crash_dump": Setting(FLAG, False, since="3.6"),
    "default_storage_layout": Setting(_choice("bcache", "blank", "custom", "flat", "lvm", "vmfs6", "vmfs7"), "flat"),
    "commissioning_distro_series": Setting(TEXT, "noble"),
    "enable_third_party_drivers": Setting(FLAG, True),
    "windows_kms_host": Setting(TEXT, None),
    "enable_disk_erasing_on_release": Setting(FLAG, False),
    "disk_erase_with_secure_erase": Setting(FLAG, True),
    "disk_erase_with_quick_erase": Setting(FLAG, False),
    "boot_images_auto_import": Setting(FLAG, True),
    "boot_images_no_proxy": Setting(FLAG, False),
    "curtin_verbose": Setting(FLAG, True),
    "force_v1_network_yaml": Setting(FLAG, False),
    "enable_analytics": Setting(FLAG, True),
    "experimental_switch_provisioning": Setting(FLAG, False, since="3.8"),
    "completed_intro": Setting(FLAG, False),
    "max_node_commissioning_results": Setting(forms.integer(1), 10),
    "max_node_testing_results": Setting(forms.integer(1), 10),
    "max_node_installation_results": Setting(forms.integer(1), 3),
    "max_node_release_results": Setting(forms.integer(1), 3, since="3.5"),
    "subnet_ip_exhaustion_threshold_count": Setting(forms.integer(1), 16),
    "refresh_token_duration": Setting(forms.integer(1), 2592000, since="3.8"),
    "release_notifications": Setting(FLAG, True),
    "use_rack_proxy": Setting(FLAG, True),
    "node_timeout": Setting(forms.integer(1), 30),
    "prometheus_enabled": Setting(FLAG, False),
    "prometheus_push_gateway": Setting(TEXT, None),
    "prometheus_push_interval": Setting(COUNT, 60),
    "promtail_enabled": Setting(FLAG, False),
    "promtail_port": Setting(_port, 5238),
    "enlist_commissioning": Setting(FLAG, True),
    "maas_auto_ipmi_user": Setting(TEXT, "maas"),
    "maas_auto_ipmi_user_privilege_level": Setting(_choice("USER", "OPERATOR", "ADMIN"), "ADMIN"),
    "maas_auto_ipmi_k_g_bmc_key": Setting(TEXT, ""),
    "maas_auto_ipmi_cipher_suite_id": Setting(_choice("", "3", "8", "12", "17"), "3"),
    "maas_auto_ipmi_workaround_flags": Setting(TEXT, None),
    "vcenter_server": Setting(TEXT, ""),
    "vcenter_username": Setting(TEXT, ""),
    "vcenter_password": Setting(TEXT, ""),
    "vcenter_datacenter": Setting(TEXT, ""),
    "hardware_sync_interval": Setting(TEXT, "15m"),
    "tls_cert_expiration_notification_enabled": Setting(FLAG, False),
    "tls_cert_expiration_notification_interval": Setting(forms.integer(1, 90), 30),
    "session_length": Setting(forms.integer(10, 1209600), 1209600),
    "auto_vlan_creation": Setting(FLAG, True),
}
OBSOLETE = {"ntp_server": "ntp_servers"}


def _setting(call, name):
    """Find a setting that the series has, or refuse with the list of those."""
    name = OBSOLETE.get(name, name)
    known = [word for word, setting in SETTINGS.items() if setting.since <= call.series.name]
    if name not in known:
        problem = f"{name} is not a valid config setting (valid settings are: {', '.join(known)})."
        raise Invalid({name: [problem]}, BARE_JSON)
    return name, SETTINGS[name]


def read_setting(state, name):
    """The value of a setting."""
    row = state.find("setting", name=name)
    return row["value"] if row else SETTINGS[name].default


def write_setting(state, name, value):
    """Store the value of a setting."""
    row = state.find("setting", name=name)
    if row:
        state.update("setting", row["id"], value=value)
    else:
        state.insert("setting", name=name, value=value)


def _get_config(call):
    if "name" not in call.query:
        call.missing("name")
    name, dummy = _setting(call, call.query["name"])
    return Response(200, json.dumps(read_setting(call.state, name)), BARE_JSON)


def _set_config(call):
    name, setting = _setting(call, call.require("name"))
    empty = {FLAG: False, TEXT: "", ADDRESSES: "", NETWORKS: "", HOSTS: "", _url: ""}.get(setting.clean)
    form = Form({name: Field(setting.clean, setting.required, empty)}, {name: call.require("value")})
    form.check()
    write_setting(call.state, name, form.values[name])
    return Response(200, "OK", BARE_TEXT)


ROUTES = [
    Route("GET", "maas/", _get_config, op="get_config"),
    Route("POST", "maas/", _set_config, op="set_config", admin=EDIT),
]
