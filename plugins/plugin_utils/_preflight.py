# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stands in the way of a deployment. PRIVATE to this collection.

A check takes the site and yields who is concerned, what is wrong and what to do about it.
The site is what the role maas_preflight was given and has read: see its vars/main.yml.
"""

from __future__ import annotations

import difflib
import re
from urllib.parse import urlsplit

from ansible_collections.metal.maas_ha.plugins.filter.in_subnet import in_subnet
from ansible_collections.metal.maas_ha.plugins.filter.region_connections import region_connections

GROUPS = ("maas_etcd", "maas_postgresql", "maas_haproxy", "maas_region", "maas_rack")
OTHER_GROUPS = ("maas_old_region", "maas_old_rack")  # those of the MAAS that a rack moves from
SERIES = ("3.4", "3.5", "3.6", "3.7", "3.8")
OLDEST_POSTGRESQL = {"3.8": 14}  # by series of MAAS; 12 for the others
OLDEST_SNAPD = {"3.8": "2.75"}
# Operating systems, and the major of PostgreSQL that they carry.
SYSTEMS = {("debian", "12"): 15, ("ubuntu", "22.04"): 14, ("ubuntu", "24.04"): 16}
OLD_ETCD = ("ubuntu", "22.04")  # 3.3, which knows no learners
RPC_PORTS = 10  # 5250-5259, one for each worker of a region
CLOCK_SECONDS = 2
CERTIFICATE_DAYS = {"host": 30, "ca": 180}
OTHER_AUTHORITY = "give another CA as maas_certificate_ca_certificate and maas_certificate_ca_key"
BUILT_DISK_MB = 1000  # what a host that has MAAS or PostgreSQL already must have left

# Which program holds which TCP port on a host of a group; any other is in the way.
HOLDERS = {
    "maas_etcd": {2379: ("etcd",), 2380: ("etcd",)},
    "maas_postgresql": {5432: ("postgres",), 8008: ("patroni", "python3")},
}
# The same for what is told to Prometheus, where maas_etcd_metrics or maas_haproxy_metrics is on.
METRICS = {"maas_etcd": {2381: ("etcd",)}, "maas_haproxy": {8405: ("haproxy",)}}
# What MAAS listens on: TCP and UDP, any program before MAAS is there, and its own afterwards.
MAAS_PORTS = {
    "maas_region": {53, 3128, 8000, *range(5239, 5260), *range(5271, 5275), *range(5281, 5285)},
    "maas_rack": {53, 67, 69, 3128, 8000, 5248, 5249},
}
# Which verb adds a host that the others of its group must let in.
VERBS = {"maas_postgresql": "add_database", "maas_region": "add_region", "maas_haproxy": "site"}
# By which program on which port a host shows that it still is what the inventory no longer calls it, and what to do.
REMAINS = {
    "maas_haproxy": ("haproxy", 80, "a load balancer", "systemctl disable --now keepalived haproxy on it"),
    "maas_postgresql": ("patroni", 8008, "a member of the database", "metal.maas_ha.replace_database"),
    "maas_etcd": ("etcd", 2379, "a member of etcd", "metal.maas_ha.replace_database"),
}
# How a host shows that it is one of a group already.
BUILT = {
    "maas_etcd": lambda survey: "etcd" in programs(survey),
    "maas_postgresql": lambda survey: bool(survey["postgresql"]),
    "maas_haproxy": lambda survey: holds(survey, 80, "haproxy"),  # the regions' database proxy is one too
    "maas_region": lambda survey: "region" in survey["maas"]["mode"],
    "maas_rack": lambda survey: "rack" in survey["maas"]["mode"],
}
WELL_KNOWN = ("admin", "changeme", "default", "maas", "maasdb", "passw0rd", "password", "postgres", "root", "secret")


def series(version):
    """Return the series of a version of MAAS: 3.7 for 3.7.3-17000-g1."""
    return ".".join(re.split(r"[.-]", version)[:2])


def numbers(version):
    """Return a version as a list that compares by its numbers."""
    return [int(part) for part in re.findall(r"\d+", version)]


def listed(words):
    """Return words as a person lists them."""
    return ", ".join(str(word) for word in words)


def group(site, name):
    """Return the hosts of one group, by name, in inventory order."""
    return {host: facts for host, facts in site["hosts"].items() if name in facts["groups"]}


def surveys(site):
    """Return what was read from each host that answered, by name."""
    return {name: host["survey"] for name, host in site["hosts"].items() if host["survey"]}


def shared(site, values):
    """Return the names of the hosts that have a value in common, by that value.

    Args:
        site: the deployment.
        values: function of a survey that returns the values to compare.
    """
    holders = {}
    for name, survey in surveys(site).items():
        for value in values(survey):
            holders.setdefault(value, []).append(name)
    return {value: listed(names) for value, names in holders.items() if value and len(names) > 1}


def present(survey):
    """Return all addresses of a host, each with its prefix."""
    return [address for interface in survey["interfaces"] for address in interface["addresses"]]


def own(host):
    """Return a host's cluster address with its prefix, empty when the host does not have it."""
    return next((address for address in present(host["survey"]) if address.split("/")[0] == host["address"]), "")


