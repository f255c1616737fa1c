# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run costs, against a simulated region that is as slow as a real one."""

from __future__ import annotations

from tests.collection import make_importable

make_importable()
