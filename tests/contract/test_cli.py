# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in's maas command does what the recorded one did: exit code, output, calls of snapctl, files and modes.

Each recorded call is made in directories laid out as they were before it, and where it asks the database, with one
of our own that is brought into the state that the recording had. Compared are the exit code, both outputs (of
tracebacks the last line), the files with their modes, what was asked of snapd, and the users and keys afterwards.
"""

from __future__ import annotations

import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pytest

from tests.contract.place import ABSENT, CONTRACT
from tests.contract.postgresql import OWNER, running
from tests.simulator.snap.build import tree

REPOSITORY = pathlib.Path(__file__).parents[2]
RECORDED = CONTRACT / "cli"
RECORDED_PORT = "5498"
ENDLESS = 1.5  # seconds after which a loop that the recorder waited longer for is taken for endless
START = 150  # characters of an endless output that are compared

LYP = "LypX9AafrNwv4h5yFw:LE474gjR4qyFAunM3K:DT49x4JWdjyz4U6WSEJzsB27psuePZff MAAS consumer"
WZP = "WZpU92HfVLRWREJhRv:w8rWEqD6wHRFrzbcMp:bBXReV5xPtFDuLk53amrk8hQbGpyJcPg MAAS consumer"
BDM = "BDmPQCZHeNBC4psLMV:T8Sc4qVqCHdvd6QaDj:UvwmwzVJyMjWgeVKpJmnhqYxJHs9XfUp ansible"
# The recording went through these states of the admin's keys; elsewhere there is the first one.
KEYS_BEFORE = {
    "apikey-generate-name": [LYP, WZP],
    "apikey-three-keys": [LYP, WZP, BDM],
    "apikey-with-names": [LYP, WZP, BDM],
    "apikey-with-names-trailing-space": [LYP, WZP, BDM],
    "apikey-delete": [LYP, WZP, BDM],
    "apikey-delete-again": [WZP, BDM],
    "apikey-two-keys": [WZP, BDM],
    "apikey-delete-1": [WZP, BDM],
    "apikey-delete-2": [BDM],
    "apikey-no-keys": [],
    "apikey-delete-garbage": [],
}
NO_ADMIN_BEFORE = {
    "createadmin-flags",
    "createadmin-database-password-at",
    "createadmin-database-password-specials",
    "createadmin-password-leading-dash-equals",
}
NO_DATABASE = re.compile(r"^region-.*database-gone|db-missing")
EMPTY_DATABASE = re.compile(r"^region-.*empty-database$|init-region-fresh$|init-region-uri-wrong-password")
PASSWORDS = {"maas": "dbpass", "maas2": "p@ss/w:rd%25 #?", "maas3": "p/ss:w rd#?&+", "maas4": "p@ss"}

STUB = """\
#!/bin/sh
printf '%s\\n' "$*" >> "$CALLS/{name}"
{body}
"""
SERVICES = 'if [ "$1" = services ]; then echo "maas.pebble  enabled  {state}  -"; fi\nexit {code}'

cases = [
    json.loads(path.read_text())
    for version in ("3.7.3", "3.5.13", "3.4.10")
    for path in sorted((RECORDED / version).glob("*.json"))
]
templates = set()  # databases that maas has migrated, one for each version

pytestmark = [
    pytest.mark.skipif(not cases, reason=ABSENT),
    pytest.mark.skipif(os.getuid() != 0, reason="maas wants to be root"),
    pytest.mark.skipif(
        None in map(importlib.util.find_spec, ("psycopg2", "yaml")),
        reason="psycopg2 or PyYAML is missing, which the snap's base has",
    ),
    pytest.mark.skipif(sys.version_info >= (3, 13), reason="help is laid out as by Python 3.10 to 3.12"),
]


def identity(case):
    """Name a case in pytest's output."""
    return f"{case['version']}-{case['name']}"


@pytest.fixture(scope="module")
def place():
    """A directory that other users may enter."""
    with tempfile.TemporaryDirectory(prefix="maas-cli-") as name:
        path = pathlib.Path(name)
        path.chmod(0o711)
        yield path


