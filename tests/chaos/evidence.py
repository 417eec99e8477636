"""Who has which row: what the outbox's file holds, what the org has written down, and what follows from both.

The two witnesses know nothing of each other. The file counts every row that was ever committed, in the very commit; the
org's journal holds every record before it is acknowledged. So a row that got lost is missing in one of two ways: it was
seen in the file and is not in the journal, or the file has counted more rows than there are different ones.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.datacloud.schema import BY_NAME, OBJECTS, TELEMETRY
from app.datacloud.store import NOW, Store
from app.datacloud.tables import EVER, Limits
from tests.chaos.verdict import Check, exactly, thousands

TOLD_AGAIN: Final = tuple(spec.name for spec in OBJECTS if spec is not TELEMETRY)
"""Objects whose rows have later tellings under the same key."""
_GONE: Final = ("delivered", "letters_lost", "purged", "evicted", "damaged")


class Told(NamedTuple):
    """One row."""

    object: str
    body: bytes

    @property
    def values(self) -> dict[str, Any]:  # Any: JSON
        """Its values by name."""
        values: dict[str, Any] = json.loads(self.body)
        return values


class Snapshot(NamedTuple):
    """An outbox's file that nobody works with.

    Attributes:
        rows: What waits in it.
        figures: What it counts, by object and name.
    """

    rows: list[Told]
    figures: Counter[tuple[str, str]]

    def total(self, name: str) -> int:
        """A count over all objects."""
        return sum(self.figures[spec.name, name] for spec in OBJECTS)

    def is_balanced(self) -> bool:
        """Whether what was taken is what became of it, for every object."""
        return all(
            self.figures[spec.name, "taken"]
            == sum(self.figures[spec.name, name] for name in (*_GONE, "rows", "letters"))
            for spec in OBJECTS
        )


def snapshot(outbox: Path) -> Snapshot:
    """What the file of a gateway that is dead holds; the file itself is not touched."""
    copy = outbox.parent.with_name("copy") / outbox.name
    shutil.rmtree(copy.parent, ignore_errors=True)
    copy.parent.mkdir()
    for suffix in ("", "-wal"):
        if (file := outbox.with_name(outbox.name + suffix)).exists():
            shutil.copyfile(file, copy.with_name(copy.name + suffix))
    store = Store(copy, Limits())
    store.open()
    rows = [
        Told(spec.name, body)
        for spec in OBJECTS
        for each in store.pick(spec.name, (), 0, 1 << 60).picked
        for body in store.rows_of(each.chunk) or ()
    ]
    figures = Counter({(name, what): n for (day, name, what), n in store.figures.items() if day in (EVER, NOW)})
    store.close()
    return Snapshot(rows, figures)


class Journal:
    """What the org has written down, read bit by bit.

    Args:
        path: The emulator's journal; it may not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._rest = b""

    def more(self) -> list[Told]:
        """The records that came since the last time."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            *lines, self._rest = (self._rest + file.read()).split(b"\n")
            self._read = file.tell()
        return [Told(name.decode(), body) for name, _, body in (line.partition(b"\t") for line in lines)]


class Books:
    """What the witnesses have said so far."""

    def __init__(self) -> None:
        self.in_file: set[Told] = set()
        """Rows that were seen waiting."""
        self.delivered: list[Told] = []
        """Records that came, in order."""

    def saw(self, rows: Iterable[Told]) -> None:
        """Rows stand in the file."""
        self.in_file.update(rows)

    def came(self, records: Iterable[Told]) -> None:
        """Records stand in the journal."""
        self.delivered += records

    @property
    def duplicates(self) -> int:
        """Records that came more than once."""
        return len(self.delivered) - len(set(self.delivered))

    def verdicts(self, last: Snapshot) -> list[Check]:
        """What must hold once all is delivered, given the file as it is then."""
        there = set(self.delivered)
        return [
            Check(f"{thousands(last.total('taken'))} committed, {thousands(len(there))} different ones at the org"),
            exactly("committed − delivered", last.total("taken") - len(there), 0),
            exactly("seen in the file and never delivered", len(self.in_file - there), 0),
            exactly("waiting", last.total("rows"), 0),
            exactly("dead letters", last.total("letters"), 0),
            exactly("evicted, damaged or not stored", sum(map(last.total, ("evicted", "damaged", "not_spooled"))), 0),
            exactly("file's counts balance", last.is_balanced(), True),
            exactly("same id, other bytes", self._contradictions(), 0),
        ]

    def _contradictions(self) -> int:
        """Ids of telemetry that stand for more than one row."""
        bodies: dict[str, set[bytes]] = defaultdict(set)
        for told in self.in_file.union(self.delivered):
            if told.object == TELEMETRY.name:
                bodies[told.values[TELEMETRY.primary_key]].add(told.body)
        return sum(len(different) > 1 for different in bodies.values())

    def newest(self, name: str) -> dict[str, dict[str, Any]]:
        """The newest telling of each key that was ever committed, by Record Modified."""
        key, found = BY_NAME[name].primary_key, {}
        told = (each.values for each in self.in_file.union(self.delivered) if each.object == name)
        for values in sorted(told, key=lambda values: str(values["recordModified"])):
            found[values[key]] = values
        return found


def stale_rows(books: Books, at_org: dict[str, dict[str, dict[str, Any]]]) -> int:
    """Rows of the org that are not the newest telling that was committed; by object, then by key."""
    return sum(at_org[name].get(key) != values for name in TOLD_AGAIN for key, values in books.newest(name).items())
