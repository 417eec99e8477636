"""Motion, CarTelemetry, CarStatus, CarDamage and CarTelemetry2 of every car at one moment, as wide rows.

What the numbers are made of is `physics` and the track's tables; what may be seen is `privacy`.
"""

from __future__ import annotations

from math import exp, sin
from typing import TYPE_CHECKING, Final

from app.sim.drives import IN_GARAGE, Stint
from app.sim.physics import (
    DRIVETRAIN,
    ERS_FULL_J,
    FUEL_CAPACITY_KG,
    FUEL_KG_PER_M,
    IDLE_RPM,
    MAX_GEARS,
    MAX_RPM,
    acceleration_limit,
)
from app.sim.privacy import RESTRICTED, restricted_slots
from app.sim.wire import positions, wide_rows
from app.sim.world import RETIRED, CarNow, Kind, World

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = tuple[float, ...]
G: Final = 9.81
_TT_FUEL_KG: Final = 10.0  # Time Trial keeps the tank at this, and the tyres new
_SPARE_LAPS: Final = 0.4
_WARM_UP_M: Final = 700.0
_COLD_C: Final = 70.0
_BRAKE_BIAS: Final = 57
_DRS_GAP_MS: Final = 1_000
_DRS_WARNING_M: Final = 300.0
_WEAR_PERCENT_PER_KM: Final = (0.42, 0.45, 0.36, 0.38)
_HARVEST_LIMIT_J: Final = 7_000_000.0
_NO_FLAG, _YELLOW = 0, 3
_NOTHING: Final = (0,) * 18


