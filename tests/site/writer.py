# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write through MAAS's API while something happens to it, and say what was lost and how long nobody could write."""

from __future__ import annotations

import itertools
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass

from ansible_collections.metal.maas_ha.plugins.module_utils._client import MaasError

from tests.site import maas
from tests.site.probe import longest_gap

INTERVAL = 0.2  # seconds from the end of a write to the next
PATIENCE = 5  # seconds after which a write counts as not answered


@dataclass(frozen=True)
class Write:
    """One request.

    Attributes:
        name: of the tag that it creates.
        begin, end: when it was sent and when its answer came, or was given up, in seconds of time.monotonic.
        error: why it is not acknowledged, which says nothing of whether it was carried out; None when it is.
    """

    name: str
    begin: float
    end: float
    error: str | None


class Writer:
    """Creates tags through the virtual IP while it is open, one at a time, or so many beside each other.

    Attributes:
        writes: list of Write, in the order they ended in.
    """

    def __init__(self, patience=PATIENCE, beside=1):
        self._patience, self._beside = patience, beside

    def __enter__(self):
        self.writes = []
        self._prefix, self._numbers = f"writer-{uuid.uuid4().hex[:8]}", itertools.count()
        self._client = maas.client(timeout=self._patience)
        self._open = True
        self._begin = time.monotonic()
        self._threads = [threading.Thread(target=self._run, daemon=True) for dummy in range(self._beside)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *dummy):
        self._open = False
        for thread in self._threads:
            thread.join()
        self._end = time.monotonic()

    def _run(self):
        while self._open:
            name, begin, error = f"{self._prefix}-{next(self._numbers)}", time.monotonic(), None
            try:
                self._client.exchange(0, "POST", "tags/", {}, {"name": name})
            except MaasError as failure:
                error = str(failure)
            self.writes.append(Write(name, begin, time.monotonic(), error))
            time.sleep(INTERVAL)  # the rhythm of the writes, not a wait for anything

    @property
    def acknowledged(self):
        """The writes that MAAS said it had carried out."""
        return [write for write in self.writes if write.error is None]

    @property
    def failed(self):
        """The writes without an answer that says so."""
        return [write for write in self.writes if write.error is not None]

    @property
    def times(self):
        """When writes were acknowledged, after the moment in which it began."""
        return [self._begin, *sorted(write.end for write in self.acknowledged)]

    @property
    def longest(self):
        """Seconds of the longest time in which no write was acknowledged."""
        return longest_gap(self.times, self._begin, self._end)

    def missing(self):
        """Return the names of acknowledged tags that MAAS does not have."""
        kept = {tag["name"] for tag in maas.client().get("tags/")}
        return [write.name for write in self.acknowledged if write.name not in kept]

    def __str__(self):
        return (
            f"{len(self.acknowledged)} of {len(self.writes)} writes were acknowledged, "
            f"at most {self.longest:.1f} s passed without one; {len(self.failed)} failed: "
            f"{sorted({write.error for write in self.failed})}"
        )


@contextmanager
def writing(silence):
    """Write while something happens, and see that all that was acknowledged is there; silence: seconds, the limit."""
    with Writer() as writer:
        yield
    print(writer)
    assert writer.missing() == []
    assert writer.longest < silence
