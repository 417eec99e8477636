"""What a screen shows of one rig."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.normalize.events import (
    CarAero,
    CarDamage,
    CarMotion,
    CarTelemetry,
    DuelState,
    FieldMotion,
    LapProgress,
    Sample,
    SessionState,
)
from app.publish.state import RigState

CONTRACT = Path(__file__).resolve().parent.parent.parent / "docs" / "websocket.md"


class Link:
    """A rig's link that never changes."""

    def packets_per_s(self) -> int:
        return 356


def make_sample(kind: type[Sample], **changes: Any) -> Sample:
    """A sample of which nothing is known but what is told."""
    base = dict.fromkeys(name for name in kind.model_fields if name != "source_type")
    told = {"rig_id": "RIG_A", "session_uid": "7", "overall_frame": 1, "received_at": datetime(2026, 3, 1, tzinfo=UTC)}
    if kind is SessionState:
        told |= {"mode": "driving", "packet_format": 2025, "game_version": "1.20"}
    if kind is DuelState:
        told |= {"same_race": False, "sector_times_ms": (None,) * 3, "sector_marks": (None,) * 3}
    return kind.model_validate({**base, **told, **changes})


@pytest.fixture
def state() -> RigState:
    return RigState(driver_name=None, individual_id=None, counters=Link())


def documented_keys() -> set[str]:
    table = CONTRACT.read_text(encoding="utf-8").split("## `data`")[1].split("## Event kinds")[0]
    firsts = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {name for cell in firsts for name in re.findall(r"`(\w+)`", cell)}


def test_every_documented_key_is_there_from_the_beginning_and_no_other(state: RigState) -> None:
    assert set(state.data(0.0, 2.0)) == documented_keys()


def test_before_anything_arrives_nothing_is_known(state: RigState) -> None:
    data = state.data(0.0, 2.0)

    told = {key: value for key, value in data.items() if value is not None}
    assert told == {"link": "never", "mode": "none", "packets_per_s": 356}


def test_a_sample_is_shown_at_once(state: RigState) -> None:
    state.fold(make_sample(CarTelemetry, speed_kph=287, throttle=0.98765), now_s=10.0)

    data = state.data(10.0, 2.0)
    assert (data["speed_kph"], data["throttle"], data["link"]) == (287, 0.988, "live")


def test_wheels_are_told_by_name(state: RigState) -> None:
    state.fold(make_sample(CarTelemetry, tyre_surface_temperature_c=(91, 92, 81, 82)), now_s=0.0)

    assert state.data(0.0, 2.0)["tyre_surface_temperature_c"] == {"rl": 91, "rr": 92, "fl": 81, "fr": 82}


def test_values_that_are_not_refreshed_go_stale_and_say_for_how_long(state: RigState) -> None:
    state.fold(make_sample(CarTelemetry, speed_kph=287), now_s=10.0)

    assert [(state.data(now_s, 2.0)["link"], state.data(now_s, 2.0)["stale_s"]) for now_s in (11.9, 12.0, 17.0)] == [
        ("live", 1.9),
        ("stale", 2.0),
        ("stale", 7.0),
    ]


def test_nothing_of_the_session_before_shows_through(state: RigState) -> None:
    state.fold(make_sample(LapProgress, lap_number=5, best_lap_time_ms=80_000), now_s=0.0)
    state.fold(make_sample(CarDamage, tyre_wear_percent=(9.0, 9.0, 9.0, 9.0)), now_s=0.0)

    state.fold(make_sample(CarTelemetry, session_uid="8", speed_kph=1), now_s=1.0)

    data = state.data(1.0, 2.0)
    assert (data["lap_number"], data["best_lap_time_ms"], data["tyre_wear_percent"]) == (None, None, None)
    assert data["session_uid"] == "8"


@pytest.mark.parametrize("mode", ["spectating", "no_car", "menu"])
def test_without_a_car_of_ones_own_the_values_of_the_car_before_are_gone(state: RigState, mode: str) -> None:
    state.fold(make_sample(CarTelemetry, speed_kph=200), now_s=0.0)
    state.fold(make_sample(LapProgress, position=1), now_s=0.0)

    state.fold(make_sample(SessionState, mode=mode), now_s=1.0)

    data = state.data(1.0, 2.0)
    assert (data["mode"], data["speed_kph"], data["position"]) == (mode, None, None)


def test_values_are_as_old_as_pedals_and_lap_whatever_else_still_comes(state: RigState) -> None:
    state.fold(make_sample(CarTelemetry, speed_kph=200), now_s=0.0)
    state.fold(make_sample(LapProgress, position=1), now_s=0.0)

    state.fold(make_sample(CarDamage), now_s=5.0)
    state.fold(make_sample(CarTelemetry, speed_kph=201), now_s=5.0)

    assert (state.data(5.0, 2.0)["link"], state.data(5.0, 2.0)["stale_s"]) == ("stale", 5.0)


def test_a_derived_value_of_the_session_before_changes_nothing(state: RigState) -> None:
    state.fold(make_sample(CarTelemetry, session_uid="8", speed_kph=287), now_s=0.0)

    closes = state.fold(make_sample(DuelState, session_uid="7", delta_to_best_ms=1), now_s=9.0)

    data = state.data(9.0, 2.0)
    assert (closes, data["session_uid"], data["speed_kph"], data["delta_to_best_ms"]) == (False, "8", 287, None)
    assert data["stale_s"] == 9.0


def test_a_menu_shows_no_numbers(state: RigState) -> None:
    state.fold(make_sample(CarTelemetry, speed_kph=287), now_s=0.0)

    state.fold(make_sample(SessionState, session_uid=None, overall_frame=None, mode="menu"), now_s=1.0)

    data = state.data(1.0, 2.0)
    assert (data["mode"], data["speed_kph"], data["session_uid"]) == ("menu", None, None)


