"""Whose names go, what stands in their place, and that nothing stops it.

What becomes of the names in a whole capture is told in tests/captures/test_neutralise.py.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import WrongLength
from app.ingest import names
from app.ingest.decoder import decode, encode
from app.ingest.header import HEADER_SIZE, parse_header
from app.ingest.names import NeutralNames, is_of_the_game, named_records
from tests.builders import make_packet
from tests.ingest.strategies import any_datagrams

HUMAN = {"ai_controlled": 0, "driver_id": 255}


def _participants(*people: str, packet_format: int = 2025) -> bytes:
    cars = {index: {"name": name, **HUMAN} for index, name in enumerate(people)}
    return encode(make_packet(4, packet_format, participants=cars))


def _names(payload: bytes) -> list[str]:
    return [record.name for record in named_records(decode(payload)) if record.name]


@pytest.mark.parametrize("packet_format", [2023, 2024, 2025, 2026])
def test_people_s_names_go_in_every_format(packet_format: int) -> None:
    lobby = encode(make_packet(9, packet_format, players={0: {"name": "Speedy_77"}}))

    neutral = NeutralNames()
    after = [neutral.renamed(_participants("Speedy_77", "Apex", packet_format=packet_format)), neutral.renamed(lobby)]

    assert [_names(payload) for payload in after] == [["Player 01", "P002"], ["Player 01"]]


def test_nothing_but_the_names_changes() -> None:
    before = _participants("Speedy_77")

    after = NeutralNames().renamed(before)

    assert after == before.replace(b"Speedy_77", b"Player 01")


def test_a_packet_without_names_stays_as_it_is() -> None:
    motion = encode(make_packet(0))

    assert NeutralNames().without_names(motion) is motion


def test_it_tells_whom_it_met() -> None:
    neutral = NeutralNames()

    neutral.renamed(_participants("Speedy_77", "Player", "Apex"))

    assert set(neutral.replaced) == {"Speedy_77", "Apex"}


def test_a_datagram_that_cannot_be_read_is_refused_where_names_must_be_found() -> None:
    with pytest.raises(WrongLength):
        NeutralNames().renamed(_participants("Speedy_77")[:-1])


def test_of_a_datagram_that_cannot_be_read_only_header_and_size_stay() -> None:
    torn = _participants("Speedy_77")[:-1]

    after = NeutralNames().without_names(torn)

    assert (len(after), parse_header(after)) == (len(torn), parse_header(torn))
    assert not any(after[HEADER_SIZE:])


def test_a_name_that_is_no_text_goes_too() -> None:
    payload = _participants("R" * 31).replace(b"R" * 31, b"\xff" * 31)

    after = NeutralNames().without_names(payload)

    assert _names(after) == ["Player " + "1".zfill(24)]


def test_a_driver_s_name_that_is_no_text_goes_with_the_whole_datagram() -> None:
    cars = {0: {"name": "R" * 31, "ai_controlled": 1, "driver_id": 9}}
    payload = encode(make_packet(4, participants=cars)).replace(b"R" * 31, b"\xff" * 31)

    after = NeutralNames().without_names(payload)

    assert not any(after[HEADER_SIZE:])


def test_it_forgets_people_before_they_are_too_many_but_gives_no_number_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names, "MOST_PEOPLE", 2)
    neutral = NeutralNames()

    after = [neutral.without_names(_participants(person)) for person in ("Speedy_77", "Apex_driver", "Newcomer")]

    assert [_names(payload) for payload in after] == [["Player 01"], ["Player 0002"], ["Player 3"]]
    assert set(neutral.replaced) == {"Newcomer"}


@given(any_datagrams())
def test_whatever_comes_nobody_is_known_by_it_afterwards(datagram: bytes) -> None:
    after = NeutralNames().without_names(datagram)

    assert len(after) == len(datagram)
    if after[HEADER_SIZE:].strip(b"\0"):
        assert all(is_of_the_game(record) or record.name.isdecimal() for record in named_records(decode(after)))


@given(st.binary(max_size=1400), st.sampled_from([2023, 2024, 2025, 2026]), st.sampled_from([4, 9]))
def test_no_bytes_stop_it(body: bytes, packet_format: int, packet_id: int) -> None:
    template = encode(make_packet(packet_id, packet_format))
    datagram = template[:HEADER_SIZE] + body[: len(template) - HEADER_SIZE].ljust(len(template) - HEADER_SIZE, b"\xfe")

    assert len(NeutralNames().without_names(datagram)) == len(datagram)
