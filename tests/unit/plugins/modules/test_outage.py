# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a service was away is told from the good answers around it."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from ansible_collections.metal.maas_ha.plugins.modules import outage


@pytest.mark.parametrize(
    ("answers", "seconds"),
    [
        ([True, True, True], 0.0),
        ([True, False, False, True], 3.0),
        ([False, True, True, False, False, True], 3.0),
        ([True, False, False], 2.0),
    ],
)
def test_an_outage_lasts_from_one_good_answer_to_the_next(answers, seconds):
    seen = [(0.0, True), *((float(moment), good) for moment, good in enumerate(answers, 1))]
    assert outage.longest(seen) == seconds


def test_a_url_where_nobody_listens_does_not_answer(tmp_path):
    assert not outage.question("http://127.0.0.1:9/", False)()
    assert not outage.question("https://127.0.0.1:9/", False)()
    seen = outage.watch(lambda: False, tmp_path, 0.3)
    assert [good for dummy, good in seen[1:]] == [False] * (len(seen) - 1) and len(seen) > 1
    assert len(outage.watch(lambda: True, tmp_path / "gone", 5)) == 1


GOOD = ("/MAAS/api/2.0/version/", "/health?all")


def test_an_answer_is_good_with_status_200_only():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path in GOOD else 503)
            self.end_headers()

        def log_message(self, *dummy):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        assert outage.question(f"{base}/MAAS/api/2.0/version/", False)()
        assert outage.question(f"{base}/health?all", False)()
        assert not outage.question(base, False)()
        server.shutdown()
