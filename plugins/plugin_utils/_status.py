# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a deployment is. PRIVATE to this collection.

A check takes the site and yields who is concerned, what is wrong and what to do about it. What only follows from
something that another check tells is left out, so that the list says where to begin.
The site is what the role maas_report was given and has read: see its vars/main.yml.
"""

from __future__ import annotations

import time

from ansible_collections.metal.maas_ha.plugins.plugin_utils import _preflight
from ansible_collections.metal.maas_ha.plugins.plugin_utils._preflight import group, listed, surveys

CONNECTIONS_FULL = 0.8
RANGE_FULL = 0.9
LAG_BYTES = 16 * 2**20
DISK_MB = _preflight.BUILT_DISK_MB
# What a full disk does to the hosts of a group.
FULL = {
    "maas_postgresql": "PostgreSQL stops on a full disk",
    "maas_region": "MAAS stores its images there",
    "maas_rack": "dhcpd grants no lease that it cannot write down",
}
CLOCK_JUMP = 60  # seconds
NEVER = float("inf")
LEADING = ("leader", "master", "primary", "standby_leader")
FOLLOWING = ("streaming", "running", "in archive recovery")
MAAS = ("snap.maas.pebble.service", "snap.maas.supervisor.service")  # either, by the series
# Of what the module status_host asks: which daemon answers, and what it is called.
DAEMONS = {
    "etcd": ("etcd.service", "etcd"),
    "patroni": ("patroni.service", "Patroni"),
    "balancer": ("haproxy.service", "HAProxy"),
    "database_proxy": ("maas-database-proxy.service", "the database proxy"),
    "region": (MAAS[0], "MAAS"),
}
# The rest of what it asks: what that is called, and what there is to see where it cannot be read.
READINGS = {
    "units": ("its services", "systemctl status on it"),
    "firewall": ("its firewall", "nft list tables on it"),
    "connections": ("its connections to PostgreSQL", "psql -U postgres on it"),
    "services": ("what its MAAS runs", "maas status on it"),
    "snap": ("its snap of MAAS", "snap list maas on it"),
    "ranges": ("its leases", "the files under /var/snap/maas/common/maas/dhcp on it"),
    "backup": ("its backups", "the files that maas_report_backups names on it"),
}
# Why ssh failed, by a part of its message: what is wrong then, and what to do.
REFUSALS = {
    "No space left on device": ("has a full disk: Ansible can do nothing there", "make room there over ssh"),
    "temporary directory": ("lets Ansible write nothing", "see its disk, and that its user may write to its home"),
    "Permission denied": ("refuses to let Ansible in", "see that the user and the key of Ansible are known there"),
    "Host key verification failed": (
        "is not the host that ssh knows by that name",
        "find out why; if it was installed anew, remove its old key from known_hosts",
    ),
}
# What a region cannot do without, of the services that its series has; its proxy may be switched off.
NEEDED = ("apiserver", "bind9", "http", "ntp", "openfga", "regiond", "syslog", "temporal", "temporal-worker")
TOLD_BY_MAAS = ("agent", "dhcpd")  # those of a rack that the check of racks tells
CRASHED = ("backoff", "error", "exited", "fatal")  # what a supervisor calls a service that ended by itself
HANGS = "Timed out after"  # what Ansible says of a task that it gave up
TOLD = ("DRAIN", "MAINT")  # what HAProxy calls a server that it was told to spare
TITLES = {
    "maas_haproxy": ("Load balancers", "HAProxy"),
    "maas_region": ("Regions", "API and UI"),
    "maas_postgresql": ("Database", "PostgreSQL"),
    "maas_etcd": ("etcd", "elects its leader"),
    "maas_rack": ("Racks", "DHCP and images"),
}


# What is known of the site


def told(site, name):
    """Return what the hosts answered to one question of the module status_host, by host; the silent are left out."""
    answers = {host: (facts["status"] or {}).get(name) for host, facts in site["hosts"].items()}
    return {host: answer for host, answer in answers.items() if answer is not None}


def api(site, part):
    """Return what MAAS's API told: regions, racks or vlans; None when nobody could ask it."""
    return next((host["api"][part] for host in site["hosts"].values() if host["api"][part] is not None), None)


def hostname(site, host):
    """Return how MAAS calls a host: never by its domain."""
    survey = site["hosts"][host]["survey"]
    return (survey["hostname"] if survey else host).split(".")[0]


