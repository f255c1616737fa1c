# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a deployed lab what it is, over ssh and over MAAS's API."""

from __future__ import annotations

import collections
import csv
import json
import re
from functools import cache

from ansible_collections.metal.maas_ha.plugins.module_utils._client import Client

from tests.lab import Lab
from tests.site.probe import answers_http

API_KEY = "/etc/maas-ha/api_key"
PKI = "/etc/maas-ha/pki"
RUNNING = ("running", "streaming")
SOME = 20  # requests, more than racks and others make meanwhile


@cache
def client(host=None, timeout=60, port=5240):
    """Return a client of the API, through the virtual IP or straight at one region; timeout: seconds for a request."""
    lab = Lab.current()
    address = lab.hosts[host] if host else lab.vip
    regions = [host] if host else on("maas_region")
    key = next(filter(None, (ask(region, f"cat {API_KEY}").strip() for region in regions)))
    return Client([f"http://{address}:{port}/MAAS"], key, timeout=timeout)


def regions():
    """Return the host names of the regions that /MAAS/rpc/ lists as alive; none while nobody answers."""
    answer = Lab.current().run("client", [f"curl -sf --max-time 5 http://{Lab.current().vip}:5240/MAAS/rpc/ || true"])
    return {name.split(":")[0] for name in json.loads(answer or '{"eventloops": {}}')["eventloops"]}


def racks(host=None):
    """Return the status of rackd by the host name of its rack, as the API shows it, at one region if that is named."""
    return {
        rack["hostname"]: next(service["status"] for service in rack["service_set"] if service["name"] == "rackd")
        for rack in client(host).get("rackcontrollers/")
    }


def ask(host, line):
    """Return what a shell line prints on a host, asked from within and so whatever its network does."""
    return Lab.current().inside(host, ["sh", "-c", line])


def on(group):
    """Return the hosts of a group that run and can be reached by the others."""
    lab = Lab.current()
    return [host for host in lab.groups[group] if lab.condition(host) == "on"]


def rest(host, port, path):
    """Return what a daemon that wants a certificate answers on its own host; empty while it is silent."""
    words = f"--cacert {PKI}/ca.crt --cert {PKI}/host.crt --key {PKI}/host.key"
    return ask(host, f"curl -s --max-time 2 {words} https://{Lab.current().hosts[host]}:{port}/{path} || true")


def patroni():
    """Return the database's members, each with name, role and state; none while nobody answers."""
    answers = filter(None, (rest(host, 8008, "cluster") for host in on("maas_postgresql")))
    return json.loads(next(answers, '{"members": []}'))["members"]


def member(role):
    """Return a database host that runs in a role, by Patroni's name for it; None for none."""
    return next((one["name"] for one in patroni() if one["role"] == role and one["state"] in RUNNING), None)


def leader():
    """Return the database host that Patroni calls leader."""
    return member("leader")


def database_is_whole(*hosts):
    """Tell whether the database has these hosts and no others, and all of them run, one of two or more in step."""
    members = patroni()
    return (
        {one["name"] for one in members} == set(hosts)
        and all(one["state"] in RUNNING for one in members)
        and {one["role"] for one in members} == {*("leader", "sync_standby", "replica")[: len(hosts)]}
    )


def etcd():
    """Return for each member of etcd that knows a leader whether it is the leader itself."""
    told = {host: rest(host, 2379, "metrics") for host in on("maas_etcd")}
    return {
        host: "\netcd_server_is_leader 1\n" in text
        for host, text in told.items()
        if "\netcd_server_has_leader 1\n" in text
    }


def rewrite(kind, statement, host=None):
    """Change rows of the stand-in's tables behind its back, for what no request of its API can do.

    Args:
        kind: whose rows they are, which regions then read anew.
        statement: in SQL.
        host: the database's leader; unset, the one of the virtual IP's MAAS.
    """
    noticed = f"UPDATE maasserver_stamp SET stamp = stamp + 1 WHERE kind = '{kind}'"
    psql = ["runuser", "-u", "postgres", "--", "psql", "--single-transaction", "--set=ON_ERROR_STOP=1", "maasdb"]
    Lab.current().run(host or leader(), [*psql, "--command", statement, "--command", noticed])


def holders():
    """Return the hosts that have the virtual IP on an interface."""
    return [host for host in on("maas_haproxy") if ask(host, f"ip -4 -o address show to {Lab.current().vip}/32")]


def servers(balancer):
    """Return what a load balancer tells of its servers, one for each backend and region; none while it is silent."""
    told = ask(balancer, "echo show stat | nc -NU /run/haproxy/maas.sock || true")
    rows = csv.DictReader(told.removeprefix("# ").splitlines())
    return [row for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")]


def used_by(balancer):
    """Return the regions that a load balancer sends clients to."""
    rows = servers(balancer)
    return {row["svname"] for row in rows} - {row["svname"] for row in rows if row["status"] != "UP"}


def serving():
    """Return the region to which the holder of the virtual IP sends this machine's requests."""
    (holder,) = holders()
    before = sessions(holder)
    for dummy in range(SOME):
        assert answers_http(Lab.current().vip, 80, "/MAAS/api/2.0/version/")(), "the virtual IP does not answer"
    return (sessions(holder) - before).most_common(1)[0][0]


def sessions(balancer):
    """Return by region how many connections a load balancer has led there, whatever they were for."""
    led = collections.Counter()
    for row in servers(balancer):
        led[row["svname"]] += int(row["stot"])
    return led


def regions_of(rack):
    """Return the regions on other hosts that a rack is connected to."""
    told = ask(rack, "ss -Htn state established '( dport >= :5250 and dport <= :5259 )' || true")
    peers = {line.split()[-1].rpartition(":")[0] for line in told.splitlines()}
    return {region for region in Lab.current().groups["maas_region"] if Lab.current().hosts[region] in peers} - {rack}


def has_partner(rack):
    """Tell whether a rack's dhcpd runs and is connected to its partner's."""
    connection = "ss -Htn state established '( sport = :647 or dport = :647 )'"
    return bool(ask(rack, f"pgrep -x dhcpd >/dev/null && {connection} || true"))


def dhcp_role(rack):
    """Return what a rack's dhcpd is in its pair, `alone` without one; None where none runs, whatever is configured."""
    config = ask(rack, "pgrep -x dhcpd >/dev/null && cat /var/snap/maas/common/maas/dhcpd.conf || true")
    role = re.search(r'failover peer "[^"]+" \{\s+(primary|secondary);', config)
    return role[1] if role else "alone" if config else None


def failover():
    """Return by rack in what states its dhcpd believes itself and its partner; without a partner there are none."""
    told = {}
    for rack in on("maas_rack"):
        leases = ask(rack, "cat /var/snap/maas/common/maas/dhcp/dhcpd.leases 2>/dev/null || true")
        states = dict(re.findall(r"^  (my|partner) state (\S+)", leases, re.MULTILINE))
        if states:
            told[rack] = (states["my"], states["partner"])
    return told


def whole():
    """Tell whether all of the site is there: databases that follow, one in step, and everything else connected."""
    groups = Lab.current().groups
    etcds = etcd()
    return (
        database_is_whole(*groups["maas_postgresql"])
        and (len(etcds), sum(etcds.values())) == (len(groups["maas_etcd"]), 1)
        and len(holders()) == 1
        and all(used_by(balancer) == set(groups["maas_region"]) for balancer in groups["maas_haproxy"])
        and regions() == set(groups["maas_region"])
        and set(racks().values()) == {"running"}
    )