def test_the_configured_guest_is_shown_until_the_game_names_somebody(state: RigState) -> None:
    named = RigState(driver_name="Ada", individual_id="003", counters=Link())

    assert (named.data(0.0, 2.0)["driver_name"], state.data(0.0, 2.0)["driver_name"]) == ("Ada", None)


def test_the_sample_that_closes_a_frame_is_learned_from_the_frame_before(state: RigState) -> None:
    kinds: list[type[Sample]] = [LapProgress, CarDamage, CarTelemetry]

    closes = [[state.fold(make_sample(kind, overall_frame=frame), now_s=0.0) for kind in kinds] for frame in (1, 2, 3)]

    assert closes == [[False] * 3, [False, False, True], [False, False, True]]


def test_sectors_are_told_by_name_with_their_marks(state: RigState) -> None:
    state.fold(make_sample(LapProgress), now_s=0.0)
    sectors = {"sector_times_ms": (30_000, 25_000, None), "sector_marks": ("session_best", None, None)}

    state.fold(make_sample(DuelState, chasing=False, sectors_lap_number=4, **sectors), now_s=0.0)

    data = state.data(0.0, 2.0)
    assert (data["chasing"], data["sectors_lap_number"]) == (False, 4)
    assert data["sector_times_ms"] == {"s1": 30_000, "s2": 25_000, "s3": None}
    assert data["sector_marks"] == {"s1": "session_best", "s2": None, "s3": None}


def test_without_a_lap_there_are_no_sectors(state: RigState) -> None:
    state.fold(make_sample(LapProgress), now_s=0.0)

    state.fold(make_sample(DuelState), now_s=0.0)

    data = state.data(0.0, 2.0)
    assert (data["sectors_lap_number"], data["sector_times_ms"], data["sector_marks"]) == (None, None, None)


def test_the_other_cars_are_told_from_above_to_a_tenth_of_a_metre(state: RigState) -> None:
    state.fold(make_sample(CarMotion), now_s=0.0)

    state.fold(make_sample(FieldMotion, cars=((3, 10.04, -20.26), (7, 0.0, 1.0))), now_s=0.0)

    assert json.loads(json.dumps(state.data(0.0, 2.0)["other_cars_m"])) == [[3, 10.0, -20.3], [7, 0.0, 1.0]]


def test_a_car_that_is_alone_has_no_others_and_before_that_is_told_they_are_unknown(state: RigState) -> None:
    state.fold(make_sample(CarMotion), now_s=0.0)
    before = state.data(0.0, 2.0)["other_cars_m"]

    state.fold(make_sample(FieldMotion, cars=()), now_s=0.0)

    assert (before, state.data(0.0, 2.0)["other_cars_m"]) == (None, [])


def test_the_other_cars_refresh_nothing_close_no_frame_and_begin_no_slate(state: RigState) -> None:
    state.fold(make_sample(CarTelemetry, speed_kph=287), now_s=0.0)
    state.fold(make_sample(CarTelemetry, overall_frame=2), now_s=0.0)

    closes = state.fold(make_sample(FieldMotion, overall_frame=2, cars=((3, 1.0, 1.0),)), now_s=9.0)
    late = state.fold(make_sample(FieldMotion, session_uid="6", overall_frame=3, cars=()), now_s=9.0)

    data = state.data(9.0, 2.0)
    assert (closes, late, data["stale_s"], data["session_uid"]) == (False, False, 9.0, "7")
    assert data["other_cars_m"] == [(3, 1.0, 1.0)]
    assert state.fold(make_sample(CarTelemetry, overall_frame=3), now_s=9.0)  # it still closes its frame


@pytest.mark.parametrize(
    "sample",
    [make_sample(CarTelemetry, session_uid="8"), make_sample(SessionState, mode="no_car")],
    ids=["another session", "no car"],
)
def test_the_other_cars_are_gone_with_the_slate(state: RigState, sample: Sample) -> None:
    state.fold(make_sample(CarMotion), now_s=0.0)
    state.fold(make_sample(FieldMotion, cars=((3, 1.0, 1.0),)), now_s=0.0)

    state.fold(sample, now_s=1.0)

    assert state.data(1.0, 2.0)["other_cars_m"] is None


def test_where_sectors_begin_and_what_the_driver_has_set_are_told(state: RigState) -> None:
    venue = {"sector2_start_m": 1712.249, "sector3_start_m": 3500.06}

    state.fold(make_sample(SessionState, telemetry_public=False, **venue), now_s=0.0)

    data = state.data(0.0, 2.0)
    assert (data["sector2_start_m"], data["sector3_start_m"]) == (1712.2, 3500.1)
    assert data["telemetry_public"] is False


@pytest.mark.parametrize(
    ("packet_format", "formula", "aero", "told"),
    [
        (2025, "F1 Modern", None, False),
        (2023, "F1 Classic", None, False),
        (2025, "unknown (13)", None, None),  # a car of 2026, told in a format that has no word for it
        (2026, "F1 26", None, None),
        (2026, "F1 26", True, True),
        (2026, "F1 Modern", False, False),
    ],
)
def test_whether_the_rules_of_2026_hold_is_told_where_it_is_known(
    state: RigState, packet_format: int, formula: str, aero: bool | None, told: bool | None
) -> None:
    state.fold(make_sample(SessionState, packet_format=packet_format, formula=formula), now_s=0.0)
    if aero is not None:
        state.fold(make_sample(CarAero, regulations_2026=aero, active_aero="corner"), now_s=0.0)

    data = state.data(0.0, 2.0)
    assert data["regulations_2026"] is told
    assert (data["active_aero"] is not None) == (told is True)
