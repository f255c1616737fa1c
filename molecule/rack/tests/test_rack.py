# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Racks are linked to every region, and say what is wrong when they are not."""

from __future__ import annotations

import time

import pytest
import yaml

from tests.site import maas, secrets
from tests.site.playbook import play
from tests.site.probe import until

CONF = "/var/snap/maas/current/rackd.conf"
SECRET = "/var/snap/maas/common/maas/secret"
WRONG = "deadbeef" * 4


@pytest.fixture
def racks(lab):
    return lab.groups["maas_rack"]


def spoil(lab, host):
    """Give a host another secret than the one that racks and regions share."""
    lab.run(host, [f"printf {WRONG} >{SECRET}"])


def status(lab):
    """Return the status of rackd by the host name of its rack, as the first region shows it."""
    shown = maas.client(lab.groups["maas_region"][0]).get("rackcontrollers/")
    return {rack["hostname"]: {one["name"]: one["status"] for one in rack["service_set"]}["rackd"] for rack in shown}


def test_every_rack_is_linked_to_every_region(lab, racks):
    assert status(lab) == dict.fromkeys(racks, "running")


def test_a_rack_knows_the_highly_available_address_first_and_every_region(lab, racks):
    addresses = [lab.vip, *(lab.hosts[region] for region in lab.groups["maas_region"])]
    for rack in racks:
        conf = yaml.safe_load(lab.run(rack, [f"cat {CONF}"]))
        assert conf["maas_url"] == [f"http://{address}:5240/MAAS" for address in addresses]


def test_root_alone_can_read_what_holds_a_secret(lab, racks):
    for rack in racks:
        if rack not in lab.groups["maas_region"]:
            assert lab.run(rack, ["stat", "-c", "%a", CONF, SECRET]).split() == ["600", "600"]
        assert secrets.seen_on(rack, secrets.values()) == []


def test_check_mode_reports_no_change():
    run = play("rack", "--check", "--diff")
    assert run.status == 0, run.output[-8000:]
    assert run.changes == []


def test_other_pools_are_loaded(lab, racks):
    run = play("rack", "--limit", racks[0], "--extra-vars", "maas_rack_max_rpc_connections=8")
    assert run.status == 0, run.output[-8000:]
    assert len(run.changes) == 1
    assert yaml.safe_load(lab.run(racks[0], [f"cat {CONF}"]))["max_rpc_connections"] == 8
    assert play("rack").status == 0


def test_other_pools_are_loaded_by_one_rack_after_the_other(lab, racks):
    if len(racks) == 1:
        pytest.skip("there is one rack only")
    loaded = [moments(lab, rack) for rack in racks]
    run = play("rack", "--extra-vars", "maas_rack_max_rpc_connections=8")
    assert run.status == 0, run.output[-8000:]
    assert len(run.changes) == len(racks)
    assert run.output.count("Initialise the rack with") == 1 + len(racks)  # all that need no restart at once, then each
    assert status(lab) == dict.fromkeys(racks, "running")
    assert all(before != moments(lab, rack) for before, rack in zip(loaded, racks, strict=True))
    assert play("rack").status == 0
    assert play("rack").changes == []


def moments(lab, rack):
    """Return since when each service of MAAS has run on a rack."""
    return lab.run(rack, ["systemctl show --property=ActiveEnterTimestampMonotonic 'snap.maas.*.service'"])


def test_a_spoilt_secret_is_mended(lab, racks):
    if racks[0] in lab.groups["maas_region"]:
        pytest.skip("regions mend their own")
    spoil(lab, racks[0])
    lab.run(racks[0], ["snap restart maas"])
    until(lambda: status(lab)[racks[0]] != "running", 60, "the rack to lose its regions")
    run = play("rack")
    assert run.status == 0, run.output[-8000:]
    assert len(run.changes) == 1
    assert status(lab)[racks[0]] == "running"


def test_a_secret_that_the_regions_refuse_is_named_within_a_minute(lab, racks):
    if racks[0] in lab.groups["maas_region"]:
        pytest.skip("regions mend their own")
    for region in lab.groups["maas_region"]:
        spoil(lab, region)  # what racks are given; the regions themselves go by their database
    begin = time.monotonic()
    run = play("rack", "--limit", racks[0])
    took = time.monotonic() - begin
    assert run.status
    assert f"{racks[0]} and the regions have different secrets" in run.told
    for region in lab.groups["maas_region"]:
        lab.run(region, ["snap restart maas"])  # regiond writes the secret anew
    until(lambda: WRONG not in lab.run(lab.groups["maas_region"][-1], [f"cat {SECRET}"]), 60, "the secret")
    assert play("region").status == 0
    assert play("rack").status == 0
    assert status(lab) == dict.fromkeys(racks, "running")
    assert took < 60


def test_a_lost_region_leaves_the_racks_to_the_others(lab, racks):
    regions = lab.groups["maas_region"]
    if len(regions) == 1:
        pytest.skip("there is one region only")
    lab.off(regions[0])
    try:
        run = play("rack", "--limit", f"all:!{regions[0]}")
    finally:
        lab.heal(regions[0])
    assert run.status == 0, run.output[-8000:]
