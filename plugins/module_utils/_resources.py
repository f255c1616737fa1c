# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MAAS's data model as tables, and its quirks. PRIVATE to this collection.

What is cheap to read on a large MAAS decides how an object is found: one VLAN by its fabric and VID or one subnet by
its CIDR takes milliseconds, `fabrics/` with all VLANs tenths of a second; `subnets/`, `ipranges/` and `spaces/` take
seconds and are avoided.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote

from ansible_collections.metal.maas_ha.plugins.module_utils._client import MaasError
from ansible_collections.metal.maas_ha.plugins.module_utils._dhcp import STATE, goal_of, rack_steps
from ansible_collections.metal.maas_ha.plugins.module_utils._resource import Missing, Option, Resource

RACKS = ("primary_rack", "secondary_rack")
SMALLEST_IPV6_RANGE = 256
SHORTEST_PREFIX_IN_PATHS = 10
RACK, REGION_AND_RACK = 2, 4  # as node_type


# What is wrong with a value, whatever MAAS holds.


def between(low, high):
    """Return a check that a number lies between two others."""
    return lambda value: None if low <= value <= high else f"{value} is not between {low} and {high}"


def filled(value):
    """Check that a text is not empty."""
    return None if value else "is empty"


def address(value):
    """Check that an IP address is one."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f"{value or 'an empty text'} is not an IP address"
    return None


def network(value):
    """Check that a CIDR is a network."""
    try:
        exact = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return f"{value} is not a network like 192.0.2.0/24"
    host = value.partition("/")[0]
    return None if ipaddress.ip_address(host) == exact.network_address else f"{value} lies within the network {exact}"


def ssh_public_key(value):
    """Check the form of a public SSH key; what is wrong may be a private one, so it is not repeated."""
    if not re.fullmatch(r"(ssh|ecdsa|sk)-[\w.@-]+ [A-Za-z0-9+/]+=*( [^\n]*)?", value.strip()):
        return "not a public SSH key in one line, such as `ssh-ed25519 AAAA… comment`"
    return None


def tag_name(value):
    """Check that MAAS takes a tag of that name."""
    if re.fullmatch("[a-zA-Z0-9_-]+", value):
        return None
    return f"{value!r} holds other signs than A to Z, a to z, 0 to 9, _ and -"


def exact(value):
    """Return an address as MAAS spells it."""
    return str(ipaddress.ip_address(value))


# Names to objects.


def fabric_of(site, name, option="fabric"):
    """Return the fabric of a name or an id."""
    fabrics = site.get("fabrics/")
    for key in ("name", "id"):
        for fabric in fabrics:
            if str(fabric[key]) == name:
                return fabric
    raise Missing(f"{option}: MAAS has no fabric {name}")


def find_vlan(site, fabric, vid, option="fabric"):
    """Return the VLAN of a fabric and a VID, or None.

    By a path where MAAS would read the fabric's name in it as a name: it takes a number for an id, `not_` for a denial.
    """
    if re.fullmatch(r"(?!not_|\d+$)[\w-]+", fabric):
        vlan = site.find(f"fabrics/{quote(fabric)}/vlans/{vid}/")
        if vlan and vlan["fabric"] == fabric:
            return vlan
    return next((vlan for vlan in fabric_of(site, fabric, option)["vlans"] if vlan["vid"] == vid), None)


def vlan_of(site, fabric, vid, option):
    """Return the VLAN of a fabric and a VID."""
    found = find_vlan(site, fabric, vid, option)
    if found is None:
        raise Missing(f"{option}: MAAS has no VLAN {vid} on fabric {fabric}")
    return found


def find_subnet(site, name):
    """Return the subnet of a CIDR, a name or an id, or None."""
    problem = network(name) if "/" in name else filled(name)
    if problem:
        raise MaasError(f"subnet: {problem}")
    path = subnet_path(site, ipaddress.ip_network(name)) if "/" in name else f"subnets/{quote(name, safe='')}/"
    return path and site.find(path)


def subnet_path(site, net):
    """Return the path of the subnet of a network, None for one that MAAS is seen not to have. site: or a client.

    MAAS knows no path with a prefix length of one digit, so the number of such a subnet is read from all subnets.
    """
    if net.prefixlen >= SHORTEST_PREFIX_IN_PATHS:
        return f"subnets/cidr:{net}/"
    return next((f"subnets/{one['id']}/" for one in site.get("subnets/") if one["cidr"] == str(net)), None)


def subnet_of(site, name):
    """Return the subnet of a CIDR, a name or an id."""
    found = find_subnet(site, name)
    if found is None:
        raise Missing(f"subnet: MAAS has no subnet {name}")
    return found


def find_rack(site, **query):
    """Return the one rack controller that is asked for by `hostname` or `id`, or None."""
    return next(iter(site.get("rackcontrollers/", **query)), None)


def rack_of(site, name, option):
    """Return the rack controller of a hostname or a system_id."""
    found = find_rack(site, hostname=name) or find_rack(site, id=name)
    if found is None:
        raise Missing(f"{option}: MAAS shows no rack controller {name} to this API key's user")
    return found


def vlan_option(name):
    """Return an option that names a VLAN by fabric and VID and is sent as its id; an empty one stands for none."""

    def means(site, task, record):
        value = task[name]
        if value["fabric"] is None:
            return ""
        shown = (record or {}).get(name) or {}
        if (shown.get("fabric"), shown.get("vid")) == (value["fabric"], value["vid"]):
            return shown["id"]
        return vlan_of(site, value["fabric"], value["vid"], name)["id"]

    return Option(
        "dict",
        options={"fabric": {"type": "str"}, "vid": {"type": "int"}},
        required_together=[("fabric", "vid")],
        check=lambda value: None if value["vid"] is None else between(0, 4094)(value["vid"]),
        shows=lambda record: (record.get(name) or {}).get("id", ""),
        means=means,
    )


def rack_option(name):
    """Return an option that names a rack controller; an empty text stands for none."""

    def means(site, task, record):
        settled = ("", record[name]) if record else ("",)
        return task[name] if task[name] in settled else rack_of(site, task[name], name)["system_id"]

    return Option(shows=lambda record: record.get(name), means=means)


# Fabrics and spaces


def find_fabric(site, task):
    """Find a fabric by the id, when the task gives one, or by its name."""
    if task["id"] is None:
        return next((one for one in site.get("fabrics/") if one["name"] == task["name"]), None)
    return fabric_of(site, str(task["id"]), "id")


FABRIC = Resource(
    "fabric",
    {
        "id": Option("int"),
        "name": Option(required=True),
        "description": Option(write_only=True),
        "class_type": Option(),
    },
    find=find_fabric,
    collection=lambda site, task: "fabrics/",
    item=lambda record: f"fabrics/{record['id']}/",
)


def find_space(site, task):
    """Find a space by its name; MAAS takes an id in its place, which is not asked for here."""
    found = site.find(f"spaces/{quote(task['name'], safe='')}/")
    return found if found and found["name"] == task["name"] else None


SPACE = Resource(
    "space",
    {
        "name": Option(
            required=True, check=lambda name: "undefined stands for no space in MAAS" if name == "undefined" else None
        ),
        "description": Option(),
    },
    find=find_space,
    collection=lambda site, task: "spaces/",
    item=lambda record: f"spaces/{record['id']}/",
)


# VLANs


def guard_vlan(site, task, found, fields):
    """Refuse what MAAS would half do, or take and not serve."""
    if task["state"] == "absent":
        return
    place = f"VLAN {task['vid']} of fabric {task['fabric']}"
    if not found:
        early = [name for name in ("dhcp_on", *RACKS) if task[name]]
        if early:
            raise MaasError(
                f"{', '.join(early)}: {place} is not there yet; first create it, its subnet and a dynamic range"
            )
        return
    if found["name"] == "untagged" and fields.get("name", "untagged") != "untagged":
        raise MaasError(f"name: {place} is always called untagged")
    try:
        rack_steps(VLAN.show(found), dhcp_part(fields))
    except ValueError as error:
        raise MaasError(str(error)) from error
    for name in RACKS:
        if fields.get(name) and fields[name] != found[name]:
            rack = rack_of(site, task[name], name)
            if not any(port["vlan"] and port["vlan"]["id"] == found["id"] for port in rack["interface_set"]):
                raise MaasError(f"{name}: {task[name]} has no interface on {place}")
            primary = fields.get("primary_rack") or found["primary_rack"]
            if task["secondary_rack"] and primary in dead_racks(site, found, fields):
                raise MaasError(
                    f"primary_rack: {task['primary_rack'] or primary} is dead, and MAAS gives a dead primary no "
                    "secondary_rack; name one that lives"
                )


def dead_racks(site, record, fields):
    """Return which racks are dead, by system_id, of those that a VLAN has or is to have."""
    racks = {one.get(name) for one in (record, fields) for name in RACKS} - {None, ""}
    found = site.get("rackcontrollers/", id=tuple(sorted(racks)))
    return {rack["system_id"] for rack in found if not alive(rack)}


def dhcp_part(fields):
    """Return those of a VLAN's fields that say who serves DHCP."""
    return {name: value for name, value in fields.items() if name in STATE}


