# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client against a region that fails in every way a region has been seen to fail."""

from __future__ import annotations

import concurrent.futures
import datetime
import ipaddress
import socket
import time

import pytest
from ansible_collections.metal.maas_ha.plugins.module_utils._client import Client, MaasError
from ansible_collections.metal.maas_ha.tests.simulator.server import DROP_AFTER, DROP_BEFORE, HANG, Server
from ansible_collections.metal.maas_ha.tests.simulator.site import Site
from ansible_collections.metal.maas_ha.tests.simulator.wire import Response
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

BAD_GATEWAY = Response(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")
NO_SERVER = Response(503, b"<html><h1>503 Service Unavailable</h1></html>", "text/html")
NO_TIME = Response(504, b"<html><h1>504 Gateway Time-out</h1></html>", "text/html")
STANDBY = Response(500, b"cannot execute INSERT in a read-only transaction")
STOPPED = Response(500, b'connection to server at "10.0.0.5", port 5432 failed: Connection refused')
CRASH = Response(500, b"'start_ip'")


@pytest.fixture
def client(api):
    """A client of the running region."""
    return Client([api.url], api.api_key, timeout=5)


def certificate(tmp_path, days):
    """Write a self-signed certificate for 127.0.0.1 that ends in so many days; return the paths of it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "region")])
    end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - datetime.timedelta(days=90))
        .not_valid_after(end)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    paths = tmp_path / "region.crt", tmp_path / "region.key"
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    pkcs8, bare = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, bare))
    return tuple(map(str, paths))


def refusal(call, *args, **kwargs):
    """Return the MaasError that a call raises."""
    with pytest.raises(MaasError) as raised:
        call(*args, **kwargs)
    return raised.value


def test_what_maas_answers_is_decoded(client):
    assert client.get("users/", op="whoami")["username"] == "admin"
    assert client.post("maas/", {"name": "maas_name", "value": "m"}, op="set_config") == "OK"
    fabric = client.post("fabrics/", {"name": "dc1"})
    assert client.put(f"fabrics/{fabric['id']}/", {"class_type": "10g"})["class_type"] == "10g"
    assert client.delete(f"fabrics/{fabric['id']}/") is None
    assert client.find(f"fabrics/{fabric['id']}/") is None
    assert "eventloops" in client.get("/rpc/")
    assert (client.reads, client.writes) == (3, 4)


def test_an_error_carries_the_request_the_status_and_the_words_under_their_field(client):
    error = refusal(client.post, "fabrics/", {"name": "bad name!"})
    assert error.status == 400
    assert error.errors == {"name": ["Invalid fabric name: bad name!."]}
    assert str(error) == "POST fabrics/ answered 400: name: Invalid fabric name: bad name!."
    assert not error.unsure


def test_the_same_words_under_two_fields_are_said_once(api, client):
    with api.transaction() as state:
        state.add_subnet(state.add_vlan(state.add_fabric("dc1")["id"], 1)["id"], "10.0.0.0/24", gateway_ip="10.0.0.1")
    data = {"type": "dynamic", "start_ip": "10.0.0.1", "end_ip": "10.0.0.9", "subnet": 1}
    assert "400: start_ip, end_ip: Requested dynamic range conflicts" in str(refusal(client.post, "ipranges/", data))


@pytest.mark.parametrize(
    "fault",
    [BAD_GATEWAY, NO_SERVER, NO_TIME, STANDBY, STOPPED, DROP_BEFORE, DROP_AFTER],
    ids=["502", "503", "504", "standby", "database away", "lost before", "lost after"],
)
def test_reads_changes_and_deletions_go_on_when_the_region_is_back(api, client, fault):
    fabric = client.post("fabrics/", {"name": "dc1"})
    path = f"fabrics/{fabric['id']}/"
    for call in (lambda: client.get("fabrics/"), lambda: client.put(path, {"name": "dc2"})):
        api.server.fail(fault, fault)
        assert call()
    api.server.fail(fault)
    assert client.delete(path) is None
    assert client.find(path) is None


@pytest.mark.parametrize(
    "fault", [BAD_GATEWAY, NO_TIME, DROP_BEFORE, DROP_AFTER], ids=["502", "504", "before", "after"]
)
def test_a_creation_whose_fate_is_unknown_is_not_repeated(api, client, fault):
    api.server.fail(fault)
    assert refusal(client.post, "fabrics/", {"name": "dc1"}).unsure
    assert len(api.server.writes) <= 1


def test_an_operation_that_may_be_done_twice_is_repeated(api, client):
    api.server.fail(DROP_AFTER)
    client.post("maas/", {"name": "maas_name", "value": "m"}, op="set_config", repeat=True)
    assert len(api.server.writes) == 2


def test_a_crash_is_not_repeated(api, client):
    api.server.fail(CRASH, CRASH)
    assert str(refusal(client.get, "fabrics/")) == "GET fabrics/ answered 500: 'start_ip'"
    assert len(api.server.reads) == 1


def test_a_conflict_is_repeated_after_the_time_that_maas_names(api, client):
    api.server.fail(Response(409, b"Conflict", headers={"Retry-After": "1"}))
    began = time.monotonic()
    assert client.post("fabrics/", {"name": "dc1"})["name"] == "dc1"
    assert time.monotonic() - began >= 1


def test_a_conflict_without_a_time_is_an_error(api, client):
    api.server.fail(Response(409, b"Cannot release a machine in this state"))
    assert "409: Cannot release" in str(refusal(client.post, "fabrics/", {"name": "dc1"}))


@pytest.mark.parametrize("path", ["fabrics/", "rackcontrollers/"])
def test_patience_has_an_end(api, path):
    client = Client([api.url], api.api_key, timeout=1)
    api.server.fail(*[NO_SERVER] * 50)
    began = time.monotonic()
    assert refusal(client.get, path).status == 503
    assert time.monotonic() - began < 4


def test_the_next_region_is_asked_when_one_is_down_and_stays_the_one(api):
    client = Client(["http://127.0.0.1:9/MAAS", api.url], api.api_key, timeout=5)
    assert client.get("fabrics/") == []
    assert client.get("spaces/")
    assert client.reads == 2


def test_the_next_region_is_asked_when_one_hangs(api):
    with Server(api.api) as other:
        client = Client([api.url, other.url], api.api_key, timeout=3)
        api.server.fail(HANG)
        assert client.get("fabrics/") == []


def test_a_region_that_goes_down_in_the_middle_is_left_for_the_other(api):
    with Server(api.api) as other:
        client = Client([api.url, other.url], api.api_key, timeout=5)
        client.post("fabrics/", {"name": "dc1"})
        api.server.stop()
        assert [fabric["name"] for fabric in client.get("fabrics/")] == ["dc1"]
        assert client.put("fabrics/1/", {"class_type": "10g"})["class_type"] == "10g"
        api.server = other  # for the fixture to stop
        other.start = lambda: None


def test_an_address_without_a_path_means_maas(api):
    assert Client([api.url.removesuffix("/MAAS") + "/"], api.api_key).get("fabrics/") == []


def test_the_secret_never_reaches_an_error(api):
    consumer, token, secret = api.api_key.split(":")
    client = Client([api.url], f"{consumer}:{token}:wrong", timeout=5)
    error = refusal(client.get, "fabrics/")
    assert error.status == 401 and str(error) == "GET fabrics/ answered 401: api_key: not accepted"
    assert secret not in repr(vars(error)) and "wrong" not in repr(vars(error))


def test_a_clock_that_is_wrong_is_told(api, client):
    api.server.fail(Response(401, b"Authorization Error: 'Expired timestamp: given 1 and now 3601'"))
    assert "clocks" in str(refusal(client.get, "fabrics/"))


def test_a_redirect_is_not_followed_with_the_key(api, client):
    api.server.fail(Response(301, b"", headers={"Location": "http://elsewhere.example.com/"}))
    assert "http://elsewhere.example.com/" in str(refusal(client.get, "fabrics/"))


def test_threads_share_a_client_and_keep_a_connection_each(api, client):
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: client.post("fabrics/", {"name": f"dc{number}"}), range(20)))
    assert client.writes == 20 and len(client.get("fabrics/")) == 20


def test_a_peer_that_vanishes_is_missed_on_macos_too(client, monkeypatch):
    idle = socket.TCP_KEEPIDLE
    monkeypatch.delattr(socket, "TCP_KEEPIDLE")
    monkeypatch.setattr(socket, "TCP_KEEPALIVE", idle, raising=False)
    assert client.get("fabrics/") == []
    dummy, connection = client._local.kept
    assert connection.sock.getsockopt(socket.IPPROTO_TCP, idle) == 10


@pytest.fixture
def secure(tmp_path):
    """Return a region with TLS whose certificate ends in so many days, and the path of that certificate."""
    sites = []

    def make(days):
        paths = certificate(tmp_path, days)
        sites.append(Site(certificate=paths))
        sites[-1].server.start()
        return sites[-1], paths[0]

    yield make
    for site in sites:
        site.server.stop()


def test_a_certificate_of_an_own_ca_is_trusted_by_its_file(secure):
    site, ca = secure(days=30)
    assert Client([site.url], site.api_key, ca_path=ca, timeout=5).get("fabrics/") == []


def test_a_certificate_of_an_unknown_ca_is_refused_at_once(secure):
    site, dummy = secure(days=30)
    error = str(refusal(Client([site.url], site.api_key).get, "fabrics/"))
    assert error.startswith("url: the certificate of https://127.0.0.1") and "ca_path" in error


def test_an_expired_certificate_is_refused_at_once(secure):
    site, ca = secure(days=-1)
    error = str(refusal(Client([site.url], site.api_key, ca_path=ca).get, "fabrics/"))
    assert "certificate has expired" in error


def test_certificates_are_not_looked_at_when_told_so(secure):
    site, dummy = secure(days=-1)
    assert Client([site.url], site.api_key, validate_certs=False, timeout=5).get("fabrics/") == []


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["missing", "empty of certificates"])
def test_a_ca_path_that_holds_no_certificate_is_refused(tmp_path, content):
    path = tmp_path / "ca.crt"
    if content:
        path.write_text(content)
    assert "ca_path" in str(refusal(Client, ["https://127.0.0.1/MAAS"], "a:b:c", ca_path=str(path)))


def test_a_wrong_address_is_not_taken_for_an_object_that_is_missing(api):
    for wrong in (f"{api.url}/nosuch", f"{api.url}/api/1.0"):
        error = refusal(Client([wrong], api.api_key, timeout=5).find, "spaces/nosuch/")
        assert error.status == 404
    assert Client([f"{api.url}/api/2.0/"], api.api_key, timeout=5).find("spaces/nosuch/") is None


def test_a_list_of_everything_is_waited_for_and_one_object_is_not(api, monkeypatch):
    answered = api.server.api.handle

    def slowly(request):
        if request.path.endswith(("/ipranges/", "/version/")):
            time.sleep(1.5)
        return answered(request)

    monkeypatch.setattr(api.server.api, "handle", slowly)
    client = Client([api.url, api.url], api.api_key, timeout=2)
    assert client.get("ipranges/") == [] and client.reads == 1
    assert refusal(client.get, "version/").status is None
