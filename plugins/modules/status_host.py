#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: status_host
short_description: Ask the daemons of one host how they are
version_added: 1.0.0
description:
  - Runs on a host of the deployment, asks what its O(groups) promise, all at once, and changes nothing.
  - What does not answer within O(timeout) is told and stops nothing else.
  - Addresses, clock and certificates of a host are what M(metal.maas_ha.host_survey) reads.
options:
  groups:
    description: The groups of the deployment that the host is in.
    type: list
    elements: str
    choices: [maas_etcd, maas_postgresql, maas_haproxy, maas_region, maas_rack]
    required: true
  address:
    description: The host's cluster address, at which etcd and Patroni listen.
    type: str
    required: true
  backups:
    description: Pattern of the shell for the files that are backups on this host; empty for none.
    type: str
    default: ""
  timeout:
    description:
      - Seconds that one answer may take.
      - That of C(maas status) may take ten times that, since it takes some to start.
    type: float
    default: 3
attributes:
  check_mode:
    description: Reads only, in check mode too.
    support: full
  diff_mode:
    description: Has no differences to show.
    support: none
  idempotent:
    description: Changes nothing.
    support: full
seealso:
  - module: metal.maas_ha.host_survey
  - module: metal.maas_ha.dhcp_failover_info
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Ask the daemons of a host that is database and region
  metal.maas_ha.status_host:
    groups: [maas_etcd, maas_postgresql, maas_region]
    address: 10.0.0.11
  become: true
  register: told
"""

RETURN = r"""
status:
  description: What was told. Only what the groups promise is there, and null for what did not answer.
  returned: always
  type: dict
  contains:
    units:
      description:
        - The state of each systemd unit that the groups promise, V(active) if it runs.
        - V(auto-restart) is that of a unit which has ended and is about to be started again.
      type: dict
    firewall:
      description: Whether the rules that close the cluster's ports are loaded; null where they are switched off.
      type: bool
    etcd:
      description: Whether the member is V(healthy), having a quorum, and whether it V(leads).
      type: dict
    patroni:
      description: The V(role) and V(state) of this member, whether PostgreSQL waits for a restart (V(pending_restart)),
        whether Patroni is V(paused), and all V(members) with name, role, state and lag in bytes.
      type: dict
    connections:
      description: How many connections PostgreSQL has, V(used), and how many it takes, V(most).
      type: dict
    balancer:
      description: The state of each region by the service that is balanced, as HAProxy sees it.
      type: dict
    database_proxy:
      description: The state of each database host for the region's own proxy, which leads to the one that is V(UP).
      type: dict
    region:
      description: The hostnames of the regions that this one calls V(alive).
      type: dict
    services:
      description:
        - The state of each service of MAAS as its own supervisor calls it, C(maas status), in one word for all series,
          V(running) if it runs. Some have nothing to do everywhere and do not run, C(dhcpd6) for one.
      type: dict
    snap:
      description:
        - The V(version), V(revision) and V(channel) of MAAS's snap, and whether it is V(held).
        - The V(architecture) is the host's. The store numbers each one's revisions apart.
      type: dict
    ranges:
      description:
        - The ranges that this rack leases from, each with V(vlan), V(start_ip), V(end_ip), V(size), and V(used), the
          number of leases.
      type: list
      elements: dict
    backup:
      description:
        - The V(path) of the newest file that matches O(backups), and its V(time) in seconds since 1970.
        - Both are null where there is none.
      type: dict
  sample:
    units: {etcd.service: active}
    etcd: {healthy: true, leads: false}
silent:
  description: Why, by its name in RV(status), something did not answer.
  returned: always
  type: dict
  sample: {etcd: Connection refused}