def programs(survey):
    """Return the names of all programs that listen on a host."""
    return {socket["program"] for socket in survey["listeners"]}


def holds(survey, port, program):
    """Tell whether a program listens on a TCP port of a host's network."""
    return any(
        socket["program"] == program and socket["port"] == port and not socket["address"].startswith(("127.", "[::1]"))
        for socket in survey["listeners"]
    )


def new_parts(host):
    """Return the groups that a host is in and shows nothing of yet, be it in the rules of its own firewall."""
    known = {part for part, addresses in host["survey"]["firewall"].items() if host["address"] in addresses}
    return [
        part
        for part in host["groups"]
        if not BUILT[part](host["survey"]) and not (part == "maas_haproxy" and part in known)
    ]


def runs_maas(host):
    """Tell whether MAAS's snap belongs on a host."""
    return bool({"maas_region", "maas_rack"}.intersection(host["groups"]))


def is_ipv4(text):
    """Tell whether a value is one IPv4 address and nothing more."""
    return bool(re.fullmatch(r"\d+(\.\d+){3}", str(text))) and all(int(part) < 256 for part in text.split("."))


def groups(site):
    """The groups hold what a deployment needs."""
    for name in ("maas_region", "maas_rack"):
        if not group(site, name):
            yield name, "is empty", "put at least one host into it (a host may be in both maas_region and maas_rack)"
    etcd, database, external = group(site, "maas_etcd"), group(site, "maas_postgresql"), site["database_host"]
    if not database and not external:
        yield (
            "maas_postgresql",
            "is empty",
            "put one host or three into it, or name your own PostgreSQL in maas_database_host",
        )
    if database and external:
        yield "maas_database_host", f"is {external}, but maas_postgresql has hosts", "unset the one or empty the other"
    if database and not etcd:
        yield (
            "maas_etcd",
            "is empty, but Patroni needs it",
            "put one host or three into it, such as those of maas_postgresql",
        )
    if etcd and len(etcd) % 2 == 0:
        yield "maas_etcd", f"has {len(etcd)} hosts ({listed(etcd)})", "make it 1, 3 or 5, so that there is a majority"


def addresses(site):
    """Every cluster address is an IPv4 address of its host and of nobody else."""
    holders = {}
    for name, host in site["hosts"].items():
        holders.setdefault(host["address"], []).append(name)
        if not is_ipv4(host["address"]):
            fault = f"has {host['address'] or 'nothing'} for maas_address"
            yield name, fault, "write its IPv4 address on the cluster's network into the inventory"
        elif host["survey"] and not own(host):
            found = listed(present(host["survey"]))
            yield (
                name,
                f"does not have its maas_address {host['address']}, but {found}",
                "set maas_address to one of these",
            )
    for address, names in holders.items():
        if len(names) > 1:
            yield listed(names), f"share the maas_address {address}", "give each its own"


