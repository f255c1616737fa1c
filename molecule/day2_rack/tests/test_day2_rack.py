# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Racks come and go, and a client keeps its lease; the tests run in the order of the file."""

from __future__ import annotations

import re

import pytest

from tests.lab import topology
from tests.site import maas
from tests.site.interruption import disturbed, interrupted
from tests.site.inventory import served
from tests.site.lease import Lease
from tests.site.playbook import play
from tests.site.probe import until

SILENCE = 30  # seconds without an answer while a pair first meets; leases last 600
LEASES = "/var/snap/maas/common/maas/dhcp/dhcpd.leases"
# The second: what former partners are in for an hour, one serves while the other has all leases and waits.
IN_STEP = [["normal", "normal"], ["partner-down", "recover-wait"]]


@pytest.fixture(autouse=True, scope="module")
def lease(lab):
    with Lease(lab) as client:
        yield client


@pytest.fixture
def kept(lease):
    """Whatever the test does, the client gets answers throughout, all of them for one address."""
    since = len(lease.answers()) - 1
    yield
    assert lease.silence(since) < SILENCE
    assert len({address for dummy, address in lease.answers()}) == 1


def given(rack):
    """Return the words that name a rack, where the inventory leaves it to the collection which rack serves."""
    return [*served(rack_pair="auto"), "--extra-vars", f"maas_rack_host={rack}"]


def verb(name, rack, *words):
    """Run a verb for a rack."""
    return play(name, *given(rack), *words)


def swap(lab, *words):
    """Let the racks of the provisioning network change places."""
    subnet = f"{topology.provisioning_network(lab.network)}.0/24"
    return play("switchover", "--extra-vars", f"maas_switchover=rack maas_switchover_subnet={subnet}", *words)


def dhcpd(lab, rack):
    """Return the role of a rack's dhcpd, and the states that it believes in."""
    states = re.findall(r"^  (?:my|partner) state (\S+)", lab.run(rack, [f"cat {LEASES} 2>/dev/null || true"]), re.M)
    return maas.dhcp_role(rack), sorted(states[-2:])


def has_maas(lab, host):
    return "maas" in lab.run(host, ["ls /snap"])


def test_a_check_of_a_bare_host_changes_nothing(lab):
    run = verb("add_rack", "rack2", "--check")
    assert run.status == 0, run.output[-8000:]
    assert not has_maas(lab, "rack2")
    assert set(maas.racks()) == {"rack1"}


def test_a_host_that_is_no_rack_is_refused(lab):
    run = verb("add_rack", "control1")
    assert run.status and "control1 is not in the group maas_rack" in run.told


def test_a_host_name_that_is_taken_is_refused(lab):
    lab.run("rack2", ["hostname rack1"])
    try:
        run = verb("add_rack", "rack2", "--check")
    finally:
        lab.run("rack2", ["hostname rack2"])
    assert run.status and "MAAS has a controller rack1 with only one of this host's name and MAC addresses" in run.told


def test_a_mac_address_that_is_taken_is_refused(lab):
    taken = lab.run("rack1", ["cat /sys/class/net/prov0/address"]).strip()
    lab.run("rack2", [f"ip link add lent address {taken} type veth peer name borrowed"])
    try:
        run = verb("add_rack", "rack2", "--check")
    finally:
        lab.run("rack2", ["ip link delete lent"])
    assert run.status and "MAAS has a controller rack1 with only one of this host's name and MAC addresses" in run.told


def test_a_second_operator_is_told_who_holds_the_lock(lab):
    assert play("lock", "--extra-vars", "maas_lock_verb=upgrade maas_lock_owner=bob@desk").status == 0
    run = verb("remove_rack", "rack1")
    assert run.status and re.search(r"bob@desk has held the lock since \S+Z for upgrade", run.told)


def test_the_lock_can_be_broken_and_the_only_rack_of_a_vlan_is_not_removed(lab):
    run = verb("remove_rack", "rack1", "--extra-vars", "maas_lock_break=true")
    assert run.status and "No other living rack has a static address on VLAN 0" in run.told
    assert has_maas(lab, "rack1") and maas.racks() == {"rack1": "running"}