def record(site, part, host):
    """Return what the API told of one host's region or rack, empty for nothing."""
    return next((one for one in api(site, part) or [] if one["hostname"] == hostname(site, host)), {})


def runs(site, host, unit):
    """Tell whether a daemon runs on a host that was asked, as far as is known."""
    units, names = site["hosts"][host]["status"]["units"], MAAS if unit in MAAS else (unit,)
    # One that waits for others, as etcd for a quorum, is activating.
    return units is None or any(units.get(name) in ("active", "reloading", "activating") for name in names)


def leases_out(site, host):
    """Tell whether the DHCP server of a rack runs, as far as is known."""
    services = told(site, "services").get(host)
    return runs(site, host, MAAS[0]) if services is None else services.get("dhcpd") == "running"


def wanted(site, unit):
    """Tell whether a unit has something to do in this deployment."""
    unwanted = set() if group(site, "maas_postgresql") else {"maas-database-proxy.service"}
    unwanted |= set() if site["vip"] else {"keepalived.service"}
    return unit not in {*unwanted, MAAS[1]}


def unasked(site, members):
    """Return those of the hosts that may be well for all that is known: not asked, or not to be read."""
    return [host for host in members if site["hosts"][host]["status"] is None and not site["hosts"][host]["away"]]


def unsure(site, members):
    """Return those of the hosts whose daemons may be well: not asked, or without a good certificate to ask with."""
    return [host for host in members if host in {*unasked(site, members), *expired(site)}]


def leaders(site):
    """Return the hosts that lead the database: those that say so, else whom the others name.

    A name may be of the past. That of a host that was not asked is believed, that of a lost one while regions work.
    """
    views = told(site, "patroni")
    found = [host for host, one in views.items() if one["role"] in LEADING and one["state"] == "running"]
    if found:
        return found
    named = {member["name"] for view in views.values() for member in view["members"] if member["role"] in LEADING}
    silent = unasked(site, group(site, "maas_postgresql")) + (away(site) if told(site, "region") else [])
    return [host for host in silent if host in named]


def expired(site):
    """Return the hosts whose certificate is over, to which nobody speaks."""
    return [
        name for name, survey in surveys(site).items() if survey["certificates"].get("host", NEVER) <= survey["clock"]
    ]


def needed(members):
    """Return how many members of etcd are more than half."""
    return len(members) // 2 + 1


def has_quorum(site):
    """Tell whether etcd has a quorum, as far as is known: that it has none takes too few who may be well."""
    members = group(site, "maas_etcd")
    asked = told(site, "units").keys() & members.keys()
    healthy = any(member["healthy"] for member in told(site, "etcd").values())
    return not asked or healthy or len(unsure(site, members)) >= needed(members)


def has_database(site):
    """Tell whether MAAS has a database, as far as it is the deployment's to know."""
    return bool(leaders(site)) or not group(site, "maas_postgresql")


def database_members(site):
    """Return each database member as the leader sees it, by name; none without a leader, when all views are old."""
    views = told(site, "patroni") if leaders(site) else {}
    view = next((views[host] for host in [*leaders(site), *views] if host in views), {"members": []})
    return {member["name"]: member for member in view["members"]}


def holders(site):
    """Return the hosts that have the virtual IP on an interface."""
    return [
        host
        for host, survey in surveys(site).items()
        if site["vip"] in (address.split("/")[0] for address in _preflight.present(survey))
    ]


def last_backup(site):
    """Return host, path and time of the newest backup, all None where there is none; None when nobody was asked."""
    found = told(site, "backup")
    if not found:
        return None
    newest = max((host for host in found if found[host]["path"]), key=lambda host: found[host]["time"], default=None)
    return {"host": newest, "path": None, "time": None, **found.get(newest, {})}


def away(site):
    """Return the hosts that cannot be reached."""
    return [host for host, facts in site["hosts"].items() if facts["away"]]


def clock_offset(host):
    """Return by how many seconds at least a host's clock is off the controller's."""
    before, after = host["asked"]
    clock = host["survey"]["clock"]
    return min(clock - before, 0) + max(clock - after, 0)


def vlan_name(vlan):
    """Return how a person calls a VLAN."""
    return f"VLAN {vlan['vid']} of {vlan['fabric']}"


def vlan_of(site, number):
    """Return how a person calls the VLAN of a number."""
    return next((vlan_name(vlan) for vlan in api(site, "vlans") or [] if vlan["id"] == number), f"VLAN no. {number}")