def unreachable(site):
    """Every host of the run can be read."""
    for name, host in site["hosts"].items():
        if name in site["run"] and not host["survey"]:
            yield (
                name,
                "cannot be read as root over ssh",
                f"mend ansible_host, key or sudo, or use --limit 'all:!{name}'",
            )


def newcomers(site):
    """A host that the others of its group have to let in comes with them; of load balancers with all of them.

    One that does not hear another holds the virtual IP beside it.
    """
    for part, verb in VERBS.items():
        members = group(site, part)
        here = {name: host for name, host in members.items() if name in site["run"]}
        left_out = listed(name for name in members if name not in here)
        new = [name for name, host in here.items() if host["survey"] and part in new_parts(host)]
        grows = part == "maas_haproxy" and len(new) < len(here)
        if left_out and (len(here) == 1 or grows):
            for name in new:
                yield (
                    name,
                    f"is new in {part}, and this run leaves out {left_out}, who must let it in",
                    f"run metal.maas_ha.{verb} without --limit",
                )


def was_left_behind(host):
    """Tell whether a region runs on a host that the inventory has in none of MAAS's groups."""
    holders = {socket["program"] for socket in host["survey"]["listeners"] if socket["port"] == 5240} - {"haproxy"}
    return bool(holders) and "region" in host["survey"]["maas"]["mode"] and not runs_maas(host)


def leavers(site):
    """What a host no longer is in the inventory has ended there before the others close their ports to it."""
    for name, survey in surveys(site).items():
        if was_left_behind(site["hosts"][name]):
            fault = "still runs a region, but is not in maas_region"
            yield name, fault, f"run metal.maas_ha.remove_region -e maas_region_host={name}, or put it back"
        for part, (program, port, what, remedy) in REMAINS.items():
            if part not in site["hosts"][name]["groups"] and holds(survey, port, program):
                yield name, f"still is {what}, but is not in {part}", f"put it back, or {remedy}"


def virtual_ip(site):
    """The VIP is free, and lies where the load balancers can hold it."""
    vip, balancers = site["vip"], group(site, "maas_haproxy")
    if not vip:
        return
    if not is_ipv4(vip):
        yield "maas_vip", f"is {vip}", "write one IPv4 address without prefix, such as 10.0.0.5"
        return
    if not balancers:
        yield "maas_vip", "is set, but maas_haproxy is empty", "put hosts into it, or unset maas_vip and set maas_url"
    router = str(site["virtual_router_id"])
    if not router.isdigit() or not 1 <= int(router) <= 255:
        yield (
            "maas_keepalived_virtual_router_id",
            f"is {router or 'not set'}, but maas_vip needs it",
            "choose a number from 1 to 255 that no other VRRP router of the network uses",
        )
    for name, host in site["hosts"].items():
        if host["address"] == vip:
            yield name, f"has maas_vip {vip} as its maas_address", "choose a free address for maas_vip"
    for name, host in balancers.items():
        if host["survey"] and own(host) and host["address"] != vip and not in_subnet(vip, own(host)):
            yield name, f"has {own(host)}, and maas_vip {vip} is not in that subnet", "choose a free address there"
    if all(host["survey"] for host in balancers.values()):
        known = {interface["mac"] for survey in surveys(site).values() for interface in survey["interfaces"]}
        strangers = {host["survey"]["neighbour_mac"] for host in balancers.values()} - known - {""}
        if strangers:
            yield "maas_vip", f"{vip} is held by a stranger ({listed(sorted(strangers))})", "choose a free address"


