# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's two bridges, what hosts plug into them, and the way out."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .shell import run


def bridge(lab: str, interface: str) -> str:
    """The bridge that an interface (host0, prov0) of the lab's hosts is plugged into."""
    return f"{lab}-{interface[:-1]}"


def port(lab: str, host: str, interface: str) -> str:
    """The controller's end of a host's interface; at most 15 characters."""
    return f"{lab}{'-' if interface == 'host0' else '_'}{host}"


def links(lab: str) -> list[str]:
    """All the lab's links on this machine."""
    names = [link["ifname"] for link in json.loads(run(["ip", "-json", "link"]))]
    return [name for name in names if name.startswith((f"{lab}-", f"{lab}_"))]


def up(lab: str, network: str) -> None:
    """Make the bridges; the hosts' one reaches the world through this machine."""
    for interface in ("host0", "prov0"):
        name = bridge(lab, interface)
        run(["ip", "link", "add", name, "type", "bridge"])
        run(["ip", "link", "set", name, "up"])
    inner = bridge(lab, "host0")
    run(["ip", "address", "add", f"{network}.1/24", "dev", inner])
    outer = [route["dev"] for route in json.loads(run(["ip", "-json", "route", "show", "default"]))]
    for name in (inner, *outer):
        Path(f"/proc/sys/net/ipv4/conf/{name}/forwarding").write_text("1")
    run(
        ["nft", "-f", "-"],
        stdin=f"""table ip maas_lab_{lab} {{
            chain post {{
                type nat hook postrouting priority 100
                ip saddr {network}.0/24 ip daddr != {network}.0/24 masquerade
            }}
        }}""",
    )


def down(lab: str) -> None:
    """Remove all that up and plug made; fine when there is nothing."""
    for name in Path("/run/netns").glob(f"{lab}-*"):
        run(["ip", "netns", "delete", name.name])
    for name in links(lab):
        run(["ip", "link", "delete", name], check=False)  # a pair's other end goes with it
    run(["nft", "delete", "table", "ip", f"maas_lab_{lab}"], check=False)


def plug(lab: str, host: str, interfaces: list[str]) -> None:
    """Give a host that is about to boot a new network namespace with these interfaces, plugged in.

    The namespace is named {lab}-{host} until it is released.
    """
    name = f"{lab}-{host}"
    run(["ip", "netns", "add", name])
    for interface in interfaces:
        end = port(lab, host, interface)
        identity = hashlib.sha256(end.encode()).hexdigest()
        mac = "52:54:00:" + ":".join((identity[0:2], identity[2:4], identity[4:6]))
        run(["ip", "link", "add", end, "type", "veth", "peer", "name", interface, "address", mac, "netns", name])
        connect(lab, host, interface)


def release(lab: str, host: str) -> None:
    """Forget the namespace's name: it now lives and dies with the host's processes."""
    run(["ip", "netns", "delete", f"{lab}-{host}"])


def connect(lab: str, host: str, interface: str) -> None:
    """Plug an interface into its bridge, with carrier."""
    run(["ip", "link", "set", port(lab, host, interface), "master", bridge(lab, interface), "up"])


def disconnect(lab: str, host: str, interface: str) -> None:
    """Cut an interface off behind its back: the host still sees a carrier, but nothing passes."""
    run(["ip", "link", "set", port(lab, host, interface), "nomaster"])


def connected(lab: str, host: str) -> bool:
    """Is the host plugged into its bridge?"""
    return Path(f"/sys/class/net/{port(lab, host, 'host0')}/master").exists()


def unplug(lab: str, host: str, interfaces: list[str]) -> None:
    """Remove what is left of a dead host's interfaces and namespace; fine when there is nothing."""
    if Path(f"/run/netns/{lab}-{host}").exists():
        release(lab, host)
    for interface in interfaces:
        run(["ip", "link", "delete", port(lab, host, interface)], check=False)