@pytest.fixture(scope="module")
def database(place):
    """A running PostgreSQL with the recording's roles, or a skip."""
    with running(place / "postgresql") as server:
        for user, password in PASSWORDS.items():
            server.sql(
                f"ALTER ROLE {user} PASSWORD '{password}'"
                if user == OWNER
                else f"CREATE ROLE {user} LOGIN PASSWORD '{password}' IN ROLE {OWNER}"
            )
            server.sql(f"ALTER ROLE {user} SET role TO {OWNER}")
        yield server


@pytest.fixture(scope="module")
def certificates(place):
    """A directory of the certificates and keys that config-tls was tried with."""
    directory = place / "certificates"
    directory.mkdir()
    make_certificates(directory)
    return directory


@pytest.fixture(scope="module")
def snap(place):
    """Return the unpacked snap of a version."""

    def unpack(version):
        path = place / f"snap-{version}"
        if not path.exists():
            path.mkdir()
            tree(path, version)
        return path

    return unpack


class Call:
    """One recorded call, made again."""

    def __init__(self, case, snap, directory, port):
        self.case = case
        self.directory = directory
        self.paths = {
            "$SNAP_COMMON": str(directory / "common"),
            "$SNAP_DATA": str(directory / "data"),
            "$SNAP": str(snap),
            "$TLS": str(directory / "tls"),
        }
        self.port = str(port)
        for path in ("common/maas", "data", "tls", "stubs", "calls"):
            (directory / path).mkdir(parents=True)
        self._stub()
        for path, file in case["files_before"].items():
            target = pathlib.Path(self.expand(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.expand(file["content"]))
            target.chmod(int(file["mode"], 8))

    def expand(self, text):
        """Put the paths and the port of this run into a recorded text."""
        for name, path in self.paths.items():
            text = text.replace(name, path)
        return text.replace(RECORDED_PORT, self.port)

    def collapse(self, text):
        """Put the recording's names in place of this run's paths, port and default URL."""
        default = re.search(r"\[default=http://([^:]+):5240/MAAS\]", self._read(self.directory / "stdout"))
        if default:
            text = text.replace(default[1], "<default-gateway-interface-ip>")
        for name, path in self.paths.items():
            text = text.replace(path, name)
        return text.replace(self.port, RECORDED_PORT)

    def _stub(self):
        note = self.case["env_notes"]
        services = SERVICES.format(state="inactive" if "inactive" in note else "active", code=int("exits 1" in note))
        client = f"cat {self.directory}/table" if "status" in self.case["name"] else ":"
        if self.case["name"] == "rack-status-pebble-not-running":
            client = f"cat {self.directory}/error >&2; exit 1"
        (self.directory / "table").write_text(self.case["stdout"])
        (self.directory / "error").write_text(self.case["stderr"])
        if self.case["name"] == "rack-status-supervisor-error":
            client = "echo error: restarting"
        for name, body in {"snapctl": services, "pebble": client, "supervisorctl": client}.items():
            self._script(name, STUB.format(name=name, body=body))
        self._script("python3", f'#!/bin/sh\nexec {sys.executable} "$@"\n')

    def _script(self, name, text):
        path = self.directory / "stubs" / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, arguments=None):
        """Run maas and return (exit code or None when it was endless, stdout, stderr)."""
        case = self.case
        arguments = arguments or [self.expand(argument) for argument in case["argv"][1:]]
        environment = {
            "PATH": f"{self.directory}/stubs:/usr/sbin:/usr/bin:/sbin:/bin",
            "CALLS": f"{self.directory}/calls",
            "SNAP": self.paths["$SNAP"],
            "SNAP_COMMON": self.paths["$SNAP_COMMON"],
            "SNAP_DATA": self.paths["$SNAP_DATA"],
            "SNAP_VERSION": case["version"],
            "MAAS_MIGRATION_PAUSE": "0",
            "COLUMNS": "80",
            "HOME": str(self.directory),
        }
        command = [f"{self.paths['$SNAP']}/bin/maas", *arguments]
        if case["name"].startswith("notroot"):
            command = ["unshare", "--user", *command]  # uid 65534, and still allowed to read what it runs
        outputs = [self.directory / name for name in ("stdout", "stderr")]
        with outputs[0].open("w") as stdout, outputs[1].open("w") as stderr:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=stdout,
                stderr=stderr,
                env=environment,
                umask=0o077 if "umask 077" in case["env_notes"] else 0o022,
                start_new_session=True,
                text=True,
            )
            try:
                process.communicate(self.expand(case["stdin"]), timeout=ENDLESS if case["timed_out"] else 60)
                code = process.returncode
            except subprocess.TimeoutExpired:
                code = self._slow(process, outputs[0])
                process.kill()
                process.wait()
        return code, *(self._read(path) for path in outputs)

    def _slow(self, process, stdout):
        """Wait up to a minute, on a busy machine, for what was recorded of a loop; return the exit code or None."""
        end = time.monotonic() + 60
        expected = min(START, len(self.case["stdout"]))
        while process.poll() is None and stdout.stat().st_size < expected and time.monotonic() < end:
            time.sleep(0.05)  # the rhythm of the looks
        return process.poll()

    @staticmethod
    def _read(path):
        with path.open() as file:
            return file.read(100_000)

    def files(self):
        """Return the files as the recording lists them."""
        found = {}
        for name in ("$SNAP_COMMON", "$SNAP_DATA"):
            for path in sorted(pathlib.Path(self.paths[name]).rglob("*")):
                if path.is_file():
                    mode = f"{path.stat().st_mode & 0o7777:04o}"
                    found[self.collapse(str(path))] = {"mode": mode, "content": self.collapse(path.read_text())}
        return found

    def calls(self):
        """Return what was asked of snapctl."""
        path = self.directory / "calls/snapctl"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []


def tidy(text):
    """Take out of an output what no contract is about."""
    text = re.sub(r"\S*getpass\.py:\d+", "getpass.py", text)
    text = re.sub(r"(?m)^  (Applying|Your models|Run 'manage).*\n", "", text)
    if "Traceback (most" in text:
        return re.findall(r"(?m)^[\w.]+(?:Error|Exception)\b.*", text)[-1]
    text = re.sub(r"(\([\w.]+\) )*(<class.*>: )?relation \"\w+\" does not exist\n(.*\n)*", "no such relation", text)
    return re.sub(r"(at|to) \"?localhost\"?.*port \d+", "localhost", text)


def hide_keys(text):
    """Replace API keys, which are random."""
    return re.sub(r"\w{18}:\w{18}:\w{32}", "KEY", text)


def databases(case):
    """Return the names of the databases that a case tells of."""
    told = json.dumps([case["argv"], case["stdin"], case["files_before"]])
    return sorted(set(re.findall(r"clidb_\w+", told)))


def prepare(case, call, database):
    """Bring the databases of a case into the state that they had."""
    version = case["version"].replace(".", "_")
    template = f"migrated_{version}"
    if template not in templates:
        templates.add(template)
        migrate_template(case, call, database, template)
    for name in databases(case):
        other_is_empty = name.endswith("_other") and "names an empty one" in case["env_notes"]
        gone = NO_DATABASE.search(case["name"]) or (
            "no longer exists" in case["env_notes"] and not name.endswith("_other")
        )
        if gone:
            database.drop(name)
        else:
            was_migrated = "No migrations to apply." in case["stdout"]
            empty = other_is_empty or (EMPTY_DATABASE.search(case["name"]) and not was_migrated)
            database.create(name, None if empty else template)
            if not empty:
                populate(case, database, name)