def rack_of(site, system_id):
    """Return the hostname of a rack; its system_id when MAAS does not show it, None for none."""
    return next((one["hostname"] for one in api(site, "racks") or [] if one["system_id"] == system_id), system_id)


def peer_vlan(peer):
    """Return the number of the VLAN that a failover peer is for."""
    return int(peer["name"].rpartition("-")[2])


def ranges(site):
    """Return each range once, with the racks that lease from it and the most leases that one of them counts."""
    found = {}
    for host, told_ranges in told(site, "ranges").items():
        for one in told_ranges:
            seen = found.setdefault((one["vlan"], one["start_ip"]), {**one, "racks": []})
            seen["racks"].append(host)
            seen["used"] = max(seen["used"], one["used"])
    return list(found.values())


# Checks


def unreachable(site):
    """Every host answers."""
    down = "cannot be reached over ssh", "see that the host is switched on and that its network works"
    for host in away(site):
        why = site["hosts"][host]["why"]
        what, remedy = next((words for part, words in REFUSALS.items() if part in why), down)
        yield host, what, remedy


def unread(site):
    """Every host that answers can be read."""
    for host, facts in site["hosts"].items():
        if facts["why"] and not facts["away"]:
            hangs = HANGS in facts["why"]
            yield (
                host,
                f"{'hangs' if hangs else 'cannot be read'}: {facts['why']}",
                "see its disk and load on its console, and switch it off if it stays so"
                if hangs
                else "see that Ansible may become root on it",
            )


def interface(site):
    """MAAS's API answers the region that was told to ask it."""
    for host, facts in site["hosts"].items():
        if facts["unread"]:
            yield (
                host,
                f"MAAS's API cannot be read there: {facts['unread']}",
                "mend that first: until then nothing is known of racks and VLANs",
            )


def over(site):
    """Every host's certificate is good: without, etcd, Patroni and the database proxies trust nobody."""
    for host in expired(site):
        yield (
            host,
            "its certificate, host.crt in /etc/maas-ha/pki, is over",
            "run metal.maas_ha.database, which renews it",
        )


def jumped(site):
    """No clock is so far off that certificates, leases and elections go wrong."""
    for host, apart, reference in _preflight.apart(site):
        if apart >= CLOCK_JUMP:
            yield (
                host,
                f"has a clock {apart:.0f} s or more off {reference}'s",
                f"find out which is right, and set the other: date --set=@$(ssh {reference} date +%s)",
            )


def off(site):
    """The hosts agree on the time."""
    wrong = {host for host, dummy, dummy in jumped(site)}
    return (problem for problem in _preflight.clocks(site) if problem[0] not in wrong)


def ending(site):
    """No host's certificate ends soon."""
    return (problem for problem in _preflight.leaves(site) if problem[0] not in expired(site))


def authority(site):
    """The authority of the certificates lives on."""
    return _preflight.ends(
        site,
        "ca",
        "if the CA was given, give another; then remove /etc/maas-ha/pki from all hosts and run metal.maas_ha.site,"
        " at a time when MAAS may be away",
    )


def quorum(site):
    """Patroni's store has a quorum."""
    if not has_quorum(site):
        members = group(site, "maas_etcd")
        yield (
            listed(members),
            f"have no quorum in etcd: fewer than {needed(members)} of {len(members)} members work together",
            "start members until there are enough; until then PostgreSQL elects no leader",
        )


def leader(site):
    """One database host leads."""
    members, found = group(site, "maas_postgresql"), leaders(site)
    asked = told(site, "units").keys() & members.keys()
    # While etcd is well, others know of a leader. Without a quorum one may lead on, in Patroni's failsafe mode.
    well = any(member["healthy"] for member in told(site, "etcd").values())
    nobody = (well and told(site, "patroni")) or not (has_quorum(site) or told(site, "region"))
    certain = not unsure(site, members) or nobody
    if not found and asked and certain:
        yield (
            listed(members),
            "have no database leader: MAAS can neither read nor write",
            "see that etcd has a quorum, start Patroni on all of them, and see what they wait for in"
            " patronictl -c /etc/patroni/config.yml list",
        )
    if len(found) > 1:
        yield (
            listed(found),
            "each say that they lead the database",
            "stop Patroni on all but the one that patronictl -c /etc/patroni/config.yml list calls leader",
        )


