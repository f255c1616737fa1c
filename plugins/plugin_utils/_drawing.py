# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where things stand in the drawing of a deployment. PRIVATE to this collection. Lengths are in pixels."""

from __future__ import annotations

WIDTH, HEIGHT = 188, 48  # of a box
GAP = 24
LABEL = 144  # left of the boxes: the name of the tier
PADDING = 12
BETWEEN = 36  # two bands, for the lines
PER_LINE = 5
LETTERS = 16  # of a host's name in a box
TOP = 56  # for the virtual IP


def drawing(report):
    """Return where to draw what.

    Args:
        report: what the filter P(metal.maas_ha.report#filter) returns.

    Returns:
        dict with width, height, the centre of the virtual IP, the size of a box, bands (title, caption, y, height),
        boxes (group, host, label, word, state, x, y) and links (path, state).
    """
    broadest = max((len(tier["members"]) for tier in report["tiers"]), default=1)
    virtual_ip = report["virtual_ip"]["address"]
    y = TOP if virtual_ip else 0
    bands, boxes = [], []
    domain = shared_domain([member["host"] for tier in report["tiers"] for member in tier["members"]])
    for tier in report["tiers"]:
        lines = -(-len(tier["members"]) // PER_LINE)
        height = lines * (HEIGHT + PADDING) + PADDING
        bands.append({"title": tier["title"], "caption": tier["caption"], "y": y, "height": height})
        for number, member in enumerate(tier["members"]):
            line, column = divmod(number, PER_LINE)
            x = LABEL + column * (WIDTH + GAP)
            place = {"x": x, "y": y + PADDING + line * (HEIGHT + PADDING)}
            boxes.append({"group": tier["group"], **member, "label": short(member["host"], domain), **place})
        y += height + BETWEEN
    places = {(box["group"], box["host"]): box for box in boxes}
    centre = LABEL + (min(broadest, PER_LINE) * (WIDTH + GAP) - GAP) / 2
    return {
        "width": LABEL + min(broadest, PER_LINE) * (WIDTH + GAP) - GAP + PADDING,
        "height": y - (0 if any(vlan["secondary_rack"] for vlan in report["vlans"]) else BETWEEN),
        "centre": centre,
        "box": {"width": WIDTH, "height": HEIGHT},
        "bands": bands,
        "boxes": boxes,
        "links": [
            {"path": path, "state": state}
            for path, state in [*to_holder(report, places, centre), *to_regions(report, places)]
            + [*to_leader(report, places), *between_racks(report, places)]
        ],
    }


def shared_domain(hosts):
    """Return the end of the names, with its dot, that all hosts share; empty for none."""
    domains = {host.partition(".")[1] + host.partition(".")[2] for host in hosts}
    domain = domains.pop() if len(domains) == 1 else ""
    return domain if any(letter.isalpha() for letter in domain) else ""  # not the end of an address


def short(host, domain):
    """Return a name that fits into a box: without what all share, and cut in the middle, since its end tells most."""
    name = host.removesuffix(domain)
    return name if len(name) <= LETTERS else f"{name[: LETTERS // 2 - 1]}…{name[-LETTERS // 2 :]}"


def line(start_x, start_y, end):
    """Return a line that ends at the top of a box."""
    end_x = end["x"] + WIDTH / 2
    middle = (start_y + end["y"]) / 2
    return f"M{start_x} {start_y} C{start_x} {middle} {end_x} {middle} {end_x} {end['y']}"


def down(start, end):
    """Return a line from one box to one below."""
    return line(start["x"] + WIDTH / 2, start["y"] + HEIGHT, end)


def to_holder(report, places, centre):
    """Yield the line from the virtual IP to whoever holds it."""
    for host in report["virtual_ip"]["holders"]:
        if ("maas_haproxy", host) in places:
            yield line(centre, 32, places["maas_haproxy", host]), "ok"


def to_regions(report, places):
    """Yield the lines from the load balancer that serves to the regions; from each, where there is no virtual IP."""
    for host, services in report["balancers"].items():
        if host in report["virtual_ip"]["holders"] or not report["virtual_ip"]["address"]:
            for region, state in services.get("maas", {}).items():
                if ("maas_region", region) in places:
                    path = down(places["maas_haproxy", host], places["maas_region", region])
                    yield path, "ok" if state == "UP" else "critical"


def to_leader(report, places):
    """Yield the lines from the regions to the database that their proxies lead to."""
    for host, servers in report["database"]["proxies"].items():
        for member, state in servers.items():
            if ("maas_postgresql", member) in places and (state == "UP" or member in report["database"]["leaders"]):
                path = down(places["maas_region", host], places["maas_postgresql", member])
                yield path, "ok" if state == "UP" else "critical"


def between_racks(report, places):
    """Yield an arc between the racks of each pair, once."""
    pairs = {}
    for vlan in report["vlans"]:
        pair = vlan["primary_rack"], vlan["secondary_rack"]
        if all(("maas_rack", rack) in places for rack in pair):
            pairs.setdefault(pair, []).append(vlan["in_step"])
    for pair, well in pairs.items():
        left, right = (places["maas_rack", rack] for rack in pair)
        start, end = left["x"] + WIDTH / 2, right["x"] + WIDTH / 2
        low = left["y"] + HEIGHT
        path = (
            f"M{start} {low} C{start} {low + BETWEEN} {end} {right['y'] + HEIGHT + BETWEEN} {end} {right['y'] + HEIGHT}"
        )
        yield path, "ok" if all(well) else "warning"
