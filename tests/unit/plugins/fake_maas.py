# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A `maas` and a `snap` without a database behind them: they ask, write and end as the recorded ones do.

$FAKE_LOG gets a line for each call. $FAKE_FAULT makes `init` meet what a test wants: killed, password, questions.
"""

from __future__ import annotations

import json
import os
import pathlib
import signal
import sys
from urllib.parse import urlsplit

import yaml

COMMON, DATA = pathlib.Path(os.environ["SNAP_COMMON"]), pathlib.Path(os.environ["SNAP_DATA"])
MODE, SECRET, USERS = COMMON / "snap_mode", COMMON / "maas" / "secret", COMMON / "users.json"
REFUSED = """\
Traceback (most recent call last):
  File "maascli/snap.py", line 712, in _finalize_init
django.db.utils.OperationalError: connection failed: FATAL:  password authentication failed for user "maas"
subprocess.CalledProcessError: Command '['maas-region', 'dbupgrade']' returned non-zero exit status 1.
"""


def ask(prompt):
    """Ask as MAAS does: for ever, once the input has ended."""
    while True:
        try:
            return input(prompt)
        except EOFError:
            print()


def merge(path, **settings):
    """Change a configuration file as MAAS does."""
    before = yaml.safe_load(path.read_text()) if path.exists() else None
    path.write_text(yaml.safe_dump({**(before or {}), **settings}, default_flow_style=False))


def init(mode, dummy, url):
    """Initialise the host."""
    fault = os.environ.get("FAKE_FAULT")
    if fault == "questions":
        ask("A question that nobody foresaw: ")
    if MODE.exists() and ask("Are you sure you want to re-initialise? ") != "yes":
        return
    database = {}
    if mode == "rack":
        SECRET.write_text(ask("Secret: "))
    else:
        uri = urlsplit(ask("Database URI: "))
        database = {
            "database_host": uri.hostname,
            "database_port": uri.port,
            "database_name": uri.path[1:],
            "database_user": uri.username,
            "database_pass": uri.password,
        }
    merge(DATA / "regiond.conf", maas_url=url, **database)
    merge(DATA / "rackd.conf", maas_url=url)
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "password":
        sys.exit(REFUSED)
    MODE.write_text(mode)


def createadmin(dummy, username, *rest):
    """Create a user, with the key that MAAS gives to a new one."""
    password, again, dummy = (sys.stdin.readline().strip() for dummy in range(3))
    assert password and password == again
    USERS.write_text(json.dumps({username: ["born:with:user"]}))


def apikey(dummy, username, generate=None):
    """List the keys of a user, or make one."""
    users = json.loads(USERS.read_text()) if USERS.exists() else {}
    if username not in users:
        sys.exit("CommandError: User does not exist.")
    if generate:
        users[username].append("made:for:user")
        USERS.write_text(json.dumps(users))
    print("\n".join(users[username]))


def main(program, *words):
    """Do what the words say and note them, but for questions."""
    if words[0] == "services":
        print("Service      Startup  Current  Notes")
        print(f"maas.pebble  {os.environ.get('FAKE_SERVICES', 'enabled  active')}  -")
        return
    with open(os.environ["FAKE_LOG"], "a", encoding="utf-8") as log:
        log.write(" ".join([program, *words]) + "\n")
    verbs = {"init": init, "createadmin": createadmin, "apikey": apikey}
    if words[0] in verbs:
        verbs[words[0]](*words[1:])


if __name__ == "__main__":
    main(*sys.argv[1:])
