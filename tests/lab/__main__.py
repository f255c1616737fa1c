# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's command line."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from . import Lab, LabError, image, topology

VERBS = {
    "kill": "crash a host; its peers see their connections closed",
    "off": "take a host's power; nothing more is heard of it",
    "on": "boot a host with the disk it has",
    "isolate": "let nothing pass to or from a host that runs on",
    "heal": "undo isolate, kill and off",
    "reinstall": "boot a host with an empty disk",
}


def main() -> int:
    """Do what the arguments say; the exit code."""
    arguments = parser().parse_args()
    if os.geteuid():
        raise LabError("only root can run hosts")
    lab = Lab.current()
    begin = time.monotonic()
    verb = arguments.verb
    if verb == "exec":
        return subprocess.run(lab.command(arguments.host, arguments.command), check=False).returncode
    if verb == "hosts":
        print("\n".join(f"{address} {host}" for host, address in lab.hosts.items()))
        return 0
    if verb == "status":
        print("\n".join(f"{host:10}{address:16}{lab.condition(host)}" for host, address in lab.hosts.items()))
        return 0
    if verb == "image":
        image.image()
    elif verb == "create":
        lab.create(arguments.topology)
    elif verb == "destroy":
        lab.destroy()
    else:
        getattr(lab, verb)(arguments.host)
    words = " ".join(str(word) for word in vars(arguments).values())
    print(f"lab {lab.name}: {words} took {time.monotonic() - begin:.1f} s")
    return 0


def parser() -> argparse.ArgumentParser:
    """The verbs and their arguments."""
    top = argparse.ArgumentParser(prog="python -m tests.lab", description="A lab of real hosts on this machine.")
    verbs = top.add_subparsers(dest="verb", required=True)
    verbs.add_parser("image", help="build what hosts are made of, unless it is there")
    create = verbs.add_parser("create", help="make a new lab in place of the old one")
    default = os.environ.get("LAB_TOPOLOGY", "ha5")
    create.add_argument("topology", nargs="?", default=default, choices=topology.names(), metavar="TOPOLOGY")
    verbs.add_parser("destroy", help="remove the lab, or what is left of it")
    verbs.add_parser("status", help="which hosts are on, off or isolated")
    verbs.add_parser("hosts", help="addresses and names")
    execute = verbs.add_parser("exec", help="run a command on a host over ssh")
    execute.add_argument("host")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    for verb, text in VERBS.items():
        verbs.add_parser(verb, help=text).add_argument("host")
    return top


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (LabError, ValueError) as error:
        sys.exit(f"lab: {error}")
