# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a public SSH key."""

from __future__ import annotations

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEbLbAJVSOT5yyx3ZhUBUBwY9y1zQSzhEFlTTMGDB6iN"


def test_a_key_is_added_and_removed_whatever_its_comment(play):
    added = play.changed("ssh_key", key=f"{KEY} alice@one")
    assert added.ssh_key["key"].startswith(KEY)
    play.unchanged("ssh_key", key=f"{KEY} alice@two\n")
    play.changed("ssh_key", key=KEY, state="absent")


def test_a_private_key_is_refused_and_not_repeated(play):
    private = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----"
    assert "b3Blbn" not in play.refused("ssh_key", "key", "public SSH key", key=private)
