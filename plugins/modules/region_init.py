#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: region_init
short_description: Initialise a region controller, keep its configuration, and see it answer
version_added: 1.0.0
description:
  - Runs C(maas init) on a host that has the maas snap, unless the host is initialised already.
  - Keeps what C(regiond.conf) says of the options given here, and restarts MAAS when it had to change something.
  - Starts and enables MAAS's services where they were stopped, as they are on a host whose region was removed.
  - Ends when the region answers out of its database and is among those that racks are told of (C(/MAAS/rpc/)).
  - An initialisation or a change that was cut short is finished, migrations of the database included.
  - The database URI reaches MAAS on its standard input; no secret is in the arguments of any command.
  - MAAS has no lock around its migrations, so initialise one region of a deployment after the other.
options:
  mode:
    description: What the host becomes. Another mode than the one it has is refused.
    type: str
    choices: [region, region+rack]
    default: region
  maas_url:
    description: The one address under which machines and racks reach MAAS, the same on every region.
    type: str
    required: true
  database_host:
    description: Name or address of PostgreSQL's writable server, or of a proxy that follows it.
    type: str
    required: true
  database_port:
    description: TCP port of PostgreSQL.
    type: int
    default: 5432
  database_name:
    description: The database.
    type: str
    default: maasdb
  database_user:
    description: The role that owns the database.
    type: str
    default: maas
  database_password:
    description: Password of O(database_user). MAAS carries letters, digits, C(_) and C(-) only.
    type: str
    required: true
  broadcast_address:
    description:
      - This host's own IPv4 address, by which the other regions find it (MAAS 3.5 and later).
      - Unset leaves it to MAAS, which may take the virtual IP for it.
    type: str
  num_workers:
    description: Number of worker processes, 1 to 10. Unset leaves MAAS's own default of 4.
    type: int
  timeout:
    description: Seconds after which a command of MAAS is ended; the first one migrates the database.
    type: int
    default: 1800
  ready_timeout:
    description: Seconds in which the region must answer. After half of them the database is migrated once more.
    type: int
    default: 300
attributes:
  check_mode:
    description: Tells what it would do and does nothing, on hosts without the snap too.
    support: full
  diff_mode:
    description: Shows the settings that differ; of the password only that it differs.
    support: full
  idempotent:
    description: Decided from MAAS's own files.
    support: full
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Initialise the regions, one after the other
  metal.maas_ha.region_init:
    maas_url: http://192.0.2.5:5240/MAAS
    database_host: 127.0.0.1
    database_port: 6432
    database_password: "{{ vault_maas_database_password }}"
    broadcast_address: "{{ maas_address }}"
    num_workers: 4
  throttle: 1
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: success
  sample: [init]
mode:
  description: What the host is initialised as.
  type: str
  returned: success
  sample: region
