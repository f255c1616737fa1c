# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator makes the dhcpd.conf that MAAS made of the same input."""

from __future__ import annotations

import json

import pytest

from tests.contract.place import ABSENT, CONTRACT
from tests.simulator import dhcpd

RECORDED = CONTRACT / "dhcpd"
OMAPI_KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2traw=="
# VLANs of the recording that its inputs do not repeat: the last one lay in a space of its own.
OTHER_VLANS = {5003: None, 5004: "tenant"}

CASES = sorted(path for path in RECORDED.glob("*.json") if path.name != "dhcpd-t.json")
pytestmark = pytest.mark.skipif(not CASES, reason=ABSENT)


def site_of(inputs):
    """Return the Site that the inputs of a recording describe."""
    vlans = {
        vlan_id: {
            "id": vlan_id,
            "dhcp_on": False,
            "primary_rack": None,
            "secondary_rack": None,
            "relay_vlan": None,
            "space": space,
            "subnets": [],
        }
        for vlan_id, space in OTHER_VLANS.items()
    }
    vlans.update({vlan["id"]: vlan for vlan in inputs["vlans"]})
    return dhcpd.Site(dict(sorted(vlans.items())), inputs["racks"], "10.10.0.5", OMAPI_KEY)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_configuration_is_the_recorded_one(path):
    case = json.loads(path.read_text())
    site = site_of(case["inputs"])
    for rack, expected in case["outputs"].items():
        if "exception" in expected:
            with pytest.raises(dhcpd.Unrenderable):
                dhcpd.render(site, rack)
            continue
        assert dhcpd.render(site, rack) == (RECORDED / expected["file"]).read_text()
        assert " ".join(dhcpd.interfaces(site, rack)) == expected["dhcpd_interfaces"]
