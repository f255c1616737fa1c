# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: everything that is done to a site, a row each."""

from __future__ import annotations

import datetime
import json
import time
from fnmatch import fnmatch

from tests.lab import Lab
from tests.simulator.postgres import LOCK
from tests.site import maas
from tests.site.faults import Row, nothing
from tests.site.inventory import served
from tests.site.lease import exhaust, newcomer
from tests.site.playbook import play
from tests.site.probe import answers_http, until

MAAS = "snap.maas.pebble"
ADDRESSES = 51  # of the range that the scenario gives the pair
LEASES = "/var/snap/maas/common/maas/dhcp/dhcpd.leases"
WAL = "/var/lib/postgresql/15/maas/pg_wal"
# What has its own clock while the clock is off.
CLOCKS = "patroni.service haproxy.service keepalived.service maas-database-proxy.service"
AS_A_UNIT = "systemd-run --quiet --unit=fault --collect sh -c"
SMALL_DISK = f"""
systemctl stop patroni
mv {WAL} {WAL}.kept
install -d -o postgres -g postgres -m 700 {WAL}
size=$(($(du -sm {WAL}.kept | cut -f1) + 400))m
mount -t tmpfs -o size=$size,uid=postgres,gid=postgres,mode=700 tmpfs {WAL}
cp -a {WAL}.kept/. {WAL}
rm -r {WAL}.kept
systemctl start patroni
"""
NO_SMALL_DISK = f"""
systemctl stop patroni
cp -a {WAL} {WAL}.kept
umount {WAL}
rmdir {WAL}
mv {WAL}.kept {WAL}
systemctl start patroni
"""
# PostgreSQL goes on with the segments that it has, so it is made to want more of them.
FILL = f"""
dd if=/dev/zero of={WAL}/filler bs=1M status=none || true
{AS_A_UNIT} 'for turn in $(seq 60); do
  psql -qAt -U postgres -d maasdb -c "CREATE TABLE IF NOT EXISTS fill (); DROP TABLE fill; SELECT pg_switch_wal()"
done'
"""
TURN_THE_CLOCK = f"""
units=$(systemctl list-units --plain --no-legend --state=active {CLOCKS} | cut -d' ' -f1)
for unit in $units; do
  install -d /run/systemd/system/$unit.d
  cat >/run/systemd/system/$unit.d/clock.conf <<END
[Service]
Environment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1
Environment=FAKETIME=+600s FAKETIME_DONT_FAKE_MONOTONIC=1
END
done
systemctl daemon-reload
systemctl restart $units
"""
SET_THE_CLOCK = """
cd /run/systemd/system
units=$(ls -d *.d/clock.conf | sed 's,.d/clock.conf,,')
rm *.d/clock.conf
systemctl daemon-reload
systemctl restart $units
"""
# Returns once the transaction is open, as a statement of the region itself could leave it.
HOLD_THE_LOCK = f"""
umask 077
cd /run
sed -n 's/^database_host: /PGHOST=/p; s/^database_port: /PGPORT=/p; s/^database_name: /PGDATABASE=/p
  s/^database_user: /PGUSER=/p; s/^database_pass: /PGPASSWORD=/p' /var/snap/maas/current/regiond.conf >fault.env
systemd-run --quiet --unit=fault --collect --property=EnvironmentFile=/run/fault.env sh -c '
  (echo "BEGIN; SELECT 1 FROM pg_advisory_xact_lock({LOCK});"; sleep 600) | psql -qAt -o /run/fault'
timeout 10 sh -c 'until [ -s fault ]; do sleep 0.1; done'
rm fault fault.env
"""
LOSE_THE_LEASES = f"systemctl stop {MAAS}; rm -f {LEASES}*; systemctl start {MAAS}"
# What former partners are in for an hour: one has all leases and waits, the other serves.
FORMER = ("normal", "recover-wait", "partner-down")


# Who is hit


def synchronous():
    """Return the database host that follows in step."""
    return maas.member("sync_standby")


def etcd_leader():
    """Return the member of etcd that leads."""
    return next(host for host, leads in maas.etcd().items() if leads)


def holder():
    """Return the host that has the virtual IP."""
    return maas.holders()[0]


def written_to():
    """Return the region to which writes at the virtual IP are led: its holder's own on port 5240, if it has one."""
    host = holder()
    return host if host in Lab.current().groups["maas_region"] else maas.serving()


def primary():
    """Return the rack that is its pair's primary."""
    return Lab.current().groups["maas_rack"][0]


def secondary():
    """Return the rack that is its pair's secondary."""
    return Lab.current().groups["maas_rack"][1]


# How


def script(text):
    """Return what runs a script on a host."""
    return lambda lab, host: lab.run(host, ["bash", "-euc", text], seconds=180) and None


