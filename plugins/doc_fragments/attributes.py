# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the framework gives to every module (see module_utils/_resource.py)."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Says what it would do, and sends nothing that changes MAAS.
    support: full
  diff_mode:
    description: Shows the fields before and after.
    support: full
  idempotent:
    description: A second run changes nothing.
    support: full
  action_group:
    description: Takes its connection from C(group/metal.maas_ha.api) in C(module_defaults).
    support: full
    membership:
      - metal.maas_ha.api
"""

    # For modules that only read.
    INFO = r"""
attributes:
  check_mode:
    description: Only reads.
    support: full
  diff_mode:
    description: Changes nothing.
    support: N/A
  idempotent:
    description: Only reads.
    support: full
  action_group:
    description: Takes its connection from C(group/metal.maas_ha.api) in C(module_defaults).
    support: full
    membership:
      - metal.maas_ha.api
"""
