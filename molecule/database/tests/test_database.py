# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database lets in whom it must, keeps what it acknowledged, and follows the living."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import threading
import time

import psycopg2
import pytest

from tests.site.playbook import play
from tests.site.probe import until

SECRETS = "/etc/maas-ha/secrets/database.json"
PKI = "/etc/maas-ha/pki"
TTL = 10  # seconds that Patroni's leader key lives, by default
FAILOVER = TTL + 10  # seconds from the loss of the leader's host to the next acknowledged write
RETURN = 90  # seconds in which a host that comes back follows again

# One row each 20 ms through the region's own proxy; prints the number of each row that was acknowledged.
WRITER = """
import json, time, psycopg2
password = json.load(open("/etc/maas-ha/secrets/database.json"))["maas"]
link, number = None, 0
while True:
    number += 1
    try:
        if link is None:
            link = psycopg2.connect(host="127.0.0.1", port=6432, user="maas", dbname="maasdb",
                                    password=password, connect_timeout=2)
            link.autocommit = True
        link.cursor().execute("INSERT INTO written VALUES (%s)", [number])
        print(number, flush=True)
    except psycopg2.Error:
        link = None
    time.sleep(0.02)
"""


class Writer:
    """Writes from a region host while it is open.

    Attributes:
        rows: the numbers that the database acknowledged.
        times: when each was heard of, in seconds of the monotonic clock.
    """

    def __init__(self, lab, host):
        self.lab, self.host = lab, host

    def __enter__(self):
        self.rows, self.times = [], []
        psql(self.lab, self.host, "DROP TABLE IF EXISTS written; CREATE TABLE written (number int)")
        self._process = subprocess.Popen(
            self.lab.command(self.host, ["python3", "-c", WRITER]), stdout=subprocess.PIPE, text=True
        )
        threading.Thread(target=self._listen, daemon=True).start()
        until(lambda: self.rows, 10, "the writer's first row")
        return self

    def __exit__(self, *dummy):
        self._process.terminate()
        self._process.wait()

    def _listen(self):
        for line in self._process.stdout:
            self.rows.append(int(line))
            self.times.append(time.monotonic())

    def wrote_since(self, moment):
        return bool(self.times) and self.times[-1] > moment

    def gap(self, moment):
        """Return the seconds from a moment to the first row that was acknowledged two seconds or more after it."""
        return next(at for at in list(self.times) if at > moment + 2) - moment


def served(lab, host):
    """Return the serial numbers of the certificates that etcd, Patroni and PostgreSQL show on a host."""
    show = "openssl s_client -connect {}:{} </dev/null 2>/dev/null | openssl x509 -noout -serial"
    ports = ("2379", "8008", "5432 -starttls postgres")
    return {lab.run(host, [show.format(lab.hosts[host], port)]) for port in ports}


def psql(lab, host, statement):
    """Return what a statement answers through a region's proxy, as MAAS."""
    line = (
        f"""PGPASSWORD=$(python3 -c 'import json; print(json.load(open("{SECRETS}"))["maas"])') """
        f"""psql -XAtq -v ON_ERROR_STOP=1 -h 127.0.0.1 -p 6432 -U maas maasdb -c "{statement}" """
    )
    return lab.run(host, [line]).strip()


def roles(lab, *asked):
    """Return member to role, of the members that run and, unless they lead, stream; asked of any host that answers."""
    for host in asked or lab.groups["maas_postgresql"]:
        if lab.condition(host) != "on":
            continue
        answer = lab.run(host, ["patronictl -c /etc/patroni/config.yml list -f json"])
        return {row["Member"]: row["Role"] for row in json.loads(answer) if row["State"] in ("running", "streaming")}
    return {}


def leader(lab):
    """Return the leader's name, None while there is none."""
    return next((member for member, role in roles(lab).items() if role == "Leader"), None)


def sound(lab):
    """Tell whether all members run and one of two or more is synchronous."""
    found = sorted(roles(lab).values())
    members = len(lab.groups["maas_postgresql"])
    return found == (["Leader"] + ["Replica"] * (members - 2) + ["Sync Standby"] if members > 1 else ["Leader"])


@pytest.fixture(autouse=True)
def whole(lab):
    """Begin each test with all hosts, and leave none lost."""
    until(lambda: sound(lab), RETURN, "all members to run")
    yield
    for host in lab.groups["maas_postgresql"]:
        if lab.condition(host) != "on":
            lab.heal(host)