"""

import http.client
import json
import re
import socket
import time
from urllib.error import HTTPError
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.metal.maas_ha.plugins.module_utils import _cli

API = "http://localhost:5240/MAAS"
# For a region that is initialised but does not answer.
LAST_RESORT = ["migrate", "restart"]
# What `maas init` keeps when it finds it, and cannot be told otherwise.
KEPT_BY_INIT = ("broadcast_address", "num_workers")
PLACE_OF_DATABASE = ("database_host", "database_port", "database_name")
# What PostgreSQL says, and what the reader can do about it.
REMEDIES = (
    (r"password authentication failed|no password supplied", "database_password: PostgreSQL refuses it."),
    (r"no pg_hba.conf entry", "pg_hba.conf: let database_user in from this host."),
    (r'database "\S+" does not exist', "database_name: create it, owned by database_user."),
    (r'role "\S+" does not exist', "database_user: create it."),
    (r"permission denied|must be owner", "database_user: make it the owner of the database."),
    (r"too many (clients|connections)|remaining connection slots", "max_connections: raise it in PostgreSQL."),
    (
        r"could not translate|[Cc]onnection refused|No route to host|timeout expired|closed the connection",
        "database_host, database_port: nothing that works answers there.",
    ),
)


def settings(params):
    """Return what regiond.conf is to say, by its own keys."""
    wanted = {key: params[key] for key in ("maas_url", *PLACE_OF_DATABASE, "database_user", *KEPT_BY_INIT)}
    wanted["database_pass"] = params["database_password"]
    return {key: value for key, value in wanted.items() if value is not None}


def drift(found, wanted):
    """Return the settings that regiond.conf lacks or has otherwise."""
    changes = {key: value for key, value in wanted.items() if found.get(key) != str(value)}
    if found.get("vault_url"):  # MAAS moved the credentials into Vault and left empty ones behind
        for key in ("database_name", "database_user", "database_pass"):
            if not found.get(key):
                changes.pop(key)
    return changes


def plan(current, found, changes, private, unfinished, stopped):
    """Return what to do, in order.

    Args:
        current: the mode that the host was initialised as, or None.
        found: what regiond.conf says.
        changes: what it is to say otherwise.
        private: whether it is closed to everybody but root.
        unfinished: whether an earlier run was cut short.
        stopped: whether MAAS's services are stopped or disabled.
    """
    half_done = unfinished or (not current and "database_host" in found)
    moved = current and any(key in changes for key in PLACE_OF_DATABASE)
    actions = [] if current else ["init"]
    if current and (changes or not private):
        actions.append("configure")
    if half_done or moved:
        actions.append("migrate")
    if current and stopped:
        actions.append("start")
    elif half_done or (current and changes):
        actions.append("restart")
    return actions


def uri(params):
    """Return the database URI in the one form that MAAS takes."""
    host = params["database_host"]
    host = f"[{host}]" if ":" in host else host
    user, name = quote(params["database_user"], safe=""), quote(params["database_name"], safe="")
    return f"postgres://{user}:{params['database_password']}@{host}:{params['database_port']}/{name}"


def carry_out(lock, actions, params, text, changes):
    """Do what was planned."""
    conf = _cli.DATA / "regiond.conf"
    _cli.begin("region")
    if "init" in actions:
        _cli.write(conf, _cli.merge(text, {key: changes[key] for key in KEPT_BY_INIT if key in changes}))
        words = ["init", params["mode"], "--maas-url", params["maas_url"]]
        said = _cli.maas(lock, *words, answers=uri(params) + "\n", timeout=params["timeout"])
        if _cli.mode() != params["mode"]:
            raise _cli.CliError(f"`maas init` ended well but initialised nothing. {_cli.last_words(said)}", said)
    if "configure" in actions:
        _cli.write(conf, _cli.merge(text, changes))
    if "migrate" in actions:
        _cli.maas(lock, "migrate", timeout=params["timeout"])
    if "start" in actions:
        _cli.start(lock)
    if "restart" in actions:
        _cli.restart(lock)
    _cli.finish("region")


def silence():
    """Return None when the region answers out of its database and racks can find it, else what it does instead."""
    try:
        with open_url(f"{API}/rpc/", timeout=5, use_proxy=False) as response:
            loops = json.load(response)["eventloops"]
    except HTTPError as error:
        return f"it answers {error.code}: {error.read(300).decode(errors='replace').strip()}"
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        return f"it does not answer: {error}"
    host = socket.gethostname().split(".")[0]
    if not any(loop.partition(":")[0] == host for loop in loops):
        return f"{host} is not among the regions that it names to racks: {', '.join(loops) or 'none'}"
    if not (_cli.COMMON / "maas" / "secret").exists():
        return "it has not written its secret yet"
    return None


def wait(seconds):
    """Wait until the region answers; return None, or what it does instead when the time is over."""
    until = time.monotonic() + seconds
    while True:
        problem = silence()
        if not problem or time.monotonic() > until:
            return problem
        time.sleep(1)


def explain(error):
    """Return the text of a CliError, with what can be done about it."""
    remedies = [remedy for pattern, remedy in REMEDIES if re.search(pattern, error.said)]
    return " ".join([str(error), *remedies[:1]])


def refusal(params):
    """Return why these options cannot work, or None."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", params["database_password"]):
        return "database_password: MAAS carries letters, digits, _ and - only; choose another one."
    if params["num_workers"] is not None and not 1 <= params["num_workers"] <= 10:
        return f"num_workers: {params['num_workers']} is not between 1 and 10; each worker takes a port of 5250-5259."
    current = _cli.mode()
    if current not in (None, params["mode"]):
        return (
            f"mode: this host is initialised as {current} and cannot become {params['mode']}. "
            "Keep its groups as they were, or take it out of the deployment first (`snap remove --purge maas` on it)."
        )
    return None


def visible(values, hidden):
    """Return settings as a diff may show them."""
    return {key: hidden if key == "database_pass" else str(value) for key, value in values.items()}


def ensure(module, lock=None):
    """Bring the region where it should be; without a lock only tell what would be done."""
    params = module.params
    reason = refusal(params)
    if reason:
        module.fail_json(msg=reason)
    conf = _cli.DATA / "regiond.conf"
    current, text = _cli.mode(), _cli.read(conf)
    found = _cli.parse(text)
    changes = drift(found, settings(params))
    stopped = bool(current) and _cli.stopped(module)
    actions = plan(current, found, changes, _cli.is_private(conf), _cli.unfinished("region"), stopped)
    if lock:
        if actions:
            carry_out(lock, actions, params, text, changes)
        half = params["ready_timeout"] / 2
        if wait(half):
            carry_out(lock, LAST_RESORT, params, text, changes)
            actions += LAST_RESORT
            problem = wait(half)
            if problem:
                raise _cli.CliError(
                    f"MAAS is initialised, but after {2 * half:.0f} s this region is not ready: {problem}. "
                    "See `snap logs -n=100 maas` on the host.",
                    problem,
                )
    replaced = {key: found[key] for key in changes if key in found}
    module.exit_json(
        changed=bool(actions),
        actions=actions,
        mode=params["mode"],
        diff=dict(
            before=dict(visible(replaced, "(hidden)"), mode=current or "none"),
            after=dict(visible(changes, "(hidden, another)"), mode=params["mode"]),
        ),
    )


def main():
    module = AnsibleModule(
        argument_spec=dict(
            mode=dict(type="str", choices=["region", "region+rack"], default="region"),
            maas_url=dict(type="str", required=True),
            database_host=dict(type="str", required=True),
            database_port=dict(type="int", default=5432),
            database_name=dict(type="str", default="maasdb"),
            database_user=dict(type="str", default="maas"),
            database_password=dict(type="str", required=True, no_log=True),
            broadcast_address=dict(type="str"),
            num_workers=dict(type="int"),
            timeout=dict(type="int", default=1800),
            ready_timeout=dict(type="int", default=300),
        ),
        supports_check_mode=True,
    )
    if module.check_mode:
        ensure(module)
    try:
        with _cli.exclusive(module.params["timeout"]) as lock:
            ensure(module, lock)
    except _cli.CliError as error:
        module.fail_json(msg=explain(error))


if __name__ == "__main__":
    main()
