# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a deployment in PostgreSQL, shared by its regions, and the migrations that make its tables."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time

import psycopg2

from . import seed
from .state import State
from .tables import StoreError

KINDS = (
    "user",
    "token",
    "nonce",
    "sequence",
    "setting",
    "secret",
    "sshkey",
    "fabric",
    "space",
    "vlan",
    "subnet",
    "iprange",
    "vm_host",
    "reservedip",
    "address",
    "interface",
    "node",
    "service",
    "process",
    "connection",
    "tag",
    "zone",
    "domain",
    "snippet",
    "bootsource",
    "selection",
    "import",
)
NAMES = {"user": "auth_user", "token": "piston3_token", "nonce": "piston3_nonce", "setting": "maasserver_config"}
LOCK = 20120116
UNTOLD = {"nonce", "process", "connection", "service", "sequence"}  # changes that nobody has to act on
FOUND = "found"  # the step that fills a fresh database
# What each series adds to the schema, as its own tool names it.
ALEMBIC = (
    ("0000", "initial"),
    ("0001", "Add last_deployed to bootresources"),
    ("0002", "Register system triggers"),
    ("0003", "Register websocket triggers"),
    ("0004", "Create views"),
    ("0025", "Migrate BMC unique index from MD5 to SHA-256"),
    ("0026", "Create trusted SSH host keys table"),
)


def name(kind):
    """Return the table that holds a kind of rows."""
    return NAMES.get(kind, f"maasserver_{kind}")


class PostgresStore:
    """Transactions on the database, one after another over all regions; only tables that changed are read again."""

    def __init__(self, parameters, connections=9, application="maas"):
        self._parameters = {**parameters, "application_name": application}
        self._idle = []
        self._free = threading.BoundedSemaphore(connections)
        self._cache = {}  # kind: (stamp, rows)

    @contextlib.contextmanager
    def transaction(self):
        """Give the state to change; an exception undoes what was done. Raises StoreError when the database fails."""
        with self._free, _as_store_error():
            connection = self._idle.pop() if self._idle else psycopg2.connect(**self._parameters)
            try:
                with connection.cursor() as cursor:
                    written = yield from self._work(cursor)
                connection.commit()
                self._cache.update(written)
            except psycopg2.Error:
                self._forget(connection)
                raise
            except BaseException:
                connection.rollback()
                self._idle.append(connection)
                raise
            self._idle.append(connection)

    def _work(self, cursor):
        """Yield the state, write what was changed, and return what that leaves in the cache, once committed."""
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        cursor.execute("SELECT kind, stamp FROM maasserver_stamp")
        stamps = dict(cursor.fetchall())

        def load(kind):
            if self._cache.get(kind, (None,))[0] != stamps[kind]:
                cursor.execute(f"SELECT id, data FROM {name(kind)} ORDER BY id")
                self._cache[kind] = (stamps[kind], dict(cursor.fetchall()))
            return self._cache[kind][1]

        state = State(load)
        yield state
        changed = state.changes()
        for (kind, row_id), row in sorted(changed.items(), key=lambda change: change[1] is None):
            if row is None:
                cursor.execute(f"DELETE FROM {name(kind)} WHERE id = %s", (row_id,))
            else:
                cursor.execute(
                    f"INSERT INTO {name(kind)} VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET data = excluded.data",
                    (row_id, json.dumps(row)),
                )
        kinds = sorted({kind for kind, dummy in changed})
        if not kinds:
            return {}
        cursor.execute("UPDATE maasserver_stamp SET stamp = stamp + 1 WHERE kind = ANY(%s) RETURNING *", (kinds,))
        written = {kind: (stamp, state.table(kind)) for kind, stamp in cursor.fetchall()}
        if set(kinds) - UNTOLD:
            cursor.execute("NOTIFY maas")
        return written

    def _forget(self, failed):
        """Close a connection that failed, and the idle ones, which the same fault has likely cut off."""
        for connection in (failed, *self._idle):
            with contextlib.suppress(psycopg2.Error):
                connection.close()
        self._idle.clear()


@contextlib.contextmanager
def _as_store_error():
    try:
        yield
    except psycopg2.Error as error:
        raise StoreError(str(error)) from error