def url(site):
    """The URL of MAAS is one that a load balancer serves, or that somebody else does."""
    wanted, balancers = site["url"], group(site, "maas_haproxy")
    if not wanted:
        yield "maas_url", "is not set, nor is maas_vip", "set maas_vip, or maas_url to http://ADDRESS:5240/MAAS"
        return
    parts = urlsplit(wanted)
    if parts.scheme != "http" or parts.path.rstrip("/") != "/MAAS" or not parts.hostname:
        yield (
            "maas_url",
            f"is {wanted}",
            "write http://ADDRESS:5240/MAAS; racks speak plain HTTP even where MAAS has TLS",
        )
        return
    if not balancers or (site["vip"] and not is_ipv4(site["vip"])):
        return
    if (parts.port or 80) not in (80, 5240):
        yield "maas_url", f"is {wanted}", "use port 5240 or 80, which the load balancers serve"
    served = {site["vip"], *(host["address"] for host in balancers.values())}
    for name, survey in surveys(site).items():
        found = survey["resolved"].get(parts.hostname)
        if not found:
            yield name, f"cannot resolve {parts.hostname} of maas_url", "add it to DNS"
        elif not served.intersection(found):
            yield (
                name,
                f"takes maas_url to {listed(found)}, which no host of maas_haproxy serves",
                "use maas_vip, or empty maas_haproxy if you have a load balancer of your own",
            )


def deployment(site):
    """The deployment has a name that etcd, Patroni and people can carry."""
    name = site["deployment"]
    if not re.fullmatch("[a-z0-9-]+", str(name)):
        told = f"is {name!r}" if name else "is not set"
        yield "maas_deployment", told, "choose a name once, of lower-case letters, digits and hyphens"
        return
    for member, survey in surveys(site).items():
        if survey["scope"] not in ("", name):
            fault = f"has the database of {survey['scope']}, but maas_deployment is {name}"
            yield member, fault, f"set it to {survey['scope']}: Patroni keeps the database by that name"


def versions(site):
    """MAAS's series is one we know, and the one that runs."""
    wanted = site["version"]
    if wanted not in SERIES:
        yield "maas_version", f"is {wanted or 'not set'}", f"choose one of {listed(SERIES)}, in quotes"
        return
    for name, survey in surveys(site).items():
        running = survey["maas"]["version"]
        if running and series(running) != wanted:
            remedy = f"set it to {series(running)}: another version is an upgrade, which no playbook does yet"
            yield name, f"runs MAAS {running}, but maas_version is {wanted}", remedy
        oldest = OLDEST_SNAPD.get(wanted, "0") if runs_maas(site["hosts"][name]) else "0"
        if survey["snapd"] and numbers(survey["snapd"]) < numbers(oldest):
            yield name, f"has snapd {survey['snapd']}, but MAAS {wanted} needs {oldest}", "run snap install snapd"


def systems(site):
    """The hosts' systems and PostgreSQL suit MAAS."""
    oldest = OLDEST_POSTGRESQL.get(site["version"], 12)
    majors = {}
    for name, survey in surveys(site).items():
        system = (survey["os"]["id"], survey["os"]["version"])
        if system not in SYSTEMS:
            yield name, f"runs {' '.join(system)}", f"use one of {listed(' '.join(known) for known in SYSTEMS)}"
        elif name in group(site, "maas_postgresql"):
            majors[name] = max(survey["postgresql"] or [SYSTEMS[system]])
            if survey["databases"] and SYSTEMS[system] not in survey["databases"]:
                kept = listed(survey["databases"])
                yield (
                    name,
                    f"has a database of PostgreSQL {kept}, but {' '.join(system)} carries {SYSTEMS[system]}",
                    f"give it a system with {kept} again, or bring the database to {SYSTEMS[system]} with pg_upgrade",
                )
        if system == OLD_ETCD and name in group(site, "maas_etcd") and len(group(site, "maas_etcd")) > 1:
            yield name, "has an etcd that no other could join later", "use Debian 12 or Ubuntu 24.04 for maas_etcd"
    for name, major in majors.items():
        if major < oldest:
            yield (
                name,
                f"has PostgreSQL {major}, but MAAS {site['version']} needs {oldest}",
                "use a newer system for it",
            )
    if len(set(majors.values())) > 1:
        found = listed(f"{major} on {name}" for name, major in majors.items())
        yield "maas_postgresql", f"mixes majors of PostgreSQL ({found})", "use the same system on all its hosts"


def packages(site):
    """A check mode, in which apt asks no servers, can tell what would be installed; a new cloud image knows nothing."""
    for name, survey in surveys(site).items():
        if site["check"] and not survey["apt"] and new_parts(site["hosts"][name]):
            yield (
                name,
                "knows no packages yet, which a check mode does not change",
                "run apt-get update, or leave out --check",
            )


