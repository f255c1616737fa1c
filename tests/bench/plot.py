# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plot of every single measurement: a line for each fault, a dot for each outage, in SVG that fits light and dark."""

from __future__ import annotations

from xml.sax.saxutils import escape

LEFT, RIGHT, TOP, LINE, WIDTH = 150, 24, 64, 26, 860  # pixels
STEPS = (1, 2, 5, 10, 20, 50)  # between two lines of the grid
STYLE = """
svg { font: 13px system-ui, sans-serif; background: #fff; --ink: #1d2430; --faint: #d5dae2; }
text { fill: var(--ink); }
.title { font-size: 15px; font-weight: 600; }
.grid { stroke: var(--faint); }
.write { --colour: #b3261e; } .read { --colour: #0b63ce; }
.address { --colour: #8a5a00; } .lease { --colour: #1a7f4b; }
circle { fill: var(--colour); fill-opacity: .6; stroke: var(--colour); }
@media (prefers-color-scheme: dark) {
  svg { background: #14181f; --ink: #e6eaf0; --faint: #333b47; }
  .write { --colour: #ff8a80; } .read { --colour: #7ab8ff; }
  .address { --colour: #f2b84b; } .lease { --colour: #5fd39a; }
}
"""


def plot(title, series):
    """Return a picture.

    Args:
        title: what is plotted.
        series: list of (name, dict of kind to list of seconds); kinds are write, read, address and lease.
    """
    most = max((value for dummy, kinds in series for values in kinds.values() for value in values), default=1)
    step = next((step for step in STEPS if most / step <= 10), STEPS[-1])
    end = -(-most // step) * step or step
    height = TOP + LINE * len(series) + 32

    def x(seconds):
        return LEFT + (WIDTH - LEFT - RIGHT) * seconds / end

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{STYLE}</style>",
        f'<text class="title" x="12" y="24">{escape(title)}</text>',
    ]
    for number, kind in enumerate(("write", "read", "address", "lease")):
        left = LEFT + number * 110
        parts.append(f'<circle class="{kind}" cx="{left}" cy="44" r="5"/><text x="{left + 10}" y="48">{kind}</text>')
    for second in range(0, int(end) + 1, step):
        parts.append(f'<line class="grid" x1="{x(second):.1f}" x2="{x(second):.1f}" y1="{TOP}" y2="{height - 24}"/>')
        parts.append(f'<text x="{x(second):.1f}" y="{height - 8}" text-anchor="middle">{second}</text>')
    for number, (name, kinds) in enumerate(series):
        middle = TOP + LINE * number + LINE / 2
        parts.append(f'<text x="{LEFT - 12}" y="{middle + 4}" text-anchor="end">{escape(name)}</text>')
        for place, (kind, values) in enumerate(kinds.items()):
            for value in values:
                if value:
                    y = middle + (place - 1.5) * 5
                    parts.append(f'<circle class="{kind}" cx="{x(value):.1f}" cy="{y}" r="3.5"/>')
    return "\n".join([*parts, "</svg>", ""])