def test_one_member_leads_and_one_keeps_every_commit(lab):
    assert sound(lab)
    assert psql(lab, lab.groups["maas_region"][0], "SHOW synchronous_commit") == "on"


def test_maas_owns_its_database_and_is_nobody_else(lab):
    region = lab.groups["maas_region"][0]
    assert psql(lab, region, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'maasdb'") == "maas"
    assert psql(lab, region, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = 'maas'") == "f"
    assert psql(lab, region, "CREATE EXTENSION IF NOT EXISTS pgcrypto; SELECT length(digest('x', 'sha256'))") == "32"
    assert psql(lab, region, "SHOW data_checksums") == "on"


def test_a_region_that_falls_silent_does_not_keep_its_locks(lab):
    region = lab.groups["maas_region"][0]
    assert psql(lab, region, "SHOW tcp_user_timeout; SHOW tcp_keepalives_idle").split() == ["4000", "1"]
    assert psql(lab, region, "SHOW tcp_keepalives_interval; SHOW tcp_keepalives_count").split() == ["1", "3"]


def test_every_region_is_led_to_the_leader(lab):
    for region in lab.groups["maas_region"]:
        assert psql(lab, region, "SELECT pg_is_in_recovery()") == "f"


def test_there_are_connections_for_two_regions_more(lab):
    regions = lab.groups["maas_region"]
    assert int(psql(lab, regions[0], "SHOW max_connections")) >= 20 + 100 * (len(regions) + 2)


@pytest.mark.parametrize(("group", "port"), [("maas_etcd", 2379), ("maas_etcd", 2380), ("maas_postgresql", 8008)])
def test_a_client_without_a_certificate_is_refused(lab, group, port):
    context = ssl._create_unverified_context()
    connection = http.client.HTTPSConnection(lab.hosts[lab.groups[group][0]], port, timeout=5, context=context)
    with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
        connection.request("GET", "/")
        connection.getresponse()


def test_etcd_refuses_a_certificate_without_a_user(lab):
    for host in lab.groups["maas_etcd"]:
        answer = lab.run(
            host,
            [
                f"ETCDCTL_API=3 etcdctl --endpoints=https://{lab.hosts[host]}:2379 --cacert={PKI}/ca.crt "
                f"--cert={PKI}/host.crt --key={PKI}/host.key get / --prefix 2>&1 || true"
            ],
        )
        assert "permission denied" in answer or "user name is empty" in answer


def test_postgresql_refuses_strangers_and_its_superuser_from_afar(lab):
    host = lab.groups["maas_postgresql"][0]
    password = json.loads(lab.run(host, ["cat", SECRETS]))["maas"]
    for user in ("maas", "postgres", "maas_replication"):
        with pytest.raises(psycopg2.OperationalError, match=r"no pg_hba\.conf entry"):
            psycopg2.connect(host=lab.hosts[host], user=user, password=password, dbname="maasdb", connect_timeout=5)
    answer = lab.run(host, [f"psql -h {lab.hosts[host]} -U postgres -c 'SELECT 1' 2>&1 || true"])
    assert "no pg_hba.conf entry" in answer


def test_secrets_are_the_same_everywhere_and_for_root_alone(lab):
    owners = lab.groups["maas_postgresql"]
    assert len({lab.run(host, ["cat", SECRETS]) for host in owners}) == 1
    for host in owners:
        assert lab.run(host, ["stat", "-c", "%a %U", SECRETS]).strip() == "600 root"
        assert lab.run(host, ["stat", "-c", "%a %U:%G", f"{PKI}/host.key"]).strip() == "640 root:maas-ha"
        assert lab.run(host, ["stat", "-c", "%a %U", "/etc/patroni/config.yml"]).strip() == "600 postgres"


def test_no_secret_lies_in_the_open(lab):
    values = "\n".join(json.loads(lab.run(lab.groups["maas_postgresql"][0], ["cat", SECRETS])).values())
    for host in lab.groups["maas_postgresql"]:
        search = "grep -rlsF -f - /etc /run /tmp /root /var/lib /var/log"
        found = lab.run(host, [search], stdin=values, check=False).split()
        assert SECRETS in found
        modes = {path: lab.run(host, ["stat", "-c", "%a", path]).strip() for path in found}
        assert {path: mode for path, mode in modes.items() if not mode.endswith("00")} == {}
        journal = "journalctl --no-pager >/root/journal; grep -cF -f - /root/journal; rm /root/journal"
        assert lab.run(host, [journal], stdin=values).strip() == "0"


@pytest.mark.parametrize("moved", [[], ["192.0.2.9"]], ids=["alone", "with other settings"])
def test_a_certificate_in_the_last_third_of_its_life_is_renewed_and_served_at_once(lab, moved):
    host = leader(lab)
    lab.run(host, ["rm", f"{PKI}/host.crt"])
    brief = play("database", "--limit", host, "--extra-vars", "maas_certificate_days=90")
    assert brief.status == 0, brief.output[-4000:]
    before = served(lab, host)
    regions = lab.groups["maas_region"]
    regions = dict(zip(regions, [*moved, *(lab.hosts[region] for region in regions)], strict=False))
    given = json.dumps({"maas_postgresql_regions": regions})
    run = play("database", "--limit", host, "--extra-vars", given)  # for which certificates live for a year
    assert run.status == 0, run.output[-4000:]
    after = served(lab, host)
    assert len(after) == 1
    assert after.isdisjoint(before)
    assert leader(lab) == host
    assert play("database", "--limit", host).status == 0  # with the regions' own addresses again


def test_losing_the_leaders_host_loses_no_acknowledged_row(lab):
    lost = leader(lab)
    region = next(host for host in lab.groups["maas_region"] if host != lost)
    with Writer(lab, region) as writer:
        moment = time.monotonic()
        lab.off(lost)
        until(lambda: writer.wrote_since(moment + 2), FAILOVER, "a write after the leader's host was lost")
        print(f"{lost} lost: the next write was acknowledged after {writer.gap(moment):.1f} s")
        until(lambda: writer.wrote_since(time.monotonic() - 1), 5, "the writer to go on")
    kept = set(map(int, psql(lab, region, "SELECT number FROM written").split()))
    assert set(writer.rows) <= kept
    assert leader(lab) not in (None, lost)

    run = play("database")
    assert run.hosts[lost]["unreachable"] == 1
    assert [counts["failed"] for counts in run.hosts.values()] == [0] * len(run.hosts), run.output[-4000:]
    assert run.changes == []

    lab.heal(lost)
    until(lambda: sound(lab), RETURN, f"{lost} to follow the new leader")
    again = play("database")
    assert (again.status, again.changes) == (0, []), again.output[-4000:]


def test_a_member_of_etcd_that_does_not_come_back_is_the_last_to_restart(lab):
    members = lab.groups["maas_etcd"]
    for host in members:
        lab.run(host, [f"systemd-run --quiet --unit=taken python3 -m http.server --bind {lab.hosts[host]} 2381"])
    try:
        for dummy in range(2):
            run = play("database", "--extra-vars", '{"maas_etcd_metrics": true}')
            assert run.status
            states = [lab.run(host, ["systemctl is-active etcd || true"]).strip() for host in members]
            assert states.count("active") == len(members) - 1, states
    finally:
        for host in members:
            lab.run(host, ["systemctl stop taken"])
    mended = play("database")
    assert mended.status == 0, mended.output[-4000:]


def test_a_setting_that_postgresql_does_not_start_with_takes_one_replica_alone(lab):
    members, before = lab.groups["maas_postgresql"], leader(lab)
    given = {"maas_postgresql_parameters": {"shared_preload_libraries": "nowhere"}, "maas_postgresql_start_timeout": 30}
    for told in ("/restart", "so it is not restarted here"):
        run = play("database", "--extra-vars", json.dumps(given))
        assert run.status and told in run.told, run.output[-4000:]
        assert len(roles(lab, before)) == len(members) - 1
        assert leader(lab) == before
    given["maas_postgresql_parameters"]["shared_preload_libraries"] = ""
    play("database", "--extra-vars", json.dumps(given))  # the replica follows only when the others have told it
    until(lambda: sound(lab), RETURN, "the replica to start with the settings that it was given")
    mended = play("database")
    assert mended.status == 0, mended.output[-4000:]
    assert leader(lab) == before


def test_more_connections_come_rolling_and_are_never_taken_away(lab):
    region = lab.groups["maas_region"][0]
    before = int(psql(lab, region, "SHOW max_connections"))
    more = play("database", "--extra-vars", '{"maas_region_num_workers": 6}')
    assert more.status == 0, more.output[-4000:]
    after = int(psql(lab, region, "SHOW max_connections"))
    assert after > before or before > 20 + 100 * (len(lab.groups["maas_region"]) + 2)
    until(lambda: sound(lab), RETURN, "all members to follow")
    less = play("database")
    assert less.status == 0, less.output[-4000:]
    assert int(psql(lab, region, "SHOW max_connections")) == after
