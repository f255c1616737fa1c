# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the recordings of real regions lie, by kind: api, cli, dhcpd.

The environment's MAAS_CONTRACT names the directory; else it is shared/contract beside the repository.
"""

from __future__ import annotations

import os
import pathlib

CONTRACT = pathlib.Path(
    os.environ.get("MAAS_CONTRACT") or pathlib.Path(__file__).resolve().parents[3] / "shared" / "contract"
)
ABSENT = f"no recordings of real regions in {CONTRACT}; MAAS_CONTRACT can name another directory"
