"""What the benchmarks are fed with: recorded traffic where there is some, built datagrams elsewhere.

A mix is the part of a bundled capture in which the own car drives and every kind of packet is there (the one that
`make demo` plays). `lobby` is simulated: at 60 Hz no capture is without gaps, and where losses are counted or ages
measured there may be none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import count, cycle, dropwhile, islice, takewhile
from typing import Final, NamedTuple

from app.ingest.capture import read_capture
from app.ingest.decoder import encode
from app.ingest.header import HEADER_SIZE, parse_header, write_header
from app.ingest.schedule import with_session_of_pass
from app.sim.run import simulate
from bench.machine import ROOT
from tests.builders import make_packet

_CAPTURES: Final = ROOT / "tests" / "captures"
_FRAME_S: Final = 1 / 60
_LOBBY_S: Final = (20.0, 40.0)
"""All cars are under way by then, and nobody has finished."""


class Mix(NamedTuple):
    """A stretch of a capture.

    Attributes:
        name: The track's.
        packet_format: All its datagrams have it.
        datagrams: Seconds since the stretch began, and payload.
    """

    name: str
    packet_format: int
    datagrams: tuple[tuple[float, bytes], ...]

    @property
    def lasts_s(self) -> float:
        """From the first datagram to the last."""
        return self.datagrams[-1][0]

    @property
    def per_s(self) -> float:
        """Datagrams a second as the game sent them."""
        return len(self.datagrams) / self.lasts_s


@cache
def catalunya() -> Mix:
    """Time trial, alone, format 2025, 20 Hz."""
    return _mix("Catalunya", 2025, "f1_25-format2025-timetrial-catalunya.pcap.gz", 31.5, 50.5)


@cache
def melbourne() -> Mix:
    """Race, 22 cars, format 2026, 60 Hz."""
    return _mix("Melbourne", 2026, "f1_25-format2026-race-melbourne.pcap.gz", 0.0, 18.5)


@cache
def lobby() -> Mix:
    """Race of a lobby, 20 cars, format 2025, 60 Hz: 356 datagrams and some 380 kB a second, as documented."""
    run = simulate("lobby", seed=1, rate_hz=60)
    driven = dropwhile(lambda each: each[0] < _LOBBY_S[0], run.stream(0, 2025))
    inside = takewhile(lambda each: each[0] < _LOBBY_S[1], driven)
    return Mix("simulated lobby", 2025, tuple((at_s - _LOBBY_S[0], payload) for at_s, payload in inside))


def _mix(name: str, packet_format: int, file: str, from_s: float, until_s: float) -> Mix:
    captured = list(read_capture(_CAPTURES / file))
    began_s = captured[0].at_s + from_s
    lasts_s = until_s - from_s
    inside = [(each.at_s - began_s, each.payload) for each in captured if 0 <= each.at_s - began_s <= lasts_s]
    return Mix(name, packet_format, tuple(inside))


def endless(mix: Mix, first_pass: int = 0) -> Iterator[tuple[float, bytes]]:
    """The mix again and again, each time as a new session, as the replay does it, but without a pause between."""
    began_s = 0.0
    for number in count(first_pass):
        for at_s, payload in mix.datagrams:
            yield began_s + at_s, with_session_of_pass(payload, number)
        began_s += mix.lasts_s + _FRAME_S


def of_type(mix: Mix, packet_id: int, number: int) -> tuple[list[bytes], bool]:
    """So many datagrams of one type, in their order, and whether they were recorded; few ones are repeated."""
    recorded = [payload for _, payload in mix.datagrams if payload[6] == packet_id]
    found = recorded or [_built(packet_id, mix.packet_format)]
    return list(islice(cycle(found), number)), bool(recorded)


def one_after_another(datagrams: list[bytes], first_frame: int) -> list[bytes]:
    """The same datagrams, numbered by rising frames of one session: so each is news to the normaliser."""
    return [_in_frame(datagram, first_frame + number) for number, datagram in enumerate(datagrams)]


def _in_frame(datagram: bytes, frame: int) -> bytes:
    header = parse_header(datagram)._replace(frame_identifier=frame, overall_frame_identifier=frame)
    return write_header(header) + datagram[HEADER_SIZE:]


def _built(packet_id: int, packet_format: int) -> bytes:
    """A packet that no mix has, filled as the game would."""
    match packet_id:
        case 8:
            cars = {car: {"position": car + 1, "num_laps": 5, "result_status": 3} for car in range(20)}
            packet = make_packet(packet_id, packet_format, num_cars=20, cars=cars)
        case 9:
            players = {slot: {"name": f"Player {slot}", "car_number": slot + 1} for slot in range(20)}
            packet = make_packet(packet_id, packet_format, num_players=20, players=players)
        case _:
            packet = make_packet(packet_id, packet_format)
    return encode(packet)
