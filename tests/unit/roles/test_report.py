# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report draws every host, says first what is wrong, needs nothing else, and fits into a window."""

from __future__ import annotations

import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as xml

import pytest

from tests.unit.plugins.plugin_utils.test_status import deployment, lose

ROOT = pathlib.Path(__file__).resolve().parents[3]
SVG = "{http://www.w3.org/2000/svg}"
PLAY = """
- hosts: localhost
  gather_facts: false
  vars_files: site.json
  tasks:
    - ansible.builtin.import_role:
        name: metal.maas_ha.maas_report
        tasks_from: judge
    - ansible.builtin.import_role:
        name: metal.maas_ha.maas_report
        tasks_from: tell
"""
BROWSER = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--dump-dom",
]


def tell(site, directory, **variables):
    """Run the part of the role that judges and writes; return its exit status, what it printed, and the page."""
    given = {f"maas_report_{name}": value for name, value in {**site, **variables}.items()}
    (directory / "site.json").write_text(json.dumps({**given, "maas_report_directory": str(directory)}))
    (directory / "play.yml").write_text(PLAY)
    words = [str(pathlib.Path(sys.executable).parent / "ansible-playbook"), str(directory / "play.yml")]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (directory / "index.html").exists(), done.stdout + done.stderr
    return done.returncode, done.stdout, (directory / "index.html").read_text()


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """What is told of a sound deployment: exit status, output, page."""
    return tell(deployment(), tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """What is told of one that lost two hosts, with names that a page must spell with care."""
    site = deployment()
    for old, new in (("control1", "region-controller-01.example.com"), ("control3", "a&b<script>")):
        site["hosts"][new] = site["hosts"].pop(old)
    lose(site, "a&b<script>", "rack2")
    return tell(site, tmp_path_factory.mktemp("broken"))


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """The page of one whose every name and address is long, and that lost a host."""
    text = json.dumps(deployment())
    for old, new in (
        (r"\b(control|rack)(\d)\b", r"\1-of-building-0\2.example.com"),
        (r'("hostname": "[^".]+)[^"]+', r"\1"),  # by which MAAS knows it
        (r"\b10\.0\.0\.([12]\d)\b", r"fd42:1234:5678:9abc:def0:1234:5678:90\1"),
        (r"\b10\.1\.0\.(\d+)", r"fd42:1234:5678:9abc:def0:1234:5678:\1"),
        (r"\bdc1\b", "52:54:00:12:34:56"),
    ):
        text = re.sub(old, new, text)
    site = json.loads(text)
    lose(site, "control-of-building-03.example.com")
    return tell(site, tmp_path_factory.mktemp("crowded"))[2]


def parsed(page):
    """Return the page as a tree; one that is not well-formed fails."""
    return xml.fromstring(page.partition("\n")[2])


def drawn(page):
    """Return what stands in each box of the drawing."""
    return [box.findtext("title") for box in parsed(page).iter("g")]


def test_a_sound_deployment_is_told_in_one_line_and_a_drawing_of_every_host(sound):
    status, said, page = sound
    assert status == 0 and "Nothing is wrong." in said
    assert "Nothing is wrong." in "".join(parsed(page).find(".//section[@id='problems']").itertext())
    for host, facts in deployment()["hosts"].items():
        assert len([text for text in drawn(page) if text.startswith(f"{host} ")]) == len(facts["groups"])


def test_what_is_wrong_comes_first_and_fails_the_play(broken):
    status, said, page = broken
    assert status == 2 and "cannot be reached" in said
    first = parsed(page).find(".//main")[0]
    assert first.get("id") == "problems" and "a&b<script>" in "".join(first.itertext())
    assert "a&b<script> does not answer" in drawn(page)


def test_a_play_that_only_reports_does_not_fail(tmp_path):
    site = deployment()
    lose(site, "rack2")
    assert tell(site, tmp_path, fail="false")[0] == 0
    assert json.loads((tmp_path / "report.json").read_text())["problems"][0]["host"] == "rack2"


def test_the_page_needs_no_network_and_no_script(broken):
    page = broken[2]
    assert re.findall(r"<(?:script|link|img|iframe|object)\b|url\(|@import|\bon\w+=", page) == []
    assert re.findall(r'(?:href|src)="([^"]*)"', page) == [deployment()["url"]]


def luminance(colour):
    """Return the relative luminance of a colour such as #1c2024, as WCAG defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_stands_out_from_what_it_stands_on(scheme):
    style = (ROOT / "roles/maas_report/files/index.css").read_text()
    colours = dict(re.findall(r"--([a-z]+): (#\w{6})", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]))
    for text in ("text", "quiet", "ok", "warning", "critical", "unknown"):
        for ground in ("page", "band", "box"):
            dark, light = sorted(luminance(colours[name]) for name in (text, ground))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{text} on {ground}"


MEASURE = """<script>
const root = document.documentElement, out = [];
if (root.scrollWidth > root.clientWidth) out.push(`page ${root.scrollWidth} > ${root.clientWidth}`);
for (const box of document.querySelectorAll("g.box")) {
  const frame = box.querySelector("rect").getBoundingClientRect();
  for (const text of box.querySelectorAll("text"))
    if (text.getBoundingClientRect().right > frame.right) out.push(text.textContent);
}
for (const text of document.querySelectorAll("text.tier, text.caption"))
  if (text.getBBox().x + text.getBBox().width > 144) out.push(text.textContent);
for (const box of document.querySelectorAll(".wide")) {
  const table = box.querySelector("table"), frame = box.getBoundingClientRect();
  if (frame.right > root.clientWidth) out.push(`box ${frame.right} > ${root.clientWidth}`);
  if (table.offsetWidth > box.clientWidth && (PAPER || getComputedStyle(box).overflowX !== "auto"))
    out.push(`table ${table.offsetWidth} > ${box.clientWidth}`);
  if (PAPER && getComputedStyle(table).fontSize !== getComputedStyle(document.body).fontSize)
    out.push(`letters of ${getComputedStyle(table).fontSize}`);
}
root.setAttribute("data-over", JSON.stringify(out));
</script></body>"""


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
@pytest.mark.parametrize(
    ("width", "paper"),
    [(500, False), (1280, False), (717, True)],  # between the margins of A4 there are 717 px
    ids=["narrow", "window", "paper"],
)
def test_nothing_overflows_in_a_browser(crowded, tmp_path, width, paper):
    page = re.sub(r"<meta http-equiv[^>]*>", "", crowded)  # it lets no script run, and this one measures
    page = page.replace("</body>", MEASURE.replace("PAPER", json.dumps(paper)))
    (tmp_path / "measured.html").write_text(page.replace("@media print", "@media all") if paper else page)
    words = ["chromium", *BROWSER, f"--user-data-dir={tmp_path}/profile", f"--window-size={width},900"]
    shown = subprocess.run(
        [*words, f"file://{tmp_path}/measured.html"], capture_output=True, text=True, timeout=120, check=True
    )
    assert html.unescape(re.search(r'data-over="(.*?)"', shown.stdout).group(1)) == "[]"
