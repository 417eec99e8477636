"""What a screen shows of one rig: samples folded into one flat dict, told how old it is.

The dict is the `data` of `docs/websocket.md`: all keys always, None where unknown. Values of another
session never show through: the first sample of a new uid, or of a menu, begins with an empty slate.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from app.normalize.events import (
    CarAero,
    CarDamage,
    CarMotion,
    CarStatus,
    CarTelemetry,
    DuelState,
    FieldMotion,
    LapProgress,
    Sample,
    SectorMarks,
    SectorTimes,
    SessionState,
)

# Any: JSON values, and whatever type a sample's field has.
Data = dict[str, Any]

BESIDE: Final = (DuelState, FieldMotion)
"""Samples beside the frames: derived, or told now and then. They begin no slate, refresh nothing and close no frame."""

_WHEELS: Final = ("rl", "rr", "fl", "fr")
_RULES_OF_2026: Final = 2026
"""The first packet format that tells of active aero and overtake mode."""
_NO_WORD: Final = "unknown ("
"""How a number begins that the format's documents do not list."""

_FROM_SESSION: Final = (
    "packet_format",
    "game_version",
    "team",
    "race_number",
    "nationality",
    "session_type",
    "track",
    "session_time_left_s",
    "total_laps",
    "track_length_m",
    "weather",
    "track_temperature_c",
    "air_temperature_c",
    "safety_car",
    "game_paused",
    "network_game",
    "telemetry_public",
)
_FROM_LAP: Final = (
    "position",
    "grid_position",
    "cars",
    "lap_number",
    "sector",
    "current_lap_time_ms",
    "last_lap_time_ms",
    "last_lap_valid",
    "best_lap_time_ms",
    "sector1_time_ms",
    "sector2_time_ms",
    "lap_invalid",
    "gap_to_leader_ms",
    "interval_ms",
    "pit_status",
    "driver_status",
    "result_status",
    "penalties_s",
    "warnings",
)
_FROM_TELEMETRY: Final = (
    "speed_kph",
    "engine_rpm",
    "gear",
    "drs",
    "rev_lights_percent",
    "rev_lights_bits",
    "engine_temperature_c",
)
_WHEEL_TELEMETRY: Final = (
    "brake_temperature_c",
    "tyre_surface_temperature_c",
    "tyre_inner_temperature_c",
    "tyre_pressure_psi",
)
_FROM_STATUS: Final = (
    "drs_allowed",
    "max_rpm",
    "idle_rpm",
    "tyre_compound",
    "tyre_compound_actual",
    "tyre_age_laps",
    "ers_deploy_mode",
    "fia_flag",
)
_FROM_DUEL: Final = (
    "other_rig_id",
    "same_race",
    "delta_to_best_ms",
    "delta_to_other_ms",
    "gap_to_other_ms",
    "chasing",
    "sectors_lap_number",
)
_SECTORS: Final = ("s1", "s2", "s3")
_DAMAGE: Final = (
    "front_left_wing",
    "front_right_wing",
    "rear_wing",
    "floor",
    "diffuser",
    "sidepod",
    "gearbox",
    "engine",
)


class Counters(Protocol):
    """What the shown state needs to know of the rig's link."""

    def packets_per_s(self) -> int:
        """Valid datagrams in the last second."""


