# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what the fault matrix came to into docs/failover.md, with a plot for each topology.

What has not been measured of every row is printed instead, and the page left as it is.

python -m tests.bench.faults [TOPOLOGY ...]
python -m tests.bench.faults --forget ROWS TOPOLOGY    forgets what is kept of these rows, for they are measured anew
"""

from __future__ import annotations

import argparse
import sys

from tests.bench.page import DOCS, write
from tests.bench.plot import plot
from tests.site import results
from tests.site.rows import HOSTS, ROWS, VERBS, chosen

BEGIN, END = "<!-- Faults of {0}: make faults TOPOLOGY={0} -->", "<!-- end of the faults of {0} -->"
SERVICES = ("write", "read", "address", "lease")
# Seconds without a write that a leader of the database which stays one does not cost: a replica in step that falls
# silent is given up after wal_sender_timeout, 3 s, Patroni looks within loop_wait, 2 s, and has retry_timeout, 4 s, to
# write to etcd that the replica is out of step. Who could not reach etcd for longer has stepped down.
LEAD_LOST = 9


def of_rows(*patterns):
    """Return the question whether a run is one of these rows."""
    names = {row.name for row in chosen(",".join(patterns))}
    return lambda run: run["row"] in names


host_lost = of_rows(*(f"{who}-{verb}" for who in HOSTS for verb in VERBS))


def led(run, what):
    """Tell whether the host that was lost led, or held, something, whatever else the row looked for in it."""
    return host_lost(run) and run.get(what, False)


def both_leaders(run):
    """Tell whether the host led the database and etcd."""
    return led(run, "leads the database") and led(run, "leads etcd")


def region_alone(run):
    """Tell whether a region was lost, and no leader along with it that shared its host and counts as such."""
    region = of_rows(*(f"region-{verb}" for verb in VERBS))
    return region(run) and not (led(run, "leads the database") or led(run, "leads etcd"))


def etcd_alone(run):
    """Tell whether the host led etcd and not the database."""
    return led(run, "leads etcd") and not led(run, "leads the database")


# What is aimed at: the runs, the service, and seconds for p50 and for p95, which for the database is Patroni's ttl and
# 8 s, and for a lease what is left of MAAS's 600 s when a client asks to renew it.
GOALS = (
    ("database leader lost, whoever leads etcd", of_rows("leader-*"), "write", 15, 18),
    ("database leader lost along with etcd's", both_leaders, "write", 15, 18),
    ("planned switchover", of_rows("switchover"), "write", 3, 3),
    ("virtual IP's holder lost", lambda run: led(run, "holds the virtual IP"), "address", 1, 1),
    ("region lost, no leader along with it", region_alone, "read", 5, 5),
    ("DHCP's primary lost", of_rows("primary-*"), "lease", 300, 300),
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
        if missing := [row.name for row in ROWS if not of_row(runs, row)]:
            print(measured(runs), goals(runs), stepped_down(runs), table(runs), sep="\n\n")
            print(f"\ndocs/failover.md is left as it is, for nothing is kept of {', '.join(missing)}:")
            print(f"make faults TOPOLOGY={topology} FAULTS={','.join(missing)}")
            continue
        picture = DOCS / f"failover-{topology}.svg"
        picture.write_text(plot(f"Seconds without an answer, {topology}", series(runs)), encoding="utf-8")
        shown = f"![Each fault's outages]({picture.name})"
        figures = "\n\n".join((measured(runs), goals(runs), stepped_down(runs), shown, table(runs)))
        write("failover.md", BEGIN.format(topology), END.format(topology), figures)


def measured(runs):
    """Return the sentence that says of what and when the runs are."""
    days, commits = sorted({run["time"][:10] for run in runs}), sorted({run["commit"] for run in runs})
    return f"Measured {' and '.join(days)}, commit {' and '.join(commits)}."


def of_row(runs, row):
    """Return the runs of one row."""
    return [run for run in runs if run["row"] == row.name]


def well(runs):
    """Return the runs in which nothing went wrong; figures are of these."""
    return [run for run in runs if "why" not in run]


def away(runs, service):
    """Return the seconds that a service was away in each run, whether the fault lasted or was being healed."""
    return sorted(max(run[service]["gap"], run[service]["healing"]) for run in well(runs))


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
        if counted := [run for run in runs if counts(run)]:
            values = away(counted, service)
            middle, late = (f"{share(values, part):.1f}" if values else "-" for part in (50, 95))
            within = len(values) == len(counted) and share(values, 50) <= half and share(values, 95) <= most
            met = "yes" if within else "no"
            lines.append(f"| {title} | {of(values, counted)} | {middle} | {half} | {late} | {most} | {met} |")
    return "\n".join(lines)


def stepped_down(runs):
    """Return the sentence that says how often the loss of etcd's leader cost the database its own, which was well."""
    counted = [run for run in runs if etcd_alone(run)]
    seconds = away(counted, "write")
    cost, wrong = sum(value > LEAD_LOST for value in seconds), len(counted) - len(seconds)
    return (
        f"Of {len(counted)} losses of a host that led etcd and not the database, {cost} cost the database its leader, "
        f"no write for more than {LEAD_LOST} s{f', and {wrong} went wrong' if wrong else ''}."
    )


def of(some, all_of_them):
    """Return how many, and of how many where there are more."""
    return len(some) if len(some) == len(all_of_them) else f"{len(some)} of {len(all_of_them)}"


def table(runs):
    """Return the table of all rows."""
    lines = [
        "| fault | who notices | runs | no write, s | no read, s | no virtual IP, s | no lease, s | whole again, s "
        "| failed of requests | lost | besides |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
    ]
    for row in ROWS:
        kept = of_row(runs, row)
        cells = ["-"] * (len(SERVICES) + 2)
        if seen := well(kept):
            failed, asked = (sum(run[name] for run in seen) for name in ("failed", "asked"))
            cells = [summary(away(seen, service)) for service in SERVICES]
            cells += [f"{max(run['whole'] for run in seen):.0f}", f"{failed} of {asked}"]
        lost = [run["lost"] for run in kept if "lost" in run]
        cells = [f"`{row.name}`", row.notices, of(seen, kept), *cells, sum(lost) if lost else "-", besides(kept)]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def besides(kept):
    """Return what was noted: in the last run, the most of all runs for seconds, and what went wrong in any."""
    seen = well(kept)
    noted = seen[-1] if seen else {}
    words = [f"{rack} in {mine}" for rack, (mine, dummy) in noted.get("failover", {}).items()]
    if "leases" in noted:
        first = max(run["first"] for run in seen)
        words.append(f"{noted['leases']} new leases, the first of them within {first} s, then no more")
    if shared := max((run["shared"] for run in seen), default=0):
        words.append(f"two hosts held the virtual IP for {shared} s")
    return ", ".join(words + [run["why"] for run in kept if "why" in run])


def series(runs):
    """Return for each row and service that was away the seconds of every run."""
    return [
        (row.name, {service: away(of_row(runs, row), service) for service in SERVICES})
        for row in ROWS
        if well(of_row(runs, row))
    ]


if __name__ == "__main__":
    main()
