# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was written to the lab's disks."""

from __future__ import annotations

from tests.lab import Lab

KEPT = ("etc", "usr", "opt", "var/lib", "var/snap", "snap", "root")
CONFIGURED = ("etc", "usr", "opt", "snap", "root")  # where services that run write nothing
NOT_OURS = ("root/.ansible", "var/lib/systemd", "var/lib/snapd", "var/lib/dhcp", "var/lib/chrony")


def written(kept=KEPT):
    """Return what stands in each host's own layer, with times: all that was written since it was made.

    Args:
        kept: the directories to look at.

    Returns:
        Times of change by path, by host of the inventory.
    """
    lab = Lab.current()
    return {host: _written(lab.state / host / "upper", kept) for members in lab.groups.values() for host in members}


def _written(top, kept):
    return {
        str(path.relative_to(top)): path.lstat().st_mtime_ns
        for directory in kept
        for path in (top / directory).rglob("*")
        if not str(path.relative_to(top)).startswith(NOT_OURS) and not path.is_dir()
    }
