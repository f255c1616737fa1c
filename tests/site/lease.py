# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A DHCP client on the provisioning network that asks for its lease again and again, and many that ask once."""

from __future__ import annotations

import time

from tests.site.probe import until

PATIENCE = 60  # seconds for a first or a further answer
# Each line of the log is a time, and the address that was granted, or a dash.
PROGRAM = r"""
rm -f /run/lease.kept /run/lease.log
echo 'timeout 4; reboot 2; retry 1; initial-interval 1; backoff-cutoff 1;' > /run/lease.conf
ask() { dhclient -1 -v -cf /run/lease.conf -lf /run/lease.kept -pf /run/lease.pid -sf /bin/true prov0 2>&1; }
while sleep 0.5; do
  address=$(ask | sed -n 's/^bound to \([0-9.]*\).*/\1/p')
  kill "$(cat /run/lease.pid)"
  echo "$(date +%s.%N) ${address:--}" >> /run/lease.log
done
"""
MOST = 60  # clients, more than there are addresses
# Prints how many clients, each with a MAC address of its own, got an address before one did not.
MANY = r"""
echo 'timeout {patience}; retry 1; initial-interval 1;' > /run/many.conf
ask() {{
  rm -f /run/many.kept
  ip link add many link prov0 type macvlan
  ip link set many up
  dhclient -1 -v -cf /run/many.conf -lf /run/many.kept -pf /run/many.pid -sf /bin/true many 2>&1 | grep -q '^bound to'
  got=$?
  kill "$(cat /run/many.pid)"
  ip link delete many
  return $got
}}
count=0
while [ $count -lt {most} ] && ask; do count=$((count + 1)); done
echo $count
"""


def exhaust(lab):
    """Let new clients ask for an address until one gets none; return how many did."""
    count = newcomers(lab, MOST, patience=8)
    assert count < MOST, "there were addresses for everybody"
    return count


def newcomer(lab):
    """Return the seconds until a client that is new here has an address."""
    since = time.monotonic()
    assert newcomers(lab, 1, patience=PATIENCE) == 1, "a new client got no address"
    return time.monotonic() - since


def newcomers(lab, most, patience):
    """Let so many new clients ask for an address, one after the other, until one gets none; return how many did."""
    return int(lab.run("client", ["sh", "-c", MANY.format(most=most, patience=patience)], seconds=600))


class Lease:
    """The client on a lab's host `client`, which runs while this is open."""

    def __init__(self, lab):
        self.lab = lab

    def __enter__(self):
        self.lab.run("client", ["ip link set prov0 up"])
        self.lab.run("client", [f"cat > /run/lease <<'END'{PROGRAM}END"])
        self.lab.run("client", ["systemd-run --unit=lease --collect bash /run/lease"])
        self._hear(1)
        return self

    def __exit__(self, *dummy):
        self.lab.run("client", ["systemctl stop lease"])

    def answers(self):
        """Return (time, address) of every answer so far."""
        log = self.lab.run("client", ["cat /run/lease.log 2>/dev/null || true"])
        lines = [line.split() for line in log.splitlines()]
        return [(float(when), address) for when, address in lines if address != "-"]

    @property
    def times(self):
        """The moments of all answers so far, as time.monotonic() tells them."""
        offset = time.time() - time.monotonic()
        return [when - offset for when, dummy in self.answers()]

    def silence(self, since):
        """Return the longest time without an answer, in seconds, from the answer of that number until one to come."""
        self._hear(len(self.answers()) + 2)
        times = [when for when, dummy in self.answers()[since:]]
        return max(later - earlier for earlier, later in zip(times, times[1:], strict=False))

    def _hear(self, count):
        until(lambda: len(self.answers()) >= count, PATIENCE, "the DHCP client to get an answer")
