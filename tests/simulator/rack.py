# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""rackd: stays connected to every process of every region and serves the DHCP that they tell it to serve."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
import urllib.request

from . import config, host, rpc
from .state import RACK_SERVICES
from .supervisor import control

WAIT_FOR_SECRET = 300
FETCH_TIMEOUT = 5
PING_EVERY, PING_TIMEOUT = 30, 10
REPORT_EVERY, REPEAT_AFTER = 10, 30
AGENT_RUNS_DHCPD = (3, 7)  # since then rackd but looks on: it stops no dhcpd, and none is dead to it


def log(text):
    """Write a line to the journal."""
    print(text, flush=True)


def fetch(url):
    """Return {event-loop: [[address, port]]} as the region at a URL tells it; {} when it does not answer."""
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/rpc/", timeout=FETCH_TIMEOUT) as answer:
            return json.load(answer)["eventloops"]
    except (OSError, ValueError, KeyError) as error:
        log(f"Region not available: {url}: {error}")
        return {}


class Rack:
    """The rack controller of this host."""

    def __init__(self, secret):
        self._secret = secret
        self._channels = {}  # event-loop: Channel
        self._pending = {}  # event-loop: task
        self._started = time.monotonic()
        self._announced = None
        self._services = None
        self._told = 0
        self._dhcp_on = False
        self._configured = asyncio.Lock()
        # A new rack listens for beacons and looks at its networks first, and tells its interfaces once it has.
        self._surveyed = bool(config.read_text(config.MAAS_ID))

    async def run(self):
        """Connect to what the regions tell, again and again."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, os._exit, 0)
        reporting = loop.create_task(self._report())
        while not reporting.done():
            eventloops = await self._eventloops()
            for name in set(self._channels) - set(eventloops) if eventloops else ():
                self._channels[name].close()
            for name, endpoints in eventloops.items():
                if name not in self._pending:
                    self._pending[name] = loop.create_task(self._connect(name, endpoints))
            await asyncio.sleep(self._interval(eventloops))

    def _interval(self, eventloops):
        if self._channels and set(self._channels) == set(eventloops):
            regions = {name.partition(":")[0] for name in eventloops}
            summary = (len(eventloops), ", ".join(sorted(regions)))
            if summary != self._announced:
                log(
                    f"Fully connected to all {len(eventloops)} event-loops on all {len(regions)} "
                    f"region controllers ({summary[1]})."
                )
            self._announced = summary
            return 30
        self._announced = None
        return 1 if not self._channels or time.monotonic() - self._started < 30 else 5

    async def _eventloops(self):
        """Ask all URLs of rackd.conf at once, then those that answered before; the longest answer wins."""
        configured = config.read(config.RACKD_CONF).get("maas_url") or []
        urls = [configured] if isinstance(configured, str) else configured
        answer = await self._fetch_best(urls)
        if not answer:
            known = json.loads(config.read_text(config.RPC_STATE) or "[]")
            answer = await self._fetch_best([f"http://{address}:5240/MAAS" for address in known])
        if answer:
            addresses = sorted({address for endpoints in answer.values() for address, dummy in endpoints})
            if json.dumps(addresses) != config.read_text(config.RPC_STATE):
                config.write_text(config.RPC_STATE, json.dumps(addresses))
        return answer

    async def _fetch_best(self, urls):
        loop = asyncio.get_running_loop()
        answers = await asyncio.gather(*(loop.run_in_executor(None, fetch, url) for url in urls))
        return max(answers, key=len, default={})

    async def _connect(self, name, endpoints):
        """Hold one connection for as long as it lasts."""
        channel = None
        try:
            channel = await self._open(endpoints)
            await self._register(name, channel)
            self._channels[name] = channel
            await asyncio.gather(self._listen(channel), self._ping(channel))
        except rpc.Failed:
            log(f"Event-loop '{name}' FAILED authentication; dropping connection.")
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            log(f"Event-loop '{name}' is gone: {error or type(error).__name__}")
        finally:
            if channel:
                channel.close()
            self._pending.pop(name, None)
            lost = self._channels.pop(name, None)
            if lost and not self._channels and self._dhcp_on and config.SERIES < AGENT_RUNS_DHCPD:
                await self._pause_dhcp()

    async def _open(self, endpoints):
        for address, port in endpoints:
            try:
                opening = asyncio.open_connection(address, port, limit=rpc.LIMIT)
                return rpc.Channel(*await asyncio.wait_for(opening, FETCH_TIMEOUT))
            except (OSError, asyncio.TimeoutError):
                continue
        raise ConnectionError("no endpoint answers")

    async def _register(self, name, channel):
        await rpc.greet_region(channel, self._secret)
        log(f"Event-loop '{name}' authenticated.")
        channel.send(register={**description(), "surveyed": self._surveyed})
        answer = await channel.receive(60) or {}
        if "registered" not in answer:
            log(f"Rack controller REJECTED by the region (via {name}).")
            raise ConnectionError(answer.get("rejected", "closed"))
        if config.read_text(config.MAAS_ID) != answer["registered"]:
            config.write_text(config.MAAS_ID, answer["registered"], 0o640)
        log(f"Rack controller '{answer['registered']}' registered (via {name}) with MAAS version {config.VERSION}.")
        channel.send(services=await self._states())

    async def _listen(self, channel):
        while message := await channel.receive(PING_EVERY + PING_TIMEOUT):
            if "dhcp" in message:
                await self._serve(**message["dhcp"])
            if "forget" in message:
                log("This rack controller was deleted; its secret is erased.")
                await self._serve("", "")
                config.SECRET.unlink(missing_ok=True)
                os._exit(0)  # and be started again, to wait for a secret
        raise ConnectionError("closed by the region")

    async def _ping(self, channel):
        while True:
            await asyncio.sleep(PING_EVERY)
            channel.send(ping=time.time())

    async def _serve(self, configuration, interfaces):
        """Run dhcpd with a configuration, or stop it where there is none."""
        async with self._configured:
            self._dhcp_on = bool(interfaces)
            served = (config.read_text(config.DHCPD_CONF) or "", config.read_text(config.DHCPD_INTERFACES) or "")
            same = served == (configuration.strip(), interfaces)
            if same and (not interfaces or (await self._states())["dhcpd"] == "running"):
                return
            if interfaces:
                config.write_text(config.DHCPD_CONF, configuration, 0o640)
                config.write_text(config.DHCPD_INTERFACES, interfaces)
                await ask_supervisor("restart dhcpd")
            else:
                config.DHCPD_CONF.unlink(missing_ok=True)
                config.write_text(config.DHCPD_INTERFACES, "")
                await ask_supervisor("stop dhcpd")
        await self._tell_services()

    async def _pause_dhcp(self):
        """Stop dhcpd until a region tells what to serve; what it served stays in its files."""
        log("Lost all connections to region controllers. Stopping service(s) dhcpd.")
        self._dhcp_on = False
        async with self._configured:
            if not self._dhcp_on:
                await ask_supervisor("stop dhcpd")

    async def _states(self):
        """Return {service: status} of what runs here."""
        table = await ask_supervisor("services")
        line = next((line for line in table.splitlines() if line.startswith("dhcpd ")), "")
        running = " active" in line or "RUNNING" in line
        dhcpd = "running" if running else "dead" if self._dhcp_on and config.SERIES < AGENT_RUNS_DHCPD else "off"
        others = {name: "running" for name in RACK_SERVICES if name != "rackd"}
        return {**others, "dhcpd": dhcpd, "dhcpd6": "off"}

    async def _report(self):
        """Tell a region of interfaces that are no longer as they were, and all of services."""
        told = description()
        while True:
            await asyncio.sleep(REPORT_EVERY)
            await self._tell_services()
            now = description()
            channel = next(iter(self._channels.values()), None)
            if channel and (not self._surveyed or now["interfaces"] != told["interfaces"]):
                channel.send(register=now)
                told, self._surveyed = now, True

    async def _tell_services(self):
        """Tell all regions of services that changed, or that were told so long ago that one may have forgotten them."""
        states, now = await self._states(), time.monotonic()
        if states != self._services or now - self._told >= REPEAT_AFTER:
            self._services, self._told = states, now
            for channel in self._channels.values():
                channel.send(services=states)


async def ask_supervisor(command):
    """Send the supervisor a command without holding up the connections; no answer is an empty one."""
    try:
        return await asyncio.get_running_loop().run_in_executor(None, control, command)
    except OSError as error:
        log(f"{command}: {error}")
        return ""


def description():
    """What a rack tells of itself when it registers."""
    return {
        "system_id": config.read_text(config.MAAS_ID),
        "hostname": host.hostname(),
        "interfaces": host.interfaces(),
        "version": config.VERSION,
    }


def wait_for_secret():
    """Return the shared secret; without one for five minutes, idle for ever, as rackd does."""
    end = time.monotonic() + WAIT_FOR_SECRET
    while time.monotonic() < end:
        secret = config.read_text(config.SECRET)
        if secret:
            bytes.fromhex(secret)
            return secret
        time.sleep(1)
    log("No shared secret: nothing to do.")
    while True:
        signal.pause()


def main():
    """Run rackd."""
    for path in (
        config.DHCPD_CONF,
        config.DHCPD_CONF.with_name("dhcpd6.conf"),
        config.DHCPD_CONF.with_name("dhcpd.sock"),
    ):
        path.unlink(missing_ok=True)
    asyncio.run(Rack(wait_for_secret()).run())


if __name__ == "__main__":
    main()