"""

import calendar
import contextlib
import csv
import glob
import http.client
import ipaddress
import json
import os
import platform
import re
import socket
import ssl
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.metal.maas_ha.plugins.module_utils import _cli

PKI = "/etc/maas-ha/pki/"
BALANCER = "/run/haproxy/maas.sock"
DATABASE_PROXY = "/run/maas-database-proxy/stats.sock"
DHCPD_CONF = "/var/snap/maas/common/maas/dhcpd.conf"
LEASES = "/var/snap/maas/common/maas/dhcp/dhcpd.leases"
CONNECTIONS = (
    "SELECT count(*), current_setting('max_connections') FROM pg_stat_activity WHERE backend_type = 'client backend'"
)

# How the supervisors of the series call a service that runs, and one that does not.
RUNNING = ("active", "RUNNING")
NOT_RUNNING = (
    "inactive",
    "backoff",
    "error",
    "STOPPED",
    "STARTING",
    "BACKOFF",
    "STOPPING",
    "EXITED",
    "FATAL",
    "UNKNOWN",
)

# Several names stand for one daemon under the names of different series.
UNITS = {
    "maas_etcd": ("etcd.service",),
    "maas_postgresql": ("patroni.service",),
    "maas_haproxy": ("haproxy.service", "keepalived.service"),
    "maas_region": ("maas-database-proxy.service", "snap.maas.pebble.service", "snap.maas.supervisor.service"),
    "maas_rack": ("snap.maas.pebble.service", "snap.maas.supervisor.service"),
}


class Silent(Exception):
    """Something did not answer, or not what it should."""


class Host:
    """The host, as its daemons tell it."""

    def __init__(self, groups, address, backups, timeout):
        self.groups, self.address, self.backups, self.timeout = groups, address, backups, timeout

    def run(self, *words, patience=1, statuses=(0,)):
        """Return what a command prints, which may take that many times the usual and exit with one of the statuses."""
        environment = {**os.environ, "LC_ALL": "C"}
        try:
            done = subprocess.run(  # pylint: disable=ansible-bad-function # run_command waits for ever
                words, capture_output=True, text=True, timeout=patience * self.timeout, env=environment, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Silent(str(error)) from error
        if done.returncode not in statuses:
            raise Silent((done.stderr or done.stdout).strip())
        return done.stdout

    def get(self, connection, path):
        """Return the status and the text of an answer over HTTP."""
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise Silent(str(error) or type(error).__name__) from error
        finally:
            connection.close()

    def ask(self, port, path):
        """Return an answer of a daemon that wants a certificate of the deployment."""
        try:
            context = ssl.create_default_context(cafile=PKI + "ca.crt")
            context.load_cert_chain(PKI + "host.crt", PKI + "host.key")
        except OSError as error:
            raise Silent(f"{PKI}: {error}") from error
        connection = http.client.HTTPSConnection(self.address, port, timeout=self.timeout, context=context)
        return self.get(connection, path)

    def stat(self, path):
        """Return the state of each server by its backend, as a HAProxy tells by its socket."""
        try:
            with socket.socket(socket.AF_UNIX) as talk:
                talk.settimeout(self.timeout)
                talk.connect(path)
                talk.sendall(b"show stat\n")
                with talk.makefile() as answer:
                    text = answer.read()
        except OSError as error:
            raise Silent(f"{path}: {error}") from error
        return servers(text)

    def units(self):
        """Return the state of each unit that the groups promise."""
        wanted = sorted({unit for group in self.groups for unit in UNITS[group]})
        told = self.run("systemctl", "show", "--property=Id,ActiveState,SubState", *wanted)
        states = re.findall(r"^Id=(.*)\nActiveState=(.*)\nSubState=(.*)$", told, re.MULTILINE)
        return {unit: detail if detail == "auto-restart" else state for unit, state, detail in states}

    def firewall(self):
        """Return whether the rules between the hosts are loaded, None where none are wanted."""
        told = self.run("systemctl", "show", "--property=UnitFileState", "maas-firewall.service")
        if told.strip() != "UnitFileState=enabled":
            return None
        return "table inet maas_ha\n" in self.run("nft", "list", "tables")

    def etcd(self):
        """Return how this member is."""
        dummy, health = self.ask(2379, "/health")
        dummy, metrics = self.ask(2379, "/metrics")
        return {
            "healthy": decoded(health).get("health") in (True, "true"),
            "leads": bool(re.search(r"^etcd_server_is_leader 1$", metrics, re.MULTILINE)),
        }

    def patroni(self):
        """Return how this member is, and how it sees the cluster."""
        me = decoded(self.ask(8008, "/patroni")[1])
        cluster = decoded(self.ask(8008, "/cluster")[1])
        return {
            "role": me.get("role"),
            "state": me.get("state"),
            "pending_restart": bool(me.get("pending_restart")),
            "paused": bool(cluster.get("pause")),
            "members": [
                {name: member.get(name) for name in ("name", "role", "state", "lag")}
                for member in cluster.get("members", [])
            ],
        }

    def connections(self):
        """Return how full PostgreSQL is."""
        told = self.run("psql", "--no-psqlrc", "-At", "-U", "postgres", "-d", "postgres", "-c", CONNECTIONS)
        used, most = told.strip().split("|")
        return {"used": int(used), "most": int(most)}

    def balancer(self):
        """Return how HAProxy sees the regions."""
        return self.stat(BALANCER)

    def database_proxy(self):
        """Return how the region's proxy sees the database hosts."""
        return self.stat(DATABASE_PROXY).get("database", {})

    def region(self):
        """Return what the region on this host says, which it has to fetch from the database."""
        connection = http.client.HTTPConnection("127.0.0.1", 5240, timeout=self.timeout)
        status, text = self.get(connection, "/MAAS/rpc/")
        if status != 200:
            raise Silent(f"it answers with status {status}")
        return {"alive": sorted({process.partition(":")[0] for process in decoded(text).get("eventloops", {})})}

    def services(self):
        """Return the state of each service of MAAS."""
        # The supervisor up to 3.4 exits with 3 when one of them does not run.
        return services(self.run(_cli.MAAS, "status", patience=10, statuses=(0, 3)))

    def snap(self):
        """Return which snap of MAAS is installed."""
        told = self.run("snap", "list", "--unicode=never", "--color=never", "maas").splitlines()[1].split()
        dummy, version, revision, channel, dummy, notes = told
        return {
            "version": version,
            "revision": revision,
            "channel": channel,
            "architecture": platform.machine(),
            # One from a file has no store to be refreshed from.
            "held": "held" in notes or revision.startswith("x") or self.holds_all(),
        }

    def holds_all(self):
        """Tell whether snapd holds all snaps, as versions before 2.58 can only."""
        try:
            return self.run("snap", "get", "system", "refresh.hold").strip() > time.strftime("%Y-%m-%d", time.gmtime())
        except Silent:
            return False

    def ranges(self):
        """Return the ranges that this rack leases from."""
        return ranges(read(DHCPD_CONF), read(LEASES), time.time())

    def backup(self):
        """Return the newest backup on this host."""
        times = {}
        for path in glob.glob(self.backups):
            with contextlib.suppress(FileNotFoundError):  # rotated meanwhile, or a link to nothing
                times[path] = os.path.getmtime(path)
        newest = max(times, key=times.get, default=None)
        return {"path": newest, "time": times.get(newest)}