class Listener:
    """Tells of changes that any region made."""

    def __init__(self, parameters):
        self._connection = psycopg2.connect(**parameters)
        self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            cursor.execute("LISTEN maas")

    def fileno(self):
        """Return the descriptor to wait on."""
        return self._connection.fileno()

    def changed(self):
        """Return whether anything was told since the last call. Raises psycopg2.Error when the database is gone."""
        self._connection.poll()
        told = bool(self._connection.notifies)
        self._connection.notifies.clear()
        return told

    def close(self):
        """Stop listening."""
        self._connection.close()


def has_tables(parameters):
    """Return whether the database holds any table. Raises psycopg2.Error when it cannot be asked."""
    with contextlib.closing(psycopg2.connect(**parameters)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return cursor.fetchone()[0] > 0


def pending(parameters, series):
    """Return the migration steps that the database still lacks. Raises psycopg2.Error when it cannot be asked."""
    with contextlib.closing(psycopg2.connect(**parameters)) as connection:
        return _pending(connection, series)


def migrate(parameters, version, pause=0.02):
    """Bring the schema up to a version, one committed step after another, and tell of each as its tool does.

    There is no lock: two migrations at once collide. A killed one is finished by the next.
    """
    series = tuple(int(part) for part in version.split(".")[:2])
    with contextlib.closing(psycopg2.connect(**parameters)) as connection:
        steps = _pending(connection, series)
        tell = _tell_alembic if series >= (3, 7) else _tell_django
        tell(None, steps)
        for step, statement in steps.items():
            if step == FOUND:
                with PostgresStore(parameters).transaction() as state:
                    seed.found(state, version)
            with connection, connection.cursor() as cursor:
                cursor.execute(statement)
                cursor.execute("INSERT INTO maasserver_migration VALUES (%s)", (step,))
            tell(step, steps)
            time.sleep(pause)


def _steps(series):
    """Return {name: statement} in the order they are to run."""
    steps = {"migration": "CREATE TABLE maasserver_migration (name text PRIMARY KEY)"}
    steps["stamp"] = "CREATE TABLE maasserver_stamp (kind text PRIMARY KEY, stamp bigint NOT NULL)"
    for kind in KINDS:
        steps[kind] = (
            f"CREATE TABLE {name(kind)} (id bigint PRIMARY KEY, data jsonb NOT NULL);"
            f"INSERT INTO maasserver_stamp VALUES ('{kind}', 0)"
        )
    steps[FOUND] = "SELECT 1"
    if series >= (3, 5):
        steps["temporal"] = "CREATE SCHEMA temporal; CREATE SCHEMA temporal_visibility"
    if series >= (3, 7):
        steps["django to alembic"] = "CREATE TABLE alembic_version (version_num text PRIMARY KEY)"
        for revision, dummy in ALEMBIC:
            steps[revision] = f"DELETE FROM alembic_version; INSERT INTO alembic_version VALUES ('{revision}')"
        steps["0025"] += "; CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public"
    else:
        steps["django"] = "CREATE TABLE IF NOT EXISTS django_migrations (app text, name text)"
    if series >= (3, 8):
        steps["openfga"] = "CREATE SCHEMA openfga"
    return steps


def _pending(connection, series):
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('maasserver_migration')")
        done = set()
        if cursor.fetchone()[0] is not None:
            cursor.execute("SELECT name FROM maasserver_migration")
            done = {row[0] for row in cursor.fetchall()}
    return {step: statement for step, statement in _steps(series).items() if step not in done}


def _tell_alembic(step, steps):
    """Write what alembic logs of its revisions."""
    if step is None:
        print("INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.", file=sys.stderr)
        print("INFO  [alembic.runtime.migration] Will assume transactional DDL.", file=sys.stderr)
    before = ""
    for revision, title in ALEMBIC:
        if revision == step:
            print(f"INFO  [alembic.runtime.migration] Running upgrade {before} -> {revision}, {title}", file=sys.stderr)
        before = revision


def _tell_django(step, steps):
    """Write what Django's migrate prints."""
    if step is None:
        print("Operations to perform:")
        print("  Apply all migrations: auth, contenttypes, maasserver, metadataserver, piston3, sessions, sites")
        print("Running migrations:")
        if not steps:
            print("  No migrations to apply.")
    else:
        print(f"  Applying maasserver.{step}... OK", flush=True)
