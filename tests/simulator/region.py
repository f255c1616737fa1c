# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""regiond: answers the API from the database, tells racks what to serve, and lets other regions know that it lives."""

from __future__ import annotations

import asyncio
import base64
import concurrent.futures
import contextlib
import json
import os
import signal
import time

import psycopg2

from . import config, dhcpd, discovery, host, liveness, postgres, rpc, tls
from .api import Api
from .frontend import read_message
from .state import RACK, RACK_SERVICES, REGION, REGION_AND_RACK
from .supervisor import control
from .tables import StoreError
from .versions import series_of
from .wire import Request

FIRST_PORT = 5250
MAX_WORKERS = 10
REFRESH_EVERY, DEAD_AFTER = 60, 90
START_SECONDS = float(os.environ.get("MAAS_START_SECONDS", "1"))
REASONS = {200: "OK", 204: "No Content", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


def log(text):
    """Write a line to the journal."""
    print(text, flush=True)


class Region:
    """The region controller of this host."""

    def __init__(self, settings):
        self._settings = settings
        self._parameters = config.database(settings)
        application = f"maas-regiond-{config.read_text(config.MAAS_ID) or 'new'}"
        self._store = postgres.PostgresStore(self._parameters, application=application)
        self._api = Api(self._store, config.VERSION)
        self._series = series_of(config.VERSION)
        self._workers = min(settings.get("num_workers") or liveness.WORKERS_PER_REGION, MAX_WORKERS)
        self._requests = concurrent.futures.ThreadPoolExecutor(9, "request")
        self._own = concurrent.futures.ThreadPoolExecutor(2, "own")
        self._racks = {}  # node id: {Channel: process id}
        self._told = {}  # node id: the dhcpd.conf that it was told to serve
        self._processes = []
        self._node = None
        self._secret = None
        self._stored_tls = None
        self._changed = asyncio.Event()

    async def run(self):
        """Start once the database is there, serve until SIGTERM, and leave."""
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stopped.set)
        config.REGIOND_SOCKET.unlink(missing_ok=True)
        serving = loop.create_task(self._serve())
        stopping = loop.create_task(stopped.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        config.REGIOND_SOCKET.unlink(missing_ok=True)
        if serving.done():
            serving.result()
        with contextlib.suppress(StoreError, asyncio.TimeoutError):
            await asyncio.wait_for(self._transaction(self._leave), 3)
        os._exit(0)  # threads may hang in the database

    async def _serve(self):
        await self._database()
        await asyncio.sleep(START_SECONDS)
        await self._again(self._enter)
        self._write_secret()
        config.write_text(config.MAAS_ID, self._node["system_id"], 0o640)
        for number, process in enumerate(self._processes):
            await asyncio.start_server(
                lambda reader, writer, process=process: self._meet(rpc.Channel(reader, writer), process),
                port=FIRST_PORT + number,
                limit=rpc.LIMIT,
            )
        await asyncio.start_unix_server(self._answer, str(config.REGIOND_SOCKET), limit=2**20)
        log("Region is ready.")
        await asyncio.gather(self._refresh(), self._listen(), self._follow())

    def _write_secret(self):
        """Write the shared secret for those who ask this host for it, unless it is there."""
        if config.read_text(config.SECRET) != self._secret:
            config.SECRET.unlink(missing_ok=True)
            config.write_text(config.SECRET, self._secret, 0o640)

    async def _database(self):
        """Wait until the database answers and its schema is of this series."""
        while True:
            try:
                pending = await self._call(postgres.pending, self._parameters, config.SERIES)
                if not pending:
                    return
                log(f"Database error during start-up: relation does not exist ({len(pending)} migrations are missing).")
                await asyncio.sleep(3)
            except psycopg2.Error as error:
                log(f"Error starting: Connection to database cannot be established: {error}")
                await asyncio.sleep(1)

    async def _call(self, function, *arguments):
        return await asyncio.get_running_loop().run_in_executor(self._own, function, *arguments)

    async def _transaction(self, work, *arguments):
        """Run work(state, ...) in a transaction, in a thread. Raises StoreError."""

        def run():
            with self._store.transaction() as state:
                return work(state, *arguments)

        return await self._call(run)

    async def _again(self, work, *arguments):
        """Run a transaction until the database lets it through."""
        while True:
            try:
                return await self._transaction(work, *arguments)
            except (StoreError, discovery.Ambiguous) as error:
                log(f"Database error during start-up: {error}; pausing for 3 seconds.")
                await asyncio.sleep(3)

    # This region among the others

    def _enter(self, state):
        """Note this region's node and processes, and what all regions share."""
        told = {
            "system_id": config.read_text(config.MAAS_ID),
            "hostname": host.hostname(),
            "interfaces": host.interfaces(),
            "version": config.VERSION,
        }
        self._node = discovery.register(state, told, REGION, discovery.region_services(self._series))
        self._secret = shared(state, "secret", "global/rpc-shared", lambda: os.urandom(16).hex())
        shared(state, "setting", "omapi_key", lambda: base64.b64encode(os.urandom(64)).decode())
        setting = state.find("setting", name="maas_url")
        if setting:
            state.update("setting", setting["id"], value=self._settings.get("maas_url"))
        else:
            state.insert("setting", name="maas_url", value=self._settings.get("maas_url"))
        self._leave(state)
        self._processes = [self._add_process(state, number)["id"] for number in range(self._workers)]
        liveness.update_rackd(state)

    def _add_process(self, state, number, row_id=None):
        endpoints = [[address, FIRST_PORT + number] for address in host.endpoints()]
        pid = os.getpid() + number
        return state.insert(
            "process", id=row_id, node=self._node["id"], pid=pid, endpoints=endpoints, updated=time.time()
        )

    def _leave(self, state):
        """Remove this region's processes."""
        for process in state.where("process", node=self._node["id"]) if self._node else ():
            liveness.remove_process(state, process)
        liveness.update_rackd(state)

    async def _refresh(self):
        """Keep this region's processes alive and remove those of regions that do not."""
        while True:
            await asyncio.sleep(REFRESH_EVERY)
            with contextlib.suppress(StoreError):
                await self._transaction(self._refresh_processes)

    def _refresh_processes(self, state):
        now = time.time()
        for number, row_id in enumerate(self._processes):
            if state.get("process", row_id):
                state.update("process", row_id, updated=now)
            else:
                self._add_process(state, number, row_id)
        for process in state.where("process"):
            if now - process["updated"] > DEAD_AFTER:
                liveness.remove_process(state, process)
        here = {(process, node) for node, channels in self._racks.items() for process in channels.values()}
        for process, node in here:
            liveness.note_connection(state, process, node)
        for row in state.where("connection"):
            if row["process"] in self._processes and (row["process"], row["node"]) not in here:
                state.delete("connection", row["id"])
        liveness.update_rackd(state)

    # The API

    async def _answer(self, reader, writer):
        with contextlib.closing(writer), contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
            message = await read_message(reader)
            if not message:
                return
            request = parse(*message)
            response = await asyncio.get_running_loop().run_in_executor(self._requests, self._api.handle, request)
            writer.write(serialise(request, response))
            await writer.drain()

    # What changed

    async def _listen(self):
        """Wake _follow whenever a region changed something; without a connection try again every 3 seconds."""
        loop = asyncio.get_running_loop()
        while True:
            lost = asyncio.Event()
            try:
                listener = await self._call(postgres.Listener, self._parameters)
            except psycopg2.Error as error:
                log(f"Unable to connect to database: {error}")
                await asyncio.sleep(3)
                continue

            def on_data(listener=listener, lost=lost):
                try:
                    if listener.changed():
                        self._changed.set()
                except psycopg2.Error:
                    lost.set()

            self._changed.set()
            loop.add_reader(listener.fileno(), on_data)
            descriptor = listener.fileno()
            await lost.wait()
            loop.remove_reader(descriptor)
            listener.close()

    async def _follow(self):
        """Bring the front end and the racks to what the database says, after each change."""
        while True:
            await self._changed.wait()
            await asyncio.sleep(0.1)
            self._changed.clear()
            try:
                stored, wanted = await self._transaction(self._look, list(self._racks))
            except StoreError:
                await asyncio.sleep(3)
                self._changed.set()
                continue
            if stored != self._stored_tls:
                self._stored_tls = stored
                config.write_text(config.HTTP_CONF, json.dumps(stored), 0o600)
                with contextlib.suppress(OSError):
                    await self._call(control, "reload http")
            self._write_secret()
            for node, message in wanted.items():
                self._tell(node, message)

    def _look(self, state, nodes):
        """Return what is stored about TLS, and what each of these racks is to be told."""
        liveness.update_rackd(state)
        wanted = {}
        site = dhcpd.site_of(state, self._settings.get("maas_url") or "")
        for node in nodes:
            row = state.get("node", node)
            if row is None or row["node_type"] not in (RACK, REGION_AND_RACK):
                wanted[node] = {"forget": True}
                continue
            try:
                served = dhcpd.interfaces(site, row["hostname"])
                text = dhcpd.render(site, row["hostname"]) if served else ""
                wanted[node] = {"dhcp": {"configuration": text, "interfaces": " ".join(served)}}
            except dhcpd.Unrenderable as error:
                log(f"Failed configuring DHCP on rack controller '{row['system_id']}': {error}")
        return tls.stored(state), wanted

    def _tell(self, node, message):
        channel = next(reversed(self._racks.get(node, {})), None)  # an older one may be dead, and nobody knows yet
        if channel and self._told.get(node) != message:
            self._told[node] = message
            channel.send(**message)

    # Racks

    async def _meet(self, channel, process):
        """Talk with a rack for as long as its connection lasts."""
        node = None
        try:
            await rpc.greet_rack(channel, self._secret)
            told = (await channel.receive(60) or {}).get("register")
            if not told:
                raise rpc.Failed
            node = await self._transaction(self._admit, told, process)
            self._racks.setdefault(node["id"], {})[channel] = process
            self._told.pop(node["id"], None)  # a rack that starts anew knows nothing of what it was told
            channel.send(registered=node["system_id"])
            log(f"Rack controller '{node['system_id']}' registered.")
            self._changed.set()
            while message := await channel.receive(2 * REFRESH_EVERY):
                if "register" in message:
                    await self._transaction(self._admit, message["register"], process)
                if "services" in message:
                    await self._transaction(liveness.note_services, node["id"], message["services"])
                if "ping" in message:
                    channel.send(pong=message["ping"])
        except rpc.Failed:
            log(f"Rack controller FAILED authentication from '{channel.peer}'; dropping connection.")
        except (OSError, ValueError, asyncio.TimeoutError, StoreError) as error:
            log(f"Rack controller at '{channel.peer}': {error or type(error).__name__}")
        finally:
            channel.close()
            if node:
                await self._part(node, channel, process)

    def _admit(self, state, told, process):
        node = discovery.register(state, told, RACK, RACK_SERVICES)
        liveness.note_connection(state, process, node["id"])
        liveness.update_rackd(state)
        return node

    async def _part(self, node, channel, process):
        channels = self._racks.get(node["id"], {})
        channels.pop(channel, None)
        if not channels:
            self._racks.pop(node["id"], None)
            self._told.pop(node["id"], None)
        if process not in channels.values():
            with contextlib.suppress(StoreError):
                await self._transaction(liveness.forget_connection, process, node["id"])


def shared(state, kind, name, make):
    """Return a value that all regions share, made by the first that needs it."""
    key = "path" if kind == "secret" else "name"
    row = state.find(kind, **{key: name}) or state.insert(kind, **{key: name}, value=make())
    return row["value"]


def parse(head, body):
    """Return the Request in an HTTP message."""
    first, *lines = head.decode("latin1").rstrip("\r\n").split("\r\n")
    method, target, dummy = first.split(" ", 2)
    path, dummy, query = target.partition("?")
    headers = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in lines)
    return Request(method, path, query, headers, body)


def serialise(request, response):
    """Return a Response as an HTTP message."""
    headers = dict(response.headers)
    body = b"" if request.method == "HEAD" else response.body
    if response.status != 204:
        headers["Content-Length"] = len(body)
    lines = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Answer')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


if __name__ == "__main__":
    asyncio.run(Region(config.read(config.REGIOND_CONF)).run())
