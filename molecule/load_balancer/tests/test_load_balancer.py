# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual IP and HAProxy follow the health of the regions, and disturb nobody who is served."""

from __future__ import annotations

import http.client
import json
import threading

import pytest

from tests.site.playbook import play
from tests.site.probe import Probe, accepts_tcp, answers_http, until

VERSION = "/MAAS/api/2.0/version/"
LOST_HOST = 3  # seconds without an answer: three adverts, and HAProxy's own check of the region that went too
FAILED_CHECK = 10  # seconds in which a failed region loses its clients, or its host the virtual IP


def holders(lab):
    """Return the hosts that have the virtual IP."""
    return [host for host in lab.groups["maas_haproxy"] if f" {lab.vip}/" in lab.inside(host, ["ip", "-o", "address"])]


def get(address, port=80, path=VERSION, **headers):
    """Return what a region says of itself and of the request."""
    connection = http.client.HTTPConnection(address, port, timeout=10)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())
    finally:
        connection.close()


def fail(lab, *hosts):
    """Let regions answer 500."""
    for host in hosts:
        lab.run(host, ["touch /run/region-fails"])


def recover(lab):
    """Let all regions answer again, and wait until the load balancers know."""
    for host in lab.groups["maas_region"]:
        lab.run(host, ["rm -f /run/region-fails"])
    for host in lab.groups["maas_haproxy"]:
        until(lambda host=host: up(lab, host) == set(lab.groups["maas_region"]), 15, f"{host} to see all regions")


def up(lab, host):
    """Return the regions that a load balancer sends clients to."""
    states = lab.run(host, ["echo show servers state maas | nc -U -N /run/haproxy/maas.sock"]).splitlines()[2:]
    return {words[3] for words in map(str.split, states) if len(words) > 5 and words[5] == "2"}


@pytest.fixture(autouse=True)
def sound(lab):
    """Begin each test with all hosts on and all regions well, and leave them so."""
    recover(lab)
    until(lambda: len(holders(lab)) == 1, 15, "one host to hold the virtual IP")
    yield
    recover(lab)


def beside_regions(lab):
    """Tell whether the load balancers share their hosts with regions."""
    return set(lab.groups["maas_haproxy"]) <= set(lab.groups["maas_region"])


def test_one_host_holds_the_virtual_ip_with_the_prefix_of_its_subnet(lab):
    (holder,) = holders(lab)
    assert f" {lab.vip}/24 " in lab.run(holder, ["ip", "-o", "address"])


def test_a_request_arrives_with_the_address_of_its_client_and_no_other(lab):
    assert get(lab.vip, **{"X-Forwarded-For": "192.0.2.66"})["forwarded"] == f"{lab.network}.1"


def test_one_client_stays_with_one_region(lab):
    assert len({get(lab.vip)["host"] for dummy in range(10)}) == 1


def test_a_region_that_fails_its_check_gets_no_clients(lab):
    (holder,) = holders(lab)
    region = get(lab.vip)["host"]
    fail(lab, region)
    until(lambda: region not in up(lab, holder), FAILED_CHECK, f"{holder} to turn away from {region}")
    until(answers_http(lab.vip, 80, VERSION), FAILED_CHECK, "the API")
    assert get(lab.vip)["host"] != region


def test_a_lost_host_is_a_short_gap_and_takes_nothing_when_it_comes_back(lab):
    (holder,) = holders(lab)
    if len(lab.groups["maas_haproxy"]) == 1:
        pytest.skip("there is one load balancer only")
    with Probe(accepts_tcp(lab.vip, 80)) as address, Probe(answers_http(lab.vip, 80, VERSION)) as api:
        lab.off(holder)
        until(lambda: address.longest > 0 or api.longest > 0, 10, "the loss to be felt")
        until(answers_http(lab.vip, 80, VERSION), 20, "the API through another host")
    print(f"lost {holder}: the virtual IP was away for {address.longest:.1f} s, the API for {api.longest:.1f} s")
    assert address.longest < LOST_HOST
    lab.heal(holder)
    if beside_regions(lab):
        lab.run(
            holder,
            ["systemctl is-active region || systemd-run --unit=region --collect python3 /usr/local/lib/region.py"],
        )
    with Probe(accepts_tcp(lab.vip, 80)) as address:
        until(answers_http(lab.hosts[holder], 80, VERSION), 20, f"{holder} to serve again")
        recover(lab)
    assert address.gaps == []
    assert holder not in holders(lab)


