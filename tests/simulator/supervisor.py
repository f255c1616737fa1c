# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snap's one daemon: keeps the services of this host's mode running, as pebble and supervisord do.

It also holds the ports of services that have nothing to do here (Temporal), and answers commands on a socket:
"services" with a table, "restart NAME", "stop NAME" and "reload NAME" with "ok".
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time

from . import config

PYTHON = [sys.executable, "-m"]
PACKAGE = __package__
PROGRAMS = {"http": "frontend", "regiond": "region", "rackd": "rack"}
REGION = ("apiserver", "bind9", "http", "ntp", "openfga", "proxy", "regiond", "syslog", "temporal", "temporal-worker")
RACK = ("agent", "bind9", "dhcpd", "dhcpd6", "http", "ntp", "proxy", "rackd", "syslog")
SINCE = {"agent": (3, 5), "apiserver": (3, 5), "openfga": (3, 8), "temporal": (3, 5), "temporal-worker": (3, 5)}
STARTED = {"apiserver", "openfga", "rackd", "regiond"}
IDLE_PORTS = (*range(5271, 5275), *range(5281, 5285))
PATIENCE = 5  # seconds that a service has to end before it is killed


class Service:
    """A process that is started again when it ends."""

    def __init__(self, command):
        self._command = command
        self._process = None
        self._task = None
        self.since = None

    @property
    def active(self):
        """Whether the process runs."""
        return self._process is not None and self._process.returncode is None

    def start(self):
        """Run the process until stop()."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self):
        delay = 0.5
        while True:
            self._process = await asyncio.create_subprocess_exec(*self._command())
            self.since = time.time()
            await self._process.wait()
            delay = 0.5 if time.time() - self.since > 10 else min(delay * 2, 30)
            await asyncio.sleep(delay)

    def signal(self, number):
        """Send a signal to the process, if it runs."""
        if self.active:
            self._process.send_signal(number)

    async def stop(self):
        """End the process, with force if it takes too long."""
        if self._task:
            self._task.cancel()
        self.signal(signal.SIGTERM)
        if self.active:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._process.wait(), PATIENCE)
            self.signal(signal.SIGKILL)
            await self._process.wait()


class Supervisor:
    """The services of one mode."""

    def __init__(self, mode):
        self.mode = mode
        roles = mode.split("+")
        programs = ("http", "regiond") if "region" in roles else ()
        programs += ("rackd",) if "rack" in roles else ()
        self._services = {
            name: Service(lambda name=name: [*PYTHON, f"{PACKAGE}.{PROGRAMS[name]}"]) for name in programs
        }
        names = {*(REGION if "region" in roles else ()), *(RACK if "rack" in roles else ())}
        self._names = sorted(name for name in names if SINCE.get(name, (0,)) <= config.SERIES)
        if "rack" in roles:
            self._services["dhcpd"] = Service(dhcpd_command)

    async def run(self, until):
        """Run the services until an event is set."""
        async with contextlib.AsyncExitStack() as stack:
            if "region" in self.mode and config.SERIES >= (3, 5):
                for port in IDLE_PORTS:
                    await stack.enter_async_context(await asyncio.start_server(hold, port=port, family=socket.AF_INET))
            config.CONTROL.parent.mkdir(parents=True, exist_ok=True)
            config.CONTROL.unlink(missing_ok=True)
            await stack.enter_async_context(await asyncio.start_unix_server(self._command, config.CONTROL))
            for name, service in self._services.items():
                if name != "dhcpd":
                    service.start()
            await until.wait()
            await asyncio.gather(*(service.stop() for service in self._services.values()))

    async def _command(self, reader, writer):
        verb, dummy, name = (await reader.readline()).decode().strip().partition(" ")
        service = self._services.get(name)
        answer = "ok"
        if verb == "services":
            answer = self.table()
        elif service is None:
            answer = "error: no such service"
        elif verb == "reload":
            service.signal(signal.SIGHUP)
        else:
            await service.stop()
            if verb == "restart":
                service.start()
        writer.write(f"{answer}\n".encode())
        await writer.drain()
        writer.close()

    def table(self):
        """Return the services as the series' own client shows them."""
        rows = [(name, *self._state(name)) for name in self._names]
        if config.SERIES < (3, 5):
            running = f"RUNNING   pid {os.getpid()}, uptime 0:01:00"
            return "\n".join(f"{row[0]:<33}{running if row[1] else 'STOPPED   Not started'}" for row in rows)
        cells = [("Service", "Startup", "Current", "Since")]
        for name, active, since in rows:
            startup = "enabled" if name in STARTED else "disabled"
            today = time.strftime("today at %H:%M UTC", time.gmtime(since)) if active else "-"
            cells.append((name, startup, "active" if active else "inactive", today))
        widths = [max(len(row[column]) for row in cells) for column in range(3)]
        return "\n".join(
            "  ".join([*(f"{cell:<{width}}" for cell, width in zip(row, widths)), row[3]]) for row in cells
        )

    def _state(self, name):
        """Whether a service is active and since when; those that have no process are active with the daemon."""
        if name in self._services:
            return self._services[name].active, self._services[name].since
        return name != "dhcpd6", BORN


def dhcpd_command():
    """Return the command line of the real dhcpd."""
    config.DHCPD_LEASES.parent.mkdir(parents=True, exist_ok=True)
    config.DHCPD_LEASES.touch()
    files = ["-cf", config.DHCPD_CONF, "-lf", config.DHCPD_LEASES]
    return ["dhcpd", "-4", "-f", "--no-pid", *map(str, files), *config.DHCPD_INTERFACES.read_text().split()]


async def hold(reader, writer):
    """Accept a connection and say nothing."""
    with contextlib.suppress(OSError):
        await reader.read()
        writer.close()


def control(command):
    """Send a command to this host's supervisor and return its answer. Raises OSError when there is none."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE * 2)
        client.connect(str(config.CONTROL))
        client.sendall(f"{command}\n".encode())
        with client.makefile() as answer:
            return answer.read().rstrip("\n")


async def supervise():
    """Run what the mode asks for; on SIGHUP look at the mode again, on SIGTERM end."""
    loop = asyncio.get_running_loop()
    again = True
    while again:
        ended = asyncio.Event()
        again = False

        def on_hangup(ended=ended):
            nonlocal again
            again = True
            ended.set()

        loop.add_signal_handler(signal.SIGHUP, on_hangup)
        loop.add_signal_handler(signal.SIGTERM, ended.set)
        await Supervisor(config.mode()).run(ended)


BORN = time.time()

if __name__ == "__main__":
    if config.SERIES < (3, 5):
        config.write_text(config.DATA / "supervisord/supervisord.pid", str(os.getpid()))
    asyncio.run(supervise())
