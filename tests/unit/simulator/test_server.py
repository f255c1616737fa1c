# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets: kept-alive connections, TLS, counting, slowness, and faults to order."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import subprocess
import time

import pytest
from ansible_collections.metal.maas_ha.tests.simulator import oauth, seed
from ansible_collections.metal.maas_ha.tests.simulator.latency import seconds
from ansible_collections.metal.maas_ha.tests.simulator.server import DROP_AFTER, DROP_BEFORE, HANG
from ansible_collections.metal.maas_ha.tests.simulator.site import Site
from ansible_collections.metal.maas_ha.tests.simulator.wire import Response

VERSION = "/MAAS/api/2.0/version/"
FABRICS = "/MAAS/api/2.0/fabrics/"


@pytest.fixture
def connection(api):
    """A connection to the region, kept alive."""
    connection = http.client.HTTPConnection(api.url.split("/")[2], timeout=5)
    yield connection
    connection.close()


def get(connection, path=VERSION):
    connection.request("GET", path)
    response = connection.getresponse()
    return response.status, response.read()


def test_one_connection_carries_many_requests(api, connection):
    assert get(connection)[0] == 200
    used = connection.sock
    assert get(connection)[0] == 200
    assert connection.sock is used
    assert api.server.requests == [("GET", VERSION, 200)] * 2


def test_requests_are_counted_by_their_route(api, connection):
    for path in (VERSION, "/MAAS/api/2.0/vlans/1/", "/MAAS/api/2.0/vlans/2/", "/MAAS/rpc/"):
        get(connection, path)
    assert api.server.counts() == {("GET", "version/"): 1, ("GET", "vlans/([^/]+)/"): 2, ("GET", None): 1}
    assert (len(api.server.reads), api.server.writes) == (4, [])


def test_a_fault_is_met_once_and_by_the_request_it_is_for(api, connection):
    answer = Response(503, "<html>", "text/html", {"Retry-After": "1"})
    api.server.fail(answer, when=lambda request: request.path == FABRICS)
    assert get(connection)[0] == 200
    assert get(connection, FABRICS) == (503, b"<html>")
    assert get(connection, FABRICS)[0] == 401


@pytest.mark.parametrize(("fault", "made"), [(DROP_BEFORE, 0), (DROP_AFTER, 1)])
def test_a_dropped_connection_has_done_its_work_or_not(api, connection, fault, made):
    api.server.fail(fault)
    header = {
        "Authorization": oauth.authorization(api.api_key, "one", int(time.time())),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection.request("POST", FABRICS, "name=dc1", header)
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        connection.getresponse()
    assert len(api.get("fabrics/")) == made


def test_a_hanging_request_is_not_answered(api, connection):
    api.server.fail(HANG)
    connection.timeout = 0.2
    with pytest.raises(socket.timeout):
        get(connection)


def test_a_stopped_region_hangs_up(api, connection):
    get(connection)
    api.server.stop()
    with pytest.raises(OSError):
        get(connection)


def test_tls_is_served_with_the_given_certificate(tmp_path):
    openssl = shutil.which("openssl")
    if not openssl:
        pytest.skip("no openssl to make a certificate with")
    files = [str(tmp_path / name) for name in ("host.crt", "host.key")]
    request = "req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([openssl, *request.split(), "-out", files[0], "-keyout", files[1]], check=True, capture_output=True)
    with Site(certificate=files) as site:
        assert site.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=files[0])
        connection = http.client.HTTPSConnection(site.url.split("/")[2], context=context, timeout=5)
        assert get(connection)[0] == 200
        connection.close()


def test_reading_everything_takes_as_long_as_it_did_on_a_real_region():
    site = Site()
    with site.transaction() as state:
        seed.grow(state, 500, racks=())
    measured = {"fabrics/": 0.062, "subnets/": 4.3, "ipranges/": 4.8, "spaces/": 8.4}
    for path, taken in measured.items():
        assert seconds("GET", path, site.call("GET", path).body) == pytest.approx(taken, rel=0.3), path


def test_a_slow_region_answers_one_request_at_a_time():
    with Site(latency=1) as site:
        began = time.monotonic()
        connections = [http.client.HTTPConnection(site.url.split("/")[2], timeout=5) for dummy in range(4)]
        for connection in connections:
            connection.request("GET", VERSION)
        for connection in connections:
            assert connection.getresponse().status == 200
            connection.close()
        assert time.monotonic() - began >= 4 * seconds("GET", "version/", b"")
