# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What --check does to hosts on which nothing is."""

from __future__ import annotations

import pytest

from tests.lab import Lab
from tests.site.disk import written
from tests.site.playbook import play


@pytest.mark.usefixtures("lab_is_bare")
def test_check_mode_succeeds_and_writes_nothing():
    before = written()
    run = play("site", "--check", "--diff")
    assert run.status == 0, run.output[-8000:]
    assert written() == before


@pytest.mark.usefixtures("lab_is_bare")
def test_a_check_of_a_host_whose_apt_knows_no_packages_is_refused():
    lab = Lab.current()
    host = lab.groups["maas_rack"][0]
    lab.run(host, ["mount -t tmpfs tmpfs /var/lib/apt/lists"])
    try:
        run = play("preflight", "--check")
    finally:
        lab.run(host, ["umount /var/lib/apt/lists"])
    assert run.status and f"{host} knows no packages yet" in run.told


@pytest.fixture
def lab_is_bare():
    """Refuse to prove anything on a lab that was deployed already."""
    lab = Lab.current()
    for host in {host for members in lab.groups.values() for host in members}:
        assert lab.run(host, ["test -e /etc/maas-ha && echo there || echo bare"]).strip() == "bare", (
            f"{host} is not bare"
        )
