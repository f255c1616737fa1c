# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab reads from its inventories and its environment."""

from __future__ import annotations

import pytest

from tests.lab import network, topology

GROUPS = {"maas_etcd", "maas_postgresql", "maas_haproxy", "maas_region", "maas_rack"}


def test_there_are_four_topologies():
    assert topology.names() == ["ha", "ha3", "ha5", "minimal"]


@pytest.mark.parametrize("name", topology.names())
def test_a_topology_has_every_group_and_a_client_in_none(name):
    plan = topology.load(name)
    assert set(plan.groups) == GROUPS
    assert {host for members in plan.groups.values() for host in members} == set(plan.hosts) - {topology.CLIENT}


@pytest.mark.parametrize("name", topology.names())
def test_addresses_are_unique_and_spare_those_of_the_bridge_and_of_maas(name):
    numbers = list(topology.load(name).hosts.values())
    assert len(set(numbers)) == len(numbers)
    assert not {1, 5} & set(numbers)


@pytest.mark.parametrize("name", topology.names())
def test_exactly_the_racks_provision(name):
    plan = topology.load(name)
    assert list(plan.provisioning) == plan.groups["maas_rack"]
    assert len(set(plan.provisioning.values())) == len(plan.provisioning)


def test_an_unknown_topology_is_refused_with_those_there_are():
    with pytest.raises(ValueError, match="no topology 'ha7': there are ha, ha3, ha5, minimal"):
        topology.load("ha7")


def test_the_last_number_of_a_templated_address():
    assert topology.last_number("{{ lab_network }}.11") == 11


@pytest.mark.parametrize("name", ["", "Lab", "1lab", "lab-1", "sixsix"])
def test_a_name_that_no_interface_can_bear_is_refused(name):
    with pytest.raises(ValueError, match="LAB_NAME"):
        topology.check_name(name)


@pytest.mark.parametrize("name", topology.names())
def test_interface_names_fit_into_15_characters(name):
    ends = {network.port("maas1", host, link) for host in topology.load(name).hosts for link in ("host0", "prov0")}
    assert max(map(len, ends)) <= 15
    assert len(ends) == 2 * len(topology.load(name).hosts)


def test_the_provisioning_network_lies_beside_the_hosts_network():
    assert topology.provisioning_network("10.77.3") == "10.177.3"


@pytest.mark.parametrize("network", ["", "10.77", "10.77.0.0", "10.156.0", "ten"])
def test_a_network_with_no_room_beside_it_is_refused(network):
    with pytest.raises(ValueError, match="LAB_NETWORK"):
        topology.check_network(network)
