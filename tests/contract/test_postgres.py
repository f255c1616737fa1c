# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state in PostgreSQL is what it is in memory: shared, rolled back, and felt when it is lost."""

from __future__ import annotations

import os
import pathlib
import tempfile

import pytest

psycopg2 = pytest.importorskip("psycopg2", reason="psycopg2 is missing, which the snap's base has")

from tests.contract.postgresql import OWNER, PASSWORD, running
from tests.simulator import postgres
from tests.simulator.api import Api
from tests.simulator.tables import StoreError
from tests.simulator.wire import Request

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="PostgreSQL is run as its own user")


@pytest.fixture(scope="module")
def database():
    """A running PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="maas-store-") as name:
        path = pathlib.Path(name)
        path.chmod(0o711)
        with running(path / "postgresql") as server:
            yield server


@pytest.fixture
def parameters(database):
    """How to reach a migrated database."""
    database.create("store")
    reached = {"host": "127.0.0.1", "port": database.port, "dbname": "store", "user": OWNER, "password": PASSWORD}
    postgres.migrate(reached, "3.7.3", pause=0)
    return reached


def test_one_region_sees_what_another_wrote(parameters):
    first, second = postgres.PostgresStore(parameters), postgres.PostgresStore(parameters)
    with first.transaction() as state:
        fabric = state.add_fabric("dc1")
    with second.transaction() as state:
        assert state.get("fabric", fabric["id"])["name"] == "dc1"
        assert state.find("vlan", fabric=fabric["id"])["id"] == 5001
        state.update("fabric", fabric["id"], name="dc2")
    with first.transaction() as state:
        assert state.get("fabric", fabric["id"])["name"] == "dc2"


def test_failed_transaction_leaves_nothing(parameters):
    store = postgres.PostgresStore(parameters)
    with pytest.raises(RuntimeError), store.transaction() as state:
        state.add_fabric("dc1")
        raise RuntimeError
    with store.transaction() as state:
        assert not state.where("fabric")


def test_region_on_read_only_standby_answers_version_alone(parameters, database):
    store = postgres.PostgresStore(parameters)
    with store.transaction() as state:
        state.add_fabric("dc1")
    database.sql("ALTER DATABASE store SET default_transaction_read_only TO on")
    api = Api(postgres.PostgresStore(parameters))
    assert api.handle(Request("GET", "/MAAS/api/2.0/version/")).status == 200
    refused = pytest.raises(StoreError, match="cannot execute INSERT in a read-only transaction")
    with refused, api.store.transaction() as state:
        state.add_fabric("dc2")


def test_lost_database_is_told_and_found_again(parameters, database):
    api = Api(postgres.PostgresStore(parameters))
    version = Request("GET", "/MAAS/api/2.0/version/")
    assert api.handle(version).status == 200
    database.disconnect("store")
    answer = api.handle(version)
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/plain; charset=utf-8")
    assert "connection" in answer.body.decode()
    assert api.handle(version).status == 200
