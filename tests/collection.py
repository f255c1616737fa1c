# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the checkout importable as ansible_collections.metal.maas_ha, as Ansible itself does."""

from __future__ import annotations

import pathlib
import sys

from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder

COLLECTIONS = pathlib.Path(__file__).resolve().parents[1] / ".cache" / "collections"


def make_importable():
    """Add the loader of Ansible collections to Python's, once."""
    if not any(isinstance(finder, _AnsibleCollectionFinder) for finder in sys.meta_path):
        _AnsibleCollectionFinder(paths=[str(COLLECTIONS)])._install()