def test_the_virtual_ip_leaves_a_host_whose_own_region_fails(lab):
    (holder,) = holders(lab)
    if not beside_regions(lab) or len(lab.groups["maas_haproxy"]) == 1:
        pytest.skip("no load balancer has a region of its own, or there is no other")
    with Probe(accepts_tcp(lab.vip, 5240)) as address:
        fail(lab, holder)
        until(lambda: holder not in holders(lab), FAILED_CHECK, "the virtual IP to move")
        until(answers_http(lab.vip, 5240, VERSION), FAILED_CHECK, "the new holder's own region")
    assert address.longest < 1


def test_when_all_regions_fail_alike_the_virtual_ip_stays(lab):
    before = holders(lab)
    with Probe(accepts_tcp(lab.vip, 80)) as address:
        fail(lab, *lab.groups["maas_region"])
        for host in lab.groups["maas_haproxy"]:
            until(lambda host=host: not up(lab, host), FAILED_CHECK, f"{host} to give all regions up")
            log = ["journalctl", "-u", "keepalived", "--since=-20s", "-o", "cat"]
            until(lambda host=host, log=log: "from 200 to 100" in lab.run(host, log), FAILED_CHECK, f"{host}'s check")
        recover(lab)
    assert holders(lab) == before
    assert address.gaps == []


def test_a_reload_cuts_nobody_off(lab):
    (holder,) = holders(lab)
    answers = []
    slow = threading.Thread(target=lambda: answers.append(get(lab.vip, path="/MAAS/slow")))
    slow.start()
    with Probe(answers_http(lab.vip, 80, VERSION)) as api:
        lab.run(holder, ["systemctl", "reload", "haproxy"])
        slow.join()
    assert answers
    assert api.gaps == []


def test_a_program_on_port_80_is_refused_by_name_before_anything_changes(lab):
    host = next((host for host in lab.groups["maas_haproxy"] if host not in holders(lab)), *holders(lab))
    lab.run(host, ["systemctl stop haproxy && systemd-run --unit=stranger --collect python3 -m http.server 80"])
    try:
        until(accepts_tcp(lab.hosts[host], 80), 10, "the stranger")
        run = play("load_balancer", "--limit", host)
    finally:
        lab.run(host, ["systemctl stop stranger; systemctl start haproxy"])
    assert run.status != 0
    assert "python3 listens there" in run.told
    assert run.changes == []


def test_a_broken_configuration_does_not_reach_haproxy(lab):
    host = lab.groups["maas_haproxy"][0]
    before = lab.run(host, ["cat", "/etc/haproxy/haproxy.cfg"])
    run = play("load_balancer", "--limit", host, "--extra-vars", '{"maas_haproxy_regions": {"a b": "10.0.0.1"}}')
    assert run.status != 0
    assert "failed to validate" in run.output
    assert lab.run(host, ["cat", "/etc/haproxy/haproxy.cfg"]) == before


def test_a_virtual_ip_outside_of_the_subnet_is_refused(lab):
    run = play("load_balancer", "--extra-vars", "maas_vip=192.0.2.5")
    assert run.status != 0
    assert "maas_vip 192.0.2.5 must be a free address of the subnet" in run.told
    assert run.changes == []


def test_a_killed_daemon_or_a_lost_reload_is_made_good(lab):
    host = lab.groups["maas_haproxy"][0]
    lab.run(host, ["systemctl stop haproxy"])
    run = play("load_balancer", "--limit", host)
    assert run.status == 0, run.output
    assert run.changed == 1
    until(answers_http(lab.hosts[host], 80, VERSION), 10, "HAProxy")


def test_the_statistics_are_for_root(lab):
    for host in lab.groups["maas_haproxy"]:
        assert lab.run(host, ["stat", "--format=%U %a", "/run/haproxy/maas.sock"]).strip() == "root 600"


def test_checking_changes_nothing(lab):
    run = play("load_balancer", "--check", "--diff")
    assert run.status == 0, run.output
    assert run.changes == []