def foretell_vlan(before, changes):
    """Return a VLAN's fields after a change: a secondary that becomes primary, or DHCP, ends a pair or a relay."""
    goal = goal_of(before, dhcp_part(changes))
    return {**before, **changes, **{name: "" if value is None else value for name, value in goal.items()}}


def update_vlan(site, record, changes):
    """Change a VLAN in as many requests as its racks need; what else changes goes with the last of them."""
    dead = dead_racks(site, record, changes) if {*RACKS} & {*changes} else ()
    steps = rack_steps(VLAN.show(record), dhcp_part(changes), dead) or [{}]
    steps[-1].update(VLAN.form({name: value for name, value in changes.items() if name not in STATE}))
    for step in steps:
        record = site.client.put(VLAN.item(record), step)
    return record


def vlan_name(name, vid):
    """Return a VLAN's name; MAAS 3.4 calls one that has none by its VID, and so do its pages ever since."""
    return "" if name in (None, str(vid)) else name


VLAN = Resource(
    "vlan",
    {
        "fabric": Option(
            required=True,
            means=lambda site, task, record: record["fabric"] if record else fabric_of(site, task["fabric"])["name"],
        ),
        "vid": Option("int", required=True, check=between(0, 4094)),
        "name": Option(
            shows=lambda record: vlan_name(record["name"], record["vid"]),
            means=lambda site, task, record: vlan_name(task["name"].strip(), task["vid"]),
        ),
        "description": Option(write_only=True),
        "mtu": Option("int", check=between(552, 65535)),
        "space": Option(
            means=lambda site, task, record: task["space"] or "undefined",
            sends=lambda space: "" if space == "undefined" else space,
        ),
        "dhcp_on": Option("bool"),
        "primary_rack": rack_option("primary_rack"),
        "secondary_rack": rack_option("secondary_rack"),
        "relay_vlan": vlan_option("relay_vlan"),
    },
    find=lambda site, task: find_vlan(site, task["fabric"], task["vid"]),
    guard=guard_vlan,
    collection=lambda site, task: f"fabrics/{fabric_of(site, task['fabric'])['id']}/vlans/",
    item=lambda record: f"vlans/{record['id']}/",
    update=update_vlan,
    foretold=foretell_vlan,
)


