# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report says what is wrong, first what matters, whatever is down; the tests run in the order of the file."""

from __future__ import annotations

import json

import pytest

from tests.site import maas, secrets
from tests.site.playbook import play
from tests.site.probe import answers_http, until

VERSION = "/MAAS/api/2.0/version/"


def status(directory, *words, fail=True):
    """Run the playbook; return how it ended, the report, and the page."""
    given = {"maas_report_directory": str(directory), "maas_report_fail": fail}
    run = play("status", "--extra-vars", json.dumps(given), *words)
    assert run.changes == []
    assert (directory / "index.html").exists(), run.output
    return run.status, json.loads((directory / "report.json").read_text()), (directory / "index.html").read_text()


def sound(directory):
    """Tell whether the report finds nothing wrong."""
    ended, report, dummy = status(directory)
    assert (ended == 0) == (report["problems"] == [])
    return ended == 0


@pytest.fixture(autouse=True, scope="module")
def whole(lab):
    """Leave all hosts on."""
    yield
    for host in lab.hosts:
        if lab.condition(host) != "on":
            lab.heal(host)


def test_a_sound_site_has_no_problem_no_secret_is_told_and_every_host_is_drawn(lab, tmp_path):
    ended, report, page = status(tmp_path)
    assert report["problems"] == []
    assert ended == 0
    for group, members in lab.groups.items():
        if group.startswith("maas_"):
            for host in members:
                assert f"<title>{host} " in page
    assert report["virtual_ip"]["holders"] == maas.holders()
    assert report["database"]["leaders"] == [maas.leader()]
    (vlan,) = report["vlans"]
    assert set(vlan["failover"].values()) <= {"normal"}
    assert vlan["ranges"][0]["size"] == 51
    assert secrets.seen_in(page + json.dumps(report), secrets.values()) == []


def test_a_check_tells_and_writes_nothing(tmp_path):
    run = play("status", "--check", "--extra-vars", f"maas_report_directory={tmp_path}/new")
    assert run.status == 0, run.output
    assert "Nothing is wrong." in run.output
    assert not (tmp_path / "new").exists()


def test_a_stopped_daemon_is_named_with_its_host(lab, tmp_path):
    host = lab.groups["maas_rack"][0]
    lab.run(host, ["systemctl stop snap.maas.pebble"])
    ended, report, dummy = status(tmp_path)
    assert ended != 0
    assert (report["problems"][0]["host"], report["problems"][0]["what"]) == (
        host,
        "MAAS does not run",
    )
    lab.run(host, ["systemctl start snap.maas.pebble"])


def test_a_lost_host_comes_first_and_fails_the_play_unless_told_otherwise(lab, tmp_path):
    if len(lab.groups["maas_postgresql"]) < 3:
        pytest.skip("there is no host to spare")
    host = maas.leader()
    lab.off(host)
    until(answers_http(lab.vip, 5240, VERSION), 60, f"the API after the loss of {host}")
    ended, report, page = status(tmp_path)
    assert ended == 2
    assert (report["problems"][0]["host"], report["problems"][0]["what"]) == (host, "cannot be reached over ssh")
    assert f"<title>{host} does not answer</title>" in page
    assert page.index("cannot be reached") < page.index("<svg")
    assert status(tmp_path, fail=False)[0] == 0


def test_without_a_database_the_report_says_so(lab, tmp_path):
    if len(lab.groups["maas_postgresql"]) < 3:
        pytest.skip("there is no host to spare")
    host = maas.leader()
    lab.off(host)
    until(lambda: not answers_http(lab.vip, 5240, VERSION)(), 60, "the API to be gone")
    report = status(tmp_path)[1]
    assert any(problem["what"].startswith("have no database leader") for problem in report["problems"])
    for lost in lab.groups["maas_postgresql"]:
        if lab.condition(lost) != "on":
            lab.heal(lost)
    until(lambda: sound(tmp_path), 300, "the site to be sound again")