def modes(site):
    """A host that MAAS was initialised on keeps its part."""
    for name, survey in surveys(site).items():
        parts = [part for part in ("region", "rack") if name in group(site, f"maas_{part}")]
        mode = survey["maas"]["mode"]
        if parts and mode and mode != "+".join(parts):
            fault = f"was initialised as {mode}, but its groups make it {'+'.join(parts)}"
            yield name, fault, "put it back into its groups, or take MAAS off it first"


def passwords(site):
    """Given passwords are ones that MAAS can carry and nobody guesses."""
    if site["database_host"] and not site["passwords"].get("maas_database_password"):
        yield "maas_database_password", "is missing", "give the password of your own PostgreSQL at maas_database_host"
    for variable, password in site["passwords"].items():
        if password is None or password == "":
            continue  # one will be generated
        if not isinstance(password, str):
            yield variable, "is no text", "put it in quotes"
        elif re.search(r"[^A-Za-z0-9_-]", password):
            yield variable, "has characters that MAAS cannot carry", "use A-Z, a-z, 0-9, _ and - only"
        elif password.lower().strip("0123456789_-") in ("", *WELL_KNOWN):
            yield variable, "is a well-known password", "choose another, or unset it to have one generated"


def workers(site):
    """Each worker of a region finds a port."""
    for name, host in group(site, "maas_region").items():
        if not str(host["num_workers"]).isdigit() or not 1 <= int(host["num_workers"]) <= RPC_PORTS:
            fault = f"has maas_region_num_workers {host['num_workers']}, but MAAS has {RPC_PORTS} ports for them"
            yield name, fault, f"choose 1 to {RPC_PORTS}"


def connections(site):
    """PostgreSQL has room for all that the regions can open."""
    if not site["max_connections"]:
        return
    counts = [host["num_workers"] for host in group(site, "maas_region").values() if str(host["num_workers"]).isdigit()]
    needed = 20 + sum(region_connections(count, site["version"]) for count in counts)
    if int(site["max_connections"]) < needed:
        fault = f"is {site['max_connections']}, but the regions can open {needed}"
        yield "max_connections of PostgreSQL", fault, "raise it, or lower maas_region_num_workers"


def identities(site):
    """No two hosts look like one to MAAS, which tells them apart by name and MAC address."""
    for hostname, names in shared(site, lambda survey: [survey["hostname"].split(".")[0]]).items():
        yield names, f"all call themselves {hostname}", "give each its own name with hostnamectl"
    for mac, names in shared(site, lambda survey: {interface["mac"] for interface in survey["interfaces"]}).items():
        yield names, f"share the MAC address {mac}", "give each clone, and each bridge on them, its own"
    for machine_id, names in shared(site, lambda survey: [survey["machine_id"]]).items():
        yield names, f"share the machine-id {machine_id}", "empty /etc/machine-id on the clones and reboot them"
    for name, survey in surveys(site).items():
        if survey["hostname"].split(".")[0] == "localhost":
            yield name, "calls itself localhost", "name it with hostnamectl"


def probes(site, source):
    """Return the address and the port of all that a host has to reach.

    Args:
        site: the deployment, of which hosts and ports are read.
        source: name of the host that connects.
    """
    return [
        {"address": host["address"], "port": int(str(rule["port"]).split("-", maxsplit=1)[0])}
        for rule in site["ports"]
        if rule.get("tried", True) and set(rule["from"]).intersection(site["hosts"][source]["groups"])
        for name, host in site["hosts"].items()
        if name != source and set(rule["to"]).intersection(host["groups"])
    ]


def silences(site, read):
    """Yield a fault for each pair of hosts of which one gets no answer from the other.

    Args:
        site: the deployment.
        read: whether to tell of the targets that were read in this run, or of the others.
    """
    for name, survey in surveys(site).items():
        for target, host in site["hosts"].items():
            silent = sorted({probe["port"] for probe in survey["silent"] if probe["address"] == host["address"]})
            if read and host["survey"] and will_let_in(host, site["hosts"][name]):
                continue
            if silent and bool(host["survey"]) is read:
                fault = f"gets no answer from {target} ({host['address']}) on TCP {listed(silent)}"
                yield name, fault, "let these pass between the two (firewall, routes)"


