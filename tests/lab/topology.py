# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts a lab has, read from the inventory of its topology: inventory/lab/<topology>/hosts.yml."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

INVENTORIES = Path(__file__).parents[2] / "inventory" / "lab"
CLIENT = "client"


@dataclass(frozen=True)
class Topology:
    """Hosts by name, each with the last number of its address, and of its provisioning address where it has one."""

    name: str
    hosts: dict[str, int]
    provisioning: dict[str, int]
    groups: dict[str, list[str]]


def names() -> list[str]:
    """The topologies there are."""
    return sorted(path.parent.name for path in INVENTORIES.glob("*/hosts.yml"))


@functools.cache
def load(name: str) -> Topology:
    """Read a topology; ValueError when there is none of that name."""
    if name not in names():
        raise ValueError(f"no topology {name!r}: there are {', '.join(names())}")
    inventory = yaml.safe_load((INVENTORIES / name / "hosts.yml").read_text())["all"]
    hosts = {host: last_number(words["ansible_host"]) for host, words in inventory["hosts"].items()}
    provisioning = {
        host: last_number(words["lab_provisioning_address"])
        for host, words in inventory["hosts"].items()
        if "lab_provisioning_address" in words
    }
    groups = {group: list(content["hosts"]) for group, content in inventory["children"].items()}
    return Topology(name, {**hosts, CLIENT: 90}, provisioning, groups)


def last_number(address: str) -> int:
    """The number after the last dot of a templated address: "{{ lab_network }}.11" gives 11."""
    return int(address.rpartition(".")[2])


def check_name(lab: str) -> str:
    """A lab's name as it is; ValueError unless interface names can be made of it."""
    if not re.fullmatch("[a-z][a-z0-9]{0,4}", lab):
        raise ValueError(f"LAB_NAME {lab!r}: one to five of a-z and 0-9, a letter first")
    return lab


def check_network(network: str) -> str:
    """A network's first three octets as they are; ValueError unless the provisioning network fits beside it."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", network) or int(network.split(".")[1]) > 155:
        raise ValueError(f"LAB_NETWORK {network!r}: three octets, the second at most 155")
    return network


def provisioning_network(network: str) -> str:
    """The first three octets of the provisioning network beside a network: 10.77.0 gives 10.177.0."""
    first, second, third = network.split(".")
    return f"{first}.{int(second) + 100}.{third}"
