# Copyright: (c) 2026, the metal.maas_ha authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rows in named tables, with indexes, ids, and a journal of what was changed."""

from __future__ import annotations

# The columns that rows are looked up by; every other lookup reads the whole table.
INDEXES = {
    "address": ("interface", "subnet", "ip"),
    "interface": ("node", "vlan"),
    "iprange": ("subnet",),
    "nonce": ("nonce",),
    "process": ("node",),
    "reservedip": ("subnet",),
    "service": ("node",),
    "setting": ("name",),
    "sshkey": ("user",),
    "subnet": ("vlan", "cidr"),
    "token": ("key", "user"),
    "vlan": ("fabric", "space", "vid", "primary_rack", "secondary_rack", "relay_vlan"),
}


class StoreError(Exception):
    """The database is away or refuses: the API answers 500 with this text."""


class Tables:
    """Rows by table and id, as seen by one transaction.

    Rows are plain JSON-able dicts with an integer "id". Treat what you read as read-only: only insert, update and
    delete change rows, and they note what was there before, so that a store can roll back or write what changed.
    """

    def __init__(self, load=None):
        """load(kind) returns the stored {id: row} of a table when it is first used; without it tables start empty."""
        self._load = load or (lambda kind: {})
        self._tables = {}
        self._indexes = {}
        self.journal = []  # (kind, id, the row before the change or None)

    def table(self, kind):
        """Return {id: row} of a table."""
        if kind not in self._tables:
            self._tables[kind] = dict(self._load(kind))
            indexes = {column: {} for column in INDEXES.get(kind, ())}
            self._indexes[kind] = indexes
            for row in self._tables[kind].values():
                _index(indexes, row)
        return self._tables[kind]

    def get(self, kind, row_id):
        """Return the row with that id, or None."""
        return self.table(kind).get(row_id)

    def where(self, kind, /, **columns):
        """Return the rows whose columns equal the given values, by id."""
        table = self.table(kind)
        indexed = [
            self._indexes[kind][column].get(columns[column], ())
            for column in INDEXES.get(kind, ())
            if column in columns
        ]
        rows = (table[row_id] for row_id in min(indexed, key=len)) if indexed else table.values()
        return sorted(
            (row for row in rows if all(row.get(column) == value for column, value in columns.items())),
            key=lambda row: row["id"],
        )

    def find(self, kind, /, **columns):
        """Return the first row that where() gives, or None."""
        return next(iter(self.where(kind, **columns)), None)

    def first(self, kind, column, value):
        """Return the row of the lowest id that has a value in an indexed column, or None."""
        table = self.table(kind)
        return table.get(min(self._indexes[kind][column].get(value) or (None,)))

    def new_id(self, kind):
        """Return the next free id of a table; ids are never given twice."""
        sequence = self._sequence(kind)
        number = sequence["last"] + 1 if sequence else 1
        while number in self.table(kind):
            number += 1
        self.start_ids(kind, number + 1)
        return number

    def _sequence(self, kind):
        """Return the row that counts a table's ids, or None."""
        return next((row for row in self.table("sequence").values() if row["kind"] == kind), None)

    def start_ids(self, kind, first):
        """Let the next ids of a table begin with first."""
        sequence = self._sequence(kind)
        row_id = sequence["id"] if sequence else max(self.table("sequence"), default=0) + 1
        self._write("sequence", row_id, {"id": row_id, "kind": kind, "last": first - 1})

    def insert(self, kind, /, **columns):
        """Add a row, under a new id unless one is given, and return it."""
        row = dict(columns)
        row.setdefault("id", None)
        if row["id"] is None:
            row["id"] = self.new_id(kind)
        self._write(kind, row["id"], row)
        return row

    def update(self, kind, row_id, /, **columns):
        """Change columns of a row and return it as it is now."""
        row = {**self.table(kind)[row_id], **columns}
        self._write(kind, row_id, row)
        return row

    def delete(self, kind, row_id):
        """Remove a row."""
        self._write(kind, row_id, None)

    def rollback(self, mark=0):
        """Undo every change made since the journal had mark entries."""
        while len(self.journal) > mark:
            kind, row_id, before = self.journal[-1]
            self._write(kind, row_id, before)
            del self.journal[-2:]

    def changes(self):
        """Return {(kind, id): row or None} of what differs from what was loaded: what a store has to write."""
        return {(kind, row_id): self.get(kind, row_id) for kind, row_id, dummy in self.journal}

    def _write(self, kind, row_id, row):
        table = self.table(kind)
        before = table.get(row_id)
        self.journal.append((kind, row_id, before))
        if before is not None:
            _unindex(self._indexes[kind], before)
        if row is not None:
            table[row_id] = row
            _index(self._indexes[kind], row)
        elif before is not None:
            del table[row_id]


def _index(indexes, row):
    for column, ids in indexes.items():
        ids.setdefault(row.get(column), set()).add(row["id"])


def _unindex(indexes, row):
    for column, ids in indexes.items():
        ids[row.get(column)].discard(row["id"])
