# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages that hold what was measured."""

from __future__ import annotations

import pathlib

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def write(name, begin, end, figures):
    """Put figures between the marker lines of a page, which name the command that measures them."""
    page = DOCS / name
    before, rest = page.read_text(encoding="utf-8").split(begin)
    after = rest.split(end)[1]
    page.write_text(f"{before}{begin}\n\n{figures}\n\n{end}{after}", encoding="utf-8")