class CarsPanel:
    """Writes the rows of all cars of one world for one machine."""

    def __init__(self, world: World, own_slot: int | None, *, network_game: bool) -> None:
        self._world = world
        self._hidden = restricted_slots(world, own_slot) if network_game else frozenset[int]()
        self._keep = {record: _kept(record, names) for record, names in RESTRICTED.items()}
        self._fuel_kg = (
            _TT_FUEL_KG
            if world.kind is Kind.TIME_TRIAL
            else FUEL_KG_PER_M * world.track.length_m * (world.total_laps + _SPARE_LAPS)
        )

    def motion(self, states: Sequence[CarNow]) -> list[float]:
        """Position on the outline, velocity along it, g-forces that fit both."""
        track = self._world.track
        cells, step = len(track.x_m), track.outline_step_m
        flat: list[float] = []
        for state in states:
            place = state.distance_m % track.length_m / step
            cell = min(int(place), cells - 1)
            share = place - cell
            then = (cell + 1) % cells
            forward = track.forward[cell]
            speed = state.speed_mps
            scale = speed / 32767
            x, y, z = track.x_m[cell], track.y_m[cell], track.z_m[cell]
            flat += (
                x + share * (track.x_m[then] - x),
                y + share * (track.y_m[then] - y),
                z + share * (track.z_m[then] - z),
                forward[0] * scale,
                forward[1] * scale,
                forward[2] * scale,
                *forward,
                speed * speed * track.curvature[cell] / G,
                state.acceleration_mps2 / G,
                0.02 * sin(place),
                track.yaw_rad[cell],
                track.slope[cell],
                -0.01 * track.steer[cell],
            )
        return flat

    def telemetry(
        self, states: Sequence[CarNow], gaps_ms: Sequence[int], feet: Sequence[tuple[float, float]]
    ) -> list[float]:
        """Pedals, gear, rpm, temperatures, pressures; `feet` are throttle and brake."""
        track = self._world.track
        flat: list[float] = []
        for state, gap_ms, (throttle, brake) in zip(states, gaps_ms, feet, strict=True):
            cell = track.cell(state.distance_m)
            kph = int(state.speed_mps * 3.6 + 0.5)
            drivetrain = DRIVETRAIN[kph]
            rear, front = track.brake_temperature_c[cell]
            warm = 1.0 - exp(-(state.total_m + 100.0) / _WARM_UP_M) if state.total_m > -100.0 else 0.0
            surface = int(_COLD_C + warm * (18.0 + 22.0 * track.tyre_load[cell]))
            inner = int(_COLD_C + warm * 27.0)
            psi = 22.0 + 0.02 * (surface - _COLD_C)
            drs = int(throttle > 0.5 and self._drs_zone(state) and self._drs_allowed(state, gap_ms))
            flat += (
                kph, throttle, track.steer[cell] if kph > 5 else 0.0, brake, 0,
                drivetrain.gear, drivetrain.rpm, drs, drivetrain.rev_lights_percent, drivetrain.rev_lights_bits,
                rear, rear - 4, front, front - 6,
                surface, surface - 1, surface + 2, surface + 1,
                inner, inner, inner + 1, inner,
                110,
                psi, psi, psi + 2.2, psi + 2.2,
                0, 0, 0, 0,
            )  # fmt: skip
        return flat

    def status(
        self,
        states: Sequence[CarNow],
        gaps_ms: Sequence[int],
        feet: Sequence[tuple[float, float]],
        session_ms: float,
    ) -> list[float]:
        """Fuel, ERS, tyres, flags; zeroed where restricted."""
        world, track = self._world, self._world.track
        flag = _YELLOW if world.phase_at(session_ms) is not None else _NO_FLAG
        drs_from_m, drs_to_m = track.drs_zone
        flat: list[float] = []
        for slot, state in enumerate(states):
            lap, throttle = state.lap, feet[slot][0]
            stint = world.drives[slot].stints[world.stint_at(slot, session_ms)]
            in_lane = lap.pit_from_ms is not None and lap.pit_from_ms <= state.timer_ms < (lap.pit_to_ms or 0)
            fuel_kg, fuel_laps = self._fuel(state)
            deployed = harvested = 0.0
            if state.distance_m >= 0.0 and lap.driver_status != IN_GARAGE:
                cell = track.cell(state.distance_m)
                deployed, harvested = track.deployed_j[cell], track.harvested_j[cell]
            store = min(ERS_FULL_J, max(0.0, track.ers_at_line_j - deployed + harvested))
            drs = to_drs_m = 0
            around_m = state.distance_m % track.length_m
            if drs_from_m - _DRS_WARNING_M < around_m < drs_to_m and self._drs_allowed(state, gaps_ms[slot]):
                drs, to_drs_m = int(around_m >= drs_from_m), max(0, int(drs_from_m - around_m))
            row: Row = (
                0, 1, 1, _BRAKE_BIAS, int(in_lane),
                fuel_kg, FUEL_CAPACITY_KG, fuel_laps, MAX_RPM, IDLE_RPM, MAX_GEARS,
                drs, to_drs_m,
                stint.actual_compound, stint.visual_compound, max(0, lap.number - stint.from_lap),
                flag,
                90_000.0 + 460_000.0 * throttle, 120_000.0 * throttle,
                store, 1,
                harvested, 0.0, _HARVEST_LIMIT_J, deployed, 0,
            )  # fmt: skip
            flat += row if slot not in self._hidden else self._veiled("car_status", row)
        return flat

    def damage(self, states: Sequence[CarNow], session_ms: float) -> list[float]:
        """Tyre wear and all else that breaks; zeroed where restricted."""
        flat: list[float] = []
        for slot, state in enumerate(states):
            stint = self._world.drives[slot].stints[self._world.stint_at(slot, session_ms)]
            wear = self.wear_percent(state, stint)
            worn = tuple(int(part) for part in wear)
            rest = _NOTHING if state.result_status != RETIRED else (*_NOTHING[:7], 0, 0, 100, *_NOTHING[10:])
            row: Row = (*wear, *worn, 0, 0, 0, 0, *(part // 8 for part in worn), *rest)
            flat += row if slot not in self._hidden else self._veiled("car_damage", row)
        return flat

    def active_aero(self, states: Sequence[CarNow], gaps_ms: Sequence[int]) -> list[float]:
        """CarTelemetry2 of format 2026."""
        flat: list[float] = []
        for state, gap_ms in zip(states, gaps_ms, strict=True):
            straight = self._drs_zone(state)
            close = self._world.kind is Kind.RACE and 0 < gap_ms < _DRS_GAP_MS
            to_zone_m = int(self._world.track.drs_zone[0] - state.distance_m % self._world.track.length_m)
            near = to_zone_m if 0 < to_zone_m < _DRS_WARNING_M else 0
            flat += (
                int(straight),
                int(straight),
                near,
                int(close),
                int(close and straight),
                near if close else 0,
                1,
                0,
            )
        return flat

    def wear_percent(self, state: CarNow, stint: Stint) -> tuple[float, float, float, float]:
        """Wear of the four tyres, from the distance since they were fitted."""
        if self._world.kind is Kind.TIME_TRIAL:
            return (0.0, 0.0, 0.0, 0.0)
        km = max(0.0, state.total_m - stint.fitted_at_m) / 1000
        rl, rr, fl, fr = _WEAR_PERCENT_PER_KM
        return min(100.0, rl * km), min(100.0, rr * km), min(100.0, fl * km), min(100.0, fr * km)

    def _fuel(self, state: CarNow) -> tuple[float, float]:
        """Kilograms in the tank, and laps more than needed."""
        per_lap = FUEL_KG_PER_M * self._world.track.length_m
        if self._world.kind is Kind.TIME_TRIAL:
            return self._fuel_kg, self._fuel_kg / per_lap
        driven_m = state.total_m if state.total_m > 0.0 else 0.0
        left = max(0.0, self._fuel_kg - FUEL_KG_PER_M * driven_m)
        return left, left / per_lap - self._world.total_laps + driven_m / self._world.track.length_m

    def _drs_zone(self, state: CarNow) -> bool:
        start, stop = self._world.track.drs_zone
        return start <= state.distance_m % self._world.track.length_m < stop

    def _drs_allowed(self, state: CarNow, gap_ms: int) -> bool:
        if self._world.kind is not Kind.RACE:
            return state.lap.driver_status != IN_GARAGE
        return state.lap.number > 1 and 0 < gap_ms < _DRS_GAP_MS

    def _veiled(self, record: str, row: Row) -> Row:
        return tuple(value if kept else 0 for value, kept in zip(row, self._keep[record], strict=True))


def _kept(record: str, hidden: frozenset[str]) -> tuple[bool, ...]:
    """For each value of a wide row: does it stay visible?"""
    return tuple(name not in hidden for name, place in positions(wide_rows(record)).items() for _ in place)


def own_motion(world: World, state: CarNow) -> list[float]:
    """MotionEx of one car, as the values of format 2025's packet."""
    track = world.track
    cell = track.cell(state.distance_m)
    speed, accel = state.speed_mps, state.acceleration_mps2
    lateral = speed * speed * track.curvature[cell]
    turning = speed * track.curvature[cell]
    slip = accel / max(acceleration_limit(speed), 1.0) * 0.05
    dive = -0.4 * accel
    heights = (20.0 - dive, 20.0 - dive, 24.0 + dive, 24.0 + dive)
    load = 2_000.0 + 1.6 * speed * speed
    return [
        *heights,
        0.0, 0.0, 0.0, 0.0,
        0.0, 0.0, 0.0, 0.0,
        *(speed,) * 4,
        *(slip,) * 4,
        *(turning * 0.02,) * 4,
        *(lateral * 200.0,) * 4,
        *(accel * 200.0,) * 4,
        0.26,
        0.0, 0.0, speed,
        0.0, turning, 0.0,
        0.0, 0.0, 0.0,
        track.steer[cell] * 0.3,
        load, load, load, load,
        0.03, 0.05,
        0.0, 0.0,
        0.0, 0.01,
        -0.035, -0.035, -0.054, -0.054,
        0.0, 0.0, 0.0, 0.0,
    ]  # fmt: skip
