# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure dhcp_ha beside a loop of one task a VLAN, and write the tables into docs/performance.md.

python -m tests.bench [NUMBER OF VLANS ...]
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import time

from ansible.module_utils.testing import patch_module_args
from ansible_collections.metal.maas_ha.plugins.module_utils._client import Client
from ansible_collections.metal.maas_ha.plugins.modules import dhcp_ha
from ansible_collections.metal.maas_ha.tests.simulator import seed
from ansible_collections.metal.maas_ha.tests.simulator.site import Site

from tests.bench.page import write

SIZES = (10, 100, 500, 2000)
SHARE = 0.4  # of the VLANs is asked for: 200 of 500
WORKERS = 4  # as many as a region has
LOOPS = 2  # tasks of the loop that are timed; the others cost the same
BEGIN, END = "<!-- DHCP figures: python -m tests.bench -->", "<!-- end of the DHCP figures -->"


def main():
    rows = []
    for size in [int(word) for word in sys.argv[1:]] or SIZES:
        for case in (unchanged, one_new, many_changed):
            rows.append(measure(size, case))
            print(rows[-1], flush=True)
    write("performance.md", BEGIN, END, table(rows))


def measure(size, case):
    """Return a row: what dhcp_ha and the loop took."""
    asked = max(1, int(size * SHARE)) if case is not one_new else 1
    with Site("3.7.3", latency=WORKERS) as site:
        with site.transaction() as state:
            vlans = seed.grow(state, vlans=size, dhcp=case is unchanged)[:asked]
            if case is one_new:
                state.delete("iprange", min(state.table("iprange")))
        wanted = [entry(number, vlan) for number, vlan in enumerate(vlans)]
        loop_requests, loop_seconds = loop(site, wanted[:LOOPS])
    with Site("3.7.3", latency=WORKERS) as site:
        with site.transaction() as state:
            seed.grow(state, vlans=size, dhcp=case is unchanged)
            if case is one_new:
                state.delete("iprange", min(state.table("iprange")))
        begin = time.monotonic()
        result = run(site, wanted)
        seconds = time.monotonic() - begin
    return (
        f"{asked} of {size}",
        case.__doc__,
        result["requests"]["reads"],
        result["requests"]["writes"],
        seconds,
        loop_requests * asked,
        loop_seconds * asked,
    )


def unchanged():
    """nothing changed"""


def one_new():
    """one VLAN gets a range, a pair and DHCP"""


def many_changed():
    """all get a pair and DHCP"""


def entry(number, vlan):
    """Return what dhcp_ha is told of a VLAN that `seed.grow` made."""
    network = f"10.{number // 256}.{number % 256}"
    return {
        "fabric": "dc1",
        "vid": vlan["vid"],
        "subnet": f"{network}.0/24",
        "dhcp_on": True,
        "primary_rack": "rack-a",
        "secondary_rack": "rack-b",
        "ranges": [{"type": "dynamic", "start_ip": f"{network}.100", "end_ip": f"{network}.200"}],
    }


def run(site, vlans):
    """Run the module; return its result."""
    said = io.StringIO()
    arguments = {"url": site.url, "api_key": site.api_key, "timeout": 600, "vlans": vlans}
    with patch_module_args(arguments), contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        dhcp_ha.main()
    result = json.loads(said.getvalue())
    if result.get("failed"):
        raise SystemExit(result["msg"])
    return result


def loop(site, vlans):
    """Do what one task a VLAN and one task a range do; return requests and seconds of each VLAN.

    Each task finds its objects in the lists of all of them, as modules for one object do, and has no connection kept.
    """
    begin, requests = time.monotonic(), 0
    for wanted in vlans:
        client = Client([site.url], site.api_key, timeout=600)
        subnets = {subnet["cidr"]: subnet["id"] for subnet in client.get("subnets/")}
        (pool,) = wanted["ranges"]
        if not any(one["start_ip"] == pool["start_ip"] for one in client.get("ipranges/")):
            client.post("ipranges/", {**pool, "subnet": subnets[wanted["subnet"]]})
        requests += client.reads + client.writes
        client = Client([site.url], site.api_key, timeout=600)
        vlan = next(vlan for vlan in client.get("fabrics/")[0]["vlans"] if vlan["vid"] == wanted["vid"])
        now = client.get(f"vlans/{vlan['id']}/")
        if not now["dhcp_on"]:
            racks = {key: wanted[key] for key in ("primary_rack", "secondary_rack")}
            client.put(f"vlans/{vlan['id']}/", {"dhcp_on": True, **racks})
        requests += client.reads + client.writes
    return requests / len(vlans), (time.monotonic() - begin) / len(vlans)


def table(rows):
    lines = [
        "| VLANs | Case | dhcp_ha: reads | writes | seconds | One task a VLAN: requests | seconds |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for vlans, case, reads, writes, seconds, requests, loop_seconds in rows:
        lines.append(
            f"| {vlans} | {case} | {reads} | {writes} | {seconds:.1f} | {requests:,.0f} | {loop_seconds:,.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
