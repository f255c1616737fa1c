# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The DHCP of many VLANs: what must be read, what is wrong with what is wanted, what is to be sent. PRIVATE.

Nothing here talks to anybody. `Planner` is told what MAAS answered (`see_*`), says what it still has to know
(`*_to_read`), and plans.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from ansible_collections.metal.maas_ha.plugins.module_utils._dhcp import (
    STATE,
    after,
    goal_of,
    goal_problem,
    rack_steps,
    racks_of,
)
from ansible_collections.metal.maas_ha.plugins.module_utils._dhcp_objects import Rack, Range, Subnet, Vlan, merged

RANGE_TYPES = ("dynamic", "reserved")
RACK_TYPES = (2, 4)  # rack, region+rack
# MAAS needs about 10 ms for each subnet or range when asked for all of them, about 30 ms for those of one CIDR;
# a VLAN has one of each or so.
SUBNET_COST = 3


@dataclass
class Entry:
    """One VLAN as the user wants it."""

    place: str
    options: dict
    vlan: Vlan | None = None
    goal: dict | None = None
    ranges: dict = field(default_factory=dict)  # of each subnet's CIDR, the ranges wanted in it

    def __str__(self):
        return str(self.vlan or self.place)


@dataclass(frozen=True)
class Step:
    """One request. words: what it does. after: the VLAN's state then. peer: the pair that must be in step before."""

    method: str
    path: str
    data: dict | None
    words: str
    after: dict | None = None
    peer: str | None = None
    phase: int = 1


@dataclass(frozen=True)
class Work:
    """What is to be done to one VLAN, in order. ranges: those before and after, by CIDR, where any change."""

    vlan: Vlan
    steps: list
    ranges: tuple

    @property
    def relayed(self):
        """Whether the VLAN is to be served by another one, which must come first."""
        return any(step.after and step.after["relay_vlan"] for step in self.steps)

    def now(self, normal_peers=None):
        """Return the steps that need not wait for a pair to get in step.

        normal_peers: the pairs known to be in failover state normal, None to take those at work for normal.
        A pair that these steps only make is never known to be.
        """
        for number, step in enumerate(self.steps):
            if step.phase > 1 or (step.peer and normal_peers is not None and step.peer not in normal_peers):
                return self.steps[:number]
        return self.steps


class Problems(ValueError):
    """Everything that is wrong with what is wanted, a sentence for each."""

    def __init__(self, sentences):
        super().__init__("\n".join(sentences))
        self.sentences = sentences


