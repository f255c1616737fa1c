# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what the fault matrix came to into docs/failover.md, with a plot for each topology.

python -m tests.bench.faults [TOPOLOGY ...]
python -m tests.bench.faults --forget ROWS TOPOLOGY    forgets what is kept of these rows, for they are measured anew
"""

from __future__ import annotations

import argparse
import sys

from tests.bench.page import DOCS, write
from tests.bench.plot import plot
from tests.site import results
from tests.site.rows import ROWS, chosen

BEGIN, END = "<!-- Faults of {0}: make faults TOPOLOGY={0} -->", "<!-- end of the faults of {0} -->"
SERVICES = ("write", "read", "address", "lease")


def of_rows(*patterns):
    """Return the question whether a run is one of these rows."""
    names = {row.name for row in chosen(",".join(patterns))}
    return lambda run: run["row"] in names


def region_alone(run):
    """Tell whether a region was lost, and no leader along with it that shared its host, which has rows of its own."""
    return of_rows("region-kill", "region-off", "region-isolate")(run) and not (
        run["leads the database"] or run["leads etcd"]
    )


# What is aimed at: the runs, the service, and seconds for p50 and for p95, which for the database is Patroni's ttl and
# 8 s, and for a lease what is left of MAAS's 600 s when a client asks to renew it.
GOALS = (
    ("database leader lost", of_rows("leader-*"), "write", 15, 20),
    ("planned switchover", of_rows("switchover"), "write", 3, 3),
    ("virtual IP's holder lost", of_rows("vip-*"), "address", 1, 1),
    ("region lost, no leader along with it", region_alone, "read", 5, 5),
    ("rack lost", of_rows("primary-*", "secondary-*"), "lease", 300, 300),
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("topologies", nargs="*", default=["ha5"])
    parser.add_argument("--forget", metavar="ROWS")
    given = parser.parse_args()
    if given.forget:
        for topology in given.topologies:
            results.forget(topology, {row.name for row in chosen(given.forget)})
        return
    for topology in given.topologies:
        runs = results.kept(topology)
        if not runs:
            sys.exit(f"nothing is kept of {topology}: make faults TOPOLOGY={topology}")
        picture = DOCS / f"failover-{topology}.svg"
        picture.write_text(plot(f"Seconds without an answer, {topology}", series(runs)), encoding="utf-8")
        figures = f"{goals(runs)}\n\n![Each fault's outages]({picture.name})\n\n{table(runs)}"
        write("failover.md", BEGIN.format(topology), END.format(topology), figures)


def of_row(runs, row):
    """Return the runs of one row."""
    return [run for run in runs if run["row"] == row.name]


def away(runs, service):
    """Return the seconds that a service was away in each run, whether the fault lasted or was being healed."""
    return sorted(max(run[service]["gap"], run[service]["healing"]) for run in runs)


def share(values, part):
    """Return the least of the sorted values that so large a part of them do not exceed."""
    return values[min(len(values) - 1, max(0, -(-len(values) * part // 100) - 1))]


def summary(values):
    """Return p50, p95 and the worst in a table's cell."""
    return " / ".join(f"{value:.1f}" for value in (share(values, 50), share(values, 95), values[-1]))


def goals(runs):
    """Return the table of what is aimed at."""
    lines = ["| goal | runs | p50, s | aimed at | p95, s | aimed at | met |", "|---|---:|---:|---:|---:|---:|---|"]
    for title, counts, service, half, most in GOALS:
        if values := away(filter(counts, runs), service):
            middle, late = share(values, 50), share(values, 95)
            met = "yes" if middle <= half and late <= most else "no"
            lines.append(f"| {title} | {len(values)} | {middle:.1f} | {half} | {late:.1f} | {most} | {met} |")
    return "\n".join(lines)


def table(runs):
    """Return the table of all rows."""
    lines = [
        "| fault | who notices | runs | no write, s | no read, s | no virtual IP, s | no lease, s | whole again, s "
        "| failed of requests | lost | besides |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for row in ROWS:
        if not (seen := of_row(runs, row)):
            continue
        cells = [summary(away(seen, service)) for service in SERVICES]
        whole = f"{max(run['whole'] for run in seen):.0f}"
        failed, asked, lost = (sum(run[name] for run in seen) for name in ("failed", "asked", "lost"))
        cells = [f"`{row.name}`", row.notices, len(seen), *cells, whole, f"{failed} of {asked}", lost, besides(seen)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def besides(seen):
    """Return what was noted in the last run of a row; of seconds the most of all runs."""
    noted = seen[-1]
    words = []
    if "leases" in noted:
        first = max(run["first"] for run in seen)
        words = [f"{noted['leases']} new leases, the first of them within {first} s, then no more"]
    words += [f"{rack} in {mine}" for rack, (mine, dummy) in noted.get("failover", {}).items()]
    return ", ".join(words)


def series(runs):
    """Return for each row and service that was away the seconds of every run."""
    return [
        (row.name, {service: away(of_row(runs, row), service) for service in SERVICES})
        for row in ROWS
        if of_row(runs, row)
    ]


if __name__ == "__main__":
    main()
