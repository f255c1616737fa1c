# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin reads a running MAAS, as Ansible would call it."""

from __future__ import annotations

import json

import pytest
import yaml
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import inventory_loader
from ansible_collections.metal.maas_ha.plugins.inventory import controllers
from ansible_collections.metal.maas_ha.tests.simulator.wire import Response


@pytest.fixture
def inventory(network, tmp_path):
    """Return what the plugin makes of a source with these options."""

    def read(fresh=False, **options):
        path = tmp_path / "site.maas.yml"
        source = {"plugin": "metal.maas_ha.controllers", "url": [network.url], "api_key": network.api_key, "timeout": 5}
        path.write_text(yaml.safe_dump({**source, **options}))
        plugin, data = inventory_loader.get("metal.maas_ha.controllers"), InventoryData()
        assert plugin.verify_file(str(path))
        plugin.parse(data, DataLoader(), str(path), cache=not fresh)
        if options.get("cache"):
            plugin.update_cache_if_changed()
        return data

    return read


def members(data, group):
    return [host.name for host in data.groups[group].get_hosts()]


def test_controllers_are_in_the_groups_that_the_playbooks_use(inventory):
    data = inventory()
    assert members(data, "maas_region") == ["region1"]
    assert members(data, "maas_rack") == ["rack1", "rack2", "rack3"]
    rack = data.hosts["rack1"].vars
    assert rack["ansible_host"] == rack["maas_address"] == "10.10.0.11"
    assert rack["maas_node"]["services"]["rackd"] == "running"
    assert "ansible_host" not in data.hosts["rack3"].vars


def test_the_address_comes_from_the_first_network_that_has_one(inventory):
    data = inventory(networks=["10.99.0.0/24", "10.10.200.0/24"])
    assert data.hosts["rack2"].vars["ansible_host"] == "10.10.200.12"


def test_variables_and_groups_are_constructed(inventory):
    options = {
        "compose": {"place": "maas_node.zone"},
        "groups": {"linked": "maas_node.connected | default(false)"},
        "keyed_groups": [{"key": "maas_node.zone", "prefix": "zone"}],
    }
    data = inventory(strict=True, **options)
    assert data.hosts["rack1"].vars["place"] == "default"
    assert members(data, "linked") == ["rack1", "rack2", "rack3"]
    assert "region1" in members(data, "zone_default")


def test_a_mistake_in_an_expression_is_told_when_strict(inventory):
    with pytest.raises(Exception, match="wrong"):
        inventory(strict=True, compose={"wrong": "maas_node.nosuch.thing"})
    inventory(strict=False, compose={"wrong": "maas_node.nosuch.thing"})


def test_hosts_may_bear_their_full_names(inventory):
    assert members(inventory(names="fqdn"), "maas_region") == ["region1.maas"]


def test_a_host_that_is_region_and_rack_is_one_host_in_both_groups(inventory, network):
    with network.transaction() as state:
        state.add_rack("node1", node_type=4, version=network.version)
    data = inventory()
    assert "node1" in members(data, "maas_region") and "node1" in members(data, "maas_rack")
    assert data.hosts["node1"].vars["maas_node"]["connected"]


def test_machines_are_hosts_when_wanted(inventory, network):
    machine = {**network.get("regioncontrollers/")[0], "hostname": "m1", "system_id": "mmmmmm"}
    answer = Response(200, json.dumps([machine]), "application/json")
    network.server.fail(answer, when=lambda request: request.path.endswith("/machines/"))
    assert members(inventory(machines=True), "maas_machine") == ["m1"]


def test_the_cache_spares_maas_and_holds_no_secret(inventory, network, tmp_path):
    options = {"cache": True, "cache_plugin": "jsonfile", "cache_connection": str(tmp_path / "cache")}
    first = inventory(**options)
    sent = len(network.server.requests)
    assert members(inventory(**options), "maas_rack") == members(first, "maas_rack")
    assert len(network.server.requests) == sent
    inventory(fresh=True, **options)
    assert len(network.server.requests) > sent
    kept = "".join(path.read_text() for path in (tmp_path / "cache").iterdir())
    assert "rack1" in kept and network.api_key.split(":")[2] not in kept


def test_the_key_may_lie_in_a_file(inventory, network, tmp_path):
    path = tmp_path / "key"
    path.write_text(network.api_key + "\n")
    assert members(inventory(api_key=None, api_key_file=str(path)), "maas_region") == ["region1"]


@pytest.mark.parametrize(
    ("options", "words"),
    [({"api_key": "one"}, "api_key"), ({"url": ["nowhere"]}, "url"), ({"api_key": "a:b:c"}, "401")],
)
def test_what_is_wrong_is_told_in_a_sentence(inventory, options, words):
    with pytest.raises(AnsibleParserError, match=words):
        inventory(**options)


def test_other_files_are_left_to_other_plugins(tmp_path):
    path = tmp_path / "hosts.yml"
    path.touch()
    assert not controllers.InventoryModule().verify_file(str(path))


def test_the_example_is_a_source(inventory, network):
    example = yaml.safe_load(controllers.EXAMPLES)
    connection = {"url": [network.url], "api_key": network.api_key, "api_key_file": None}
    data = inventory(**{**example, **connection, "strict": False})
    assert data.hosts["rack1"].vars["hall"] == "default"
