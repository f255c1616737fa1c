# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of the fault matrix came to is summed up rightly, and its page and plots are made of it."""

from __future__ import annotations

import xml.etree.ElementTree as xml

import pytest

from tests.bench import faults, page
from tests.bench.plot import plot
from tests.site import results
from tests.site.probe import longest_gap
from tests.site.rows import ROWS, chosen, of_the_day

SVG = "{http://www.w3.org/2000/svg}"


def run(row, write, healing=0.3, **seen):
    """Return what is kept of one suffered row."""
    services = {name: {"gap": 0.2, "healing": 0.2} for name in ("read", "address", "lease")}
    gap = {"write": {"gap": write, "healing": healing}}
    known = {"row": row, "time": "2026-11-27T01:02:03Z", "commit": "1a2b3c4", "leads the database": "leader" in row}
    told = {"asked": 100, "failed": 3, "lost": 0, "whole": 12.4, "shared": 0.0}
    return {**known, **told, **services, **gap, **seen}


def wrong(row, **seen):
    """Return what is kept of a row that went wrong early."""
    return {"row": row, "time": "2026-11-27T01:02:03Z", "commit": "1a2b3c4", "why": "waited 90 s", **seen}


def line_of(table, row):
    """Return the line of a row in the table."""
    (line,) = (line for line in table.splitlines() if line.startswith(f"| `{row}` |"))
    return line


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Return what writes the page of these runs and returns its text, and the page's directory."""
    markers = faults.BEGIN.format("ha5"), faults.END.format("ha5")
    (tmp_path / "failover.md").write_text(f"before\n{markers[0]}\nstale\n{markers[1]}\nafter\n")
    monkeypatch.setattr(page, "DOCS", tmp_path)
    monkeypatch.setattr(faults, "DOCS", tmp_path)
    monkeypatch.setattr("sys.argv", ["faults", "ha5"])

    def write(runs):
        monkeypatch.setattr(results, "kept", lambda topology: runs)
        faults.main()
        return (tmp_path / "failover.md").read_text(), tmp_path / "failover-ha5.svg"

    return write


@pytest.mark.parametrize(
    ("begin", "end", "seconds"),
    [(1.5, 3, 1), (3.5, 9, 5), (0, 1, 1), (8.5, 10, 1.5), (4, 6, 3)],
    ids=["between", "the longest", "the first", "open", "cut short by the end"],
)
def test_a_gap_counts_from_the_last_answer_to_the_next_or_to_the_end(begin, end, seconds):
    assert longest_gap([0, 1, 2, 3, 8, 8.5], begin, end) == seconds


def test_a_share_is_the_least_value_that_so_many_do_not_exceed():
    values = [1.0, 2.0, 3.0, 4.0, 20.0]
    assert (faults.share(values, 50), faults.share(values, 95)) == (3.0, 20.0)
    assert faults.summary(values) == "3.0 / 20.0 / 20.0"
    assert faults.summary([2.0]) == "2.0 / 2.0 / 2.0"


def test_goals_are_met_or_not():
    met = faults.goals([run("leader-off", 12.0), run("leader-kill", 14.0), run("switchover", 3.5)])
    assert "| database leader lost, whoever leads etcd | 2 | 12.0 | 15 | 14.0 | 18 | yes |" in met
    assert "| planned switchover | 1 | 3.5 | 3 | 3.5 | 3 | no |" in met
    assert "region" not in met


def test_a_goal_counts_who_led_whatever_row_hit_it():
    both = {"leads the database": True, "leads etcd": True}
    runs = [run("etcd-off", 16.0, **both), run("vip-kill", 12.0, **both), run("etcd-off", 99.0), run("leader-off", 9.0)]
    goals = faults.goals(runs)
    assert "| database leader lost along with etcd's | 2 | 12.0 | 15 | 16.0 | 18 | yes |" in goals
    assert "| database leader lost, whoever leads etcd | 1 | 9.0 | 15 | 9.0 | 18 | yes |" in goals
    regions = [run("region-off", 16.0, **{"leads etcd": True}), run("region-off", 0.3, read={"gap": 4.0, "healing": 0})]
    assert "| region lost, no leader along with it | 1 | 4.0 | 5 | 4.0 | 5 | yes |" in faults.goals(regions)


