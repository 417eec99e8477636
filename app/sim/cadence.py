"""When the game sends which packet, and in which order inside one frame (formats.md 1 and 3)."""

from __future__ import annotations

from functools import cache
from typing import Final

from app.ingest.layouts import LAYOUTS
from app.sim.acts import TICKS_PER_S

RATES_HZ: Final = (10, 20, 30, 60)

MOTION, SESSION, LAP_DATA, EVENT, PARTICIPANTS, CAR_SETUPS, CAR_TELEMETRY, CAR_STATUS, CLASSIFICATION = range(9)
LOBBY, CAR_DAMAGE, HISTORY, TYRE_SETS, MOTION_EX, TIME_TRIAL, LAP_POSITIONS, CAR_TELEMETRY_2 = range(9, 17)

ORDER: Final = (
    EVENT, SESSION, PARTICIPANTS, CAR_SETUPS, CAR_DAMAGE, HISTORY, TYRE_SETS, TIME_TRIAL, LAP_POSITIONS,
    LAP_DATA, MOTION, MOTION_EX, CAR_TELEMETRY, CAR_STATUS, CAR_TELEMETRY_2,
)  # fmt: skip
"""Of packet ids inside one frame."""

MENU_RATE: Final = frozenset({LAP_DATA, MOTION, MOTION_EX, CAR_TELEMETRY, CAR_STATUS, CAR_TELEMETRY_2})
EVERY_TICKS: Final = {
    SESSION: TICKS_PER_S // 2,
    CAR_SETUPS: TICKS_PER_S // 2,
    PARTICIPANTS: TICKS_PER_S * 5,
    CAR_DAMAGE: TICKS_PER_S // 10,
    HISTORY: TICKS_PER_S // 20,
    TYRE_SETS: TICKS_PER_S // 20,
    TIME_TRIAL: TICKS_PER_S,
    LAP_POSITIONS: TICKS_PER_S,
}
"""Packets that keep their own rate whatever the menu says."""
HISTORY_STARTS: Final = TICKS_PER_S  # measured as 22 frames of a slower game, about 1 s after SSTA
_ROUND: Final = TICKS_PER_S * 5  # after so many ticks the pattern repeats


def menu_ticks(rate_hz: int) -> int:
    """Ticks from one state packet to the next.

    Raises:
        ValueError: Not a rate the game offers.
    """
    if rate_hz not in RATES_HZ:
        raise ValueError(f"the game sends at {', '.join(map(str, RATES_HZ))} Hz, not at {rate_hz}")
    return TICKS_PER_S // rate_hz


@cache
def timetable(packet_format: int, rate_hz: int, *, time_trial: bool) -> tuple[tuple[int, ...], ...]:
    """Packet ids due at each tick since the session began, in sending order; repeats after its length."""
    every = EVERY_TICKS | dict.fromkeys(MENU_RATE, menu_ticks(rate_hz))
    every = {packet_id: ticks for packet_id, ticks in every.items() if (packet_format, packet_id) in LAYOUTS}
    if not time_trial:
        every.pop(TIME_TRIAL, None)
    return tuple(
        tuple(packet_id for packet_id in ORDER if packet_id in every and tick % every[packet_id] == 0)
        for tick in range(_ROUND)
    )


def due(table: tuple[tuple[int, ...], ...], clock: int) -> tuple[int, ...]:
    """What is sent `clock` ticks after the session began; SessionHistory begins a second late."""
    packets = table[clock % len(table)]
    if clock < HISTORY_STARTS and HISTORY in packets:
        return tuple(packet_id for packet_id in packets if packet_id != HISTORY)
    return packets
