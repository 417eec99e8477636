"""The laps of a day as CSV, for whoever makes lists. Pure: rows in, text out.

UTF-8 with a byte order mark, since without it Excel takes the text for another encoding. A cell that a spreadsheet
would take for a formula gets an apostrophe in front: names are what guests have chosen for themselves.

Source:
    OWASP, "CSV Injection": the characters that begin a formula.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

COLUMNS: Final = (
    "completed_at",
    "rig_id",
    "driver_name",
    "track",
    "session_type",
    "lap_number",
    "lap_time",
    "lap_time_ms",
    "sector1_time_ms",
    "sector2_time_ms",
    "sector3_time_ms",
    "valid",
    "pit_lap",
    "tyre_compound",
    "lap_id",
)
ROWS_A_CHUNK: Final = 200
"""Some 30 kB: a client that reads slowly keeps no more than that of ours."""
_BYTE_ORDER_MARK: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""The last four are what a spreadsheet set to East Asian text takes for the first four."""


# object: a row's values are texts, numbers, booleans and None.
def csv_chunks(rows: Sequence[Mapping[str, object]]) -> Iterator[str]:
    """The file in pieces: the mark and the heads with the first, some rows with each."""
    left = iter(rows)
    yield _BYTE_ORDER_MARK + _text([COLUMNS])
    while some := list(islice(left, ROWS_A_CHUNK)):
        yield _text([[_cell(_value(row, name)) for name in COLUMNS] for row in some])


def _value(row: Mapping[str, object], name: str) -> object:
    if name != "lap_time":
        return row.get(name)
    ms = row.get("lap_time_ms")
    return None if not isinstance(ms, int) else f"{ms // 60_000}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"


def _cell(value: object) -> str:
    """A value as it stands in the file; unknown is empty, a text is never a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value


def _text(lines: Sequence[Sequence[str]]) -> str:
    file = io.StringIO()
    csv.writer(file).writerows(lines)
    return file.getvalue()
