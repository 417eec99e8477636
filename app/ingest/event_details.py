"""What belongs to an event's four-letter code, one NamedTuple each, in the game's own words.

Source:
    EA, "Data Output from F1 25", v3, and its 2023, 2024 and 2026 companions.
"""

from __future__ import annotations

from typing import NamedTuple


class SessionStartedDetails(NamedTuple):
    """SSTA: Session has begun."""


class SessionEndedDetails(NamedTuple):
    """SEND: Session is over; header frame_identifier is 0."""


class FastestLapDetails(NamedTuple):
    """FTLP: New fastest lap of the session."""

    vehicle_idx: int
    lap_time: float  # s


class RetirementDetails(NamedTuple):
    """RTMT: A car has retired."""

    vehicle_idx: int
    reason: int | None


class DRSEnabledDetails(NamedTuple):
    """DRSE: Race control enabled DRS."""


class DRSDisabledDetails(NamedTuple):
    """DRSD: Race control disabled DRS."""

    reason: int | None


class TeamMateInPitsDetails(NamedTuple):
    """TMPT: Team-mate has entered the pits."""

    vehicle_idx: int


class ChequeredFlagDetails(NamedTuple):
    """CHQF: Chequered flag is out."""


class RaceWinnerDetails(NamedTuple):
    """RCWN: Winner is announced."""

    vehicle_idx: int


class PenaltyDetails(NamedTuple):
    """PENA: Penalty or warning given."""

    penalty_type: int
    infringement_type: int
    vehicle_idx: int
    other_vehicle_idx: int
    time: int  # s
    lap_num: int
    places_gained: int


class SpeedTrapDetails(NamedTuple):
    """SPTP: Car passed the speed trap fast enough to report."""

    vehicle_idx: int
    speed: float  # km/h
    is_overall_fastest_in_session: int
    is_driver_fastest_in_session: int
    fastest_vehicle_idx_in_session: int
    fastest_speed_in_session: float  # km/h


class StartLightsDetails(NamedTuple):
    """STLG: Start lights changed."""

    num_lights: int


class LightsOutDetails(NamedTuple):
    """LGOT: Lights are out, race on."""


class DriveThroughServedDetails(NamedTuple):
    """DTSV: Drive-through served."""

    vehicle_idx: int


class StopGoServedDetails(NamedTuple):
    """SGSV: Stop-go served."""

    vehicle_idx: int
    stop_time: float | None  # s


class FlashbackDetails(NamedTuple):
    """FLBK: Player used a flashback; the header still carries the frame before the jump."""

    flashback_frame_identifier: int
    flashback_session_time: float  # s


class ButtonsDetails(NamedTuple):
    """BUTN: A button was pressed or released."""

    button_status: int


class RedFlagDetails(NamedTuple):
    """RDFL: Red flag shown."""


class OvertakeDetails(NamedTuple):
    """OVTK: One car overtook another."""

    overtaking_vehicle_idx: int
    being_overtaken_vehicle_idx: int


class SafetyCarDetails(NamedTuple):
    """SCAR: Safety-car state change."""

    safety_car_type: int
    event_type: int


class CollisionDetails(NamedTuple):
    """COLL: Two cars touched."""

    vehicle1_idx: int
    vehicle2_idx: int
    severity: int | None


class UnknownDetails(NamedTuple):
    """An event code that no document lists; its 12 bytes as they came."""

    raw: bytes


EventDetails = (
    SessionStartedDetails
    | SessionEndedDetails
    | FastestLapDetails
    | RetirementDetails
    | DRSEnabledDetails
    | DRSDisabledDetails
    | TeamMateInPitsDetails
    | ChequeredFlagDetails
    | RaceWinnerDetails
    | PenaltyDetails
    | SpeedTrapDetails
    | StartLightsDetails
    | LightsOutDetails
    | DriveThroughServedDetails
    | StopGoServedDetails
    | FlashbackDetails
    | ButtonsDetails
    | RedFlagDetails
    | OvertakeDetails
    | SafetyCarDetails
    | CollisionDetails
    | UnknownDetails
)