# Subnets and IP ranges


def guard_subnet(site, task, found, fields):
    """Refuse to create a subnet wherever MAAS likes, and to leave one without a VLAN."""
    if task["state"] == "present" and not fields.get("vlan", found):
        raise MaasError(f"vlan: the subnet {task['cidr']} needs one, by its fabric and vid")


SUBNET = Resource(
    "subnet",
    {
        "cidr": Option(
            required=True,
            check=network,
            means=lambda site, task, record: str(ipaddress.ip_network(task["cidr"])),
        ),
        "name": Option(),
        "description": Option(),
        "vlan": vlan_option("vlan"),
        "gateway_ip": Option(
            check=lambda value: address(value) if value else None,
            means=lambda site, task, record: exact(task["gateway_ip"]) if task["gateway_ip"] else "",
        ),
        "dns_servers": Option(
            "list",
            elements="str",
            check=address,
            means=lambda site, task, record: [exact(one) for one in task["dns_servers"]],
            sends=",".join,
        ),
        "rdns_mode": Option("int", choices=[0, 1, 2]),
        "allow_dns": Option("bool"),
        "allow_proxy": Option("bool"),
        "active_discovery": Option("bool"),
        "managed": Option("bool"),
        "disabled_boot_architectures": Option(
            "list",
            elements="str",
            shows=lambda record: sorted(record["disabled_boot_architectures"]),
            means=lambda site, task, record: sorted(set(task["disabled_boot_architectures"])),
            sends=",".join,
        ),
    },
    find=lambda site, task: find_subnet(site, task["cidr"]),
    guard=guard_subnet,
    collection=lambda site, task: "subnets/",
    item=lambda record: f"subnets/{record['id']}/",
    removal={"force": {"type": "bool", "default": False}},
)