def daemon(verb, *units):
    """Return what does something to units of a host."""
    return script(f"systemctl {verb} {' '.join(units)}")


def keep_killing_regiond(lab, host):
    """Kill regiond and whatever starts it anew, and leave the web server alive."""
    lab.run(host, [f"{AS_A_UNIT} 'while sleep 0.2; do pkill -KILL -f simulator[.]region; done'"])


def off_with_the_lock(lab, host):
    """Let the power go while a transaction from there has what all the others need."""
    script(HOLD_THE_LOCK)(lab, host)
    lab.off(host)


def nobody_is_sent_there(lab, host):
    """The UI's page answers, so it is the API's answer that keeps clients away."""
    assert answers_http(lab.hosts[host], 5240, "/MAAS/r/")(), "the web server was to live on"
    for balancer in lab.groups["maas_haproxy"]:
        assert maas.used_by(balancer) == {*lab.groups["maas_region"]} - {host}


def give_wal_a_small_disk(lab, host):
    """Put the leader's write-ahead log on a disk of its own, which can be filled without filling this machine's."""
    script(SMALL_DISK)(lab, host)
    until(maas.whole, 120, "the site to be whole again")
    lead(lab, host)
    until(maas.whole, 120, "a replica in step with the new leader, else nobody may take its lead")


def take_the_small_disk_away(lab, host):
    """Put the write-ahead log back."""
    script(NO_SMALL_DISK)(lab, host)
    until(maas.whole, 120, "the site to be whole again")


def lead(lab, host):
    """Hand the lead of the database to a host that follows in step."""
    leader = maas.leader()
    if leader != host:
        if (other := synchronous()) not in (host, None):
            daemon("restart", "patroni")(lab, other)  # who follows in step keeps that place until it is lost
        until(lambda: synchronous() == host, 60, f"{host} to follow in step")
        script(f"patronictl -c /etc/patroni/config.yml switchover --leader {leader} --candidate {host} --force")(
            lab, host
        )
        until(lambda: maas.leader() == host, 60, f"{host} to lead the database")


def lead_with_that_clock(lab, host):
    """Let the database be led by the host whose clock is off."""
    until(maas.whole, 120, "the site to be whole with one clock off")
    lead(lab, host)
    told = json.loads(maas.rest(host, 8008, "patroni"))
    assert told["dcs_last_seen"] > time.time() + 500, "Patroni's clock was to be ten minutes ahead"


def forget_all_leases(lab, dummy):
    """Make the racks a new pair, which is normal at once: what partners agreed on lasts for an hour otherwise."""
    racks = lab.groups["maas_rack"][:2]
    for rack in racks:
        lab.run(rack, [f"systemctl stop {MAAS}; rm -f {LEASES}*"])
    for rack in racks:
        lab.run(rack, [f"systemctl start {MAAS}"])
    until(lambda: {*maas.failover().values()} == {("normal", "normal")}, 120, "the pair to be normal")


def pair(*racks):
    """Let these racks serve the provisioning network, by the collection's own verb."""
    given = dict(zip(("primary_rack", "secondary_rack"), [*racks, ""], strict=False))
    run = play("network", *served(**given))
    assert run.status == 0, run.output[-8000:]


def part(lab, dummy):
    """Let the primary serve alone, and both be without a memory of each other."""
    pair(primary())
    for rack in (primary(), secondary()):
        script(LOSE_THE_LEASES)(lab, rack)
    until(lambda: set(maas.racks().values()) == {"running"}, 120, "the racks to be connected")


def join(lab, dummy):
    """Let the secondary join."""
    pair(primary(), secondary())


def meet(lab, host):
    """Make them a pair again where that has failed."""
    if {*maas.failover().values()} != {("normal", "normal")}:
        join(lab, host)
        forget_all_leases(lab, host)


def ask_for_all(lab, dummy):
    """Ask for one address, and, once the secondary believes its partner lost, for more until there are no more."""
    first = newcomer(lab)
    lost = "communications-interrupted"
    until(lambda: maas.failover()[secondary()][0] == lost, 120, "the secondary to have noticed that it is alone")
    leases = 1 + exhaust(lab)
    assert abs(leases - ADDRESSES / 2) < ADDRESSES / 5, f"{leases} new leases are not half of {ADDRESSES}"
    return {"first": round(first, 1), "leases": leases}


def states(lab, host):
    """Note what the racks of the pair are in: the one without leases waits."""
    told = maas.failover()
    assert told[host][0] == "recover-wait", "the rack was to have lost its leases"
    return {"failover": told}


def another_leads(lab, host):
    """The full disk has cost the host its lead."""
    assert maas.leader() not in (host, None), "the leader whose disk is full was to hand on its lead"


