#!/usr/bin/python
# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rack_init
short_description: Initialise a rack controller and keep its regions and its secret
version_added: 1.0.0
description:
  - Runs C(maas init rack) on a host that has the maas snap, unless the host is initialised already.
  - Keeps the addresses of the regions and the size of the connection pools in C(rackd.conf).
  - Keeps the secret that racks share with regions, and restarts MAAS when it was another one.
  - Starts and enables MAAS's services where they were stopped.
  - A region+rack has the secret and is initialised by M(metal.maas_ha.region_init); here only C(rackd.conf) is kept.
  - Ends when MAAS was started. Whether the rack is connected is for the regions to say
    (M(metal.maas_ha.rack_controller_info)).
options:
  maas_url:
    description:
      - Addresses of the regions, such as V(http://192.0.2.5:5240/MAAS), the highly available one first.
      - MAAS's agent knows the first one only; a rack that starts looks for regions at all of them.
    type: list
    elements: str
    required: true
  secret:
    description:
      - What racks and regions share, found in C(/var/snap/maas/common/maas/secret) of any region.
      - Needed to initialise. Unset leaves the secret of an initialised rack alone.
    type: str
  max_idle_rpc_connections:
    description: Connections kept to each worker of each region. Unset leaves it alone; MAAS's own default is 1.
    type: int
  max_rpc_connections:
    description: Most connections to each worker of each region. Unset leaves it alone; MAAS's own default is 4.
    type: int
  timeout:
    description: Seconds after which C(maas init) is ended.
    type: int
    default: 300
attributes:
  check_mode:
    description: Tells what it would do and does nothing, on hosts without the snap too.
    support: full
  diff_mode:
    description: Shows the settings that differ; of the secret only that it differs.
    support: full
  idempotent:
    description: Decided from MAAS's own files.
    support: full
author:
  - The metal.maas_ha authors (@metal-maas-ha)
"""

EXAMPLES = r"""
- name: Read the secret of a region
  ansible.builtin.slurp:
    src: /var/snap/maas/common/maas/secret
  register: secret
  delegate_to: region1
  no_log: true

- name: Join the regions
  metal.maas_ha.rack_init:
    maas_url:
      - http://192.0.2.5:5240/MAAS
      - http://192.0.2.11:5240/MAAS
      - http://192.0.2.12:5240/MAAS
    secret: "{{ secret.content | b64decode }}"
"""

RETURN = r"""
actions:
  description: What was done, or in check mode would be done, in order.
  type: list
  elements: str
  returned: success
  sample: [init, configure]
hostname:
  description: The name under which the regions will know the rack.
  type: str
  returned: success
  sample: rack1
mode:
  description: What the host is initialised as.
  type: str
  returned: success
  sample: rack
"""

import re
import socket

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.metal.maas_ha.plugins.module_utils import _cli

POOLS = ("max_idle_rpc_connections", "max_rpc_connections")


def drift(found, params):
    """Return the settings that rackd.conf lacks or has otherwise. One address stands as text, as MAAS writes it."""
    urls = params["maas_url"]
    wanted = {"maas_url": urls if len(urls) > 1 else urls[0]}
    wanted.update((key, params[key]) for key in POOLS if params[key] is not None)
    return {key: value for key, value in wanted.items() if found.get(key) not in (value, str(value))}


def plan(current, changes, private, secret_differs, unfinished, stopped):
    """Return what to do, in order.

    Args:
        current: the mode that the host was initialised as, or None.
        changes: what rackd.conf is to say otherwise.
        private: whether rackd.conf is closed to everybody but root.
        secret_differs: whether the rack has another secret than the given one, or a readable one.
        unfinished: whether an earlier run was cut short.
        stopped: whether MAAS's services are stopped or disabled.
    """
    actions = [] if current else ["init"]
    if changes or not private:
        actions.append("configure")
    if current and secret_differs:
        actions.append("secret")
    if current and stopped:
        actions.append("start")
    # Addresses are read again all the time, pools and the secret at the start only.
    elif unfinished or (current and (secret_differs or any(key in changes for key in POOLS))):
        actions.append("restart")
    return actions


def carry_out(lock, actions, params, changes):
    """Do what was planned."""
    conf, secret = _cli.DATA / "rackd.conf", _cli.COMMON / "maas" / "secret"
    _cli.begin("rack")
    if "init" in actions:
        for path in (conf, secret):
            _cli.write(path, _cli.read(path))
        words = ["init", "rack", "--maas-url", params["maas_url"][0]]
        said = _cli.maas(lock, *words, answers=params["secret"] + "\n", timeout=params["timeout"])
        if _cli.mode() != "rack":
            raise _cli.CliError(f"`maas init` ended well but initialised nothing. {_cli.last_words(said)}", said)
    if "configure" in actions:
        _cli.write(conf, _cli.merge(_cli.read(conf), changes))
    if "secret" in actions:
        _cli.write(secret, params["secret"])
    if "start" in actions:
        _cli.start(lock)
    if "restart" in actions:
        _cli.restart(lock)
    _cli.finish("rack")


def refusal(current, params):
    """Return why these options cannot work, or None."""
    if not params["maas_url"]:
        return "maas_url: give the address of one region at least."
    if current == "region":
        return (
            "This host is initialised as a region alone and cannot become a rack as well. "
            "Take it out of the racks, or out of the deployment first (`snap remove --purge maas` on it)."
        )
    if params["secret"] is not None and not re.fullmatch(r"(?:[0-9a-fA-F]{2})+", params["secret"]):
        return "secret: not hexadecimal, so no region made it; read it from /var/snap/maas/common/maas/secret of one."
    return None


def ensure(module, lock=None):
    """Bring the rack where it should be; without a lock only tell what would be done."""
    params = module.params
    current = _cli.mode()
    reason = refusal(current, params)
    if reason:
        module.fail_json(msg=reason)
    conf, secret = _cli.DATA / "rackd.conf", _cli.COMMON / "maas" / "secret"
    found = _cli.parse(_cli.read(conf))
    changes = drift(found, params)
    ours = params["secret"] is not None and current != "region+rack"
    differs = ours and (_cli.read(secret).strip() != params["secret"] or not _cli.is_private(secret))
    stopped = bool(current) and _cli.stopped(module)
    actions = plan(current, changes, _cli.is_private(conf), differs, _cli.unfinished("rack"), stopped)
    if lock and actions:
        if "init" in actions and params["secret"] is None:
            module.fail_json(
                msg="secret: this host is not a rack yet, and without the regions' secret it cannot become one. "
                "Read it from /var/snap/maas/common/maas/secret of a region; it is there once the region answers."
            )
        carry_out(lock, actions, params, changes)
    replaced = {key: found[key] for key in changes if key in found}
    module.exit_json(
        changed=bool(actions),
        actions=actions,
        hostname=socket.gethostname().split(".")[0],
        mode=current or "rack",
        diff=dict(
            before=dict(replaced, mode=current or "none", **({"secret": "(hidden)"} if differs else {})),
            after=dict(changes, mode=current or "rack", **({"secret": "(hidden, another)"} if differs else {})),
        ),
    )


def main():
    module = AnsibleModule(
        argument_spec=dict(
            maas_url=dict(type="list", elements="str", required=True),
            secret=dict(type="str", no_log=True),
            max_idle_rpc_connections=dict(type="int"),
            max_rpc_connections=dict(type="int"),
            timeout=dict(type="int", default=300),
        ),
        supports_check_mode=True,
    )
    if module.check_mode:
        ensure(module)
    try:
        with _cli.exclusive(module.params["timeout"]) as lock:
            ensure(module, lock)
    except _cli.CliError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
