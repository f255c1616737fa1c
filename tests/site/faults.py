# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site does when something of it is lost, measured by clients that write, read and renew their lease meanwhile.

A row of the fault matrix says who is hit, how, and how that is undone; `suffer` does it and tells what the clients saw.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ansible_collections.metal.maas_ha.plugins.module_utils._client import MaasError

from tests.lab import LabError
from tests.site import maas
from tests.site.lease import Lease
from tests.site.probe import PATIENCE, Probe, accepts_tcp, longest_gap, until
from tests.site.writer import Writer

HOLD = 15  # seconds that a fault lasts at least, so that what follows slowly is seen too
BACK = 90  # seconds in which every service must be there again while the fault lasts
FRESH = {
    "write": 1,
    "read": 1,
    "address": 1,
    "lease": 4,
}  # seconds since an answer after which a service counts as away
WHOLE = 300  # seconds that the site may take to be whole again by itself
SHARED = 3  # seconds that two hosts may hold the virtual IP when a partition ends, until VRRP has told one of them
LOOK = 0.5  # seconds between two looks for a split brain
# Prints the virtual IP where it is, and t where the database takes writes; one that hangs does not hide the address.
LOOKED_FOR = """
ip -4 -o address show to {vip}/32
timeout 2 psql --no-psqlrc -At -U postgres -d postgres -c 'SELECT NOT pg_is_in_recovery()' 2>/dev/null
"""


def nothing(lab, host):
    """Do nothing: the row needs no such step."""


@dataclass(frozen=True)
class Row:
    """A fault.

    Attributes:
        name: by which it is chosen and told.
        who: function that returns the host which is hit, once the site is whole.
        strike: function of lab and host that does it.
        notices: what notices it, for the table.
        heal: function of lab and host that undoes it; the rest the site must do by itself.
        prepare: function of lab and host that is done to the whole site before the clients start.
        during: function of lab and host, called when all services are back, that returns more to note, or asserts.
        clean: function of lab and host that takes away what only the test put there, whatever the row came to.
        states: what the pair of racks may be in afterwards, each rack's own state.
        writers: how many write beside each other, of which the service is there while one has answers.
    """

    name: str
    who: Callable
    strike: Callable
    notices: str
    heal: Callable = nothing
    prepare: Callable = nothing
    during: Callable = nothing
    clean: Callable = nothing
    states: tuple = ("normal",)
    writers: int = 1


def reads():
    """Return a question: does an API request come back, signed, through HAProxy and out of the database?"""
    client = maas.client(timeout=PATIENCE, port=80)

    def ask():
        try:
            client.exchange(0, "GET", "zones/", {})
        except MaasError:
            return False
        return True

    return ask


class Watch:
    """Looks for a split brain while it is open, from inside the hosts, whatever their network does.

    Attributes:
        writable: the largest number of hosts whose database took writes at a time.
        shared: the longest time, in seconds, that two hosts of one partition held the virtual IP.
    """

    def __init__(self, lab):
        self.lab = lab
        self.hosts = sorted({*lab.groups["maas_postgresql"], *lab.groups["maas_haproxy"]})

    def __enter__(self):
        self.writable, self.shared = 0, 0.0
        self._since = None
        self._over = threading.Event()
        self._pool = ThreadPoolExecutor(len(self.hosts) + 1)
        self._loop = self._pool.submit(self._watch)
        return self

    def __exit__(self, *dummy):
        self._over.set()
        self._loop.result()
        self._pool.shutdown()

    def _watch(self):
        while not self._over.wait(LOOK):
            seen = dict(zip(self.hosts, self._pool.map(self._look, self.hosts), strict=True))
            self.writable = max(self.writable, sum("t" in lines for lines in seen.values()))
            holders = [host for host, lines in seen.items() if any(f" {self.lab.vip}/" in line for line in lines)]
            if sum(self.lab.condition(host) == "on" for host in holders) < 2:
                self._since = None
            else:
                self._since = self._since or time.monotonic()
                self.shared = max(self.shared, time.monotonic() - self._since)

    def _look(self, host):
        try:
            command = ["sh", "-c", LOOKED_FOR.format(vip=self.lab.vip)]
            return self.lab.inside(host, command, seconds=5, check=False).splitlines()
        except LabError:  # it is off, or died while it was asked
            return []


