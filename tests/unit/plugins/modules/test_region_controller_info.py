# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading region controllers."""

from __future__ import annotations


def test_a_region_is_alive_when_it_has_processes(play):
    with play.site.transaction() as state:
        state.add_region("region2", version=play.site.version)
        dead = state.find("node", hostname="region2")["id"]
        for process in state.where("process", node=dead):
            state.delete("process", process["id"])
    regions = {one["hostname"]: one for one in play.unchanged("region_controller_info").region_controllers}
    assert regions["region1"]["alive"] and regions["region1"]["endpoints"] == [["10.10.0.2", 5250]]
    assert not regions["region2"]["alive"] and regions["region2"]["endpoints"] == []
    assert [one["hostname"] for one in play("region_controller_info", hostname="region1").region_controllers] == [
        "region1"
    ]