def migrate_template(case, call, database, template):
    """Make the database of a version that maas has migrated."""
    database.create(template)
    conf = pathlib.Path(call.paths["$SNAP_DATA"], "regiond.conf")
    before = conf.read_text()
    settings = {"host": "127.0.0.1", "port": database.port, "name": template, "user": "maas", "pass": "dbpass"}
    conf.write_text("".join(f"database_{key}: {value}\n" for key, value in settings.items()))
    mode = pathlib.Path(call.paths["$SNAP_COMMON"], "snap_mode")
    old_mode = mode.read_text() if mode.exists() else None
    mode.write_text("region")
    environment = {
        **os.environ,
        "PATH": f"{call.directory}/stubs:{os.environ['PATH']}",
        "SNAP": call.paths["$SNAP"],
        "SNAP_VERSION": case["version"],
    }
    environment.update(SNAP_COMMON=call.paths["$SNAP_COMMON"], SNAP_DATA=call.paths["$SNAP_DATA"])
    subprocess.run([f"{call.paths['$SNAP']}/bin/maas", "migrate"], env=environment, check=True, capture_output=True)
    conf.write_text(before)
    if old_mode is None:
        mode.unlink()
    else:
        mode.write_text(old_mode)


def populate(case, database, name):
    """Add the administrator and the keys that were there."""
    if case["name"] in NO_ADMIN_BEFORE or case["name"].startswith("init"):
        return
    user = {"id": 1, "username": "admin", "email": "admin@example.com", "password": "x", "is_superuser": True}
    rows = [("auth_user", user)]
    for number, text in enumerate(KEYS_BEFORE.get(case["name"], [LYP]), 1):
        key, dummy, title = text.partition(" ")
        consumer, token, secret = key.split(":")
        row = {"id": number, "user": 1, "name": title, "consumer": consumer, "key": token, "secret": secret}
        rows.append(("piston3_token", row))
    inserts = [f"INSERT INTO {table} VALUES ({row['id']}, '{json.dumps(row)}')" for table, row in rows]
    database.sql(*inserts, "UPDATE maasserver_stamp SET stamp = stamp + 1", database=name)


def make_certificates(directory):
    """Make the certificates and keys that config-tls was tried with."""

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=directory, check=True, capture_output=True)

    for key, certificate in (("key", "cert"), ("otherkey", "othercert"), ("leafkey", "leaf"), ("cakey", "ca")):
        openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", f"/CN={certificate}", "-keyout", f"{key}.pem", "-out", f"{certificate}.pem"),
        )
    openssl("req", "-new", "-key", "leafkey.pem", "-subj", "/CN=exp", "-out", "exp.csr")
    openssl(
        *("x509", "-req", "-in", "exp.csr", "-CA", "ca.pem", "-CAkey", "cakey.pem", "-days", "-1", "-out", "exp.pem")
    )
    (directory / "garbage.pem").write_text("garbage\n")


@pytest.mark.parametrize("case", cases, ids=identity)
def test_command_does_what_was_recorded(case, snap, request, place, record_property):
    tally = [f"MAAS {case['version']}, command lines", 1]
    record_property("recorded", tally)
    directory = place / f"{case['version']}-{case['name']}"
    directory.mkdir()
    asks_database = databases(case) and case["argv"][1] not in ("config", "status")
    database = request.getfixturevalue("database") if asks_database else None
    call = Call(case, snap(case["version"]), directory, database.port if database else RECORDED_PORT)
    if database:
        prepare(case, call, database)
    if "test-db-socket stands" in case["env_notes"]:
        (directory / "common/test-db-socket").mkdir()
    if "config-tls" in case["name"]:
        shutil.copytree(request.getfixturevalue("certificates"), directory / "tls", dirs_exist_ok=True)

    code, stdout, stderr = call.run()

    if "stdout_clip" in case:
        assert code == case["exit_code"]
        assert tidy(stdout)[:START] == tidy(case["stdout"])[:START]
        assert tidy(stderr)[:START] == tidy(case["stderr"])[:START]
    else:
        hide = hide_keys if "--generate" in case["argv"] else str
        assert (code, hide(tidy(call.collapse(stdout)))) == (case["exit_code"], hide(tidy(case["stdout"]))), stderr
        assert tidy(call.collapse(stderr)) == tidy(case["stderr"])
    ours, recorded = call.files(), dict(case["files_after"])
    for path in [path for path in recorded if path.startswith("$SNAP_DATA/supervisord/")]:
        ours.pop(path, None)
        del recorded[path]
    assert json.loads(tidy(json.dumps(ours))) == json.loads(tidy(json.dumps(recorded)))
    assert call.calls() == case["snapctl_calls"]
    if database:
        check_database(case, database)
    record_property("held", tally)


