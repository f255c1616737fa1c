# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: controllers
short_description: The controllers of a running MAAS as hosts
version_added: 1.0.0
description:
  - Reads region controllers, rack controllers and, if wanted, machines from MAAS's API.
  - Regions are in the group C(maas_region) and racks in C(maas_rack), as the playbooks of this collection expect;
    machines are in C(maas_machine). A host that is both region and rack is in both groups.
  - Each host has the variables C(ansible_host) and C(maas_address), its address, and C(maas_node), what MAAS knows of
    it, as M(metal.maas_ha.rack_controller_info) and M(metal.maas_ha.region_controller_info) return it, but for a
    region's C(alive) and C(endpoints), which take a request more.
  - The name of the file ends in V(maas.yml) or V(maas.yaml).
options:
  plugin:
    description: Names this plugin.
    required: true
    choices: [metal.maas_ha.controllers]
  url:
    description: Addresses of MAAS, such as V(http://10.0.0.5:5240/MAAS). The next is tried when one does not answer.
    type: list
    elements: str
    required: true
    env:
      - name: MAAS_URL
  api_key:
    description: API key of an administrator. Exactly one of this and O(api_key_file) is needed.
    type: str
    env:
      - name: MAAS_API_KEY
  api_key_file:
    description: File on the controller that holds the API key and nothing else.
    type: path
    env:
      - name: MAAS_API_KEY_FILE
  machines:
    description: Whether machines are hosts, too. MAAS takes seconds to list hundreds of them.
    type: bool
    default: false
  names:
    description: What a host is called, by its hostname or with its domain.
    type: str
    choices: [hostname, fqdn]
    default: hostname
  networks:
    description:
      - Networks to look for a host's address in, the first one first.
      - Unset or without a match, its first static IPv4 address is taken.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - metal.maas_ha.api
  - constructed
  - inventory_cache
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
plugin: metal.maas_ha.controllers
url:
  - http://10.0.0.5:5240/MAAS
api_key_file: ~/.maas_api_key
networks:
  - 10.10.0.0/24
compose:
  hall: maas_node.zone
groups:
  disconnected: maas_node.connected is false
keyed_groups:
  - key: maas_node.zone
    prefix: zone
"""

import contextlib
import ipaddress

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible_collections.metal.maas_ha.plugins.module_utils._client import Client, MaasError
from ansible_collections.metal.maas_ha.plugins.module_utils._resources import controller, rack_controller

CONNECTION = ("url", "api_key", "api_key_file", "validate_certs", "ca_path", "timeout")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """Regions, racks and machines of MAAS."""

    NAME = "metal.maas_ha.controllers"

    def verify_file(self, path):
        """Take files by their name only."""
        return super().verify_file(path) and path.endswith(("maas.yml", "maas.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        """Fill the inventory from MAAS or from the cache."""
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        for group, nodes in self._nodes(path, cache).items():
            inventory.add_group(group)
            for node in nodes:
                self._add(group, node)

    def _nodes(self, path, cache):
        """Return what MAAS knows of the members of each group; API keys are not part of it."""
        key = self.get_cache_key(path)
        kept = self.get_option("cache")
        if kept and cache:
            with contextlib.suppress(KeyError):
                return self._cache[key]
        try:
            nodes = self._ask(Client.from_options({name: self.get_option(name) for name in CONNECTION}))
        except MaasError as error:
            raise AnsibleParserError(str(error)) from error
        if kept:
            self._cache[key] = nodes
        return nodes

    def _ask(self, client):
        racks = [rack_controller(record) for record in client.get("rackcontrollers/")]
        known = {rack["system_id"]: rack for rack in racks}
        regions = [controller(record) for record in client.get("regioncontrollers/")]
        nodes = {"maas_region": [known.get(one["system_id"], one) for one in regions], "maas_rack": racks}
        if self.get_option("machines"):
            nodes["maas_machine"] = [controller(record) for record in client.get("machines/")]
        return nodes

    def _add(self, group, node):
        host = self.inventory.add_host(node[self.get_option("names")], group=group)
        address = self._address(node)
        variables = {"maas_node": node}
        if address:
            variables.update(ansible_host=address, maas_address=address)
        for name, value in variables.items():
            self.inventory.set_variable(host, name, value)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)

    def _address(self, node):
        """Return the address to reach a node at, or None."""
        addresses = [
            ipaddress.ip_address(one["ip_address"])
            for port in node["interfaces"]
            for one in port["addresses"]
            if one["mode"] in ("static", "auto")
        ]
        for network in map(ipaddress.ip_network, self.get_option("networks")):
            for address in addresses:
                if address in network:
                    return str(address)
        return next((str(address) for address in addresses if address.version == 4), None)
