# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server for tests: on a free port, gone afterwards."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import socket
import subprocess

import pytest

OWNER, PASSWORD = "maas", "dbpass"
DROP = "DROP DATABASE IF EXISTS {} WITH (FORCE)"


@contextlib.contextmanager
def running(directory):
    """Run a server in a new directory that its user may enter; skip the test where none is installed."""
    programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("no PostgreSQL server is installed")
    server = Database(directory, programs[-1].parent)
    try:
        yield server
    finally:
        server.stop()


class Database:
    """A PostgreSQL server of our own."""

    def __init__(self, directory, programs):
        self._programs = programs
        self._directory = directory
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        directory.mkdir()
        shutil.chown(directory, "postgres")
        secret = directory / "pw"
        secret.write_text("super")
        self._as_postgres("initdb", "-D", "data", "-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret, "-N")
        settings = f"-p {self.port} -k {directory} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._as_postgres("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", settings, "start")
        self.sql(f"CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}'")

    def _as_postgres(self, program, *arguments):
        command = ["runuser", "-u", "postgres", "--", self._programs / program, *arguments]
        subprocess.run(command, cwd=self._directory, check=True, stdout=subprocess.DEVNULL)

    def sql(self, *statements, database="postgres"):
        """Run statements as superuser, each by itself, and return their lines."""
        uri = f"postgres://postgres:super@127.0.0.1:{self.port}/{database}"
        command = ["psql", uri, "-qAtX", "-v", "ON_ERROR_STOP=1"]
        for statement in statements:
            command += ["-c", statement]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[:-1]

    def create(self, name, template=None):
        """Make a database, empty or like another, in place of what was there."""
        self.sql(DROP.format(name), f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template or 'template0'}")

    def drop(self, name):
        """Remove a database."""
        self.sql(DROP.format(name))

    def disconnect(self, name):
        """End all connections to a database."""
        self.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def stop(self):
        """End the server."""
        self._as_postgres("pg_ctl", "-D", "data", "-m", "immediate", "stop")