def virtual_ip(site):
    """One load balancer holds the virtual IP."""
    balancers, found = group(site, "maas_haproxy"), holders(site)
    if not site["vip"] or not balancers.keys() & surveys(site).keys():
        return
    if not found and not unasked(site, balancers):
        yield listed(balancers), f"do not hold the virtual IP {site['vip']}", "see journalctl -u keepalived on them"
    if len(found) > 1:
        yield (
            listed(found),
            f"all hold the virtual IP {site['vip']}",
            "let VRRP (IP protocol 112) through between them; each thinks the others are gone",
        )


def daemons(site):
    """Every daemon that the groups of a host promise runs."""
    for host, units in told(site, "units").items():
        for unit in filter(lambda unit: wanted(site, unit), units):
            if not runs(site, host, unit):
                where = "snap logs -n=100 maas" if unit in MAAS else f"journalctl -u {unit}"
                called = "MAAS" if unit in MAAS else unit
                yield host, f"{called} does not run", f"see {where} there; metal.maas_ha.site starts it"


def answers(site):
    """Every daemon that runs answers."""
    for host, facts in site["hosts"].items():
        for name, why in facts["silent"].items():
            unit, called = DAEMONS.get(name, (None, None))
            follows = (name in ("etcd", "patroni") and not has_quorum(site)) or host in expired(site)
            if not unit or not wanted(site, unit) or not runs(site, host, unit) or follows:
                continue
            if name == "region" and not has_database(site):
                yield host, "MAAS does not answer, for it has no database", "mend the database first"
            else:
                yield host, f"{called} runs and does not answer: {why}", f"see journalctl -u {unit} on it"


def readings(site):
    """All else that was asked for can be read, but for what a stopped PostgreSQL holds."""
    for host, facts in site["hosts"].items():
        for name, why in facts["silent"].items():
            stopped = (name == "connections" and told(site, "patroni").get(host, {}).get("state") != "running") or (
                name == "services" and not runs(site, host, MAAS[0])
            )
            if name in READINGS and not stopped:
                called, where = READINGS[name]
                yield host, f"{called} cannot be read: {why}", f"see {where}"
        if facts["unpaired"]:
            yield (
                host,
                f"how its DHCP failover stands cannot be read: {facts['unpaired']}",
                "see the files under /var/snap/maas/common/maas on it",
            )


def unhealthy(site):
    """Every member of etcd takes part."""
    members = told(site, "etcd")
    if any(member["healthy"] for member in members.values()):
        for host, member in members.items():
            if not member["healthy"]:
                yield (
                    host,
                    "takes no part in etcd",
                    "see journalctl -u etcd on it, and that it reaches TCP 2380 of the others",
                )


def ways(site):
    """Every region is led to the one leader."""
    if not group(site, "maas_postgresql") or not leaders(site) or {*leaders(site)} & {*expired(site)}:
        return
    for host, servers in told(site, "database_proxy").items():
        if host in expired(site):
            continue
        up = [name for name, state in servers.items() if state == "UP"]
        if not up:
            yield (
                host,
                "its database proxy finds no leader",
                f"see that it reaches TCP 8008 and 5432 of {listed(leaders(site))} and that its certificate is valid",
            )
        if len(up) > 1:
            yield host, f"its database proxy leads to {listed(up)} alike", "see journalctl -u maas-database-proxy on it"


def balanced(site):
    """Every load balancer sends clients to every region that answers."""
    for host, services in told(site, "balancer").items():
        for service, servers in services.items():
            for region, state in servers.items():
                if state != "UP" and region in told(site, "region"):
                    yield (
                        host,
                        f"HAProxy calls {region} {state} for {service}, though it answers",
                        f"run systemctl reload haproxy on {host}, which a restart that was cut off has told so"
                        if state in TOLD
                        else f"see that {host} reaches TCP 5240 of {region}, and journalctl -u haproxy",
                    )


def strangers(site):
    """Return the regions that MAAS knows and the inventory does not."""
    ours = {hostname(site, host) for host in group(site, "maas_region")}
    return [region["hostname"] for region in api(site, "regions") or [] if region["hostname"] not in ours]


def services(site):
    """Every service that a region cannot do without runs, and none ends again and again."""
    for host, states in told(site, "services").items():
        if host in group(site, "maas_region") and host not in told(site, "region"):
            continue
        needed_there = NEEDED if host in group(site, "maas_region") else ()
        down = [
            name
            for name, state in states.items()
            if (name in needed_there and state != "running") or (state in CRASHED and name not in TOLD_BY_MAAS)
        ]
        if down:
            verb = "does" if len(down) == 1 else "do"
            yield host, f"of its MAAS, {listed(down)} {verb} not run", "see snap logs -n=100 maas on it"