def reachability(site):
    """Hosts that need each other's ports reach them."""
    return silences(site, read=True)


def will_let_in(host, source):
    """Tell whether a host has our firewall, which does not know a part of the other yet and opens to it in this run."""
    known = host["survey"]["firewall"]
    return bool(known) and any(source["address"] not in known.get(part, ()) for part in source["groups"])


def sources(site):
    """A host shows itself to the others by its cluster address, which is the one that the firewall lets in."""
    for name, survey in surveys(site).items():
        others = [address for address in survey["sources"] if address != site["hosts"][name]["address"]]
        if others and own(site["hosts"][name]):
            fault = f"reaches other hosts from {listed(others)} too, not from its maas_address alone"
            yield name, fault, "set maas_address to it, or add it to maas_firewall_peers"


def absent(site):
    """Hosts that are not part of this run may be silent, which is only worth a word."""
    return silences(site, read=False)


def apart(site):
    """Return the hosts whose clock is off, each with by how many seconds at least, and from whose.

    A host was read somewhere between two moments of the controller's clock, so its offset is known as an interval,
    and only what lies outside of it is certain.
    """
    offsets = []
    for name, survey in surveys(site).items():
        before, after = site["hosts"][name]["asked"]
        offsets.append((survey["clock"] - after, survey["clock"] - before, name))
    low, high, reference = sorted(offsets)[len(offsets) // 2] if offsets else (0, 0, "")
    found = [(name, max(lowest - high, low - highest), reference) for lowest, highest, name in offsets]
    return [one for one in found if one[1] > CLOCK_SECONDS]


def clocks(site):
    """The hosts agree on the time."""
    for name, seconds, reference in apart(site):
        fault = f"has a clock {seconds:.0f} s or more off {reference}'s"
        yield name, fault, "set it, and let it follow a time server"


def clock_daemons(site):
    """MAAS's own clock daemon is alone on its hosts."""
    for name, survey in surveys(site).items():
        if survey["clocks"] and runs_maas(site["hosts"][name]):
            units = " ".join(survey["clocks"])
            yield name, f"runs {units} beside MAAS's own chrony", f"run systemctl disable --now {units}"


def holders_of(host):
    """Return which programs may hold which TCP ports on a host, MAAS apart."""
    holders = {port: programs for part in host["groups"] for port, programs in HOLDERS.get(part, {}).items()}
    for part in set(host["metrics"]).intersection(host["groups"]):
        holders.update(METRICS[part])
    if "maas_haproxy" in host["groups"]:
        beside_region = "maas_region" in host["groups"]
        holders.update(dict.fromkeys((80,) if beside_region else (80, 5240, 5242, 5271), ("haproxy",)))
    return holders


def everywhere(address):
    """Tell whether an address is the loopback's or any: a distribution's PostgreSQL listens there, ours never."""
    return address.startswith(("127.", "[::1]", "0.0.0.0", "[::]", "*"))


def ports(site):
    """Nobody else holds a port that the deployment needs."""
    for name, survey in surveys(site).items():
        host = site["hosts"][name]
        if was_left_behind(host):
            continue
        holders = holders_of(host)
        future = (
            set() if survey["maas"]["revision"] else {n for part in host["groups"] for n in MAAS_PORTS.get(part, ())}
        )
        taken = set()
        for socket in survey["listeners"]:
            port, program = socket["port"], socket["program"]
            if program == "haproxy" and "maas_haproxy" in host["groups"] and site["haproxy_makes_room"]:
                stranger = False
            elif port in holders:
                alien = program not in holders[port] or (program == "postgres" and everywhere(socket["address"]))
                stranger = socket["protocol"] == "tcp" and alien
            else:
                stranger = port in future and not socket["address"].startswith(("127.", "[::1]"))
            if stranger:
                taken.add((port, program or "another program"))
        for port, program in sorted(taken):
            yield name, f"has {program} on port {port}", "stop and disable it, or keep it off this host"


def resources(site):
    """The hosts are large enough."""
    for name, survey in surveys(site).items():
        if survey["memory_mb"] < site["memory_mb"]:
            fault = f"has {survey['memory_mb']} MB of memory, but maas_preflight_memory_mb is {site['memory_mb']}"
            yield name, fault, "give it more"
        built = survey["maas"]["revision"] or survey["postgresql"]
        # What is built has its data where it is, perhaps on disks of their own.
        free, wanted = (
            (survey["data_mb"], min(site["disk_mb"], BUILT_DISK_MB)) if built else (survey["disk_mb"], site["disk_mb"])
        )
        if free < wanted:
            fault = f"has {free} MB free under /var and needs {wanted} (maas_preflight_disk_mb)"
            yield name, fault, "make room"


def ends(site, kind, remedy, days=None):
    """Yield a fault for each host whose certificate of a kind ends in so many days; unset, when it is time to act."""
    for name, survey in surveys(site).items():
        left = (survey["certificates"].get(kind, float("inf")) - survey["clock"]) / 86400
        if left < (CERTIFICATE_DAYS[kind] if days is None else days):
            end = f"ends in {left:.0f} days" if left > 0 else "is over" if survey["certificates"][kind] else "is none"
            yield name, f"has a {kind}.crt in /etc/maas-ha/pki that {end}", remedy


def authority(site):
    """The authority of our certificates lives on; that of somebody else need only live."""
    if site["own_ca"]:
        return ends(site, "ca", OTHER_AUTHORITY, 0)
    return ends(site, "ca", "remove /etc/maas-ha/pki from all hosts and run metal.maas_ha.site")


def own_authority(site):
    """An authority that was given and ends soon is worth a word."""
    return (
        problem for problem in ends(site, "ca", OTHER_AUTHORITY) if site["own_ca"] and problem not in authority(site)
    )


def leaves(site):
    """A host's certificate that ends soon is renewed by the very run that follows, and worth a word."""
    return ends(site, "host", "metal.maas_ha.site renews it")


def named(site):
    """The inventory calls a controller as MAAS does, which is how remove_region and remove_rack find it."""
    for name, survey in surveys(site).items():
        host, hostname = site["hosts"][name], survey["hostname"].split(".")[0]
        if name.split(".")[0] == hostname:
            continue
        if "maas_region" in host["groups"]:
            yield name, f"calls itself {hostname}", "let the inventory do so too, else remove_region will not find it"
        elif "maas_rack" in host["groups"] and not host["rack_hostname"]:
            yield name, f"calls itself {hostname}", "set its maas_rack_hostname to that, else remove_rack refuses it"


def misspelt(site):
    """Groups that look like ours are ours."""
    for name in site["groups"]:
        near = difflib.get_close_matches(name, GROUPS, 1, 0.8)
        if name not in (*GROUPS, *OTHER_GROUPS) and near:
            yield name, "is no group of this collection", f"did you mean {near[0]}?"


def pairs(site):
    """What works but would not survive the loss of a host."""
    if len(group(site, "maas_postgresql")) == 2:
        yield "maas_postgresql", "has two hosts", "three survive the loss of one without losing their standby"
    if len(group(site, "maas_haproxy")) > 1 and not site["vip"]:
        yield "maas_haproxy", "has several hosts, but maas_vip is not set", "nothing moves clients between them"


PROBLEMS = (
    *(
        deployment,
        groups,
        addresses,
        unreachable,
        newcomers,
        leavers,
        virtual_ip,
        url,
        versions,
        systems,
        packages,
        modes,
        passwords,
        workers,
        connections,
    ),
    *(identities, reachability, sources, clocks, clock_daemons, ports, resources, authority),
)
WARNINGS = (misspelt, named, pairs, absent, leaves, own_authority)


def sentences(site, checks):
    """Return what the checks find, one line for each fault."""
    return [f"{who} {fault}: {remedy}." for check in checks for who, fault, remedy in check(site)]
