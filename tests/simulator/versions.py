# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the series of MAAS differ where the API shows it: one table, one line a difference."""

from __future__ import annotations

import types

SERIES = ("3.4", "3.5", "3.6", "3.7", "3.8")
DEFAULT = "3.7.3"

# What each series does, in the order of SERIES.
DIFFERENCES = {
    # A VLAN without a name reads as its VID; later it reads null.
    "vlan_named_by_vid": (True, False, False, False, False),
    # The form looks into fields that failed: 500 with the name of the field instead of 400.
    "dynamic_range_crashes": (False, False, True, True, True),
    # Likewise for reserved ranges without an address.
    "reserved_range_crashes": (False, False, False, True, False),
    # POST of a VLAN with dhcp_on asks an unsaved VLAN for its subnets.
    "new_vlan_with_dhcp_crashes": (False, False, True, True, True),
    "overlapping_subnets_refused": (False, False, False, True, True),
    # DELETE of a subnet in which nodes have addresses wants force=true.
    "used_subnets_kept": (False, False, False, True, True),
    "has_reserved_ips": (False, False, True, True, True),
    # Neighbouring ranges with a purpose in common are told as one.
    "adjacent_ranges_merged": (True, True, True, False, False),
    # allow_dns and allow_proxy: any word but false is true; later only true, t and 1 are.
    "lax_subnet_flags": (True, False, False, False, False),
    # Services of racks that came later or are gone.
    "unknown_services": (("agent",), (), (), ("dns_rack",), ("dns_rack",)),
    "first_vlan_id": (1, 1, 5001, 5001, 5001),
    "default_release": ("jammy", "jammy", "noble", "noble", "noble"),
    # The URL of a boot source loses the slashes at its end.
    "source_urls_stripped": (False, False, False, False, True),
    # 403 names the permission that is missing.
    "permissions_named": (False, False, False, False, True),
}


def series_of(version):
    """Return what the series of a version does, as attributes named after the rows of DIFFERENCES.

    Raises ValueError for a version that the simulator cannot play.
    """
    series = ".".join(version.split(".")[:2])
    if series not in SERIES:
        raise ValueError(f"MAAS {version} is not one of {', '.join(SERIES)}")
    column = SERIES.index(series)
    return types.SimpleNamespace(
        version=version, name=series, **{name: values[column] for name, values in DIFFERENCES.items()}
    )
