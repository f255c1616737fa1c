# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What MAAS tells of a rack that no region is connected to."""

from __future__ import annotations

import pytest
from ansible_collections.metal.maas_ha.tests.simulator import liveness
from ansible_collections.metal.maas_ha.tests.simulator.state import RACK, REGION_AND_RACK

LOST = dict.fromkeys(("dhcpd", "dhcpd6", "ntp_rack", "rackd", "tftp"), "dead")
UNKNOWN = dict.fromkeys(("agent", "http", "proxy_rack", "syslog_rack"), "unknown")
OTHERS = ("bind9", "ntp_region", "proxy", "regiond", "reverse_proxy", "syslog_region")


@pytest.mark.parametrize(("node_type", "others"), [(RACK, {}), (REGION_AND_RACK, dict.fromkeys(OTHERS, "running"))])
def test_services_that_end_with_rackd_are_dead_when_it_is(api, node_type, others):
    with api.transaction() as state:
        region = state.add_region("region-a", [["10.0.0.1", 5250]])
        process = state.find("process", node=region["id"])["id"]
        node = state.add_rack("rack-a", services={"dhcpd": "running"}, node_type=node_type)["id"]
        liveness.note_connection(state, process, node)
        liveness.forget_connection(state, process, node)
    services = api.get("rackcontrollers/")[0]["service_set"]
    assert {each["name"]: each["status"] for each in services} == {**LOST, **UNKNOWN, **others}
    assert {each["status_info"] for each in services} == {""}
