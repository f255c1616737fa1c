# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands and waits, each with a limit."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Result = TypeVar("Result")


class LabError(RuntimeError):
    """Something the lab needs did not happen; the text says what."""


def run(command: Sequence[str], *, stdin: str | None = None, seconds: float = 60, check: bool = True, **options) -> str:
    """Run a command and return its standard output; LabError with its output when it fails or takes too long."""
    words = " ".join(map(str, command))[:200]
    try:
        done = subprocess.run(
            command, input=stdin, text=True, capture_output=True, timeout=seconds, check=False, **options
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{words}: not done in {seconds} s") from error
    except FileNotFoundError as error:
        raise LabError(f"{command[0]} is not installed: make setup") from error
    if check and done.returncode:
        raise LabError(f"{words}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def wait_for(what: str, condition: Callable[[], Result], seconds: float) -> Result:
    """Ask until the answer is true and return it; LabError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds} s for {what}")
        time.sleep(0.1)
    return answer