VERBS = {"kill": Lab.kill, "off": Lab.off, "isolate": Lab.isolate}
HOSTS = {
    "leader": (maas.leader, "its key in etcd expires after Patroni's ttl"),
    "replica": (synchronous, "Patroni drops it from the synchronous members"),
    "etcd": (etcd_leader, "the other members of etcd hold an election"),
    "region": (maas.serving, "HAProxy's and keepalived's checks"),
    "vip": (holder, "VRRP, after three advertisements are missed"),
    "primary": (primary, "its DHCP partner, and clients who ask again"),
    "secondary": (secondary, "its DHCP partner"),
}
ROWS = [
    *(
        Row(f"{who}-{verb}", chosen, strike, notices, heal=Lab.heal)
        for who, (chosen, notices) in HOSTS.items()
        for verb, strike in VERBS.items()
    ),
    Row("switchover", synchronous, lead, "nobody; Patroni hands over the lead"),
    Row("balancer-kill", holder, daemon("kill --signal=KILL", "haproxy"), "systemd, which starts it anew"),
    Row("keepalived-kill", holder, daemon("kill --signal=KILL", "keepalived"), "systemd, which starts it anew"),
    Row("balancer-stop", holder, daemon("stop", "haproxy"), "keepalived's check", heal=daemon("start", "haproxy")),
    Row(
        "balancer-freeze",
        holder,
        daemon("kill --signal=STOP", "haproxy"),
        "keepalived's check",
        heal=daemon("kill --signal=CONT", "haproxy"),
    ),
    Row(
        "proxy-kill",
        written_to,
        daemon("kill --signal=KILL", "maas-database-proxy"),
        "systemd, which starts it anew",
    ),
    Row(
        "proxy-stop",
        written_to,
        daemon("stop", "maas-database-proxy"),
        "HAProxy's and keepalived's checks",
        heal=daemon("start", "maas-database-proxy"),
    ),
    Row(
        "regiond-dead",
        written_to,
        keep_killing_regiond,
        "HAProxy's and keepalived's checks",
        during=nobody_is_sent_there,
        heal=daemon("stop", "fault"),
    ),
    Row(
        "lock-left",
        maas.serving,
        off_with_the_lock,
        "PostgreSQL, whose keepalives nobody answers",
        prepare=script("apt-get install -qq postgresql-client >/dev/null"),
        heal=Lab.heal,
    ),
    Row("region-restart", written_to, daemon("restart", MAAS), "HAProxy's and keepalived's checks", writers=8),
    Row(
        "snapd-stop",
        maas.serving,
        daemon("stop", "snapd.socket", "snapd"),
        "nobody",
        heal=daemon("start", "snapd.socket", "snapd"),
    ),
    Row(
        "disk-full",
        synchronous,
        script(FILL),
        "PostgreSQL, which ends; Patroni gives up the lead",
        prepare=give_wal_a_small_disk,
        during=another_leads,
        heal=script(f"systemctl stop fault || true; rm -f {WAL}/filler"),  # a rewind may have removed it
        clean=take_the_small_disk_away,
    ),
    Row(
        "clock-off",
        synchronous,
        script(TURN_THE_CLOCK),
        "nobody; its daemons restart, then it takes the lead",
        prepare=script("apt-get install -qq libfaketime >/dev/null"),
        during=lead_with_that_clock,
        heal=script(SET_THE_CLOCK),
    ),
    Row(
        "secondary-alone",
        primary,
        Lab.off,
        "its DHCP partner",
        during=ask_for_all,
        heal=Lab.heal,
        clean=forget_all_leases,
    ),
    Row(
        "leases-lost",
        primary,
        script(LOSE_THE_LEASES),
        "its DHCP partner, which has all leases",
        during=states,
        clean=forget_all_leases,
        states=FORMER,
    ),
    Row("rack-joins", secondary, join, "the partners, who offer nothing until they have met", prepare=part, clean=meet),
]


def chosen(patterns):
    """Return the rows whose names match one of the patterns of the shell, which commas divide; ValueError for none."""
    found = {pattern: [row for row in ROWS if fnmatch(row.name, pattern)] for pattern in patterns.split(",")}
    if unknown := [pattern for pattern, rows in found.items() if not rows]:
        raise ValueError(f"no row is called {' or '.join(unknown)}")
    return [row for row in ROWS if any(row in rows for rows in found.values())]


def of_the_day(count):
    """Return that many rows, others each day, of those that need no preparation."""
    rows = [row for row in ROWS if row.prepare is nothing and row.clean is nothing]
    first = count * datetime.date.today().toordinal()
    return [rows[(first + number) % len(rows)] for number in range(count)]
