"""An outbox as it is after hours without network, made in half a minute.

Laps of two rigs are made once and then told again under other session ids, which is what differs between them for the
outbox: keys, bytes, and how well they press.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from app.datacloud.chunk import RAW, Chunk, seal
from app.datacloud.schema import LAP, TELEMETRY
from app.datacloud.store import Store
from app.datacloud.tables import Batch, Limits
from tests.datacloud.rows import SESSION_UID, make_rows

EIGHT_HOURS: Final = 2 * 60 * 8 * 3600 + 4_000
"""Rows of two rigs at 60 Hz in eight hours: 3.46 million."""
_A_COMMIT: Final = 24
"""Rows that the gateway commits together: two rigs' tenth of a second."""
_LAP_FRAMES: Final = 4_896
_AT_MS: Final = 1_772_366_400_000  # 2026-03-01 12:00 UTC, when these laps are driven


class Backlog(NamedTuple):
    """What was made.

    Attributes:
        rows: That wait.
        file_bytes: Of the file.
        evicted: Rows that did not fit.
    """

    rows: int
    file_bytes: int
    evicted: int


def telemetry(
    outbox: Path, limits: Limits, rows: int, *, packed: bool = True, most_bytes: int | None = None
) -> Backlog:
    """Fill an outbox with telemetry of two rigs, in pieces as the gateway commits them.

    Args:
        outbox: The file.
        limits: Of the outbox.
        rows: How many.
        packed: Whether they are pressed, as the gateway does; else the file becomes ten times as large.
        most_bytes: Of the file; it stops there.
    """
    outbox.parent.mkdir(parents=True, exist_ok=True)
    store = Store(outbox, limits)
    store.open()
    bodies = laps(rows)
    while some := list(islice(bodies, 2 * _LAP_FRAMES)):
        pieces = (some[at : at + _A_COMMIT] for at in range(0, len(some), _A_COMMIT))
        chunks = [chunk for piece in pieces for chunk in _chunks(store, piece, packed)]
        assert store.write(Batch(chunks), _AT_MS / 1000)
        if most_bytes is not None and store.file_bytes() >= most_bytes:
            break
    store.fold()
    name = TELEMETRY.name
    made = Backlog(store.figures["now", name, "rows"], store.file_bytes(), store.figures["", name, "evicted"])
    store.close()
    return made


def finished_laps(outbox: Path, limits: Limits, number: int) -> None:
    """Let so many laps wait in an outbox that exists."""
    store = Store(outbox, limits)
    store.open()
    bodies = [row.body for row in make_rows(number, LAP.name)]
    assert store.write(Batch(store.pack(LAP.name, bodies, _AT_MS)), _AT_MS / 1000)
    store.close()


def laps(rows: int) -> Iterator[bytes]:
    """So many rows of two rigs that drive side by side, each row with an id of its own."""
    lap = [make_rows(_LAP_FRAMES, rig=rig) for rig in ("RIG_A", "RIG_B")]
    pairs = [row.body for both in zip(*lap, strict=True) for row in both]
    first, told = int(SESSION_UID), SESSION_UID.encode()
    for number in range(-(-rows // len(pairs))):
        other = str(first + number).encode()
        yield from (body.replace(told, other) for body in pairs[: rows - number * len(pairs)])


def _chunks(store: Store, bodies: list[bytes], packed: bool) -> list[Chunk]:
    if packed:
        return store.pack(TELEMETRY.name, bodies, _AT_MS)
    data, size = b"\n".join(bodies), sum(map(len, bodies))
    crc = seal(data, TELEMETRY.name, len(bodies), size, _AT_MS, RAW)
    return [Chunk(TELEMETRY.name, len(bodies), size, _AT_MS, crc, RAW, data)]
