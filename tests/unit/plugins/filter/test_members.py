# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.metal.maas_ha.plugins.filter.members import members


def test_members_keep_the_order_of_the_inventory_and_prefer_maas_address():
    hostvars = {"b": {"maas_address": "10.0.0.2", "ansible_host": "192.0.2.2"}, "a": {"ansible_host": "10.0.0.1"}}
    assert list(members(["b", "a"], hostvars).items()) == [("b", "10.0.0.2"), ("a", "10.0.0.1")]


def test_a_host_without_an_address_is_named():
    with pytest.raises(AnsibleFilterError, match="lonely has no maas_address"):
        members(["lonely"], {"lonely": {}})
