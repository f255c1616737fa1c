# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a real region takes, as measured on 3.7.3 with 5 and with 500 VLANs and one worker process.

A request costs a base and something for each object in its answer, which are counted by their resource_uri: a subnet
brings its VLAN, an IP range its subnet, that one's VLAN and its user. Reading many costs most.
"""

from __future__ import annotations

# Milliseconds for (method, path of the route): (base, for each object told).
MILLISECONDS = {
    ("GET", "version/"): (8, 0),
    ("GET", "users/"): (14, 0),
    ("GET", "fabrics/"): (14, 0.1),
    ("GET", "fabrics/([^/]+)/"): (14, 7.9),
    ("GET", "fabrics/([^/]+)/vlans/"): (14, 7.0),
    ("GET", "vlans/([^/]+)/"): (26, 0),
    ("GET", "fabrics/([^/]+)/vlans/([^/]+)/"): (28, 0),
    ("GET", "subnets/"): (14, 4.3),
    ("GET", "ipranges/"): (14, 2.4),
    ("GET", "spaces/"): (14, 5.6),
    ("GET", "spaces/([^/]+)/"): (14, 5.6),
    ("GET", "rackcontrollers/"): (14, 5.0),
    ("GET", "rackcontrollers/([^/]+)/"): (14, 3.3),
    ("POST", "fabrics/([^/]+)/vlans/"): (24, 0),
    ("POST", "subnets/"): (25, 0),
    ("POST", "ipranges/"): (39, 0),
    ("PUT", "vlans/([^/]+)/"): (38, 0),
    ("PUT", "fabrics/([^/]+)/vlans/([^/]+)/"): (38, 0),
    ("DELETE", "ipranges/([^/]+)/"): (35, 0),
}

# Of what was not measured: like the nearest that was.
READ = (26, 0)
WRITE = (35, 0)


def seconds(method, route, body):
    """The time that a real region would have taken to answer with a body."""
    base, each = MILLISECONDS.get((method, route), READ if method == "GET" else WRITE)
    return (base + each * body.count(b'"resource_uri"')) / 1000
