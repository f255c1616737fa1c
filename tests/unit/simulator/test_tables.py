# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows, indexes, ids and the journal."""

from __future__ import annotations

import pytest
from ansible_collections.metal.maas_ha.tests.simulator.state import MemoryStore, State


@pytest.fixture
def state():
    return State()


def test_rows_are_found_by_their_columns_in_the_order_of_their_ids(state):
    for vid in (300, 100, 200):
        state.add_vlan(1, vid)
    assert [row["vid"] for row in state.where("vlan", fabric=1)] == [300, 100, 200]
    assert state.find("vlan", fabric=1, vid=200)["id"] == 3
    assert state.find("vlan", fabric=2, vid=200) is None


def test_an_index_follows_changes(state):
    vlan = state.add_vlan(1, 100)
    state.update("vlan", vlan["id"], fabric=2)
    assert state.where("vlan", fabric=1) == []
    assert state.first("vlan", "fabric", 2)["vid"] == 100
    state.delete("vlan", vlan["id"])
    assert state.first("vlan", "fabric", 2) is None


def test_an_update_leaves_rows_that_were_read_before_alone(state):
    before = state.add_vlan(1, 100)
    state.update("vlan", before["id"], mtu=9000)
    assert before["mtu"] == 1500


def test_ids_are_never_given_twice(state):
    vlan = state.add_vlan(1, 100)
    state.delete("vlan", vlan["id"])
    assert state.add_vlan(1, 100)["id"] == vlan["id"] + 1


def test_ids_begin_where_they_are_told_to(state):
    state.start_ids("vlan", 5001)
    assert [state.add_vlan(1, vid)["id"] for vid in (1, 2)] == [5001, 5002]


def test_a_rollback_restores_rows_and_indexes_up_to_the_mark(state):
    kept = state.add_vlan(1, 100)
    mark = len(state.journal)
    state.update("vlan", kept["id"], vid=101)
    state.add_vlan(1, 200)
    state.delete("vlan", kept["id"])
    state.rollback(mark)
    assert state.where("vlan", fabric=1) == [kept]
    assert state.where("vlan", vid=101) == []
    assert len(state.journal) == mark


def test_changes_are_the_rows_as_they_are_now(state):
    vlan, gone = state.add_vlan(1, 100), state.add_vlan(1, 200)
    state.update("vlan", vlan["id"], mtu=9000)
    state.delete("vlan", gone["id"])
    changes = state.changes()
    assert changes["vlan", vlan["id"]]["mtu"] == 9000
    assert changes["vlan", gone["id"]] is None


def test_a_table_is_loaded_when_it_is_first_used():
    loaded = []

    def load(kind):
        loaded.append(kind)
        return {7: {"id": 7, "fabric": 1, "vid": 5}} if kind == "vlan" else {}

    state = State(load)
    assert loaded == []
    assert state.find("vlan", vid=5)["id"] == 7
    assert state.find("vlan", vid=6) is None
    assert loaded == ["vlan"]


def test_an_id_that_is_taken_is_not_given():
    state = State(lambda kind: {1: {"id": 1, "name": "dc1"}} if kind == "fabric" else {})
    assert state.new_id("fabric") == 2


def test_a_failed_transaction_leaves_nothing_behind():
    store = MemoryStore()
    with pytest.raises(ZeroDivisionError), store.transaction() as state:
        state.add_fabric("dc1")
        raise ZeroDivisionError
    with store.transaction() as state:
        assert state.where("fabric") == []


def test_the_narrowest_subnet_holds_an_address_of_those_with_dhcp_if_there_are_any(state):
    fabric = state.add_fabric("dc1")["id"]
    vlan = state.add_vlan(fabric, 10)["id"]
    for cidr in ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"):
        state.add_subnet(vlan, cidr)
    assert state.subnet_of("10.1.2.3")["cidr"] == "10.1.2.0/24"
    assert state.subnet_of("192.0.2.1") is None
    state.add_subnet(state.add_vlan(fabric, 20, dhcp_on=True)["id"], "10.1.0.0/18")
    assert state.subnet_of("10.1.2.3")["cidr"] == "10.1.0.0/18"