def find_iprange(site, task):
    """Find a range by its subnet and first address.

    MAAS lists ranges only all together, which takes seconds. What the subnet has reserved is read first: it tells, but
    for the comment and the id, whether the range is there exactly as wanted, or that none begins there.
    """
    subnet = subnet_of(site, task["subnet"])
    start = ipaddress.ip_address(task["start_ip"])
    if start not in ipaddress.ip_network(subnet["cidr"]):
        return None
    for taken in site.get(f"subnets/{subnet['id']}/", op="reserved_ip_ranges"):
        within = ipaddress.ip_address(taken["start"]) <= start <= ipaddress.ip_address(taken["end"])
        if within and {"dynamic", "reserved"} & set(taken["purpose"]):
            break
    else:
        return None
    told = {"type": task["type"], "start_ip": taken["start"], "end_ip": taken["end"]}
    as_wanted = taken["purpose"] == [task["type"]] and all(task[name] == told[name] for name in told)
    if as_wanted and task["state"] == "present" and task["comment"] is None:
        return {"subnet": subnet, **told}
    ranges = (one for one in site.get("ipranges/") if one["subnet"]["id"] == subnet["id"])
    return next((one for one in ranges if one["start_ip"] == str(start)), None)


def guard_iprange(site, task, found, fields):
    """Refuse to take the last dynamic range from under DHCP, and ranges that MAAS answers with a crash."""
    absent = task["state"] == "absent"
    if found and found["type"] == "dynamic" and (absent or fields.get("type") == "reserved"):
        keep_dynamic_range(site, found, "state" if absent else "type")
    if absent:
        return
    missing = [name for name in ("type", "end_ip") if task[name] is None]
    if missing and not found:
        raise MaasError(f"{', '.join(missing)}: needed to create the range that starts at {task['start_ip']}")
    wanted = {**(found or {}), **fields}
    net = ipaddress.ip_network(subnet_of(site, task["subnet"])["cidr"])
    start, end = ipaddress.ip_address(wanted["start_ip"]), ipaddress.ip_address(wanted["end_ip"])
    for name, ip in (("start_ip", start), ("end_ip", end)):
        if ip not in net:
            raise MaasError(f"{name}: {ip} is not in the subnet {net}")
    if end < start:
        raise MaasError(f"end_ip: {end} comes before start_ip {start}")
    if net.num_addresses > 2 and start == net.network_address:
        raise MaasError(f"start_ip: {start} is the address of the subnet {net} itself")
    if net.version == 4 and net.num_addresses > 2 and end == net.broadcast_address:
        raise MaasError(f"end_ip: {end} is the broadcast address of the subnet {net}")
    if net.version == 6 and wanted["type"] == "dynamic" and int(end) - int(start) + 1 < SMALLEST_IPV6_RANGE:
        raise MaasError(f"end_ip: a dynamic IPv6 range holds at least {SMALLEST_IPV6_RANGE} addresses")


def keep_dynamic_range(site, found, option):
    """Refuse to let a range go that DHCP needs; a pair that has none for IPv4 serves none of its VLANs any more."""
    vlan = found["subnet"]["vlan"]
    others = [
        one
        for one in site.get("ipranges/")
        if one["type"] == "dynamic" and one["subnet"]["vlan"]["id"] == vlan["id"] and one["id"] != found["id"]
    ]
    if vlan["dhcp_on"] and not any(":" in found["start_ip"] or ":" not in one["start_ip"] for one in others):
        raise MaasError(
            f"{option}: the range that starts at {found['start_ip']} is the last dynamic one of VLAN {vlan['vid']} on "
            f"{vlan['fabric']}, whose DHCP needs one; first create another, or turn dhcp_on off"
        )


IPRANGE = Resource(
    "iprange",
    {
        "subnet": Option(
            required=True,
            shows=lambda record: record["subnet"]["id"],
            means=lambda site, task, record: subnet_of(site, task["subnet"])["id"],
        ),
        "type": Option(choices=["dynamic", "reserved"]),
        "start_ip": Option(required=True, check=address, means=lambda site, task, record: exact(task["start_ip"])),
        "end_ip": Option(check=address, means=lambda site, task, record: exact(task["end_ip"])),
        "comment": Option(),
    },
    find=find_iprange,
    guard=guard_iprange,
    collection=lambda site, task: "ipranges/",
    item=lambda record: f"ipranges/{record['id']}/",
)


