"""What a screen shows of one rig."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.normalize.events import CarDamage, CarTelemetry, DuelState, LapProgress, Sample, SessionState
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

    closes = state.fold(make_sample(DuelState, session_uid="7", same_race=False, delta_to_best_ms=1), now_s=9.0)

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
