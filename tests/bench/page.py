# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that holds what was measured."""

from __future__ import annotations

import pathlib

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "performance.md"


def write(begin, end, figures):
    """Put figures between the marker lines that name the command that measures them."""
    before, rest = PAGE.read_text(encoding="utf-8").split(begin)
    after = rest.split(end)[1]
    PAGE.write_text(f"{before}{begin}\n\n{figures}\n\n{end}{after}", encoding="utf-8")
