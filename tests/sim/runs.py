"""Simulated runs for tests, played once and kept: the run, and its decoded packets by type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple, TypeVar

from app.ingest.decoder import decode
from app.ingest.header import PacketHeader, parse_header
from app.ingest.layouts import PACKET_NAMES
from app.ingest.packets import CarTelemetryPacket, EventPacket, LapDataPacket, Packet, SessionHistoryPacket
from app.sim import Run, simulate
from app.sim.cars import Car, ai_car, ghost_car, guest_car
from app.sim.drives import Course, Order, Style
from app.sim.ledger import LapTruth
from app.sim.tracks import short_track
from app.sim.world import Kind, World, planned_world

P = TypeVar("P")
TRACK = short_track()
_RUNS, _STREAMS = 8, 30  # kept at a time, some 10 MB each
_ID_AT = 6  # of the packet id, in every header


def _name(kind: type) -> str:
    """The layout's name of a packet class: CarTelemetry2Packet -> car_telemetry2."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__.removesuffix("Packet")).lower()


class Sent(NamedTuple):
    """A datagram and when it was sent."""

    at_s: float
    datagram: bytes

    @property
    def header(self) -> PacketHeader:
        """Its header."""
        return parse_header(self.datagram)

    @property
    def packet(self) -> Packet:
        """It, decoded."""
        return decode(self.datagram)


class Sending:
    """All that one machine sends; kept as bytes and decoded when asked for, as decoded ones are heavy."""

    def __init__(self, stream: Iterable[tuple[float, bytes]]) -> None:
        self._sent = list(stream)

    def __iter__(self) -> Iterator[Sent]:
        return (Sent(at_s, datagram) for at_s, datagram in self._sent)


@lru_cache(maxsize=_RUNS)
def played(scenario: str, seed: int = 1, rate_hz: int = 10) -> Run:
    """A run."""
    return simulate(scenario, seed=seed, rate_hz=rate_hz)


@lru_cache(maxsize=_STREAMS)
def sent(scenario: str, seed: int = 1, rig: int = 0, packet_format: int = 2025, rate_hz: int = 10) -> Sending:
    """All that one machine sends."""
    return Sending(played(scenario, seed, rate_hz).stream(rig, packet_format))


@lru_cache(maxsize=_STREAMS)
def beginning(scenario: str, packet_format: int = 2025, seconds: float = 18.0) -> Sending:
    """What the first machine sends in the first seconds."""
    stream = played(scenario).stream(0, packet_format)
    return Sending(takewhile(lambda datagram: datagram[0] < seconds, stream))


def of_type(packets: Sending, kind: type[P]) -> list[P]:
    """The packets of one type, in sending order."""
    packet_id = next(packet_id for packet_id, name in PACKET_NAMES.items() if name == _name(kind))
    decoded = (sent.packet for sent in packets if sent.datagram[_ID_AT] == packet_id)
    return [packet for packet in decoded if isinstance(packet, kind)]


def events(packets: Sending, *codes: str) -> list[EventPacket]:
    """The events with these codes."""
    return [event for event in of_type(packets, EventPacket) if event.event_string_code in codes]


def laps_in_lap_data(packets: Sending, slot: int) -> dict[tuple[int, int], int]:
    """(session uid, lap number) -> lap time, as the last crossing in LapData tells it; the flag is a crossing, too."""
    found: dict[tuple[int, int], int] = {}
    before: dict[int, tuple[int, int]] = {}
    for packet in of_type(packets, LapDataPacket):
        car, uid = packet.cars[slot], packet.header.session_uid
        if uid in before:
            number, status = before[uid]
            rose = car.current_lap_num == number + 1 and car.last_lap_time_in_ms > 0
            if rose or (car.result_status == 3 != status):
                found[uid, number] = car.last_lap_time_in_ms
        before[uid] = (car.current_lap_num, car.result_status)
    return found


def laps_in_history(packets: Sending, slot: int) -> dict[tuple[int, int], tuple[int, int, int, int, bool]]:
    """(session uid, lap number) -> lap and sector times and validity, as the last SessionHistory tells it."""
    latest: dict[int, SessionHistoryPacket] = {}
    for packet in of_type(packets, SessionHistoryPacket):
        if packet.car_idx == slot and packet.header.session_uid:
            latest[packet.header.session_uid] = packet
    return {
        (uid, number): (
            lap.lap_time_in_ms,
            lap.sector1_time_ms_part + 60_000 * lap.sector1_time_minutes_part,
            lap.sector2_time_ms_part + 60_000 * lap.sector2_time_minutes_part,
            lap.sector3_time_ms_part + 60_000 * lap.sector3_time_minutes_part,
            bool(lap.lap_valid_bit_flags & 1),
        )
        for uid, packet in latest.items()
        for number, lap in enumerate(packet.laps, 1)
        if lap.lap_time_in_ms
    }


def as_history(lap: LapTruth) -> tuple[int, int, int, int, bool]:
    """A lap of the ledger in the shape of `laps_in_history`."""
    return lap.lap_time_ms, lap.sector1_ms, lap.sector2_ms, lap.sector3_ms, lap.valid


def telemetry_speeds(packets: Sending, slot: int) -> Iterator[tuple[float, int]]:
    """(session time, km/h) of a car."""
    for packet in of_type(packets, CarTelemetryPacket):
        yield packet.header.session_time, packet.cars[slot].speed


def small_race(orders: dict[int, dict[int, Order]] | None = None, *, laps: int = 2, cars: int = 4) -> World:
    """A race of a few AI cars, the first of them with a person in it."""
    grid: list[Car] = [guest_car(0, 0, 1, online=False), *(ai_car(slot, slot + 1) for slot in range(1, cars))]
    courses = [
        Course(
            TRACK,
            Style(1.0 - 0.004 * slot, 0.003, f"test/{slot}"),
            laps,
            start_m=-8.0 * (slot + 1),
            race=True,
            orders=(orders or {}).get(slot, {}),
        )
        for slot in range(cars)
    ]
    return planned_world(TRACK, Kind.RACE, laps, grid, courses)


def small_trial(orders: dict[int, Order] | None = None, *, laps: int = 2) -> World:
    """A Time Trial of a guest and one ghost."""
    own = Course(TRACK, Style(0.99, 0.003, "own"), laps, garage_m=76.9, start_ms=500, orders=orders or {})
    ghost = Course(TRACK, Style(1.0, 0.0, "ghost"), laps, start_ms=500)
    cars = [guest_car(0, 0, 1, online=False), ghost_car(1, "Personal Best", ("Rival", 5))]
    return planned_world(TRACK, Kind.TIME_TRIAL, laps, cars, [own, ghost])
