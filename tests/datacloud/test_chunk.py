"""Chunks: what goes in comes out, and damage is seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.datacloud.chunk import MOST_RAW_BYTES, RAW, Press, codec_of, cut, dictionary
from tests.datacloud.rows import make_rows

BODIES = st.lists(st.binary().map(lambda body: body.replace(b"\n", b" ")), min_size=1)


@given(BODIES, st.booleans())
def test_what_is_packed_is_opened_byte_for_byte(bodies: list[bytes], pressed: bool) -> None:
    press = Press(dictionary() if pressed else None)

    chunk = press.pack("LapEvent", bodies, 7)

    assert press.open(chunk) == tuple(bodies)
    assert (chunk.rows, chunk.raw_bytes, chunk.at_ms) == (len(bodies), sum(map(len, bodies)), 7)


@given(st.lists(st.binary(max_size=MOST_RAW_BYTES // 3)))
def test_pieces_are_of_one_row_or_within_the_bound_and_lose_nothing(bodies: list[bytes]) -> None:
    pieces = list(cut(bodies))

    assert [body for piece in pieces for body in piece] == bodies
    assert all(len(piece) == 1 or len(b"\n".join(piece)) <= MOST_RAW_BYTES for piece in pieces)


def test_a_long_row_is_a_piece_of_its_own() -> None:
    long = bytes(MOST_RAW_BYTES + 1)

    assert list(cut([b"a", long, b"b", b"c"])) == [[b"a"], [long], [b"b", b"c"]]


def test_telemetry_shrinks_to_a_tenth() -> None:
    bodies = [row.body for row in make_rows(24)]

    chunk = Press(dictionary()).pack("TelemetryEvent", bodies, 0)

    assert len(chunk.data) * 10 < chunk.raw_bytes


def test_rows_that_do_not_shrink_are_stored_as_they_are() -> None:
    chunk = Press(dictionary()).pack("TelemetryEvent", [bytes(range(10, 256))], 0)

    assert (chunk.codec, chunk.data) == (RAW, bytes(range(10, 256)))


def test_any_changed_column_or_byte_is_seen() -> None:
    press = Press(dictionary())
    chunk = press.pack("LapEvent", [row.body for row in make_rows(3, "LapEvent")], 7)
    damaged = [
        chunk._replace(object="RaceEvent"),
        chunk._replace(rows=2),
        chunk._replace(raw_bytes=chunk.raw_bytes + 1),
        chunk._replace(at_ms=8),
        chunk._replace(codec=RAW),
        *(chunk._replace(data=chunk.data[:at] + b"?" + chunk.data[at + 1 :]) for at in range(0, len(chunk.data), 37)),
    ]

    assert [press.open(each) for each in damaged if each != chunk] == [None] * len(damaged)


def test_a_later_version_opens_what_an_earlier_one_packed() -> None:
    old = Press(b"an older dictionary of other words")
    chunk = old.pack("LapEvent", [b"an older dictionary of other words"] * 9, 0)

    new = Press(dictionary(), known=[b"an older dictionary of other words"])

    assert chunk.codec == codec_of(b"an older dictionary of other words")
    assert new.open(chunk) == (b"an older dictionary of other words",) * 9
    assert Press(dictionary()).open(chunk) is None


def test_a_single_text_is_squeezed_and_swells_again() -> None:
    press = Press(dictionary())
    (row,) = make_rows(1, "SessionEvent")

    codec, squeezed = press.squeeze(row.body)

    assert len(squeezed) < len(row.body)
    assert press.swell(codec, squeezed, 10_000) == row.body
    assert press.swell(codec, b"\xff" + squeezed, 10_000) is None