def test_a_second_rack_joins_and_becomes_secondary(lab, kept):
    """The lock is still the one of the refused run, which the same operator takes over."""
    run = verb("add_rack", "rack2")
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == {"rack1": "running", "rack2": "running"}
    assert dhcpd(lab, "rack1") == ("primary", ["normal", "normal"])
    assert dhcpd(lab, "rack2") == ("secondary", ["normal", "normal"])
    assert f"{topology.provisioning_network(lab.network)}.0/24: rack1, rack2 each reach its BMCs" in run.told
    assert "machines are told" in run.told


def test_the_firewalls_let_the_new_rack_in(lab):
    for host in [*lab.groups["maas_region"], "rack1"]:
        assert lab.hosts["rack2"] in lab.run(host, ["nft list set inet maas_ha maas_rack"])


def test_adding_it_again_changes_nothing(lab):
    run = verb("add_rack", "rack2")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_a_check_of_the_removal_tells_the_plan_and_does_nothing(lab):
    run = verb("remove_rack", "rack1", "--check")
    assert run.status == 0, run.output[-8000:]
    assert "rack2 becomes primary, rack1 leaves" in run.told
    assert dhcpd(lab, "rack1")[0] == "primary" and has_maas(lab, "rack1")


@pytest.mark.parametrize("name", ["rack2", "nobody"])
def test_a_rack_that_maas_knows_by_another_name_is_not_purged(lab, name):
    """The inventory means a host that MAAS knows otherwise: as another rack has it, or as nobody has."""
    run = verb("remove_rack", "rack1", "--extra-vars", f"maas_rack_hostname={name}")
    assert run.status and re.search(rf"rack1 has the system_id \w+, which in MAAS is rack1 and not {name}\.", run.told)
    assert "Set maas_rack_hostname of rack1 to rack1 in the inventory." in run.told
    assert has_maas(lab, "rack1") and maas.racks() == {"rack1": "running", "rack2": "running"}
    assert dhcpd(lab, "rack1")[0] == "primary"


def test_a_limit_that_leaves_out_the_regions_is_refused(lab):
    run = verb("remove_rack", "rack1", "--limit", "rack1")
    assert run.status and "--limit may not leave out all of them" in run.told
    assert maas.racks()["rack1"] == "running"


