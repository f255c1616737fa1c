# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an installed MAAS: where they lie and how they are read and written."""

from __future__ import annotations

import os
import pathlib

import yaml

SNAP = pathlib.Path(os.environ.get("SNAP", "/snap/maas/current"))
COMMON = pathlib.Path(os.environ.get("SNAP_COMMON", "/var/snap/maas/common"))
DATA = pathlib.Path(os.environ.get("SNAP_DATA", "/var/snap/maas/current"))
VERSION = os.environ.get("SNAP_VERSION", "3.7.3").split("-")[0]
SERIES = tuple(int(part) for part in VERSION.split(".")[:2])

MODE = COMMON / "snap_mode"
SECRET = COMMON / "maas/secret"
MAAS_ID = COMMON / "maas/maas_id"
REGIOND_CONF = DATA / "regiond.conf"
RACKD_CONF = DATA / "rackd.conf"
REGIOND_SOCKET = COMMON / "maas/regiond.sock"
HTTP_CONF = DATA / "http/regiond.nginx.json"
DHCPD_CONF = COMMON / "maas/dhcpd.conf"
DHCPD_INTERFACES = COMMON / "maas/dhcpd-interfaces"
DHCPD_LEASES = COMMON / "maas/dhcp/dhcpd.leases"
RPC_STATE = COMMON / "maas/rpc.state"
CONTROL = COMMON / "maas/supervisor.sock"
DAEMON = "maas.pebble" if SERIES >= (3, 5) else "maas.supervisor"


def mode():
    """Return what init made of this host: none, region, rack or region+rack."""
    return read_text(MODE) or "none"


def read_text(path):
    """Return a file's stripped text, or None where there is no file."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return None


def write_text(path, text, permissions=None):
    """Write a file, keeping the mode of one that exists; a new one gets the given mode or what the umask leaves."""
    path.parent.mkdir(parents=True, exist_ok=True)
    created = not path.exists()
    if created and permissions is not None:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, permissions))
    path.write_text(text)


def read(path):
    """Return the settings in a YAML file; {} when it is empty or absent."""
    return yaml.safe_load(read_text(path) or "") or {}


def merge(path, **settings):
    """Set keys of a YAML file and keep the others; None is no value. Return whether anything changed."""
    before = read(path)
    after = {**before, **{key: value for key, value in settings.items() if value is not None}}
    if after == before and path.exists():
        return False
    write_text(path, yaml.safe_dump(after, default_flow_style=False))
    return True


def database(settings):
    """Return psycopg2's connection parameters for the settings of regiond.conf."""
    return {
        "host": settings.get("database_host", "localhost"),
        "port": settings.get("database_port", 5432),
        "dbname": settings.get("database_name", "maasdb"),
        "user": settings.get("database_user", "maas"),
        "password": settings.get("database_pass", ""),
        "keepalives_idle": 15,
        "keepalives_interval": 15,
        "keepalives_count": 2,
    }
