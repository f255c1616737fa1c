# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the secrets of a deployed lab must not be seen."""

from __future__ import annotations

import json
import re

from tests.lab import Lab

FILES = ("/etc/maas-ha/secrets/database.json", "/etc/maas-ha/secrets/region.json")
PLAIN = ("/etc/maas-ha/api_key", "/var/snap/maas/common/maas/secret")


def values():
    """Return the secrets' actual values by their names, from every host that keeps some."""
    lab = Lab.current()
    found = {}
    for host in {host for members in lab.groups.values() for host in members}:
        for path in FILES:
            text = lab.run(host, [f"cat {path} 2>/dev/null || true"])
            if text.strip():
                found.update(json.loads(text))
        for path in PLAIN:
            text = lab.run(host, [f"cat {path} 2>/dev/null || true"]).strip()
            if text:
                found[path] = text.split(":")[-1]
    return found


def seen_in(text, secrets):
    """Return the names of the secrets whose values stand in a text."""
    return sorted(name for name, value in secrets.items() if re.search(rf"\b{re.escape(value)}\b", text))


def seen_on(host, secrets):
    """Return where on a host secrets can be seen: the journal, arguments of what runs, files that all may read."""
    lab = Lab.current()
    found = [("journal", name) for name in seen_in(lab.run(host, ["journalctl --no-pager -o cat"]), secrets)]
    arguments = lab.run(host, [r"cat /proc/[0-9]*/cmdline | tr '\0' ' '"])
    found += [("arguments", name) for name in seen_in(arguments, secrets)]
    patterns = "\n".join(secrets.values())
    listed = lab.run(
        host,
        [
            f"cat > /dev/shm/patterns <<'END'\n{patterns}\nEND\n"
            "chmod 0600 /dev/shm/patterns\n"
            "find /etc /var /root /run /tmp /opt -xdev -type f -perm /0004 -size -4096k -print0"
            " | xargs -0 grep -lFf /dev/shm/patterns; rm -f /dev/shm/patterns"
        ],
    )
    return found + [("readable by all", path) for path in listed.split()]
