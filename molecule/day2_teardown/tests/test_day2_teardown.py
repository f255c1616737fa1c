# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment is taken from its hosts, which are then as bare as before; the tests run in the order of the file."""

from __future__ import annotations

import re

import pytest

from tests.site import maas
from tests.site.disk import contents, written
from tests.site.interruption import interrupted
from tests.site.playbook import play

NAMED = ("--extra-vars", "maas_teardown=lab")
# What no purge takes away: users, and what apt and dpkg remember. Perl came in a newer version than the host had, and
# the lab has the file of locales without the package.
LEFT = re.compile(
    r"etc/(group|gshadow|passwd|shadow|subgid|subuid)-?$|var/lib/(apt|dpkg|ucf)/|etc/ld.so.cache$|usr/.*perl|etc/default/locale$"
)
BUSY = re.compile(r"var/lib/(etcd|postgresql)/|var/snap/")


@pytest.fixture(scope="module")
def hosts(lab):
    """All hosts of the deployment."""
    return sorted({host for members in lab.groups.values() for host in members})


@pytest.fixture(scope="module", autouse=True)
def bare(lab, hosts):
    """What lay on each host before MAAS was deployed on it."""
    before = {host: contents(lab, host) for host in hosts}
    deploy(lab)
    return before


def deploy(lab):
    maas.client.cache_clear()  # another deployment has another key
    run = play("site")
    assert run.status == 0, run.output[-8000:]
    assert maas.regions() == set(lab.groups["maas_region"])
    assert maas.racks() == dict.fromkeys(lab.groups["maas_rack"], "running")


def differing(lab, host, before):
    """Return the files of a host that are not as they were, but for what is left of any package."""
    now = contents(lab, host)
    return sorted(name for name, dummy in now.items() ^ before[host].items() if not LEFT.match(name))


def quiet(lab, host):
    """Return when each file was written, but for what running daemons write all the time."""
    return {name: when for name, when in written()[host].items() if not BUSY.match(name)}


def refusal(*words):
    """Run a teardown that must be refused, and return what it says in one line."""
    run = play("teardown", *words)
    assert run.status and not run.changed
    return run.told


def test_hosts_that_nobody_named_are_left_alone():
    assert "Nothing is removed from hosts that nobody named" in refusal(*NAMED)


def test_without_the_right_name_nothing_happens():
    assert "say the name of their deployment: -e maas_teardown=lab" in refusal("--limit", "all")
    assert "You said prod." in refusal("--limit", "all", "--extra-vars", "maas_teardown=prod")
    assert "say the name of their deployment" in refusal("--limit", "all", "--skip-tags", "assert")


def test_a_quorum_is_not_torn_apart(hosts):
    said = refusal("--limit", ",".join(hosts[:2]), *NAMED)
    assert f"maas_etcd would be left with {hosts[2]} of 3" in said


def test_check_mode_tells_of_changes_and_writes_nothing(lab, hosts):
    before = quiet(lab, hosts[0])
    run = play("teardown", "--check", "--diff", "--limit", hosts[0], *NAMED)
    assert run.status == 0, run.output[-8000:]
    assert run.changed
    assert quiet(lab, hosts[0]) == before


def test_one_host_is_bare_again_and_the_others_go_on(lab, hosts, bare):
    run = play("teardown", "--limit", hosts[0], *NAMED)
    assert run.status == 0, run.output[-8000:]
    assert differing(lab, hosts[0], bare) == []
    assert maas.leader() in hosts[1:]
    assert maas.regions() >= set(hosts[1:])


def test_again_it_changes_nothing(hosts):
    run = play("teardown", "--limit", hosts[0], *NAMED)
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_a_second_host_would_cost_the_quorum_now(hosts):
    assert f"maas_etcd would be left with {hosts[2]} of 3" in refusal("--limit", hosts[1], *NAMED)


def test_all_hosts_are_bare_again(lab, hosts, bare):
    run = play("teardown", "--limit", "all", *NAMED)
    assert run.status == 0, run.output[-8000:]
    assert {host: differing(lab, host, bare) for host in hosts} == {host: [] for host in hosts}


def test_on_bare_hosts_it_changes_nothing():
    run = play("teardown", "--limit", "all", *NAMED)
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_a_disk_of_etcds_own_stays_without_its_data(lab, hosts, bare):
    host, data = hosts[0], "/var/lib/etcd/maas"
    lab.run(host, [f"mkdir -p {data} && mount -t tmpfs tmpfs {data} && mkdir -p {data}/member/wal {data}/lost+found"])
    try:
        run = play("teardown", "--limit", "all", *NAMED)
        left = lab.run(host, [f"mountpoint --quiet {data} && ls {data}"]).split()
    finally:
        lab.run(host, [f"umount {data} && rmdir {data}"])
    assert run.status == 0, run.output[-8000:]
    assert left == ["lost+found"]
    assert differing(lab, host, bare) == []


def test_the_hosts_can_be_deployed_again_and_killed_runs_are_made_good(lab, hosts, bare):
    deploy(lab)
    run = interrupted("teardown", "--limit", "all", *NAMED, kills=5)[0]
    assert run.status == 0, run.output[-8000:]
    assert {host: differing(lab, host, bare) for host in hosts} == {host: [] for host in hosts}