class RigState:
    """The newest samples of one rig.

    Args:
        driver_name: The configured guest, shown as long as the game names nobody.
        individual_id: The configured guest's id.
        counters: The rig's link.
    """

    def __init__(self, driver_name: str | None, individual_id: str | None, counters: Counters) -> None:
        self._driver_name = driver_name
        self._individual_id = individual_id
        self._counters = counters
        self._samples: dict[type[Sample], Sample] = {}
        self._uid: str | None = None
        self._newest: Sample | None = None
        self._at_s: dict[type[Sample], float] = {}
        self._frame: int | None = None
        self._last_kind: type[Sample] | None = None
        self._closing_kind: type[Sample] | None = None

    def fold(self, sample: Sample, now_s: float) -> bool:
        """Take over a sample; True when it is the one that completes its frame.

        Which kind of packet comes last in a frame depends on the game's format, so it is learned: the
        kind before the frame number last changed.
        """
        kind = type(sample)
        if isinstance(sample, BESIDE):
            if sample.session_uid == self._uid:
                self._samples[kind] = sample
            return False
        carless = isinstance(sample, SessionState) and sample.mode != "driving"
        if carless or sample.session_uid != self._uid:
            self._samples.clear()  # another session, or no car of one's own: what was shown is not what is now
            self._at_s.clear()
            self._uid = sample.session_uid
        if sample.overall_frame != self._frame:
            self._closing_kind = self._last_kind
            self._frame = sample.overall_frame
        self._last_kind = kind
        self._samples[kind] = sample
        self._newest = sample
        self._at_s[kind] = now_s
        return kind is self._closing_kind

    def stale_s(self, now_s: float) -> float | None:
        """The age of what a driver looks at: pedals and lap, the older of both; else of anything. None before that."""
        if not self._at_s:
            return None
        watched = [self._at_s[kind] for kind in (CarTelemetry, LapProgress) if kind in self._at_s]
        return max(0.0, now_s - (min(watched) if watched else max(self._at_s.values())))

    def data(self, now_s: float, stale_after_s: float) -> Data:
        """Everything that is shown, as of `now_s`."""
        stale_s = self.stale_s(now_s)
        link = "never" if stale_s is None else "stale" if stale_s >= stale_after_s else "live"
        newest = self._newest
        about = {} if newest is None else vars(newest)
        return {
            "link": link,
            "stale_s": _rounded(stale_s, 1),
            "mode": self._mode(),
            "packets_per_s": self._counters.packets_per_s(),
            "driver_name": about.get("driver_name") or self._driver_name,
            "individual_id": about.get("individual_id") or self._individual_id,
            "session_uid": self._uid,
            "session_key": about.get("session_key"),
            "session_time_s": _rounded(about.get("session_time_s"), 3),
            "car_index": about.get("car_index"),
            **self._session(),
            **self._lap(),
            **self._telemetry(),
            **self._status(),
            **self._damage(),
            **self._aero(),
            **self._motion(),
            **self._field(),
            **self._duel(),
        }

    def _values(self, kind: type[Sample]) -> Data:
        sample = self._samples.get(kind)
        return {} if sample is None else vars(sample)

    def _taken(self, kind: type[Sample], names: tuple[str, ...]) -> Data:
        values = self._values(kind)
        return {name: values.get(name) for name in names}

    def _mode(self) -> str:
        session = self._samples.get(SessionState)
        if isinstance(session, SessionState):
            return session.mode
        return "driving" if LapProgress in self._samples else "none"

    def _session(self) -> Data:
        values = self._values(SessionState)
        return {
            **self._taken(SessionState, _FROM_SESSION),
            "sector2_start_m": _rounded(values.get("sector2_start_m"), 1),
            "sector3_start_m": _rounded(values.get("sector3_start_m"), 1),
        }

    def _lap(self) -> Data:
        values = self._values(LapProgress)
        return {
            **self._taken(LapProgress, _FROM_LAP),
            "lap_distance_m": _rounded(values.get("lap_distance_m"), 1),
        }

    def _telemetry(self) -> Data:
        values = self._values(CarTelemetry)
        return {
            **self._taken(CarTelemetry, _FROM_TELEMETRY),
            "throttle": _rounded(values.get("throttle"), 3),
            "brake": _rounded(values.get("brake"), 3),
            "steer": _rounded(values.get("steer"), 3),
            "clutch": _rounded(values.get("clutch"), 2),
            **{name: _wheels(values.get(name)) for name in _WHEEL_TELEMETRY},
        }

    def _status(self) -> Data:
        values = self._values(CarStatus)
        return {
            **self._taken(CarStatus, _FROM_STATUS),
            "fuel_kg": _rounded(values.get("fuel_kg"), 2),
            "fuel_capacity_kg": _rounded(values.get("fuel_capacity_kg"), 1),
            "fuel_remaining_laps": _rounded(values.get("fuel_remaining_laps"), 2),
            "ers_store_energy_j": _rounded(values.get("ers_store_energy_j"), 0),
        }

    def _damage(self) -> Data:
        known = self._samples.get(CarDamage)
        if not isinstance(known, CarDamage):
            return {"tyre_wear_percent": None, "tyre_damage_percent": None, "damage": None}
        return {
            "tyre_wear_percent": _wheels(known.tyre_wear_percent),
            "tyre_damage_percent": _wheels(known.tyre_damage_percent),
            "damage": {part: getattr(known, f"{part}_percent") for part in _DAMAGE},
        }

    def _aero(self) -> Data:
        known = self._samples.get(CarAero)
        if not isinstance(known, CarAero):
            return {"regulations_2026": self._rules_without_aero(), "active_aero": None, "overtake": None}
        if not known.regulations_2026:
            return {"regulations_2026": known.regulations_2026, "active_aero": None, "overtake": None}
        overtake = "active" if known.overtake_active else "available" if known.overtake_available else "off"
        return {"regulations_2026": True, "active_aero": known.active_aero, "overtake": overtake}

    def _rules_without_aero(self) -> bool | None:
        """False where the format is older than the rules of 2026, and so is the formula: a car of theirs has a number
        that such a format has no word for."""
        session = self._samples.get(SessionState)
        if not isinstance(session, SessionState) or session.formula is None:
            return None
        return None if session.packet_format >= _RULES_OF_2026 or session.formula.startswith(_NO_WORD) else False

    def _motion(self) -> Data:
        known = self._samples.get(CarMotion)
        if not isinstance(known, CarMotion):
            return {"world_position_m": None, "g_force_lateral": None, "g_force_longitudinal": None}
        place = known.world_position_m
        return {
            "world_position_m": place and {axis: round(m, 2) for axis, m in zip("xyz", place, strict=True)},
            "g_force_lateral": _rounded(known.g_force_lateral, 2),
            "g_force_longitudinal": _rounded(known.g_force_longitudinal, 2),
        }

    def _field(self) -> Data:
        known = self._samples.get(FieldMotion)
        if not isinstance(known, FieldMotion):
            return {"other_cars_m": None}
        return {"other_cars_m": [(car, round(x_m, 1), round(z_m, 1)) for car, x_m, z_m in known.cars]}

    def _duel(self) -> Data:
        known = self._samples.get(DuelState)
        times = marks = None
        if isinstance(known, DuelState) and known.sectors_lap_number is not None:
            times, marks = _by_sector(known.sector_times_ms), _by_sector(known.sector_marks)
        return {**self._taken(DuelState, _FROM_DUEL), "sector_times_ms": times, "sector_marks": marks}


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _by_sector(values: SectorTimes | SectorMarks) -> Data:
    return dict(zip(_SECTORS, values, strict=True))


def _wheels(values: tuple[float, ...] | None) -> dict[str, float] | None:
    if values is None:
        return None
    return {wheel: round(value, 1) for wheel, value in zip(_WHEELS, values, strict=True)}
