# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rack does with dhcpd while regions come and go."""

from __future__ import annotations

import asyncio

import pytest
from ansible_collections.metal.maas_ha.tests.simulator import config, rack, rpc
from ansible_collections.metal.maas_ha.tests.simulator.versions import SERIES

SECRET = "00ff"
SERVED = {"configuration": "shared-network vlan-1 {}\n", "interfaces": "eth0"}
STOPPING = SERIES[:3]  # the series whose rackd stops dhcpd when it loses its last region


class Host:
    """A rack controller's host: its files, and a supervisor that knows dhcpd alone."""

    def __init__(self, path, stops):
        self.conf = path / "dhcpd.conf"
        self.stops = stops  # whether rackd stops dhcpd when it loses its last region
        self.running = False
        self.starts = 0

    async def ask(self, command):
        """Do what the supervisor does with a command."""
        if command == "services":
            return f"dhcpd  disabled  {'active' if self.running else 'inactive'}  -"
        self.running = command == "restart dhcpd"
        self.starts += self.running
        return "ok"

    def dhcpd(self):
        """Tell whether dhcpd runs and whether its configuration is there."""
        return self.running, self.conf.exists()


@pytest.fixture(params=SERIES)
def host(request, monkeypatch, tmp_path):
    """The host of a rack of each series."""
    host = Host(tmp_path, request.param in STOPPING)
    monkeypatch.setattr(config, "SERIES", tuple(map(int, request.param.split("."))))
    monkeypatch.setattr(config, "DHCPD_CONF", host.conf)
    monkeypatch.setattr(config, "DHCPD_INTERFACES", tmp_path / "dhcpd-interfaces")
    monkeypatch.setattr(config, "MAAS_ID", tmp_path / "maas_id")
    monkeypatch.setattr(rack, "ask_supervisor", host.ask)
    monkeypatch.setattr(rack, "description", dict)
    return host


async def meet(host, controller):
    """Be a region to a rack until it serves, and be gone; return what the rack told of dhcpd at first."""
    told = []

    async def region(reader, writer):
        channel = rpc.Channel(reader, writer)
        await rpc.greet_rack(channel, SECRET)
        await channel.receive()
        channel.send(registered="abc123")
        told.append((await channel.receive())["services"]["dhcpd"])
        channel.send(dhcp=SERVED)
        while not host.running:
            await asyncio.sleep(0.01)
        channel.close()

    async with await asyncio.start_server(region, "127.0.0.1") as server:
        await asyncio.wait_for(controller._connect("region-a:pid=1", [server.sockets[0].getsockname()]), 10)
    return told[0]


def test_dhcpd_of_a_rack_without_regions_keeps_its_file_and_starts_again_with_the_next(host):
    async def run():
        controller = rack.Rack(SECRET)
        assert await meet(host, controller) == "off"
        assert host.dhcpd() == (not host.stops, True)
        assert await meet(host, controller) == ("off" if host.stops else "running")

    asyncio.run(run())
    assert host.starts == (2 if host.stops else 1)


def test_a_dhcpd_that_fails_is_dead_where_rackd_runs_it(host):
    async def run():
        controller = rack.Rack(SECRET)
        await controller._serve(**SERVED)
        host.running = False
        return (await controller._states())["dhcpd"]

    assert asyncio.run(run()) == ("dead" if host.stops else "off")


@pytest.mark.parametrize(("after", "times"), [(30, 1), (0, 2)])
def test_services_are_told_again_after_a_while(host, monkeypatch, after, times):
    class Channel:
        def send(self, **told):
            sent.append(told)

    async def run():
        controller = rack.Rack(SECRET)
        controller._channels["region-a:pid=1"] = Channel()
        await controller._tell_services()
        await controller._tell_services()

    sent = []
    monkeypatch.setattr(rack, "REPEAT_AFTER", after)
    asyncio.run(run())
    assert len(sent) == times
