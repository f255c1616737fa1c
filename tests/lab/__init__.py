# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of real hosts on one machine: Debian under systemd-nspawn, with ssh, apt and snapd of their own.

From a shell, as root, in the repository: `python -m tests.lab --help`.
From Python: `from tests.lab import Lab; lab = Lab.current(); lab.kill("control1"); lab.run("rack1", ["uptime"])`.

The environment chooses: LAB_NAME (up to five characters) and LAB_NETWORK (the first three octets of its /24) tell labs
apart that run side by side; LAB_TOPOLOGY is a directory of inventory/lab; LAB_CACHE keeps images and hosts.
"""

from .lab import Lab
from .shell import LabError

__all__ = ["Lab", "LabError"]
