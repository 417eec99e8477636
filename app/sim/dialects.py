"""How one game writes each format: header quirks, session type ids, "no id" (formats.md 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from app.ingest.header import PacketHeader
from app.ingest.layouts import SPECS
from app.sim.cars import NOBODY
from app.sim.world import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

_F1_23_SESSION_TYPES: Final = {Kind.PRACTICE: 1, Kind.QUALIFYING: 9, Kind.RACE: 10, Kind.TIME_TRIAL: 13}
_SESSION_TYPES: Final = {kind: kind.value for kind in Kind}
_TEAMS_2026_FROM: Final = 476  # Mercedes '26; the others follow in the order of 2025


class Dialect(NamedTuple):
    """One game set to one format."""

    packet_format: int
    game_year: int
    game_minor_version: int
    overall_frames: bool
    session_types: Mapping[Kind, int]
    nobody: int
    formula: int
    slots: int

    def header(
        self, packet_id: int, uid: int, session_time_s: float, frame: int, overall: int, own_index: int
    ) -> PacketHeader:
        """The header of a packet, with this game's quirks."""
        overall = overall if self.overall_frames else 0
        return PacketHeader(
            self.packet_format,
            self.game_year,
            1,
            self.game_minor_version,
            1,
            packet_id,
            uid,
            session_time_s,
            frame,
            overall,
            own_index,
            255,
        )

    def identity(self, number: int) -> int:
        """A driver or network id."""
        return self.nobody if number == NOBODY else number

    def team(self, number: int) -> int:
        """A team id, told in the numbers of 2025."""
        return number + _TEAMS_2026_FROM if self.packet_format == 2026 and number < 10 else number


def dialect(packet_format: int, *, real_f1_23: bool = False) -> Dialect:
    """The dialect of F1 25 set to a format, or of the F1 23 game itself.

    Raises:
        ValueError: A format nobody sends, or F1 23 asked for another format than its own.
    """
    if packet_format not in SPECS:
        raise ValueError(f"no packet format {packet_format}: choose one of {', '.join(map(str, sorted(SPECS)))}")
    if real_f1_23 and packet_format != 2023:
        raise ValueError(f"the F1 23 game does not send format {packet_format}")
    old = packet_format == 2023
    return Dialect(
        packet_format,
        game_year=23 if real_f1_23 else 0 if old else 25,
        game_minor_version=18 if real_f1_23 else 20 if packet_format == 2026 else 17,
        overall_frames=not old or real_f1_23,
        session_types=_F1_23_SESSION_TYPES if real_f1_23 else _SESSION_TYPES,
        nobody=65_535 if packet_format == 2026 else 255,
        formula=13 if packet_format == 2026 else 0,
        slots=SPECS[packet_format].cars,
    )