class Planner:
    """Plans the DHCP of VLANs.

    entries: a list of dicts, the options of each VLAN. pool: the racks (hostname or system_id) that `rack_pair`
    may choose from, None for all of MAAS's. purge_ranges: whether ranges that are not wanted go.
    """

    def __init__(self, entries, pool=None, purge_ranges=False):
        self.entries = [Entry(f"vlans[{number}]", options) for number, options in enumerate(entries)]
        self.pool = pool
        self.purge_ranges = purge_ranges
        self.vlans, self.racks, self.subnets = {}, {}, {}
        self.names = {}  # system_ids by hostname and by themselves
        self.found = {}  # of each subnet's CIDR, the ranges that MAAS has
        self.taken = {}  # of each subnet's CIDR, stretches (start, end, by what) that are in use
        self.doubtful = False
        self._named = set()
        self._on_vlan, self._links, self._wanted, self._goals = {}, {}, {}, {}
        self.problems, self.warnings = [], []
        for entry in self.entries:
            self._check_subnet(entry)

    # What MAAS answered

    def see_fabrics(self, fabrics):
        """fabrics: what `fabrics/` answered; it holds all VLANs."""
        self.vlans = {vlan["id"]: Vlan.read(vlan) for fabric in fabrics for vlan in fabric["vlans"]}
        names = {name: fabric["id"] for fabric in fabrics for name in (str(fabric["id"]), fabric["name"])}
        self._relayed = {}
        for vlan in self.vlans.values():
            self._relayed.setdefault(vlan.state["relay_vlan"], []).append(vlan)
        self.names = {rack: rack for vlan in self.vlans.values() for rack in racks_of(vlan.state)}
        self._by_place = {(vlan.fabric_id, vlan.vid): vlan for vlan in self.vlans.values()}
        self._fabrics = names
        for entry in self.entries:
            if entry.options["fabric"] is not None:
                entry.vlan = self._vlan(entry, "", entry.options)

    def see_subnets(self, subnets):
        """subnets: of each CIDR that `subnets_to_read` named, what MAAS answered, None when there is none."""
        for cidr, data in subnets.items():
            if data is None:
                self.problems += [
                    f"{entry}: subnet: MAAS has no subnet {cidr}"
                    for entry in self.entries
                    if entry.options["subnet"] == cidr
                ]
            else:
                self._know(Subnet.read(data))
        for entry in self.entries:
            subnet = self.subnets.get(entry.options["subnet"])
            if subnet and entry.options["fabric"] is None:
                entry.vlan = self.vlans.get(subnet.vlan)

    def see_addresses(self, addresses):
        """addresses: what `subnets/.../?op=ip_addresses` answered; it names the racks on a subnet."""
        for node in (one["node_summary"] for one in addresses if one.get("node_summary")):
            if node["node_type"] in RACK_TYPES:
                self.names[node["hostname"]] = node["system_id"]

    def see_racks(self, racks):
        """racks: what `rackcontrollers/` answered, all racks or some."""
        for data in racks:
            rack = Rack.read(data)
            self.racks[rack.system_id] = rack
            self.names.update({rack.system_id: rack.system_id, rack.hostname: rack.system_id})
            for link in rack.links:
                self._know(link.subnet)
                self._links.setdefault(link.subnet.cidr, []).append((rack, link.address))

    def see_reserved(self, cidr, pieces):
        """pieces: what `subnets/.../?op=reserved_ip_ranges` answered.

        Up to MAAS 3.6 what touches is told as one piece, later not; ids are never told. So this proves that what
        is wanted is there, or that it is not; whatever is in between is left in doubt.
        """
        pieces = [(IPv4Address(one["start"]), IPv4Address(one["end"]), set(one["purpose"])) for one in pieces]
        wanted = self._wanted.get(cidr, [])
        found = [Range("dynamic", *one[:2]) for one in pieces if "dynamic" in one[2]]
        found += [Range("reserved", *one[:2]) for one in pieces if one[2] & {"reserved", "dynamic"} == {"reserved"}]
        mixed = [Range("dynamic", *one[:2]) for one in pieces if "dynamic" in one[2] and len(one[2]) > 1]
        self.taken[cidr] = [
            (start, end, ", ".join(sorted(purpose))) for start, end, purpose in pieces if not purpose & set(RANGE_TYPES)
        ]
        self.found[cidr] = []
        for kind in RANGE_TYPES:
            there = [one for one in found if one.type == kind]
            present = [one for one in wanted if one.type == kind and any(one.overlaps(other) for other in found)]
            proven = set(present) <= set(there) or merged(present) <= merged(there)
            extra = merged(there) - merged(present) - {(one.start, one.end) for one in present}
            if not proven or (extra and self.purge_ranges) or any(a.overlaps(b) for a in present for b in mixed):
                self.doubtful = True
            self.found[cidr] += [*present, *(Range(kind, *stretch) for stretch in extra)]

    def see_ranges(self, ranges):
        """ranges: what `ipranges/` answered."""
        self.doubtful = False
        self.found = {}
        for data in ranges:
            if ":" not in data["start_ip"]:
                self._know(Subnet.read(data["subnet"]))
                self.found.setdefault(data["subnet"]["cidr"], []).append(Range.read(data))

    # What is still to be read

    def subnets_that_tell_vlans(self):
        """Return the CIDRs that stand in place of fabric and VID."""
        return sorted({entry.options["subnet"] for entry in self.entries if entry.options["fabric"] is None} - {None})

    def subnets_to_read(self):
        """Return the CIDRs of subnets that have ranges here and are not known from anything else."""
        return sorted({cidr for entry in self._found_entries() for cidr in entry.ranges} - set(self.subnets))

    def subnet_with_names(self):
        """Return the CIDR of a subnet whose addresses may tell that a VLAN is as wanted, None when there is no more.

        A rack costs MAAS the more the more VLANs it is on, the addresses of one subnet cost little. So racks that
        need not change are known by their hostnames only.
        """
        for entry in self._found_entries():
            cidr = entry.options["subnet"]
            same = entry.options["dhcp_on"] in (None, entry.vlan.state["dhcp_on"])
            if cidr and same and racks_of(entry.vlan.state) and cidr not in self._named and self._unknown(entry):
                self._named.add(cidr)
                return cidr
        return None

    def hostnames_to_read(self):
        """Return the names that may be hostnames of racks."""
        names = {name for entry in self.entries for name in self._unknown(entry)}
        return sorted(names | {name for name in self.pool or () if name not in self.names})

    def racks_to_read(self):
        """Return the system_ids of racks that must be known: names not found so far, racks of VLANs that change."""
        needed = set(self.hostnames_to_read()) | {self.names.get(name, name) for name in self.pool or ()}
        for entry in self._found_entries():
            if self._must_know_racks(entry):
                needed |= racks_of(self._goal(entry)) | racks_of(entry.vlan.state)
        return sorted(needed - set(self.racks))

    def ranges_to_read(self):
        """Return the CIDRs of the subnets whose ranges must be known."""
        self._settle()
        cidrs = set()
        for entry in self._found_entries():
            cidrs.update(entry.ranges)
            if self._must_prove_a_dynamic_range(entry):
                cidrs.update(self._on_vlan.get(entry.vlan.id, ()))
        return sorted(cidrs)

    def any_rack_may_serve(self):
        """Tell whether all racks of MAAS must be known, and are not."""
        return self.pool is None and not self.racks and any(entry.options["rack_pair"] for entry in self.entries)

    def all_are_cheaper(self, cidrs):
        """Tell whether to read all subnets or ranges of MAAS rather than those of each CIDR."""
        return SUBNET_COST * len(cidrs) > len(self.vlans)

    # The plan

    def plan(self):
        """Return a Work for each VLAN that is not as wanted. Raises Problems, with all of them."""
        for entry in self._found_entries():
            self._check_racks(entry)
            self._check_relay(entry)
            self._check_ranges(entry)
        if self.problems:
            raise Problems(self.problems)
        works = [Work(entry.vlan, self._steps(entry), self._changed_ranges(entry)) for entry in self._found_entries()]
        return [work for work in works if work.steps]

    def name(self, rack):
        """Return a rack's hostname where it is known."""
        return self.racks[rack].hostname if rack in self.racks else rack

    def show(self, state):
        """Return a VLAN's state as a person reads it."""
        relay = self.vlans.get(state["relay_vlan"])
        racks = {key: state[key] and self.name(state[key]) for key in ("primary_rack", "secondary_rack")}
        return {"dhcp_on": state["dhcp_on"], **racks, "relay_vlan": relay and str(relay)}

    @staticmethod
    def is_pair(state):
        """Tell whether two racks serve."""
        return state["dhcp_on"] and len(racks_of(state)) == 2

    def new_pairs(self, work):
        """Return each state among a VLAN's steps in which two racks serve that were no pair before."""
        known, pairs = [racks_of(work.vlan.state)], []
        for state in (step.after for step in work.steps if step.after):
            if self.is_pair(state) and racks_of(state) not in known:
                known.append(racks_of(state))
                pairs.append(state)
        return pairs

    def pair(self, vlan, state):
        """Return what a person and a playbook want to know of the racks that serve a VLAN."""
        racks = [state["primary_rack"], state["secondary_rack"]]
        return {
            "vlan": str(vlan),
            "peer": vlan.peer,
            "racks": [
                {"system_id": rack, "hostname": self.name(rack), "address": self.address(rack, vlan)} for rack in racks
            ],
        }

    def address(self, rack, vlan):
        """Return the address that a rack serves a VLAN from, None when it is not known."""
        links = self.racks[rack].on(vlan.id) if rack in self.racks else []
        return str(links[0].address) if links else None

    # Finding what the user means

    def _check_subnet(self, entry):
        cidr = entry.options["subnet"]
        try:
            exact = cidr and str(IPv4Network(cidr))
        except (AddressValueError, NetmaskValueError, ValueError) as error:
            self.problems.append(f"{entry}: subnet: {cidr} is no IPv4 subnet in CIDR form ({error})")
            exact = None
        entry.options = {**entry.options, "subnet": exact}

    def _know(self, subnet):
        if self.subnets.get(subnet.cidr) != subnet:
            self.subnets[subnet.cidr] = subnet
            self._on_vlan.setdefault(subnet.vlan, {})[subnet.cidr] = subnet

    def _found_entries(self):
        return [entry for entry in self.entries if entry.vlan]

    def _vlan(self, entry, prefix, options):
        """Return the VLAN that a fabric and a VID name, None with a problem when there is none."""
        fabric, vid = options["fabric"], options["vid"]
        if vid is None or not 0 <= vid <= 4094:
            self.problems.append(f"{entry}: {prefix}vid: {vid} is not between 0 and 4094")
        elif fabric not in self._fabrics:
            known = ", ".join(name for name in self._fabrics if not name.isdigit())
            self.problems.append(f"{entry}: {prefix}fabric: MAAS has no fabric {fabric}, it has {known}")
        elif (self._fabrics[fabric], vid) not in self._by_place:
            self.problems.append(f"{entry}: {prefix}vid: fabric {fabric} has no VLAN {vid}")
        else:
            return self._by_place[self._fabrics[fabric], vid]
        return None

    def _unknown(self, entry):
        """Return the names of an entry's racks that are no known ones."""
        names = [entry.options[key] for key in ("primary_rack", "secondary_rack")]
        return [name for name in names if name and name not in self.names]

    def _must_know_racks(self, entry):
        """Tell whether more than the names of a VLAN's racks is needed: their addresses, and whether they live."""
        new_ranges = any(one not in self.found.get(cidr, ()) for cidr, ones in entry.ranges.items() for one in ones)
        finds_subnets = entry.options["ranges"] and not entry.options["subnet"]
        changes = self._goal(entry) != entry.vlan.state or entry.options["rack_pair"]
        return bool(changes or finds_subnets or new_ranges)

    def _goal(self, entry):
        """Return the state wanted, racks that are not known (yet) by the name that the user gave."""
        wanted = {key: entry.options[key] for key in STATE if entry.options[key] is not None}
        for key in ("primary_rack", "secondary_rack"):
            if wanted.get(key):
                wanted[key] = self.names.get(wanted[key], wanted[key])
        if "relay_vlan" in wanted:
            relay = wanted["relay_vlan"]
            target = self._fabrics.get(relay["fabric"]), relay["vid"]
            wanted["relay_vlan"] = self._by_place[target].id if target in self._by_place else None
        return goal_of(entry.vlan.state, wanted)

    def _settle(self):
        """Find out what each entry means, now that fabrics, subnets and racks are known."""
        places = Counter(entry.vlan.id for entry in self._found_entries())
        for entry in self._found_entries():
            if places[entry.vlan.id] > 1:
                self.problems.append(f"{entry}: vlans: the VLAN is listed more than once")
            for key in ("primary_rack", "secondary_rack"):
                if entry.options[key] in self._unknown(entry):
                    self.problems.append(
                        f"{entry}: {key}: MAAS has no rack with the hostname or system_id {entry.options[key]}"
                    )
            relay = entry.options["relay_vlan"]
            if relay and relay["fabric"] is not None:
                self._vlan(entry, "relay_vlan: ", relay)
            entry.goal = self._goal(entry)
            entry.ranges = self._read_ranges(entry)
            for cidr, ranges in entry.ranges.items():
                self._wanted.setdefault(cidr, []).extend(ranges)
            self._goals[entry.vlan.id] = entry.goal
        for name in self.pool or ():
            if name not in self.names:
                self.problems.append(f"racks: MAAS has no rack with the hostname or system_id {name}")
        self._place_pairs()

    def _read_ranges(self, entry):
        """Return the entry's ranges by subnet; what cannot be one is a problem."""
        ranges = {}
        if self.purge_ranges and entry.options["ranges"] == []:
            if entry.options["subnet"]:
                ranges[entry.options["subnet"]] = []
            else:
                self._refuse(entry, "subnet: name the one that purge_ranges is to leave no ranges, or leave ranges out")
        for number, data in enumerate(entry.options["ranges"] or ()):
            place = f"{entry}: ranges[{number}]"
            try:
                one = Range.read(data)
            except AddressValueError as error:
                self.problems.append(f"{place}: {error}; ranges are IPv4, for MAAS has no DHCP failover for IPv6")
                continue
            cidr = self._cidr_for(entry, one)
            if one.start > one.end:
                self.problems.append(f"{place}: end_ip: {one.end} lies before start_ip {one.start}")
            elif not cidr:
                self.problems.append(
                    f"{place}: subnet: no subnet of this VLAN is known that {one.start} lies in; name it"
                )
            else:
                ranges.setdefault(cidr, []).append(one)
        return ranges

    def _cidr_for(self, entry, one):
        """Return the CIDR of the subnet that a range is meant for."""
        if entry.options["subnet"]:
            return entry.options["subnet"]
        for subnet in self._on_vlan.get(entry.vlan.id, {}).values():
            if ":" not in subnet.cidr and one.start in subnet.network:
                return subnet.cidr
        return None

    def _must_prove_a_dynamic_range(self, entry):
        """Tell whether DHCP is to be turned on in the belief that there is a range already."""
        wants = any(one.type == "dynamic" for ranges in entry.ranges.values() for one in ranges)
        return entry.goal["dhcp_on"] and not entry.vlan.state["dhcp_on"] and not wants

    # Choosing racks

    def _place_pairs(self):
        """Choose the racks of the VLANs that leave it to us: what fits stays, the rest is spread evenly."""
        entries = [entry for entry in self._found_entries() if entry.options["rack_pair"]]
        load = {"primary_rack": Counter(), "secondary_rack": Counter()}
        pool = [rack for name, rack in self.racks.items() if not self.pool or {name, rack.hostname} & set(self.pool)]
        serving = {}
        for entry in sorted(entries, key=lambda entry: (entry.vlan.fabric, entry.vlan.vid)):
            serving[entry.vlan.id] = sorted(
                (rack for rack in pool if rack.on(entry.vlan.id) and not rack.dead), key=lambda rack: rack.hostname
            )
            entry.goal["primary_rack"] = self._kept(entry, "primary_rack", serving)
            load["primary_rack"][entry.goal["primary_rack"]] += 1
        for entry in sorted(entries, key=lambda entry: (entry.vlan.fabric, entry.vlan.vid)):
            racks = serving[entry.vlan.id]
            if not racks:
                self.problems.append(f"{entry}: rack_pair: no living rack has a static IPv4 address on this VLAN")
                continue
            primary = self.racks[entry.goal["primary_rack"] or _least(load["primary_rack"], racks)]
            others = [rack for rack in racks if rack is not primary]
            others = [rack for rack in others if rack.zone != primary.zone] or others
            secondary = self._kept(entry, "secondary_rack", {entry.vlan.id: others})
            if others:
                secondary = secondary or _least(load["secondary_rack"], others)
            else:
                self.warnings.append(f"{entry}: only {primary.hostname} can serve it, so it has no failover")
            if not entry.goal["primary_rack"]:
                load["primary_rack"][primary.system_id] += 1
            load["secondary_rack"][secondary] += 1
            entry.goal.update(primary_rack=primary.system_id, secondary_rack=secondary)

    def _kept(self, entry, key, serving):
        """Return the rack that the VLAN has, when it is among those that may serve."""
        rack = entry.vlan.state[key]
        return rack if rack in [one.system_id for one in serving[entry.vlan.id]] else None

    # What MAAS would accept and could not serve

    def _refuse(self, entry, sentence):
        self.problems.append(f"{entry}: {sentence}")

    def _final(self, vlan):
        """Return the state that a VLAN has in the end."""
        return self._goals.get(vlan.id, vlan.state)

    def _dead(self):
        return {rack.system_id for rack in self.racks.values() if rack.dead}

    def _check_racks(self, entry):
        vlan, goal = entry.vlan, entry.goal
        if goal["dhcp_on"] and vlan.external_dhcp:
            self.warnings.append(f"{entry}: another DHCP server answers there already: {vlan.external_dhcp}")
        problem = goal_problem(goal)
        if problem:
            return self._refuse(entry, problem)
        for key in ("primary_rack", "secondary_rack"):
            rack = self.racks.get(goal[key])
            if not rack:
                continue
            self._check_address(entry, key, rack)
            if rack.dead and (goal[key] not in racks_of(vlan.state) or (goal["dhcp_on"] and not vlan.state["dhcp_on"])):
                self._refuse(entry, f"{key}: {rack.hostname} is dead, it could serve nobody")
        state, dead = vlan.state, self._dead()
        for put in rack_steps(state, goal, dead):
            new = after(state, put)
            added = new["secondary_rack"] and new["secondary_rack"] != state["secondary_rack"]
            if added and new["primary_rack"] == state["primary_rack"] and new["primary_rack"] in dead:
                self._refuse(
                    entry,
                    f"secondary_rack: MAAS adds none while the primary, {self.name(new['primary_rack'])}, is dead",
                )
            state = new
        return None

    def _check_address(self, entry, key, rack):
        links = rack.on(entry.vlan.id)
        if not links:
            learnt = [link for link in rack.links if link.subnet.vlan == entry.vlan.id]
            elsewhere = [
                str(self.vlans[link.subnet.vlan])
                for link in rack.links
                if link.subnet.vlan in self.vlans and self.vlans[link.subnet.vlan].vid == entry.vlan.vid
            ]
            why = ""
            if learnt:
                why = f"; {learnt[0].address} was learnt by DHCP"
            elif elsewhere:
                why = f"; {elsewhere[0]}, where it has one, is another VLAN"
            self._refuse(entry, f"{key}: {rack.hostname} has no static IPv4 address on this VLAN{why}")
        elif all(link.mode not in ("static", "auto") for link in links):
            self.warnings.append(
                f"{entry}: assumed that {links[0].address} of {rack.hostname} is static; MAAS says {links[0].mode}"
            )

    def _check_relay(self, entry):
        vlan, goal = entry.vlan, entry.goal
        if goal["relay_vlan"]:
            target = self.vlans[goal["relay_vlan"]]
            serves = self._final(target)
            if target is vlan:
                self._refuse(entry, "relay_vlan: a VLAN cannot be relayed to itself")
            elif not serves["dhcp_on"]:
                self._refuse(entry, f"relay_vlan: {target} has no DHCP")
            elif serves["secondary_rack"]:
                self._refuse(
                    entry,
                    f"relay_vlan: {target} has two racks, and MAAS gives a relayed VLAN no failover: both would lease "
                    "the same addresses",
                )
        if goal == vlan.state:
            return
        for other in self._relayed.get(vlan.id, ()):
            if other.id in self._goals:
                continue
            if not goal["dhcp_on"]:
                self._refuse(entry, f"dhcp_on: {other} is relayed to it")
            elif goal["secondary_rack"]:
                self._refuse(
                    entry, f"secondary_rack: {other} is relayed to it, and MAAS gives a relayed VLAN no failover"
                )

    def _check_ranges(self, entry):
        subnet = self.subnets.get(entry.options["subnet"])
        if subnet and subnet.vlan != entry.vlan.id:
            where = self.vlans.get(subnet.vlan, "another VLAN")
            return self._refuse(entry, f"subnet: {subnet.cidr} is on {where}")
        for cidr, ranges in entry.ranges.items():
            if cidr not in self.subnets:
                continue
            network = self.subnets[cidr].network
            for number, one in enumerate(ranges):
                self._check_range(entry, self.subnets[cidr], network, one)
                for other in ranges[:number]:
                    if one.overlaps(other):
                        self._refuse(entry, f"ranges: {one} overlaps {other}")
                for old in self._in_the_way(cidr, one, ranges):
                    self._refuse(entry, f"ranges: {one} overlaps {old}, which purge_ranges would remove")
        doomed = {cidr: self._doomed(cidr, ranges) for cidr, ranges in entry.ranges.items()}
        kept = [
            one
            for cidr in {*entry.ranges, *self._on_vlan.get(entry.vlan.id, ())}
            for one in {*entry.ranges.get(cidr, ()), *self.found.get(cidr, ())}.difference(doomed.get(cidr, ()))
        ]
        if not entry.goal["dhcp_on"] or any(one.type == "dynamic" for one in kept):
            return None
        purged = [str(one) for ranges in doomed.values() for one in ranges if one.type == "dynamic"]
        if purged:
            self._refuse(
                entry,
                f"purge_ranges: {', '.join(purged)} would go, and DHCP needs a dynamic range on this VLAN; "
                "list one in ranges, or set dhcp_on to false",
            )
        elif self._must_prove_a_dynamic_range(entry):
            self._refuse(entry, "ranges: DHCP needs a dynamic range, and no subnet of this VLAN is known to have one")
        return None

    def _check_range(self, entry, subnet, network, one):
        ends = [network.network_address, network.broadcast_address] if network.prefixlen < 31 else []
        if one.start not in network or one.end not in network:
            self._refuse(entry, f"ranges: {one} lies outside {network}")
        elif one.start in ends or one.end in ends:
            self._refuse(entry, f"ranges: {one} holds the network or the broadcast address of {network}")
        if one.type == "reserved":
            return
        if not subnet.managed:
            self._refuse(entry, f"ranges: MAAS gives no DHCP on {network}, it is not managed")
        used = [(address, f"the address of {rack.hostname}") for rack, address in self._links.get(subnet.cidr, ())]
        used += [(IPv4Address(subnet.gateway_ip), "the gateway")] if subnet.gateway_ip else []
        for address, what in used:
            if one.start <= address <= one.end:
                self._refuse(entry, f"ranges: {one} holds {address}, {what}")
        known = [address for address, dummy in used]
        for start, end, what in self.taken.get(subnet.cidr, ()):
            if start <= one.end and one.start <= end and not any(start <= address <= end for address in known):
                self._refuse(entry, f"ranges: {one} holds {start}-{end}, which is in use ({what})")

    def _in_the_way(self, cidr, one, ranges):
        """Return the existing ranges that leave a range no room."""
        found = self.found.get(cidr, [])
        if one in found or self.purge_ranges or self._changed(cidr, one, ranges):
            return []
        return [old for old in found if one.overlaps(old) and old not in ranges]

    def _changed(self, cidr, one, ranges):
        """Return the existing range that becomes this one: the only one it overlaps, of its type, not wanted itself."""
        over = [old for old in self.found.get(cidr, ()) if old.overlaps(one)]
        if len(over) != 1 or over[0].type != one.type or over[0] in ranges:
            return None
        rivals = [other for other in ranges if other.overlaps(over[0])]
        return over[0] if rivals == [one] else None

    def _doomed(self, cidr, ranges):
        """Return the existing ranges that are purged: those neither wanted nor changed into what is."""
        changed = [self._changed(cidr, one, ranges) for one in ranges]
        found = self.found.get(cidr, ()) if self.purge_ranges else ()
        return [old for old in found if old not in ranges and old not in changed]

    def _changed_ranges(self, entry):
        """Return the ranges of the subnets where any change, before and after, by CIDR, as a person reads them."""
        before, after = {}, {}
        for cidr, ranges in entry.ranges.items():
            found = set(self.found.get(cidr, ()))
            gone = [*self._doomed(cidr, ranges), *(self._changed(cidr, one, ranges) for one in ranges)]
            left = found.union(ranges).difference(gone)
            if left != found:
                before[cidr], after[cidr] = _told(found), _told(left)
        return before, after

    # Steps

    def _steps(self, entry):
        racks, ranges = self._rack_steps(entry), self._range_steps(entry)
        # MAAS wants a dynamic range as long as DHCP is on.
        return [*ranges, *racks] if entry.goal["dhcp_on"] else [*racks, *ranges]

    def _range_steps(self, entry):
        steps = []
        for cidr, ranges in entry.ranges.items():
            found = self.found.get(cidr, [])
            new = [one for one in ranges if one not in found]
            changed = {one: self._changed(cidr, one, ranges) for one in new}
            doomed = self._doomed(cidr, ranges)
            blocked = [one for one in new if any(one.overlaps(old) for old in doomed)]
            # What replaces the last dynamic range comes before that goes, where they leave each other room.
            steps += [self._write_range(entry, cidr, one, changed[one]) for one in new if one not in blocked]
            steps += [Step("DELETE", f"ipranges/{old.id}/", None, f"{entry}: delete {old}") for old in doomed]
            steps += [self._write_range(entry, cidr, one, None) for one in blocked]
        return steps

    def _write_range(self, entry, cidr, one, old):
        data = {"start_ip": str(one.start), "end_ip": str(one.end)}
        if one.comment is not None:
            data["comment"] = one.comment
        if old:
            return Step("PUT", f"ipranges/{old.id}/", data, f"{entry}: change {old} to {one.start}-{one.end}")
        # Without its subnet MAAS looks for one that has DHCP already before it looks for the narrowest.
        data = {"subnet": self.subnets[cidr].id, "type": one.type, **data}
        return Step("POST", "ipranges/", data, f"{entry}: create {one}")

    def _rack_steps(self, entry):
        vlan, goal, dead = entry.vlan, entry.goal, self._dead()
        steps, state, phase = [], vlan.state, 1
        puts = rack_steps(state, goal, dead)
        swap = len(puts) == 2 and racks_of(state) == racks_of(goal) and len(racks_of(goal)) == 2
        for number, put in enumerate(puts, start=1):
            new = after(state, put)
            peer = vlan.peer if self._loses_a_rack(state, new, dead) else None
            if peer and racks_of(state) != racks_of(vlan.state):
                phase += 1
            words = self._words(state, new)
            if swap:
                both = " and ".join(self.name(state_rack) for state_rack in sorted(racks_of(goal), key=self.name))
                words = f"swap {both}, step {number} of 2: {words}"
            if phase > 1:
                words += f" (phase {phase}, when the pair before is in failover state normal)"
            steps.append(Step("PUT", f"vlans/{vlan.id}/", put, f"{vlan}: {words}", new, peer, phase))
            state = new
        return steps

    @staticmethod
    def _loses_a_rack(state, new, dead):
        """Tell whether a living rack leaves a living pair: its leases must have reached the other."""
        pair = racks_of(state)
        on = state["dhcp_on"] and new["dhcp_on"]
        return on and len(pair) == 2 and not pair & dead and bool(pair - racks_of(new))

    def _words(self, state, new):
        words = []
        if new["dhcp_on"] != state["dhcp_on"]:
            words.append("DHCP goes on" if new["dhcp_on"] else "DHCP goes off")
        for key, title in (("primary_rack", "primary"), ("secondary_rack", "secondary")):
            if new[key] and new[key] != state[key]:
                words.append(f"{self.name(new[key])} becomes {title}")
        words += [f"{self.name(rack)} leaves" for rack in sorted(racks_of(state) - racks_of(new), key=self.name)]
        if new["relay_vlan"] != state["relay_vlan"]:
            relay = self.vlans.get(new["relay_vlan"])
            words.append(f"relayed to {relay}" if relay else "relayed no more")
        return ", ".join(words) or "nothing changes"


def _told(ranges):
    """Return ranges as a person reads them, in their order."""
    return [f"{one.type} {one.start}-{one.end}" for one in sorted(ranges, key=lambda one: (one.start, one.type))]


def _least(load, racks):
    """Return the system_id of the rack that has least to do, the first by name among equals."""
    return min(racks, key=lambda rack: (load[rack.system_id], rack.hostname)).system_id
