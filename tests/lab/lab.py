# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab: the hosts of one topology on one network, and what can be done to them."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import uuid
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import image, machine, network, topology
from .shell import LabError, run, wait_for


@dataclass(frozen=True)
class Lab:
    """The lab that LAB_NAME and LAB_NETWORK name; all of its state is the directory `state` and what runs."""

    name: str
    network: str

    @classmethod
    def current(cls) -> Lab:
        """The lab of this environment."""
        name = topology.check_name(os.environ.get("LAB_NAME", "maas"))
        return cls(name, topology.check_network(os.environ.get("LAB_NETWORK", "10.77.0")))

    @property
    def state(self) -> Path:
        """Where its key and its hosts' disks lie."""
        return image.CACHE / "run" / self.name

    @property
    def topology(self) -> topology.Topology:
        """What it was created from; LabError when it was not."""
        try:
            return topology.load((self.state / "topology").read_text())
        except FileNotFoundError as error:
            raise LabError(f"there is no lab {self.name}: python -m tests.lab create") from error

    @property
    def hosts(self) -> dict[str, str]:
        """Addresses by name; those of the inventory first, then the client."""
        return {host: f"{self.network}.{number}" for host, number in self.topology.hosts.items()}

    @property
    def groups(self) -> dict[str, list[str]]:
        """The inventory's groups."""
        return self.topology.groups

    @property
    def vip(self) -> str:
        """The address that maas_vip gives."""
        return f"{self.network}.5"

    @property
    def ssh(self) -> list[str]:
        """The options that let ssh know its hosts by name and address."""
        return ["-F", f"{self.state}/ssh_config"]

    def command(self, host: str, command: Sequence[str]) -> list[str]:
        """The ssh command that runs words or one shell line on a host as root; a login when there are none."""
        line = command if len(command) < 2 else [shlex.join(command)]
        return ["ssh", *self.ssh, host, *line]

    def run(self, host: str, command: Sequence[str], **options) -> str:
        """What a command prints on a host, over ssh (options: those of shell.run)."""
        return run(self.command(host, command), **options)

    def inside(self, host: str, command: Sequence[str], **options) -> str:
        """What a command prints on a host that no network reaches."""
        return run(machine.inside(self.machine(host), list(command)), **options)

    # The whole lab

    def create(self, name: str) -> None:
        """Make a new lab of a topology in place of whatever is left of an older one; every host answers ssh."""
        plan = topology.load(name)
        layers = image.image()
        image.pack_maas()
        self.destroy()
        self.state.mkdir(parents=True)
        (self.state / "topology").write_text(plan.name)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", self.name, "-f", f"{self.state}/key"])
        self.write_ssh_config()
        machine.make_room()
        network.up(self.name, self.network)
        for host in self.hosts:
            self.furnish(host, image.mount(self.state / host, layers))
        self.each(self.on, self.hosts)

    def write_ssh_config(self) -> None:
        """Write the options for ssh: one key for all hosts, whose own keys are new in every lab."""
        names = "".join(f"Host {host}\n  HostName {address}\n" for host, address in self.hosts.items())
        everywhere = {
            "User": "root",
            "IdentityFile": f"{self.state}/key",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "ConnectTimeout": "5",
            "ServerAliveInterval": "5",
        }
        options = "".join(f"  {option} {value}\n" for option, value in everywhere.items())
        (self.state / "ssh_config").write_text(f"{names}Host *\n{options}")

    def destroy(self) -> None:
        """Remove the lab, or what is left of it; fine when there is none."""
        machine.kill(self.name)
        network.down(self.name)
        image.discard(self.state)

    def each(self, verb: Callable[[str], None], hosts: Iterable[str]) -> None:
        """Do something to several hosts at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(verb, hosts))

    # One host

    def machine(self, host: str) -> str:
        """The name under which it runs; LabError for a stranger."""
        if host not in self.hosts:
            raise LabError(f"no host {host!r}: there are {', '.join(self.hosts)}")
        return f"{self.name}/{host}"

    def interfaces(self, host: str) -> list[str]:
        """What it has in its network: one interface, and a second one where it provisions or is provisioned."""
        provisions = host in self.topology.provisioning or host == topology.CLIENT
        return ["host0", "prov0"] if provisions else ["host0"]

    def furnish(self, host: str, root: Path) -> None:
        """Write what tells a host from its image: name, identity, keys, addresses."""
        (root / "etc/hostname").write_text(f"{host}\n")
        (root / "etc/hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {host}\n::1 localhost ip6-localhost\n")
        (root / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
        shutil.copy(image.name_servers(), root / "etc/resolv.conf")
        key = str(root / "etc/ssh/ssh_host_ed25519_key")
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", host, "-f", key])
        (root / "root/.ssh").mkdir(mode=0o700, exist_ok=True)
        shutil.copy(self.state / "key.pub", root / "root/.ssh/authorized_keys")
        units = root / "etc/systemd/network"
        (units / "10-host0.network").write_text(
            f"[Match]\nName=host0\n\n[Network]\nAddress={self.hosts[host]}/24\nGateway={self.network}.1\n"
        )
        if "prov0" in self.interfaces(host):
            unit = "[Match]\nName=prov0\n\n[Link]\nRequiredForOnline=no\n\n[Network]\nLinkLocalAddressing=no\n"
            if host in self.topology.provisioning:
                prefix = topology.provisioning_network(self.network)
                unit += f"Address={prefix}.{self.topology.provisioning[host]}/24\n"
            (units / "10-prov0.network").write_text(unit)

    def on(self, host: str) -> None:
        """Boot a host with the disk it has, unless it is on; it answers ssh."""
        name = self.machine(host)
        if not machine.leader(name):
            self.kill(host)
            network.plug(self.name, host, self.interfaces(host))
            root, console = self.state / host / "root", self.console(host)
            machine.start(name, root, console, network=f"{self.name}-{host}", hostname=host)
            network.release(self.name, host)
        self.wait_ssh(host)

    def kill(self, host: str) -> None:
        """Kill all its processes at once, as a crash does; peers see their connections closed."""
        machine.kill(self.machine(host))
        network.unplug(self.name, host, self.interfaces(host))

    def off(self, host: str) -> None:
        """Take its power: nothing of it is heard any more, not even the end of its connections."""
        self.machine(host)
        for interface in self.interfaces(host):
            run(["ip", "link", "set", network.port(self.name, host, interface), "down"], check=False)
        self.kill(host)

    def isolate(self, host: str) -> None:
        """Let nothing pass to or from it, while it runs on and sees its links up."""
        if self.condition(host) == "off":
            raise LabError(f"{host} is off")
        for interface in self.interfaces(host):
            network.disconnect(self.name, host, interface)

    def heal(self, host: str) -> None:
        """Undo isolate, kill and off; the host answers ssh."""
        if self.condition(host) == "off":
            self.on(host)
        else:
            for interface in self.interfaces(host):
                network.connect(self.name, host, interface)
            self.wait_ssh(host)

    def reinstall(self, host: str) -> None:
        """Boot a host with an empty disk: all that was written on it is gone, its name and addresses are not."""
        self.kill(host)
        image.discard(self.state / host)
        self.furnish(host, image.mount(self.state / host, image.image()))
        self.on(host)

    def condition(self, host: str) -> str:
        """A host is on, off or isolated."""
        if not machine.leader(self.machine(host)):
            return "off"
        return "on" if network.connected(self.name, host) else "isolated"

    def console(self, host: str) -> Path:
        """Where its console is written."""
        return self.state / host / "console"

    def wait_ssh(self, host: str) -> None:
        """Wait until its sshd answers; LabError at once when the host dies."""

        def answers() -> bool:
            if not machine.leader(self.machine(host)):
                raise LabError(f"{host} died\n{self.console(host).read_text()[-2000:]}")
            return greets(self.hosts[host])

        wait_for(f"ssh on {host}", answers, 60)


def greets(address: str) -> bool:
    """Does an sshd answer there?"""
    try:
        with socket.create_connection((address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
