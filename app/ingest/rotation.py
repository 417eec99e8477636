"""How a recording is cut into files and which of them may stay: pure, told sizes and times.

A rig's recording is a series of files, `<rig_id>-<UTC start>.pcap`, such as `RIG_A-20261122T160512.123Z.pcap`. Names of
one length sort as time does, so the name alone says what is older. A file of any other name (a recording renamed to
keep it, another rig's, a stranger's) is not ours, and nothing here ever gives it away.

The room is kept by giving it away beforehand: files that are being written count with the size they may reach, so the
files of a recorder together never outgrow `total_bytes`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

MIB: Final = 1024 * 1024
_FILES_PER_RIG: Final = 4  # at least: a small budget still has three behind the one being written
_NAME = re.compile(r"(?P<rig_id>[A-Za-z0-9_-]{1,32})-(?P<start>[0-9]{8}T[0-9]{6}\.[0-9]{3}Z)\.pcap")


class Limits(NamedTuple):
    """How much is kept, and in which pieces.

    Attributes:
        total_bytes: All files of a recorder together.
        max_age_s: No file that began earlier than this stays.
        file_bytes: A file that would grow beyond it is followed by the next.
        file_s: So is one that began so long ago.
    """

    total_bytes: int = 2048 * MIB
    max_age_s: float = 72 * 3600.0
    file_bytes: int = 64 * MIB  # three minutes of a race at 60 Hz, which sends some 360 kB/s
    file_s: float = 15 * 60.0

    def shared_by(self, rigs: int) -> Limits:
        """With files so small that budget and age hold some of each rig."""
        return self._replace(
            file_bytes=min(self.file_bytes, self.total_bytes // (rigs * _FILES_PER_RIG)),
            file_s=min(self.file_s, self.max_age_s / _FILES_PER_RIG),
        )


class Recording(NamedTuple):
    """A closed file of ours: its name, what the name says, its size."""

    name: str
    rig_id: str
    start: str
    size: int


def stamp(at_ms: int) -> str:
    """An instant (milliseconds since 1970 UTC) as file names have it; later ones sort behind."""
    seconds, millis = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y%m%dT%H%M%S}.{millis:03d}Z"


def file_name(rig_id: str, at_s: float, taken: Collection[str]) -> str:
    """The name of a file that begins now: none of `taken`, a few milliseconds later if need be."""
    at_ms = int(at_s * 1000)
    while (name := f"{rig_id}-{stamp(at_ms)}.pcap") in taken:
        at_ms += 1
    return name


def recording(name: str, size: int = 0) -> Recording | None:
    """What a file name says; None when it is no recording."""
    told = _NAME.fullmatch(name)
    return Recording(name, told["rig_id"], told["start"], size) if told else None


def series(names: Iterable[str]) -> dict[str, list[str]]:
    """The recordings among the file names, by rig, each rig's in the order of time."""
    found = sorted((told.rig_id, told.start, told.name) for name in names if (told := recording(name)))
    return {rig_id: [name for rig, _, name in found if rig == rig_id] for rig_id, _, _ in found}


def is_over(started_s: float, size: int, at_s: float, more_bytes: int, limits: Limits) -> bool:
    """Whether the next `more_bytes`, at `at_s`, belong into the next file.

    A clock that was set back by more than a file's age begins a new file too.
    """
    return size + more_bytes > limits.file_bytes or abs(at_s - started_s) >= limits.file_s


def surplus(closed: Sequence[Recording], stuck: Collection[str], rigs: int, now_s: float, limits: Limits) -> list[str]:
    """The names of the files to delete, oldest first.

    Args:
        closed: The recorder's files that are not being written.
        stuck: Those of them that cannot be deleted; they count, and others go in their place.
        rigs: How many files may be written side by side.
        now_s: Seconds since 1970 UTC.
        limits: As shared by these rigs.
    """
    eldest = stamp(int(max(0.0, now_s - limits.max_age_s) * 1000))
    excess = sum(file.size for file in closed) + rigs * limits.file_bytes - limits.total_bytes
    doomed = []
    for file in sorted(closed, key=lambda file: (file.start, file.name)):
        if file.name not in stuck and (file.start < eldest or excess > 0):
            doomed.append(file.name)
            excess -= file.size
    return doomed
