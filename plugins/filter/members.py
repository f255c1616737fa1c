# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.errors import AnsibleFilterError


def members(names, hostvars):
    """Return the addresses of inventory hosts, in inventory order.

    Args:
        names: list of inventory names, as groups[...] holds them.
        hostvars: the variables of all hosts.

    Returns:
        dict of inventory name to cluster address: maas_address, else ansible_host.

    Raises:
        AnsibleFilterError: a host has neither.
    """
    found = {}
    for name in names:
        variables = hostvars[name]
        address = variables.get("maas_address", variables.get("ansible_host"))
        if address is None:
            raise AnsibleFilterError(f"{name} has no maas_address: give it the host's cluster IPv4 in the inventory")
        found[name] = address
    return found


class FilterModule:
    """The filters of this collection that turn an inventory into what roles take."""

    def filters(self):
        return {"members": members}
