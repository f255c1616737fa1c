# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""MAAS's command line and files on a host that has the snap. PRIVATE to this collection."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pathlib
import re
import select
import signal
import subprocess
import tempfile
import time

MAAS = "/snap/bin/maas"
SNAP = "/usr/bin/snap"
COMMON = pathlib.Path("/var/snap/maas/common")
DATA = pathlib.Path("/var/snap/maas/current")
RUN = pathlib.Path("/run/maas-ha")

KEPT = 64 * 1024
FLOOD = 4 * 1024 * 1024
ENTRY = r"^%s:[ \t]*(.*)\n((?:[ \t]*-.*\n|[ \t]+.*\n)*)"
PLAIN = re.compile(r"[A-Za-z][\w.:/-]*[\w/]|\d+(?:\.\d+){3}", re.ASCII)
NOT_TEXT = ("true", "false", "yes", "no", "on", "off", "null")


class CliError(Exception):
    """A command of MAAS failed; the text says which one and its last words, `said` holds all of them."""

    def __init__(self, message, said=""):
        super().__init__(message)
        self.said = said


def mode():
    """Return what MAAS was initialised as: region, rack, region+rack, or None."""
    return read(COMMON / "snap_mode").strip() or None


def read(path):
    """Return a file's text, empty when there is no such file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def write(path, text):
    """Replace a file at once by one that root alone can read."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # its mode is 0600
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(name, path)


def is_private(path):
    """Tell whether a file is there and closed to everybody but root."""
    return path.exists() and path.stat().st_mode & 0o777 == 0o600


def parse(text):
    """Return the settings of a regiond.conf or rackd.conf: each a text or a list of texts.

    MAAS writes flat YAML. Hosts need not have PyYAML, and lines that are not ours must stay as they are.
    """
    return {
        key: [_text(item.strip()[1:]) for item in items.splitlines()] if items else _text(value)
        for key, value, items in re.findall(ENTRY % r"(\w+)", _ended(text), re.MULTILINE)
    }


def merge(text, settings):
    """Return the text with the settings in place of its own and every other line as it was.

    Args:
        text: what regiond.conf or rackd.conf holds.
        settings: dict of name to text, number, or list of texts.
    """
    text = _ended(text)
    for key, value in settings.items():
        items = "".join(f"- {_yaml(item)}\n" for item in value) if isinstance(value, list) else ""
        entry = f"{key}:\n{items}" if items else f"{key}: {_yaml(value)}\n"
        text, found = re.subn(ENTRY % key, lambda dummy, entry=entry: entry, text, count=1, flags=re.MULTILINE)
        text += "" if found else entry
    return text


def _ended(text):
    text = "" if text.strip() == "{}" else text
    return text if text.endswith("\n") or not text else text + "\n"


def _text(value):
    value = value.strip()
    if value.startswith("'"):
        return value[1:-1].replace("''", "'")
    return json.loads(value) if value.startswith('"') else value


def _yaml(value):
    value, number = str(value), isinstance(value, int)
    plain = PLAIN.fullmatch(value) and value.lower() not in NOT_TEXT
    return value if number or plain else "'" + value.replace("'", "''") + "'"


@contextlib.contextmanager
def exclusive(timeout):
    """Hold MAAS's command line on this host; yield the lock, which each command inherits.

    So a command that outlives a killed run keeps the lock until it ends.

    Raises:
        CliError: somebody else held it for `timeout` seconds.
    """
    RUN.mkdir(mode=0o755, parents=True, exist_ok=True)
    until = time.monotonic() + timeout
    with open(RUN / "cli.lock", "w", encoding="ascii") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise CliError(
                        f"a command of MAAS that an earlier run left behind has been at work for {timeout} s. "
                        f"See `fuser -v {lock.name}`, let it end or end it, and run this again"
                    ) from None
                time.sleep(1)
        yield lock


def begin(work):
    """Note that this work is about to change MAAS. The note lies in /run, as a reboot finishes what a restart would."""
    (RUN / f"{work}.begun").touch()


def unfinished(work):
    """Tell whether an earlier run ended between `begin` and `finish`."""
    return (RUN / f"{work}.begun").exists()


def finish(work):
    """Note that MAAS runs with what was changed."""
    (RUN / f"{work}.begun").unlink()


def maas(lock, *words, answers="", timeout=900):
    """Run `maas` with these words and answers on its standard input; return all that it said.

    MAAS asks on for ever when its input has ended: too much output or too long a time ends it.

    Raises:
        CliError: it failed or was ended.
    """
    return run(lock, [MAAS, *words], answers, timeout)


def restart(lock):
    """Restart MAAS's services. Those that are stopped stay so."""
    run(lock, [SNAP, "restart", "maas"], timeout=300)


def stopped(module):
    """Tell whether somebody has stopped or disabled MAAS's services, as is done to a region that goes."""
    status, said = module.run_command([SNAP, "services", "maas"], environ_update={"LC_ALL": "C"})[:2]
    return status == 0 and any(line.split()[1:3] != ["enabled", "active"] for line in said.splitlines()[1:])


def start(lock):
    """Start MAAS's services, now and whenever the host boots."""
    run(lock, [SNAP, "start", "--enable", "maas"], timeout=300)


def run(lock, words, answers="", timeout=300):
    """Run a command in a session of its own, so that it has no terminal to ask on; return all that it said."""
    name = " ".join([os.path.basename(words[0]), *words[1:3]])
    until = time.monotonic() + timeout
    try:
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function # run_command ends neither hang nor flood
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )
    except OSError as error:
        raise CliError(f"`{name}` cannot be run: {error}. Install the maas snap first (role maas_snap)") from error
    with process:
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(answers.encode())
        said, size = b"", 0
        while size < FLOOD and select.select([process.stdout], [], [], max(0, until - time.monotonic()))[0]:
            chunk = os.read(process.stdout.fileno(), KEPT)
            if not chunk:
                break
            size += len(chunk)
            said = (said + chunk)[-KEPT:]
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    text = said.decode(errors="replace")
    if size >= FLOOD:
        raise CliError(f"`{name}` asked for ever for what it was not told and was ended. {last_words(text)}", text)
    if process.returncode == -signal.SIGKILL:
        raise CliError(f"`{name}` was killed, by its limit of {timeout} s if by nobody else. {last_words(text)}", text)
    if process.returncode:
        raise CliError(f"`{name}` failed with status {process.returncode}. {last_words(text)}", text)
    return text


def last_words(text):
    """Return the last lines that were meant for a person, without the frames of a traceback."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith(" ")]
    return f"Its last words: {' | '.join(lines[-6:])[-1000:]}" if lines else "It said nothing."