def forgotten(site):
    """Every region of MAAS is in the inventory."""
    for name in strangers(site):
        yield (
            name,
            "is a region to MAAS, but not in maas_region",
            f"put it back, or run metal.maas_ha.remove_region -e maas_region_host={name}",
        )


def racks(site):
    """MAAS is connected to every rack."""
    if api(site, "racks") is None:
        return
    whole = told(site, "region").keys() == group(site, "maas_region").keys() and not strangers(site)
    for host in group(site, "maas_rack"):
        rack = record(site, "racks", host)
        if host in away(site):
            continue
        if not rack:
            yield host, "MAAS knows no rack of that name", f"run metal.maas_ha.rack --limit {host}"
        elif rack["services"].get("rackd") == "dead":
            yield (
                host,
                "MAAS is not connected to its rack",
                "see that it reaches TCP 5240 and 5250-5259 of all regions;"
                " restart no rack before, which may end its DHCP",
            )
        elif not rack["connected"] and whole:
            yield host, "its rack is connected to some regions only", "see that it reaches TCP 5250-5259 of all regions"
        # Of a rack that it is not connected to, MAAS knows nothing, and calls all services dead.
        if rack.get("services", {}).get("rackd") in (None, "dead"):
            continue
        if rack["services"].get("agent") == "dead":
            yield (
                host,
                "the agent of its MAAS is dead, which carries out power actions, and DHCP from 3.7 on",
                "see that it reaches TCP 5242 and 5271 of the host in maas_url, and snap logs -n=100 maas on it",
            )
        # From 3.7 on MAAS itself does not call one dead.
        stopped = told(site, "ranges").get(host) and runs(site, host, MAAS[0]) and not leases_out(site, host)
        if stopped or rack["services"].get("dhcpd") == "dead":
            yield host, "its DHCP server is dead", "see dhcpd in snap logs -n=100 maas on it"


def served(site):
    """Every VLAN with DHCP has a rack that can serve it: one that a region reaches, or whose own DHCP server runs."""
    alive = {
        hostname(site, host)
        for host in group(site, "maas_rack")
        if host not in away(site) and record(site, "racks", host).get("services", {}).get("rackd") != "dead"
    }
    leasing = {
        (hostname(site, host), one["vlan"])
        for host, found in told(site, "ranges").items()
        for one in found
        if leases_out(site, host)
    }
    for vlan in api(site, "vlans") or []:
        serving = [rack_of(site, vlan[name]) for name in ("primary_rack", "secondary_rack") if vlan[name]]
        served_by = alive.intersection(serving) or {rack for rack, number in leasing if number == vlan["id"]}
        if vlan["dhcp_on"] and api(site, "racks") is not None and not served_by:
            yield (
                listed(serving),
                f"{vlan_name(vlan)} has no DHCP, for none of its racks lives as far as can be seen",
                "start one of them, or mend the network to them",
            )


def failover(site):
    """The racks of every pair are in step."""
    gone = {hostname(site, host) for host in group(site, "maas_rack") if host in away(site)}
    for host, facts in site["hosts"].items():
        for peer in facts["peers"]:
            number = peer_vlan(peer)
            vlan = next((one for one in api(site, "vlans") or [] if one["id"] == number), {})
            # While MAAS is silent, any rack may be the partner.
            pair = {rack_of(site, vlan[name]) for name in ("primary_rack", "secondary_rack")} if vlan else gone
            if not peer["in_step"] and not gone & pair:
                yield (
                    host,
                    f"DHCP failover of {vlan_of(site, number)} is {peer['state'] or 'not known yet'} here and "
                    f"{peer['partner_state'] or 'not known'} at its partner",
                    f"see that it reaches TCP 647 of {peer['peer_address']}; until then addresses may run short",
                )


def leases(site):
    """Every range has leases left."""
    for one in ranges(site):
        if one["used"] >= RANGE_FULL * one["size"]:
            yield (
                listed(one["racks"]),
                f"{one['used']} of the {one['size']} addresses {one['start_ip']} to {one['end_ip']} are leased",
                f"give {vlan_of(site, one['vlan'])} another dynamic range",
            )