# Controllers


def services(record):
    """Return the status of each of a rack controller's services by name."""
    return {service["name"]: service["status"] for service in record["service_set"]}


def alive(record):
    """Return whether a rack controller is linked to some region at least."""
    return services(record).get("rackd") != "dead"


def seen(site, found):
    """Return the controller that was found, or None; raise MaasError when MAAS shows this API key's user none at all.

    MAAS that answers has a region at least, and shows nobody regions or racks alone.
    """
    if not found and not site.get("regioncontrollers/"):
        raise MaasError("api_key: MAAS shows its user no controllers; give the key of an administrator")
    return found


def serves_alone(site, rack):
    """Return the VLANs, as a person calls them, that would have no DHCP without a rack controller."""
    return [
        f"{vlan['vid']} of {vlan['fabric']}"
        for fabric in site.get("fabrics/")
        for vlan in fabric["vlans"]
        if vlan["dhcp_on"] and {vlan["primary_rack"], vlan["secondary_rack"]} - {None} == {rack["system_id"]}
    ]


def hosted(site):
    """Return the names of the VM hosts by the system_id of the node that each runs on."""
    names = {}
    for vm_host in site.get("vm-hosts/"):
        names.setdefault((vm_host["host"] or {}).get("system_id"), []).append(vm_host["name"])
    return names


def guard_rack(site, task, found, fields):
    """Refuse to invent a rack, to take the last one from a VLAN, and what MAAS answers with a crash."""
    name = "system_id" if task["system_id"] else "hostname"
    if task["state"] == "present":
        if not found:
            raise MaasError(f"{name}: MAAS knows no rack controller {task[name]}; it makes itself known once it runs")
        return
    alone = serves_alone(site, found)
    if alone and not task["force"]:
        raise MaasError(
            f"{name}: {found['hostname']} alone serves DHCP on VLAN {', '.join(alone)}; "
            "give these another rack first, or say force"
        )
    named = [
        f"{vlan['vid']} of {vlan['fabric']}"
        for fabric in site.get("fabrics/")
        for vlan in fabric["vlans"]
        if vlan["primary_rack"] == found["system_id"] and not vlan["dhcp_on"]
    ]
    if named and found["node_type"] == RACK:
        raise MaasError(
            f"{name}: {found['hostname']} is primary_rack of VLAN {', '.join(named)}, whose DHCP is off; "
            "give these another primary_rack or an empty one first"
        )


def update_rack(site, record, changes):
    """Change a rack controller; its tags are members of each tag, not a field."""
    tags = changes.pop("tags", None)
    if changes:
        record = site.client.put(RACK_CONTROLLER.item(record), changes)
    if tags is None:
        return record
    member = record["system_id"]
    for tag in sorted(set(tags) - set(record["tag_names"])):
        if site.client.find(f"tags/{tag}/") is None:
            site.client.post("tags/", {"name": tag})
        site.client.post(f"tags/{tag}/", {"add": member}, op="update_nodes", repeat=True)
    for tag in sorted(set(record["tag_names"]) - set(tags)):
        site.client.post(f"tags/{tag}/", {"remove": member}, op="update_nodes", repeat=True)
    return {**record, "tag_names": tags}


RACK_CONTROLLER = Resource(
    "rack_controller",
    {
        "hostname": Option(check=filled),
        "system_id": Option(check=filled),
        "description": Option(),
        "zone": Option(shows=lambda record: record["zone"]["name"]),
        "tags": Option(
            "list",
            elements="str",
            check=tag_name,
            shows=lambda record: sorted(record["tag_names"]),
            means=lambda site, task, record: sorted(set(task["tags"])),
        ),
    },
    find=lambda site, task: seen(
        site,
        find_rack(site, id=task["system_id"]) if task["system_id"] else find_rack(site, hostname=task["hostname"]),
    ),
    guard=guard_rack,
    item=lambda record: f"rackcontrollers/{record['system_id']}/",
    update=update_rack,
    removal={"force": {"type": "bool", "default": False}},
    rules={"mutually_exclusive": [("hostname", "system_id")], "required_one_of": [("hostname", "system_id")]},
)