def suffer(lab, row, seen):
    """Let the site suffer one fault, and note in the dict `seen` what was seen of it, as far as it went.

    The seconds of a service are the longest time from one good answer to the next, `gap` while the fault lasts and
    `healing` from then on until the site is whole and every service there.
    """
    until(lambda: is_whole(lab, row), WHOLE, "the site to be whole before the fault")
    host = row.who()
    try:
        row.prepare(lab, host)
        watch(lab, row, host, seen)
    finally:
        row.clean(lab, host)


def watch(lab, row, host, seen):
    """Note what clients and the hosts themselves see of a fault."""
    with (
        Lease(lab) as lease,
        Writer(patience=PATIENCE, beside=row.writers) as writer,
        Probe(reads()) as reader,
        Probe(accepts_tcp(lab.vip, 22, patience=0.3)) as address,
        Watch(lab) as brains,
    ):
        clients = {"write": writer, "read": reader, "address": address, "lease": lease}
        seen["host"] = host
        seen["leads the database"] = maas.leader() == host
        seen["leads etcd"] = maas.etcd().get(host, False)
        seen["follows in step"] = maas.member("sync_standby") == host
        seen["holds the virtual IP"] = host in maas.holders()
        struck = time.monotonic()
        try:
            row.strike(lab, host)
            until(
                lambda: time.monotonic() > struck + HOLD and all_back(clients), HOLD + BACK, "every service to be back"
            )
            seen.update(row.during(lab, host) or {})
        finally:
            healed = time.monotonic()
            row.heal(lab, host)
        until(lambda: is_whole(lab, row), WHOLE, f"the site to be whole again after {row.name}")
        seen["whole"] = round(time.monotonic() - healed, 1)
        until(lambda: all_back(clients), BACK, "every service to be there at the end")
        end = time.monotonic()
        seen["addresses"] = len({given for dummy, given in lease.answers()})
    for name, client in clients.items():
        seen[name] = {
            "gap": round(longest_gap(client.times, struck, healed), 1),
            "healing": round(longest_gap(client.times, healed, end), 1),
        }
    seen["asked"] = len(writer.writes) + reader.asked
    seen["failed"] = len(writer.failed) + reader.failed
    seen["lost"] = len(writer.missing())
    seen["writable"] = brains.writable
    seen["shared"] = round(brains.shared, 1)


def is_whole(lab, row):
    """Tell whether the site is whole, asked of every host itself, and its racks in a state that the row allows."""
    states = maas.failover()
    return (
        maas.whole()
        and all(maas.regions_of(rack) == {*lab.groups["maas_region"]} - {rack} for rack in lab.groups["maas_rack"])
        and set(states) == set(lab.groups["maas_rack"][:2])
        and {mine for mine, dummy in states.values()} <= {"normal", *row.states}
        and all(maas.has_partner(rack) for rack in states)
    )


def all_back(clients):
    """Tell whether every client has just had a good answer."""
    return all(client.times[-1] > time.monotonic() - FRESH[name] for name, client in clients.items())


def survives(lab, row, keep=print):
    """Let the site suffer one fault, hand on what was seen of it, and assert what holds for every fault."""
    seen = {"row": row.name}
    try:
        suffer(lab, row, seen)
        assert seen["lost"] == 0, "writes that were acknowledged are not there"
        assert seen["writable"] > 0, "no host was ever seen to take writes to the database"
        assert seen["writable"] == 1, "two hosts took writes to the database"
        assert seen["shared"] <= SHARED, "two hosts of one partition held the virtual IP"
        assert seen["addresses"] == 1, "a client that asked for its lease again was given another address"
    except Exception as error:
        seen["why"] = str(error).splitlines()[0]
        raise
    finally:
        keep(seen)