def replication(site):
    """Every replica follows closely, and one of them synchronously."""
    found, members = leaders(site), database_members(site)
    if len(found) != 1:
        return
    followers = [host for host in group(site, "maas_postgresql") if host not in (*found, *away(site))]
    anew = f"patronictl -c /etc/patroni/config.yml reinit {site['deployment']}"
    for host in followers:
        member = members.get(host, {"state": "unknown to its leader", "lag": 0})
        if host in low(site):
            continue
        if member["state"] not in FOLLOWING:
            yield (
                host,
                f"its copy of the database is {member['state']}",
                f"see journalctl -u patroni on it; {anew} {host} copies the leader's anew",
            )
        elif str(member["lag"] or 0).isdigit() and int(member["lag"] or 0) > LAG_BYTES:
            behind = int(member["lag"]) // 2**20
            yield (
                host,
                f"its copy of the database is {behind} MB behind",
                "see its disk and network; if it does not catch up, what it missed is gone, and"
                f" {anew} {host} copies the leader's anew",
            )
    if followers and not any("sync" in member["role"] for member in members.values()):
        yield (
            found[0],
            "no replica is synchronous: what is written now could be lost with this host",
            "see journalctl -u patroni on the replicas",
        )


def patroni(site):
    """Patroni may act, and its settings are in force."""
    views = told(site, "patroni")
    paused = [host for host, view in views.items() if view["paused"]]
    if paused:
        yield (
            listed(paused),
            "Patroni is paused: it would not fail over",
            "run patronictl -c /etc/patroni/config.yml resume",
        )
    for host, view in views.items():
        if view["pending_restart"]:
            yield host, "PostgreSQL waits for a restart to take up its settings", "run metal.maas_ha.database"


def connections(site):
    """PostgreSQL has connections left."""
    for host, one in told(site, "connections").items():
        if one["used"] >= CONNECTIONS_FULL * one["most"]:
            yield (
                host,
                f"{one['used']} of {one['most']} database connections are used",
                "raise max_connections in maas_postgresql_parameters and run metal.maas_ha.database",
            )


def builds(site):
    """All hosts run one revision of MAAS, of which the store has one for each architecture."""
    found, versions = {}, {}
    for host, snap in told(site, "snap").items():
        found.setdefault(snap["architecture"], {}).setdefault(snap["revision"], []).append(host)
        versions.setdefault(snap["version"], []).append(host)
    if len(versions) > 1 and all(len(revisions) == 1 for revisions in found.values()):
        words = "; ".join(f"{version} on {listed(hosts)}" for version, hosts in versions.items())
        yield (
            listed(host for hosts in versions.values() for host in hosts),
            f"the versions of MAAS differ: {words}",
            "bring all to the newest, racks first, then one region after the other;"
            " never revert, for the database does not",
        )
    for revisions in filter(lambda revisions: len(revisions) > 1, found.values()):
        words = "; ".join(f"{revision} on {listed(hosts)}" for revision, hosts in revisions.items())
        # What is from a file has a revision such as x1.
        newest = max(revisions, key=lambda revision: (len(revision), revision))
        yield (
            listed(host for revision, hosts in revisions.items() if revision != newest for host in hosts),
            f"the revisions of MAAS differ: {words}",
            f"run snap refresh maas --revision={newest} there, racks first, then one region after the other;"
            " never revert, for the database does not",
        )


def held(site):
    """No host changes its version on its own."""
    for host, snap in told(site, "snap").items():
        if not snap["held"]:
            yield (
                host,
                "its snap of MAAS is not held: snapd refreshes it when it likes",
                "run snap refresh --hold maas on it",
            )


def low(site):
    """Return how many MB are left on each host that has little room."""
    return {host: survey["data_mb"] for host, survey in surveys(site).items() if survey["data_mb"] < DISK_MB}


def disk(site):
    """Every host has room."""
    for host, left in low(site).items():
        harm = [text for part, text in FULL.items() if part in site["hosts"][host]["groups"]]
        yield (
            host,
            f"has {left} MB left under /var",
            f"make room: {', '.join(harm) or 'a full disk stops its services'}",
        )


def firewall(site):
    """The rules that close the cluster's ports are loaded wherever they are wanted."""
    for host, loaded in told(site, "firewall").items():
        if not loaded:
            remedy = "run systemctl restart maas-firewall on it, and find out who took the rules away"
            yield host, "its firewall leaves the ports of the cluster open", remedy