def test_a_run_that_went_wrong_is_told_and_meets_no_goal():
    runs = [run("leader-off", 12.0), wrong("leader-off", lost=2, **{"leads the database": True})]
    assert "| database leader lost, whoever leads etcd | 1 of 2 | 12.0 | 15 | 12.0 | 18 | no |" in faults.goals(runs)
    line = line_of(faults.table(runs), "leader-off")
    assert "| 1 of 2 | 12.0 / 12.0 / 12.0 |" in line and line.endswith("| 2 | waited 90 s |")


def test_a_goal_of_whose_runs_none_went_well_is_not_met():
    goals = faults.goals([wrong("switchover"), wrong("switchover")])
    assert "| planned switchover | 0 of 2 | - | 3 | - | 3 | no |" in goals


def test_every_row_stands_in_the_table():
    table = faults.table([run("leader-off", 12.0), wrong("leader-kill"), wrong("leader-kill", lost=1)])
    assert len(table.splitlines()) == 2 + len(ROWS)
    bad = line_of(table, "leader-kill")
    assert bad.endswith("| 0 of 2 | - | - | - | - | - | - | 1 | waited 90 s, waited 90 s |")
    assert line_of(table, "vip-off").endswith("| 0 | - | - | - | - | - | - | - |  |")


def test_how_often_the_loss_of_etcds_leader_cost_the_database_its_own_is_said():
    etcd = {"leads etcd": True, "leads the database": False}
    others = [run("etcd-off", 14.0, **{"leads etcd": True, "leads the database": True}), run("replica-off", 14.0)]
    runs = [run("replica-kill", 10.5, **etcd), run("vip-off", 9.0, **etcd), run("clock-off", 12.0, **etcd), *others]
    said = "Of 2 losses of a host that led etcd and not the database, 1 cost the database its leader"
    assert faults.stepped_down(runs) == f"{said}, no write for more than 9 s."
    runs += [wrong("etcd-kill", **etcd)]
    assert faults.stepped_down(runs) == f"{said.replace('2', '3')}, no write for more than 9 s, and 1 went wrong."


def test_the_worse_of_fault_and_healing_counts():
    line = line_of(faults.table([run("leader-off", 12.0), run("leader-off", 3.0, healing=30.0)]), "leader-off")
    assert "| 2 | 12.0 / 30.0 / 30.0 |" in line
    assert "| 12 | 6 of 200 | 0 |" in line


def test_the_plot_has_a_dot_for_each_outage_and_a_name_for_each_row():
    drawn = xml.fromstring(plot("a & b", [("leader-off", {"write": [3.0, 12.0], "read": []}), ("x", {"lease": [1.0]})]))
    dots = [dot for dot in drawn.iter(f"{SVG}circle") if dot.get("r") == "3.5"]
    assert len(dots) == 3
    assert {"a & b", "leader-off", "x"} <= {text.text for text in drawn.iter(f"{SVG}text")}


def test_the_page_is_written_from_what_is_kept(written):
    seen = {"address": {"gap": 0.7, "healing": 0.2}, "holds the virtual IP": True}
    text, picture = written([run(row.name, 1.5, **(seen if row.name == "vip-off" else {})) for row in ROWS])
    assert text.startswith("before\n") and text.endswith("after\n") and "stale" not in text
    assert "| virtual IP's holder lost | 1 | 0.7 | 1 | 0.7 | 1 | yes |" in text
    assert "Measured 2026-11-27, commit 1a2b3c4." in text
    assert "Of 0 losses of a host that led etcd and not the database, 0 cost" in text
    assert picture.exists()


def test_the_page_is_left_alone_while_rows_have_no_run(written, capsys):
    text, picture = written([run(row.name, 1.5) for row in ROWS if row.name not in ("vip-off", "disk-full")])
    assert "stale" in text and not picture.exists()
    said = capsys.readouterr().out
    assert "1.5 / 1.5 / 1.5" in line_of(said, "leader-off")
    assert "nothing is kept of vip-off, disk-full:\nmake faults TOPOLOGY=ha5 FAULTS=vip-off,disk-full\n" in said


def test_the_page_that_is_there_can_be_written_to():
    text = (page.DOCS / "failover.md").read_text()
    for topology in ("ha5", "ha"):
        assert text.index(faults.BEGIN.format(topology)) < text.index(faults.END.format(topology))


def test_rows_have_names_of_their_own_by_which_they_are_chosen():
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert {row.name for row in chosen("leader-*,vip-off")} == {
        "leader-kill",
        "leader-off",
        "leader-isolate",
        "vip-off",
    }
    with pytest.raises(ValueError, match="no row is called leder-off"):
        chosen("leder-off,vip-*")
    assert len({row.name for row in of_the_day(2)}) == 2
