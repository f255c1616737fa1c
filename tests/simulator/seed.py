# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ready-made contents: what a region is born with, and as many VLANs as a benchmark asks for."""

from __future__ import annotations

import ipaddress

from . import render
from .versions import DEFAULT, series_of

IMAGES = "http://images.maas.io/ephemeral-v3/stable/"
KEYRING = "/usr/share/keyrings/ubuntu-cloudimage-keyring.gpg"


def found(state, version=DEFAULT):
    """Add what a region's first start leaves in a fresh database; do nothing where it is there already."""
    if state.table("zone"):
        return
    state.insert("zone", id=1, name="default", description="")
    state.insert("domain", id=0, name="maas", authoritative=True, ttl=None)
    series = series_of(version)
    state.start_ids("vlan", series.first_vlan_id)
    now = render.timestamp()
    source = state.insert("bootsource", url=IMAGES, keyring_filename=KEYRING, keyring_data="", created=now, updated=now)
    state.insert(
        "selection",
        source=source["id"],
        os="ubuntu",
        release=series.default_release,
        arches=["amd64"],
        subarches=["*"],
        labels=["*"],
        synced=False,
    )


def grow(state, vlans, fabrics=1, racks=("rack-a", "rack-b"), dhcp=False, first_network="10.0.0.0/24"):
    """Add fabrics, each with so many VLANs, every VLAN with a /24 and a dynamic range, and racks on all of them.

    The racks have .2, .3, ... of every subnet, the ranges .100 to .200; dhcp puts the first two racks on the VLANs.
    Returns the VLANs' rows.
    """
    nodes = [state.add_rack(name) for name in racks]
    network = ipaddress.ip_network(first_network)
    rows = []
    for fabric_number in range(fabrics):
        fabric = state.add_fabric(f"dc{fabric_number + 1}")
        for vid in range(1, vlans + 1):
            vlan = state.add_vlan(fabric["id"], vid, name=f"net{vid}")
            subnet = state.add_subnet(vlan["id"], str(network), gateway_ip=str(network[1]))
            state.add_range(subnet["id"], str(network[100]), str(network[200]))
            for number, node in enumerate(nodes):
                state.add_interface(node["id"], f"eth{fabric_number}.{vid}", vlan["id"], str(network[2 + number]))
            if dhcp:
                pair = dict(zip(("primary_rack", "secondary_rack"), (node["id"] for node in nodes)))
                vlan = state.update("vlan", vlan["id"], dhcp_on=True, **pair)
            rows.append(vlan)
            network = ipaddress.ip_network((int(network.network_address) + 256, 24))
    return rows