def check_database(case, database):
    """Compare the users, the keys and the TLS port."""
    expected = case.get("db_after", {})
    name = databases(case)[-1]
    queries = {
        "users": "SELECT data->>'username' || '|' || (data->>'email') FROM auth_user ORDER BY id",
        "tokens": "SELECT count(*) FROM piston3_token WHERE data->>'user' = '1'",
        "tls_port": "SELECT 'tls_port|' || (data->>'value') FROM maasserver_config WHERE data->>'name' = 'tls_port' "
        "AND data->>'value' IS NOT NULL",
    }
    for what, query in queries.items():
        if what == "users" and "users" in expected:
            wanted = ["|".join(line.split("|")[:2]) for line in expected["users"]]
            assert set(database.sql(query, database=name)) <= set(wanted)
        elif what in expected:
            assert database.sql(query, database=name) == [line for line in expected[what] if not line.endswith("|null")]


def migration(snap, directory, port, pause):
    """Start a migration of the database "half" and return the process."""
    (directory / "regiond.conf").write_text(
        f"database_host: 127.0.0.1\ndatabase_port: {port}\ndatabase_name: half\n"
        "database_user: maas\ndatabase_pass: dbpass\n"
    )
    environment = {**os.environ, "SNAP": str(snap), "SNAP_DATA": str(directory), "SNAP_COMMON": str(directory)}
    return subprocess.Popen(
        [sys.executable, "-m", "simulator.cli", "dbupgrade"],
        env={**environment, "PYTHONPATH": f"{snap}/lib", "MAAS_MIGRATION_PAUSE": str(pause)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def steps_done(database):
    """Return how many steps of the migration are committed."""
    if database.sql("SELECT to_regclass('maasserver_migration')", database="half") == [""]:
        return 0
    return int(database.sql("SELECT count(*) FROM maasserver_migration", database="half")[0])


def wait_for_steps(database, number):
    """Wait until a migration has committed so many steps."""
    for dummy in range(200):
        if steps_done(database) >= number:
            return
        time.sleep(0.05)
    raise AssertionError(f"the migration did not reach step {number} in 10 s")


def test_killed_migration_is_finished_by_the_next_one(database, snap, place):
    database.create("half")
    directory = place / "killed"
    directory.mkdir()
    first = migration(snap("3.7.3"), directory, database.port, pause=0.2)
    wait_for_steps(database, 3)
    first.kill()
    first.communicate()
    done = steps_done(database)
    second = migration(snap("3.7.3"), directory, database.port, pause=0)
    assert second.communicate()[0] is None and second.returncode == 0
    assert steps_done(database) > done
    assert database.sql("SELECT version_num FROM alembic_version", database="half") == ["0026"]


def test_two_migrations_at_once_collide(database, snap, place):
    database.create("half")
    directory = place / "both"
    directory.mkdir()
    first = migration(snap("3.7.3"), directory, database.port, pause=0.1)
    wait_for_steps(database, 3)
    second = migration(snap("3.7.3"), directory, database.port, pause=0)
    errors = [process.communicate()[1] for process in (first, second)]
    assert sorted([first.returncode, second.returncode]) == [0, 1]
    assert "already exists" in "".join(errors) or "duplicate key" in "".join(errors)


def test_every_kind_of_row_has_a_table():
    from tests.simulator.postgres import KINDS

    sources = "".join(path.read_text() for path in (REPOSITORY / "tests/simulator").glob("*.py"))
    used = re.findall(r"\b(?:state|self)\.(?:table|get|where|first|find|insert|update|delete)\(\s*\"(\w+)\"", sources)
    assert set(used) <= set(KINDS)