def guard_region(site, task, found, fields):
    """Refuse to invent a region, and to delete one that lives or the last one."""
    name = task["hostname"]
    if task["state"] == "present":
        if not found:
            raise MaasError(f"hostname: MAAS knows no region controller {name}; it makes itself known once it runs")
        return
    living = {process.rpartition(":pid=")[0] for process in site.get("/rpc/")["eventloops"]}
    if name in living:
        raise MaasError(f"hostname: {name} runs, or died less than 90 seconds ago; stop MAAS there and wait")
    if not living:
        raise MaasError(f"hostname: {name} may be the last region, for MAAS shows none alive")
    alone = serves_alone(site, found)
    if alone:
        raise MaasError(
            f"hostname: {name} is a rack too, which alone serves DHCP on VLAN {', '.join(alone)}; "
            "give these another rack first"
        )


def remove_region(site, record, query):
    """Delete a region. One that is a rack too MAAS takes for the rack, and leaves it a region."""
    REGION_CONTROLLER.delete(site, record, query)
    if record["node_type"] == REGION_AND_RACK and site.client.get("regioncontrollers/", id=record["system_id"]):
        REGION_CONTROLLER.delete(site, record, query)


REGION_CONTROLLER = Resource(
    "region_controller",
    {"hostname": Option(required=True)},
    find=lambda site, task: seen(site, next(iter(site.get("regioncontrollers/", hostname=task["hostname"])), None)),
    guard=guard_region,
    remove=remove_region,
    item=lambda record: f"regioncontrollers/{record['system_id']}/",
)


def controller(record):
    """Return what matters of a controller or machine: who it is and where it is reached."""
    return {
        "system_id": record["system_id"],
        "hostname": record["hostname"],
        "fqdn": record["fqdn"],
        "description": record["description"],
        "version": record.get("version"),
        "zone": record["zone"]["name"],
        "tags": sorted(record["tag_names"]),
        "interfaces": [
            {
                "name": port["name"],
                "mac_address": port["mac_address"],
                "vlan": port["vlan"] and {name: port["vlan"][name] for name in ("id", "fabric", "vid")},
                "addresses": [
                    {
                        "ip_address": link["ip_address"],
                        "mode": link["mode"],
                        "cidr": link["subnet"]["cidr"] if link.get("subnet") else None,
                    }
                    for link in port["links"]
                    if link.get("ip_address")
                ],
            }
            for port in record["interface_set"]
        ],
    }


def rack_controller(record):
    """Return what matters of a rack controller; it can serve DHCP only where its address is its own."""
    essence = controller(record)
    return {
        **essence,
        "services": services(record),
        "connected": services(record).get("rackd") == "running",
        "vlans": [
            port["vlan"]["id"]
            for port in essence["interfaces"]
            if port["vlan"] and any(one["mode"] in ("static", "auto") for one in port["addresses"])
        ],
    }


# Users, keys, images


def mailbox(email):
    """Return an email address as MAAS keeps it, its domain in lower case."""
    name, at, domain = email.strip().rpartition("@")
    return name + at + domain.lower()


def guard_user(site, task, found, fields):
    """Refuse what MAAS's API cannot do: change a user."""
    if task["state"] == "absent":
        return
    if not found:
        missing = [name for name in ("email", "password") if not task[name]]
        if missing:
            raise MaasError(f"{', '.join(missing)}: needed to create the user {task['username']}")
        if any(user["email"] == fields["email"] for user in site.get("users/")):
            raise MaasError(f"email: {task['email']} is another user's")
        return
    for name in ("email", "is_superuser"):
        if fields.get(name) not in (None, found[name]):
            raise MaasError(f"{name}: is {found[name]} for {task['username']}, and MAAS's API cannot change a user")


USER = Resource(
    "user",
    {
        "username": Option(required=True),
        "email": Option(means=lambda site, task, record: mailbox(task["email"])),
        "password": Option(no_log=True, write_only=True),
        "is_superuser": Option("bool", sends=int),
    },
    find=lambda site, task: site.find(f"users/{quote(task['username'], safe='')}/"),
    guard=guard_user,
    collection=lambda site, task: "users/",
    item=lambda record: f"users/{quote(record['username'], safe='')}/",
    create=lambda site, task, fields: USER.post(site, task, {"is_superuser": False, **fields}),
    removal={"transfer_resources_to": {"type": "str"}},
)


