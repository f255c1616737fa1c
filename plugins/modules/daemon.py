#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: daemon
short_description: Run a systemd unit with the configuration that lies on disk
version_added: 1.0.0
description:
  - Starts, enables and, where its configuration is newer than what it has loaded, reloads or restarts a systemd unit.
  - A handler is lost when a run is killed between the file and the handler; this module asks the system instead,
    so the next run makes it good.
  - What a unit has loaded is remembered in C(/run/maas-ha/daemon), for the one invocation of the unit that loaded it.
    A unit that somebody else started is held to have loaded what was older than its start.
options:
  name:
    description: The unit, with its suffix.
    type: str
    required: true
  files:
    description: Absolute paths of what the unit reads when it starts or reloads. A missing file counts as empty.
    type: list
    elements: path
    default: []
  apply:
    description: What a running unit needs to take up changed O(files). V(none) leaves it to the unit.
    type: str
    choices: [reload, restart, none]
    default: reload
  state:
    description: Whether the unit is to run.
    type: str
    choices: [started, stopped]
    default: started
  enabled:
    description: Whether the unit starts with the host. Unset leaves that alone.
    type: bool
  wait:
    description:
      - Whether to wait until systemd calls the unit started, three minutes at most.
      - V(false) suits members of a quorum, which wait for one another.
    type: bool
    default: true
attributes:
  check_mode:
    description: Reports what it would do and does nothing; a unit that is not installed yet counts as to be started.
    support: full
  diff_mode:
    description: Shows the state of the unit before and after.
    support: full
  idempotent:
    description: A second run does nothing.
    support: full
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Run HAProxy with its configuration
  metal.maas_ha.daemon:
    name: haproxy.service
    files:
      - /etc/haproxy/haproxy.cfg
    enabled: true

- name: Run etcd, which waits for its peers
  metal.maas_ha.daemon:
    name: etcd.service
    files:
      - /etc/default/etcd
    apply: restart
    enabled: true
    wait: false
"""

RETURN = r"""
actions:
  description: What was done to the unit, in order, as words of systemctl.
  returned: always
  type: list
  elements: str
  sample: [enable, reload]
"""

import hashlib
import json
import os
import time

from ansible.module_utils.basic import AnsibleModule

RECORDS = "/run/maas-ha/daemon"
# Seconds, more than a unit's own time to start: one that is started again and again keeps systemctl waiting for ever.
LIMIT = 180
TIMED_OUT = 124  # what timeout says then
PROPERTIES = (
    "LoadState",
    "ActiveState",
    "UnitFileState",
    "NeedDaemonReload",
    "InvocationID",
    "InactiveExitTimestampMonotonic",
)


def read(path):
    """Return the bytes of a file, empty when there is none."""
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except FileNotFoundError:
        return b""


def digest(paths):
    """Return one checksum over the contents of all files, in their order."""
    return hashlib.sha256(b"".join(hashlib.sha256(read(path)).digest() for path in paths)).hexdigest()


def newest(paths):
    """Return the last change of any of the files, in seconds of the monotonic clock; minus infinity without files."""
    offset = time.time() - time.monotonic()
    return max((os.stat(path).st_mtime - offset for path in paths if os.path.exists(path)), default=float("-inf"))


class Unit:
    """A systemd unit: what it is, what it has loaded, and the verbs that change it."""

    def __init__(self, module):
        self.module = module
        self.name = module.params["name"]
        self.record = os.path.join(RECORDS, self.name + ".json")
        self.refresh()

    def refresh(self):
        """Ask systemd for the properties of the unit."""
        words = ["systemctl", "show", "--property=" + ",".join(PROPERTIES), self.name]
        answer = self.module.run_command(words, check_rc=True)[1]
        self.shown = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)

    @property
    def active(self):
        return self.shown["ActiveState"] in ("active", "activating", "reloading")

    def is_behind(self, files):
        """Tell whether the running unit has not loaded the files as they are now."""
        record = json.loads(read(self.record) or b"{}")
        if record.get("invocation") == self.shown["InvocationID"]:
            return record.get("digest") != digest(files)
        return newest(files) > int(self.shown["InactiveExitTimestampMonotonic"] or 0) / 1e6

    def remember(self, files):
        """Note what this invocation of the unit has loaded."""
        os.makedirs(RECORDS, mode=0o755, exist_ok=True)
        with open(self.record, "w", encoding="ascii") as stream:
            json.dump({"invocation": self.shown["InvocationID"], "digest": digest(files)}, stream)

    def systemctl(self, verb, wait):
        """Carry out one verb; fail with the unit's last words when it fails."""
        words = ["timeout", str(LIMIT), "systemctl", verb]
        words += [] if wait or verb == "daemon-reload" else ["--no-block"]
        status, dummy, error = self.module.run_command(words + ([] if verb == "daemon-reload" else [self.name]))
        if status:
            if status == TIMED_OUT:
                error = f"it had not ended after {LIMIT} s."
            journal = self.module.run_command(["journalctl", "--no-pager", "-n", "10", "-o", "cat", "-u", self.name])[1]
            self.module.fail_json(
                msg=f"systemctl {verb} {self.name} failed: {error.strip()} The unit's last words: {journal.strip()}"
            )


def plan(unit, params):
    """Return the verbs that bring the unit where it should be.

    Args:
        unit: the Unit as it is.
        params: the module's parameters.
    """
    verbs = []
    # systemd does not notice a unit's first addition by itself.
    if unit.shown["NeedDaemonReload"] == "yes" or (params["state"] == "started" and not unit.active):
        verbs.append("daemon-reload")
    if params["enabled"] is not None and params["enabled"] != unit.shown["UnitFileState"].startswith("enabled"):
        verbs.append("enable" if params["enabled"] else "disable")
    if params["state"] == "stopped":
        return verbs + (["stop"] if unit.active else [])
    if not unit.active:
        return verbs + ["start"]
    if params["apply"] != "none" and unit.is_behind(params["files"]):
        verbs.append(params["apply"])
    return verbs


def main():
    module = AnsibleModule(
        argument_spec=dict(
            name=dict(type="str", required=True),
            files=dict(type="list", elements="path", default=[]),
            apply=dict(type="str", choices=["reload", "restart", "none"], default="reload"),
            state=dict(type="str", choices=["started", "stopped"], default="started"),
            enabled=dict(type="bool"),
            wait=dict(type="bool", default=True),
        ),
        supports_check_mode=True,
    )
    params = module.params
    unit = Unit(module)
    if unit.shown["LoadState"] in ("not-found", "masked") and params["state"] == "started" and not module.check_mode:
        module.fail_json(msg=f"{unit.name} is {unit.shown['LoadState']} on this host; install or unmask it first.")

    before = dict(active=unit.shown["ActiveState"], enabled=unit.shown["UnitFileState"])
    verbs = plan(unit, params)
    if not module.check_mode:
        for verb in verbs:
            unit.systemctl(verb, params["wait"])
        unit.refresh()
        if params["state"] == "started":
            unit.remember(params["files"])
    module.exit_json(
        changed=bool(verbs),
        actions=verbs,
        diff=dict(before=before, after=dict(before, actions=verbs) if verbs else before),
    )


if __name__ == "__main__":
    main()
