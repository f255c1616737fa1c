# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The topology's inventory as an operator would edit it."""

from __future__ import annotations

import json

import yaml

from tests.lab import Lab
from tests.lab.topology import INVENTORIES


def edited(directory, **groups):
    """Write the topology's inventory into a directory, with other members of some groups.

    Args:
        directory: path of an empty directory, or of one that this wrote before.
        groups: name of a group to the list of the hosts that are in it.

    Returns:
        The directory's path, for play.
    """
    inventory = yaml.safe_load((INVENTORIES / Lab.current().topology.name / "hosts.yml").read_text())
    for group, hosts in groups.items():
        inventory["all"]["children"].setdefault(group, {})["hosts"] = dict.fromkeys(hosts)
    (directory / "hosts.yml").write_text(yaml.safe_dump(inventory))
    variables = directory / "group_vars"
    if not variables.exists():
        variables.symlink_to(INVENTORIES / "group_vars")
    return directory


def served(**racks):
    """Return the words that let a playbook serve DHCP on the provisioning network.

    Args:
        racks: options of maas_network_dhcp that say who serves: rack_pair, or primary_rack and secondary_rack.
    """
    entry = f"{{{{ lab_dhcp | combine({json.dumps(racks)}) }}}}"
    return ["--extra-vars", json.dumps({"maas_network_dhcp": [entry]})]
