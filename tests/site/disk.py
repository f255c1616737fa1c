# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in lab hosts' own layers: all that was written, or deleted, since they were made."""

from __future__ import annotations

import hashlib

from tests.lab import Lab

KEPT = ("etc", "usr", "opt", "var/lib", "var/snap", "snap", "root")
CONFIGURED = ("etc", "usr", "opt", "snap", "root")  # where services that run write nothing
# What every login, boot or lease writes.
NOT_OURS = ("root/.ansible", "var/lib/systemd", "var/lib/snapd", "var/lib/dhcp", "var/lib/chrony")


def layer(lab, host, kept=KEPT):
    """Return (path as a host knows it, path on this machine) of every file that is not a directory."""
    top = lab.state / host / "upper"
    paths = {path.relative_to(top): path for name in kept for path in (top / name).rglob("*") if not is_directory(path)}
    return {str(name): path for name, path in paths.items() if not str(name).startswith(NOT_OURS)}


def is_directory(path):
    return path.is_dir() and not path.is_symlink()


def written(kept=KEPT):
    """Return the time of the last change of each file in these directories, by host of the inventory."""
    lab = Lab.current()
    hosts = {host for members in lab.groups.values() for host in members}
    return {host: {name: path.lstat().st_mtime_ns for name, path in layer(lab, host, kept).items()} for host in hosts}


def contents(lab, host):
    """Return what each file holds as a checksum; of what is none, such as a link or a deletion, what it is."""
    return {name: content(path) for name, path in layer(lab, host).items()}


def content(path):
    if path.is_symlink():
        return f"link to {path.readlink()}"
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "deleted"
