"""One rig's samples thinned out to telemetry rows.

The game sends sixty frames a second and each row costs credits, so time is cut into windows of the game's session
clock and each window makes one row: its newest frame, or the mean of all. Windows lie on the session clock, not on
ours: the same traffic makes the same rows when it is replayed. A flashback turns the clock back and so begins a new
window; the id is made of the frame counter that never goes back.

No row comes from menus, from a paused game, or from a rig without a car of its own.
"""

from __future__ import annotations

from math import floor
from typing import Any, Final, Literal

from app.datacloud.encode import encode
from app.datacloud.row import Row
from app.datacloud.schema import TELEMETRY
from app.normalize.events import CarStatus, CarTelemetry, Event, LapProgress, Sample, SessionState, utc_text

Mode = Literal["last", "mean"]

EVERY_FRAME_HZ: Final = 60.0
"""The game's highest rate: at it every frame is a row."""
_JOINED_S: Final = 0.5
"""Lap and status of the same moment; older ones are unknown by then."""
_MEANS: Final = (
    "speed_kph",
    "throttle",
    "brake",
    "steer",
    "engine_rpm",
    "ers_store_energy_j",
    "tyre_temp_fl",
    "tyre_temp_fr",
    "tyre_temp_rl",
    "tyre_temp_rr",
)
_WHEELS: Final = ("tyre_temp_rl", "tyre_temp_rr", "tyre_temp_fl", "tyre_temp_fr")  # the house's order
_Fields = dict[str, Any]


class Sampler:
    """Thins out the samples of one rig.

    Args:
        device_id: The rig's id in Salesforce.
        rate_hz: Rows a second; 0 makes none, 60 every frame.
        mode: `last` or `mean`.
    """

    def __init__(self, device_id: str, rate_hz: float, mode: Mode = "last") -> None:
        self._device_id = device_id
        self._rate_hz = rate_hz
        self._mode = mode
        self._lap: LapProgress | None = None
        self._status: CarStatus | None = None
        self._game_paused = False
        self._network_paused = False
        self._window: tuple[str, int] | None = None
        self._newest: tuple[CarTelemetry, LapProgress | None, CarStatus | None] | None = None
        self._frames = 0
        self._sums: dict[str, tuple[float, int]] = {}

    def feed(self, sample: Sample) -> list[Row]:
        """The row of the window that this sample closes, as a list of one; mostly empty."""
        if self._rate_hz <= 0:
            return []
        if isinstance(sample, CarTelemetry):
            return self._frame(sample)
        if isinstance(sample, LapProgress):
            self._lap = sample
        elif isinstance(sample, CarStatus):
            self._status = sample
            self._network_paused = sample.network_paused is True
        elif isinstance(sample, SessionState):
            self._game_paused = sample.game_paused is True
            if sample.mode != "driving":
                return self.flush()
        return []

    def flush(self) -> list[Row]:
        """The row of the window that is open, which no further frame will close."""
        closed = self._close()
        self._window = None
        return closed

    def _frame(self, frame: CarTelemetry) -> list[Row]:
        if frame.session_key is None or frame.session_time_s is None:
            return []
        if self._game_paused or self._network_paused:
            return []
        window = (frame.session_key, floor(frame.session_time_s * self._rate_hz + 1e-6))
        closed = []
        if window != self._window or self._rate_hz >= EVERY_FRAME_HZ:
            closed = self._close()
            self._window = window
        self._take(frame)
        return closed

    def _take(self, frame: CarTelemetry) -> None:
        self._frames += 1
        self._newest = (frame, self._lap, self._status)
        if self._mode == "mean":
            values = self._values(*self._newest)
            for name in _MEANS:
                if values[name] is not None:
                    total, count = self._sums.get(name, (0.0, 0))
                    self._sums[name] = (total + values[name], count + 1)

    def _close(self) -> list[Row]:
        if self._newest is None:
            return []
        means = {name: total / count for name, (total, count) in self._sums.items()}
        values = self._values(*self._newest) | means | {"sample_count": self._frames}
        self._newest, self._frames, self._sums = None, 0, {}
        return [Row(TELEMETRY.name, values["event_id"], encode(TELEMETRY, values))]

    def _values(self, frame: CarTelemetry, lap: LapProgress | None, status: CarStatus | None) -> _Fields:
        lap = lap if _is_of(lap, frame) else None
        status = status if _is_of(status, frame) else None
        received = utc_text(frame.received_at)
        name = frame.overall_frame if frame.overall_frame else f"t{frame.session_time_s}"
        temperatures = frame.tyre_surface_temperature_c or (None,) * 4
        return {
            "event_id": f"{frame.session_key}:{name}:{frame.car_index}",
            "event_time": received,
            "recordModified": received,
            "device_id": self._device_id,
            "driver_individual_id": frame.individual_id,
            "session_key": frame.session_key,
            "session_uid": frame.session_uid,
            "overall_frame": frame.overall_frame,
            "session_time_s": frame.session_time_s,
            "car_index": frame.car_index,
            "lap_number": lap and lap.lap_number,
            "lap_distance_m": lap and lap.lap_distance_m,
            "speed_kph": frame.speed_kph,
            "throttle": frame.throttle,
            "brake": frame.brake,
            "steer": frame.steer,
            "gear": frame.gear,
            "engine_rpm": frame.engine_rpm,
            "drs": frame.drs,
            "ers_store_energy_j": status and status.ers_store_energy_j,
            **dict(zip(_WHEELS, temperatures, strict=True)),
        }


def _is_of(sample: Event | None, frame: CarTelemetry) -> bool:
    """Whether a sample tells of the frame's moment."""
    if sample is None or sample.session_key != frame.session_key or sample.car_index != frame.car_index:
        return False
    if sample.session_time_s is None or frame.session_time_s is None:
        return False
    return abs(frame.session_time_s - sample.session_time_s) <= _JOINED_S