def backups(site):
    """The last backup is not too old."""
    last, moments = last_backup(site), [max(facts["asked"]) for facts in site["hosts"].values() if facts["asked"]]
    if last and not last["path"]:
        yield listed(told(site, "backup")), "there is no backup where maas_report_backups says", "see what makes them"
    elif last and max(moments) - last["time"] > 3600 * int(site["backup_hours"]):
        hours = int((max(moments) - last["time"]) // 3600)
        yield last["host"], f"the last backup, {last['path']}, is {hours} hours old", "see what makes them"


CHECKS = {
    "critical": (
        unreachable,
        unread,
        over,
        jumped,
        interface,
        quorum,
        leader,
        virtual_ip,
        daemons,
        answers,
        ways,
        served,
    ),
    "warning": (
        disk,
        readings,
        unhealthy,
        replication,
        patroni,
        balanced,
        services,
        forgotten,
        racks,
        failover,
        leases,
        connections,
        ending,
        authority,
        off,
        _preflight.clock_daemons,
        builds,
        held,
        firewall,
        backups,
    ),
}


def problems(site):
    """Return all problems, the worst first; the same of several hosts is one."""
    found = {}
    for severity, checks in CHECKS.items():
        for check in checks:
            for host, what, remedy in check(site):
                found.setdefault((severity, what, remedy), []).append(host)
    return [
        {
            "severity": severity,
            "host": listed(dict.fromkeys(hosts)),
            "what": what,
            "remedy": remedy,
            "sentence": f"{listed(dict.fromkeys(hosts))}: {what}. Do: {remedy}.",
        }
        for (severity, what, remedy), hosts in found.items()
    ]


# What the page shows


def tiers(site):
    """Return the tiers with their members, what each does and whether it is well."""
    words = {
        "maas_haproxy": balancer_word,
        "maas_region": region_word,
        "maas_postgresql": database_word,
        "maas_etcd": etcd_word,
        "maas_rack": rack_word,
    }
    return [
        {
            "group": name,
            "title": title,
            "caption": caption,
            "members": [{"host": host, **member(site, host, words[name])} for host in group(site, name)],
        }
        for name, (title, caption) in TITLES.items()
        if group(site, name)
    ]


def member(site, host, word):
    """Return the state of a member of a tier, and a word for what it does."""
    facts = site["hosts"][host]
    if facts["away"]:
        return {"state": "critical", "word": "does not answer"}
    if facts["status"] is None:
        return {"state": "unknown", "word": "cannot be read" if facts["why"] else "was not asked"}
    state, words = word(site, host)
    return {"state": state, "word": words}


def balancer_word(site, host):
    """Return how a load balancer is."""
    if host not in told(site, "balancer"):
        return "critical", "HAProxy is down"
    if not site["vip"]:
        return "ok", "balances"
    if not runs(site, host, "keepalived.service"):
        return "critical", "keepalived is down"
    return "ok", "holds the virtual IP" if host in holders(site) else "stands by"


def region_word(site, host):
    """Return how a region is."""
    if host in told(site, "region"):
        return "ok", "answers"
    if not has_database(site):
        return "critical", "has no database"
    return "critical", "does not answer"


def database_word(site, host):
    """Return how a database host is."""
    if host in leaders(site):
        return "ok", "leads"
    me = told(site, "patroni").get(host)
    if me is None or not leaders(site):
        return "critical", "is down" if me is None else "has no leader"
    seen = database_members(site).get(host, {"role": "", "state": "unknown"})
    if seen["state"] not in FOLLOWING:
        return "warning", seen["state"]
    return "ok", "follows in step" if "sync" in seen["role"] else "follows"


def etcd_word(site, host):
    """Return how a member of etcd is."""
    me = told(site, "etcd").get(host)
    if me is None or not me["healthy"]:
        return "critical", "is down" if me is None else "has no quorum"
    return "ok", "leads" if me["leads"] else "follows"


def rack_word(site, host):
    """Return how a rack is."""
    if not runs(site, host, MAAS[0]):
        return "critical", "MAAS is down"
    if api(site, "racks") is None:
        return "unknown", "runs"
    services = record(site, "racks", host).get("services", {})
    if services.get("rackd") in (None, "dead"):
        return "critical", "is not connected"
    if services["rackd"] != "running":
        return "warning", "is partly connected"
    if not told(site, "ranges").get(host):
        return "ok", "is connected"
    return ("ok", "serves DHCP") if leases_out(site, host) else ("warning", "DHCP is down")


def hosts(site, found):
    """Return what is told of each host."""
    shown = {}
    for name, facts in site["hosts"].items():
        severities = [problem["severity"] for problem in found if name in problem["host"].split(", ")]
        survey, snap = facts["survey"], told(site, "snap").get(name)
        shown[name] = {
            "address": facts["address"],
            "groups": facts["groups"],
            "state": next((one for one in CHECKS if one in severities), "ok" if survey else "unknown"),
            "reached": survey is not None,
            "snap": snap,
            "disk_mb": survey and survey["data_mb"],
            "clock_offset": survey and round(clock_offset(facts), 1),
            "certificate_days": {
                kind: int((end - survey["clock"]) // 86400) for kind, end in survey["certificates"].items()
            }
            if survey
            else {},
        }
    return shown


def served_vlans(site):
    """Return the VLANs with DHCP as MAAS tells of them; while it is silent, as their racks do."""
    if api(site, "vlans") is not None:
        return [vlan for vlan in api(site, "vlans") if vlan["dhcp_on"]]
    found = {}
    for host, facts in site["hosts"].items():
        for peer in facts["peers"]:
            found.setdefault(peer_vlan(peer), {})[f"{peer['role']}_rack"] = hostname(site, host)
    for one in ranges(site):
        found.setdefault(one["vlan"], {"primary_rack": hostname(site, one["racks"][0])})
    return [{"id": number, "primary_rack": None, "secondary_rack": None, **vlan} for number, vlan in found.items()]


def vlans(site):
    """Return the VLANs with DHCP, their racks, how their failover stands on both, and their ranges.

    A rack is called as in the inventory, if it is there.
    """
    inventory = {hostname(site, host): host for host in group(site, "maas_rack")}
    names = {one["system_id"]: one["hostname"] for one in api(site, "racks") or []}
    sides, leased = {}, {}
    for host, facts in site["hosts"].items():
        for peer in facts["peers"]:
            sides.setdefault(peer_vlan(peer), {})[host] = peer
    for one in ranges(site):
        leased.setdefault(one["vlan"], []).append(one)

    def called(rack):
        return inventory.get(names.get(rack, rack), names.get(rack, rack))

    return [
        {
            "name": vlan_name(vlan) if "vid" in vlan else f"VLAN no. {vlan['id']}",
            "primary_rack": called(vlan["primary_rack"]),
            "secondary_rack": called(vlan["secondary_rack"]),
            "failover": {host: peer["state"] for host, peer in sides.get(vlan["id"], {}).items()},
            "in_step": len(sides.get(vlan["id"], {})) > 1
            and all(peer["in_step"] for peer in sides[vlan["id"]].values()),
            "ranges": leased.get(vlan["id"], []),
        }
        for vlan in served_vlans(site)
    ]


def networks(site):
    """Return by CIDR the connected racks on a network, which reach its BMCs, and the DNS servers told to machines."""
    found = {}
    for rack in api(site, "racks") or []:
        for interface in rack["interfaces"] if rack["connected"] else []:
            for cidr in filter(None, (address["cidr"] for address in interface["addresses"])):
                racks = found.setdefault(cidr, {"racks": [], "dns_servers": []})["racks"]
                racks.extend({rack["hostname"]} - {*racks})
    for facts in site["hosts"].values():
        for cidr, servers in facts["dns_servers"].items():
            found.setdefault(cidr, {"racks": [], "dns_servers": []})["dns_servers"] = servers
    return dict(sorted(found.items()))


def controllers(site, part):
    """Return what the API told of regions or racks, by inventory name; unknown ones are empty."""
    fields = ("version", "alive", "connected", "services")
    return {
        host: {name: value for name, value in record(site, part, host).items() if name in fields}
        for host in group(site, f"maas_{part[:-1]}")
    }


def report(site):
    """Return how a deployment is.

    Args:
        site: what the role maas_report was given and has read.

    Returns:
        dict with problems, tiers, hosts and what is known of each tier. There is no secret in it.
    """
    found = problems(site)
    return {
        "deployment": site["deployment"],
        "time": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime()),
        "url": site["url"],
        "problems": found,
        "tiers": tiers(site),
        "hosts": hosts(site, found),
        "virtual_ip": {"address": site["vip"], "holders": holders(site) if site["vip"] else []},
        "balancers": told(site, "balancer"),
        "database": {
            "leaders": leaders(site),
            "members": database_members(site),
            "connections": told(site, "connections"),
            "proxies": told(site, "database_proxy"),
        },
        "etcd": told(site, "etcd"),
        "api": api(site, "racks") is not None,
        "services": told(site, "services"),
        "regions": controllers(site, "regions"),
        "racks": controllers(site, "racks"),
        "vlans": vlans(site),
        "networks": networks(site),
        "backup": last_backup(site),
    }