READERS = {
    "maas_etcd": (Host.etcd,),
    "maas_postgresql": (Host.patroni, Host.connections),
    "maas_haproxy": (Host.balancer,),
    "maas_region": (Host.region, Host.database_proxy, Host.services, Host.snap),
    "maas_rack": (Host.ranges, Host.services, Host.snap),
}


def read(path):
    """Return a file's text, empty when there is none: a rack that serves no VLAN has no such files."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise Silent(f"{path}: {error}") from error


def decoded(text):
    """Return what an answer in JSON says."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise Silent(f"it answers {text[:80]!r}") from error


def services(text):
    """Return the state of each service by its name, out of the table that a supervisor prints."""
    found = {}
    for name, *words in (line.split() for line in text.splitlines() if line.strip()):
        state = next((word for word in words[:2] if word in (*RUNNING, *NOT_RUNNING)), None)
        if state:
            found[name] = "running" if state in RUNNING else state.lower()
    if not found:
        raise Silent(text.strip())
    return found


def servers(text):
    """Return the state of each server by its backend out of HAProxy's statistics, which are CSV."""
    found = {}
    for row in csv.DictReader(text.lstrip("# ").splitlines()):
        if row["svname"] not in ("FRONTEND", "BACKEND"):
            found.setdefault(row["pxname"], {})[row["svname"]] = row["status"].partition(" ")[0]
    return found


def ranges(config, leases, now):
    """Return the ranges of a dhcpd.conf by the number of their VLAN, with the leases that are used at a time.

    The last entry of a lease counts. Times are in UTC, as dhcpd writes them.
    """
    ends = {}
    for address, body in re.findall(r"^lease (\S+) \{(.*?)^\}", leases, re.MULTILINE | re.DOTALL):
        end = re.search(r"^\s*ends (?:epoch (\d+)|\d (\S+ \S+)|never)", body, re.MULTILINE)
        active = re.search(r"^\s*binding state active;", body, re.MULTILINE)
        ends[int(ipaddress.ip_address(address))] = moment(end) if active and end else 0
    used = [address for address, end in ends.items() if end > now]
    found = []
    for section in re.split(r"^shared-network ", config, flags=re.MULTILINE)[1:]:
        vlan = re.match(r"vlan-(\d+)", section)
        for start, end in re.findall(r"^\s*range (\S+) (\S+);", section, re.MULTILINE):
            low, high = int(ipaddress.ip_address(start)), int(ipaddress.ip_address(end))
            taken = sum(low <= address <= high for address in used)
            size = high - low + 1
            found.append({"vlan": int(vlan.group(1)), "start_ip": start, "end_ip": end, "size": size, "used": taken})
    return found


def moment(end):
    """Return the time that a lease's end names, in seconds since 1970."""
    epoch, date = end.groups()
    if date:
        return calendar.timegm(time.strptime(date.rstrip(";"), "%Y/%m/%d %H:%M:%S"))
    return int(epoch) if epoch else float("inf")


def main():
    module = AnsibleModule(
        argument_spec=dict(
            groups=dict(type="list", elements="str", choices=list(READERS), required=True),
            address=dict(type="str", required=True),
            backups=dict(type="str", default=""),
            timeout=dict(type="float", default=3),
        ),
        supports_check_mode=True,
    )
    host = Host(**module.params)
    readers = {Host.units, Host.firewall} | ({Host.backup} if host.backups else set())
    readers |= {*(reader for group in host.groups for reader in READERS[group])}
    status, silent = {}, {}
    with ThreadPoolExecutor(max_workers=len(readers)) as pool:
        for name, asked in {reader.__name__: pool.submit(reader, host) for reader in readers}.items():
            try:
                status[name] = asked.result()
            # What nobody expects is no answer either.
            except (Silent, OSError, ValueError, LookupError, AttributeError, TypeError) as error:
                status[name], silent[name] = None, str(error) or type(error).__name__
    module.exit_json(changed=False, status=status, silent=silent)


if __name__ == "__main__":
    main()
