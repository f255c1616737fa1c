# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a user."""

from __future__ import annotations

BOB = {"username": "bob", "email": "bob@example.com", "password": "a secret of bob's"}


def test_a_user_is_created_and_deleted(play):
    created = play.changed("user", **BOB)
    assert created.user["is_superuser"] is False and "secret of bob" not in created.printed
    play.unchanged("user", **{**BOB, "password": "another one"})
    play.changed("user", username="bob", state="absent")


def test_an_administrator_is_created_and_check_mode_keeps_the_password(play):
    foretold = play("user", check=True, **BOB, is_superuser=True)
    assert "secret of bob" not in foretold.printed
    assert play.changed("user", **BOB, is_superuser=True).user["is_superuser"] is True


def test_an_existing_user_cannot_be_changed(play):
    play("user", **BOB)
    play.refused("user", "email", "bob@example.com", username="bob", email="robert@example.com")
    play.refused("user", "is_superuser", username="bob", is_superuser=True)


def test_a_user_is_deleted_in_favour_of_another(play):
    play("user", **BOB)
    play.changed("user", username="bob", state="absent", transfer_resources_to="admin")


def test_the_domain_of_an_address_has_no_capitals_in_maas(play):
    play.changed("user", **{**BOB, "email": "Bob@Example.COM"})
    play.refused("user", "email", "another user's", username="rob", email="Bob@EXAMPLE.com", password="another secret")