def test_the_primary_is_removed(lab, kept):
    run = verb("remove_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == {"rack2": "running"}
    assert not has_maas(lab, "rack1")
    assert dhcpd(lab, "rack2")[0] == "alone"


def test_removing_it_again_changes_nothing(lab):
    run = verb("remove_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_it_comes_back_and_meets_its_former_partner(lab, kept):
    run = verb("add_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == {"rack1": "running", "rack2": "running"}
    assert dhcpd(lab, "rack2")[0] == "primary" and dhcpd(lab, "rack2")[1] in IN_STEP
    assert dhcpd(lab, "rack1")[0] == "secondary" and dhcpd(lab, "rack1")[1] in IN_STEP


def test_a_check_of_a_swap_changes_nothing(lab):
    run = swap(lab, "--check")
    assert run.status == 0, run.output[-8000:]
    assert "swap rack1 and rack2, step 1 of 2: rack1 becomes primary" in run.told
    assert dhcpd(lab, "rack2")[0] == "primary"


def test_the_racks_of_a_vlan_change_places(lab, kept):
    run = swap(lab)
    assert run.status == 0, run.output[-8000:]
    print(re.search(r"[0-9.]+ s at most from the first request", run.told)[0])
    assert dhcpd(lab, "rack1")[0] == "primary" and dhcpd(lab, "rack1")[1] in IN_STEP
    assert dhcpd(lab, "rack2")[0] == "secondary" and dhcpd(lab, "rack2")[1] in IN_STEP


def test_the_rack_that_is_named_becomes_the_primary_once(lab, kept):
    for dummy in range(2):
        run = play("switchover", "--extra-vars", "maas_switchover=rack maas_switchover_to=rack2")
        assert run.status == 0, run.output[-8000:]
        assert dhcpd(lab, "rack2")[0] == "primary"
    assert run.changes == []


def test_a_rack_of_no_pair_is_refused(lab):
    run = swap(lab, "--extra-vars", "maas_switchover_to=control1")
    assert run.status and "No pair of racks serves" in run.told


def test_a_dead_rack_is_removed(lab, kept):
    lab.kill("rack1")
    try:
        until(lambda: maas.racks()["rack1"] == "dead", 120, "MAAS to miss the rack")
        run, left = verb("remove_rack", "rack1"), maas.racks()
    finally:
        lab.on("rack1")  # and it registers again
    assert run.status == 0, run.output[-8000:]
    assert "rack1 cannot be reached and keeps its secret" in run.told
    assert left == {"rack2": "running"}


def test_a_rack_that_comes_back_from_the_dead_is_removed_for_good(lab):
    until(lambda: "rack1" in maas.racks(), 120, "the rack to register again")
    run = verb("remove_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert not has_maas(lab, "rack1") and "rack1" not in maas.racks()


def test_a_rack_that_is_lost_half_way_joins_by_the_next_run(lab, kept):
    run = disturbed("add_rack", *given("rack1"), task="Initialise the rack", do=lambda: lab.kill("rack1"))
    lab.on("rack1")
    assert run.status and run.hosts["rack1"]["unreachable"]
    assert dhcpd(lab, "rack2")[0] == "alone"
    run = verb("add_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == {"rack1": "running", "rack2": "running"}


def test_a_rack_is_removed_while_the_holder_of_the_virtual_ip_reboots(lab, kept):
    (holder,) = maas.holders()

    def reboot():
        lab.kill(holder)
        lab.on(holder)

    run = disturbed("remove_rack", *given("rack1"), task="Carry out what need not wait", do=reboot)
    print(f"with {holder} rebooted the run ended with status {run.status}")
    run = verb("remove_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert not has_maas(lab, "rack1") and "rack1" not in maas.racks()


def test_a_rack_joins_while_a_region_is_dead(lab, kept):
    region = lab.groups["maas_region"][-1]
    run = disturbed("add_rack", *given("rack1"), task="Install what every host needs", do=lambda: lab.kill(region))
    try:
        assert {host for host, counts in run.hosts.items() if counts["failed"]} == set(), run.output[-8000:]
        assert maas.racks()["rack1"] in ("running", "degraded")
        assert dhcpd(lab, "rack1")[0] == "secondary"
    finally:
        lab.on(region)
    until(lambda: set(maas.racks().values()) == {"running"}, 180, "the racks to have all regions again")


def test_a_secret_that_was_changed_meanwhile_is_named_and_the_next_run_has_the_new_one(lab):
    assert verb("remove_rack", "rack1").status == 0
    run = disturbed("add_rack", *given("rack1"), task="Initialise the rack", do=lambda: rotate(lab))
    assert run.status and "rack1 and the regions have different secrets" in run.told
    assert play("rack").status == 0  # rack2 too has the old one
    run = verb("add_rack", "rack1")
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == {"rack1": "running", "rack2": "running"}


def rotate(lab):
    """Give the regions another secret to share with racks."""
    value = '{"value": "0123456789abcdef0123456789abcdef"}'
    row = f"UPDATE maasserver_secret SET data = data || '{value}' WHERE data->>'path' = 'global/rpc-shared'"
    maas.rewrite("secret", row)
    for region in lab.groups["maas_region"]:
        lab.run(region, ["snap restart maas"])
    until(lambda: maas.regions() == set(lab.groups["maas_region"]), 60, "the regions")


@pytest.mark.parametrize(("name", "left"), [("remove_rack", {"rack2"}), ("add_rack", {"rack1", "rack2"})])
def test_killed_at_random_tasks_a_verb_is_made_good_by_the_next_run(lab, kept, name, left):
    run = interrupted(name, *given("rack1"), kills=5)[0]
    assert run.status == 0, run.output[-8000:]
    assert maas.racks() == dict.fromkeys(left, "running")
    assert verb(name, "rack1").changes == []