def find_ssh_key(site, task):
    """Find a key among those of the API key's user; its comment does not count."""
    return next((one for one in site.get(SSH_KEYS) if one["key"].split()[:2] == task["key"].split()[:2]), None)


SSH_KEYS = "account/prefs/sshkeys/"
SSH_KEY = Resource(
    "ssh_key",
    {
        "key": Option(
            required=True,
            no_log=False,
            check=ssh_public_key,
            means=lambda site, task, record: record["key"] if record else " ".join(task["key"].split()),
        )
    },
    find=find_ssh_key,
    collection=lambda site, task: SSH_KEYS,
    item=lambda record: f"{SSH_KEYS}{record['id']}/",
)


SELECTION = ("os", "release", "arches", "subarches", "labels")


def selection(fields):
    """Return a selection of images in one form, whoever wrote it."""
    return {name: sorted(fields[name]) if isinstance(fields[name], list) else fields[name] for name in SELECTION}


def without_slash(url):
    """Return the URL of a boot source as MAAS keeps it since 3.8; before, a slash at its end made another source."""
    return url.strip().rstrip("/")


def find_boot_source(site, task):
    """Find a boot source by its URL, best in the task's own spelling, with its selections if the task mentions them."""
    for source in sorted(site.get("boot-sources/"), key=lambda one: one["url"] != task["source_url"]):
        if without_slash(source["url"]) == without_slash(task["source_url"]):
            if task["selections"] is not None:
                source["selections"] = site.get(f"boot-sources/{source['id']}/selections/")
            return source
    return None


def guard_boot_source(site, task, found, fields):
    """Refuse to create a source whose images nobody could check; the empty file name is MAAS's word for so much."""
    if task["state"] == "present" and not found and task["keyring_filename"] is None:
        raise MaasError(f"keyring_filename: needed to create the source {task['source_url']}")


def create_boot_source(site, task, fields):
    """Create a boot source under the task's own URL, then its selections."""
    own = {name: value for name, value in fields.items() if name != "selections"}
    record = BOOT_SOURCE.post(site, task, {**own, "source_url": task["source_url"]})
    return update_boot_source(site, record, {"selections": fields["selections"]}) if "selections" in fields else record


def update_boot_source(site, record, changes):
    """Change a boot source and its selections, which are objects of their own, known by OS and release."""
    selections = changes.pop("selections", None)
    if changes:
        record = {**record, **site.client.put(BOOT_SOURCE.item(record), BOOT_SOURCE.form(changes))}
    if selections is None:
        return record
    path = f"boot-sources/{record['id']}/selections/"
    unwanted = {(one["os"], one["release"]): one for one in site.client.get(path)}
    for wanted in selections:
        shown = unwanted.pop((wanted["os"], wanted["release"]), None)
        if shown is None:
            site.client.post(path, wanted)
        elif selection(shown) != wanted:
            site.client.put(f"{path}{shown['id']}/", wanted)
    for one in unwanted.values():
        site.client.delete(f"{path}{one['id']}/")
    return {**record, "selections": site.client.get(path)}


def in_order(selections):
    """Return selections in one order."""
    return sorted((selection(one) for one in selections), key=lambda one: (one["os"], one["release"]))


BOOT_SOURCE = Resource(
    "boot_source",
    {
        "source_url": Option(
            required=True,
            field="url",
            shows=lambda record: without_slash(record["url"]),
            means=lambda site, task, record: without_slash(task["source_url"]),
        ),
        "keyring_filename": Option(),
        "selections": Option(
            "list",
            elements="dict",
            options={
                "os": {"type": "str", "required": True},
                "release": {"type": "str", "required": True},
                "arches": {"type": "list", "elements": "str", "default": ["*"]},
                "subarches": {"type": "list", "elements": "str", "default": ["*"]},
                "labels": {"type": "list", "elements": "str", "default": ["*"]},
            },
            shows=lambda record: in_order(record.get("selections", [])),
            means=lambda site, task, record: in_order(task["selections"]),
        ),
    },
    find=find_boot_source,
    guard=guard_boot_source,
    collection=lambda site, task: "boot-sources/",
    item=lambda record: f"boot-sources/{record['id']}/",
    create=create_boot_source,
    update=update_boot_source,
)
