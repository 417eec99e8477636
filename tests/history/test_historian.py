"""What is kept of what the rigs tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from math import cos, pi, sin
from pathlib import Path
from typing import Any

import pytest

from app.bus import Bus
from app.history.day import Calendar
from app.history.historian import Historian
from app.history.record import LapRecord
from app.history.store import Store
from app.normalize.events import Event, LapProgress
from tests.history.builders import (
    MORNING,
    make_lap,
    make_motion,
    make_progress,
    make_session,
    make_telemetry,
    make_withdrawal,
    moving,
)

LENGTH_M = 240
LAP_MS = 4_800


class Run:
    """One run of a gateway's historian on a file, whose thread is this one."""

    def __init__(self, path: Path, keep_days: int = 90) -> None:
        self.now = MORNING
        self.bus: Bus[Event] = Bus()
        self.store = Store(path, 1 << 30, wall=lambda: self.now)
        self.historian = Historian(["RIG_A", "RIG_B"], self.bus, self.store, keep_days, Calendar(4, UTC), self.wall)
        self.historian.open()

    def wall(self) -> datetime:
        return self.now

    def take(self, *events: Event) -> None:
        for event in events:
            self.historian.take(event)
        self.store.turn()

    def end(self) -> None:
        asyncio.run(self.historian.close())

    # Any: JSON.
    def day(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.historian.desk.day()[1])
        return body

    def laps(self) -> list[LapRecord]:
        return sorted(self.historian._book.of_day(self.historian.desk.today), key=lambda lap: lap.lap_number)

    def numbers(self) -> list[int]:
        return [lap.lap_number for lap in self.laps()]

    def counts(self) -> dict[str, float]:
        readings = self.historian.readings()
        return {labels[0]: value for name, labels, value in readings if name == "f1_history_laps"}

    # Any: JSON.
    def lap(self, number: int) -> dict[str, Any] | None:
        text = asyncio.run(self.historian.desk.lap(f"RIG_A:7:LapCompleted:0:{number}"))
        return None if text is None else json.loads(text)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
def run(path: Path) -> Iterator[Run]:
    made = Run(path)
    yield made
    made.end()


def a_lap(number: int, **changes: Any) -> list[Event]:
    """A whole lap around a circle, a frame every 4 m, told at the line and in the next lap."""
    events: list[Event] = [*moving([LENGTH_M - 1.0], lap_number=number - 1, **changes)]
    frames = count(10)
    for progress in moving([2.0 + 4.0 * n for n in range(LENGTH_M // 4)], lap_number=number, **changes):
        frame, angle = next(frames), (progress.lap_distance_m or 0.0) / LENGTH_M * 2 * pi
        radius_m = LENGTH_M / 2 / pi
        events.append(progress)
        events.append(make_motion(radius_m * cos(angle), radius_m * sin(angle), overall_frame=frame))
        events.append(make_telemetry(overall_frame=frame, speed_kph=180, gear=5, throttle=1.0, brake=0.0, steer=0.1))
    return [*events, told(number), *moving([2.0], lap_number=number + 1, **changes)]


def told(number: int, **changes: Any) -> Event:
    """A lap that is completed `number` minutes past ten."""
    at = MORNING + timedelta(minutes=number)
    return make_lap(**{"lap_number": number, "lap_time_ms": LAP_MS, "received_at": at, **changes})


def at(number: int, status: str = "active", **changes: Any) -> LapProgress:
    """The car is in a lap; the session began long ago."""
    shown = {"lap_distance_m": 50.0, "current_lap_time_ms": 1_000, "overall_frame": 5_000, "result_status": status}
    return make_progress(**{**shown, "lap_number": number, "received_at": MORNING, **changes})


MONZA = make_session(track="Monza", track_length_m=LENGTH_M, sector2_start_m=80.0, sector3_start_m=160.0)


# --- laps -------------------------------------------------------------------------------------------------


def test_an_own_lap_is_kept_with_its_place_and_its_trace(run: Run) -> None:
    run.take(MONZA, *a_lap(2))

    body = run.lap(2)

    assert body is not None
    assert (body["lap"]["track"], body["lap"]["has_trace"]) == ("Monza", True)
    assert (body["length_m"], body["sector2_start_m"], body["sector3_start_m"]) == (LENGTH_M, 80.0, 160.0)
    assert body["time_ms"] == [80 * n for n in range(61)]
    assert set(body["speed_kph"]) == {180}


def test_a_lap_of_another_car_is_not_kept(run: Run) -> None:
    run.take(MONZA, told(1, own=False, car_index=3))

    assert run.laps() == []


def test_an_invalid_lap_is_kept_and_is_on_no_board(run: Run) -> None:
    run.take(MONZA, told(1, valid=False))

    assert run.numbers() == [1]
    assert run.day()["tracks"] == [{"track": "Monza", "laps": 1, "board": [], "newest": None, "rigs": []}]


def test_a_lap_told_before_its_place_is_known_is_on_the_board_once_it_is(run: Run) -> None:
    run.take(told(1))
    assert run.day()["tracks"] == []

    run.take(MONZA)

    assert [board["track"] for board in run.day()["tracks"]] == ["Monza"]


def test_a_lap_told_when_the_next_session_has_begun_belongs_to_its_own_place(run: Run) -> None:
    run.take(MONZA, at(1), make_session(session_uid="8", track="Spa"), at(1, session_uid="8"), told(1))

    assert [lap.track for lap in run.laps()] == ["Monza"]


def test_a_menu_takes_no_place_away(run: Run) -> None:
    run.take(MONZA, make_session(session_uid=None, track=None, mode="menu"), told(1))

    assert [lap.track for lap in run.laps()] == ["Monza"]


def test_tellings_are_counted_by_what_they_did(run: Run) -> None:
    run.take(MONZA, told(1), told(1, status="confirmed"), told(1, status="corrected", valid=False))
    run.take(make_withdrawal(lap_number=1), make_withdrawal(lap_number=9))

    assert run.counts() == {"stored": 1, "updated": 1, "withdrawn": 1}


def test_two_rigs_in_one_session_keep_their_own_laps_apart(run: Run) -> None:
    run.take(MONZA, make_session(rig_id="RIG_B", track="Monza"), told(1), told(1, rig_id="RIG_B", car_index=4))

    assert sorted(lap.lap_id for lap in run.laps()) == ["RIG_A:7:LapCompleted:0:1", "RIG_B:7:LapCompleted:4:1"]


def test_events_of_other_kinds_change_nothing(run: Run) -> None:
    run.take(make_withdrawal(lap_number=1), make_session(), make_lap(own=False))

    assert run.laps() == []


# --- flashbacks -------------------------------------------------------------------------------------------


def test_a_withdrawn_lap_goes_and_comes_back_under_its_id_when_it_is_driven_again(run: Run) -> None:
    run.take(MONZA, *a_lap(2), make_withdrawal(lap_number=2))
    assert (run.laps(), run.lap(2)) == ([], None)

    run.take(told(2, lap_time_ms=4_700, received_at=MORNING + timedelta(minutes=9)))

    (lap,) = run.laps()
    assert (lap.lap_time_ms, lap.completed_at) == (4_700, MORNING + timedelta(minutes=9))


def test_a_number_that_falls_undoes_laps_that_nobody_withdrew(run: Run) -> None:
    run.take(MONZA, at(2), told(1), told(2), at(3), at(2))

    assert run.numbers() == [1]


def test_a_packet_that_names_a_wrong_car_undoes_no_lap_of_the_right_one(run: Run) -> None:
    run.take(MONZA, at(2), told(1), told(2), at(3))

    run.take(at(1, car_index=5), at(3))

    assert run.numbers() == [1, 2]
    assert len(run.store._shelf.laps(run.laps()[0].day)) == 2


def test_a_flashback_over_the_chequered_flag_undoes_the_last_lap(run: Run) -> None:
    run.take(MONZA, at(2), told(1), told(2), at(2, "finished"))
    assert run.numbers() == [1, 2]

    run.take(at(2))

    assert run.numbers() == [1]


# --- restarts ---------------------------------------------------------------------------------------------


def test_after_a_restart_the_day_is_as_it_was_and_told_again_nothing_changes(path: Path) -> None:
    before = Run(path)
    before.take(MONZA, *a_lap(1), told(2, driver_name="ANNA", individual_id="i-1"))
    shown = before.day()
    before.end()

    after = Run(path)
    first = after.day()
    later = {"status": "confirmed", "received_at": MORNING + timedelta(hours=1), "driver_name": "BERT"}
    after.take(MONZA, at(3), told(1, **later), told(2, **later, individual_id="i-2"))

    assert first["tracks"] == shown["tracks"]
    assert after.day() == first
    assert after.lap(1) is not None
    assert after.counts() == {"stored": 0, "updated": 0, "withdrawn": 0}
    after.end()


def test_laps_driven_while_the_gateway_was_down_come_from_the_games_history_without_a_trace(path: Path) -> None:
    before = Run(path)
    before.take(MONZA, told(1))
    before.end()

    after = Run(path)
    after.take(MONZA, at(4), told(2, status="confirmed"), told(3, status="confirmed"))

    assert [(lap.lap_number, lap.has_trace) for lap in after.laps()] == [(1, False), (2, False), (3, False)]
    after.end()


@pytest.mark.parametrize(
    ("now", "stand"),
    [
        (at(4), [1, 2, 3]),
        (at(3), [1, 2]),
        (at(1), []),
        (at(3, "finished"), [1, 2, 3]),
        (at(2, "finished"), [1, 2]),
        (at(3, "disqualified"), [1, 2, 3]),
        (at(2, "retired"), [1, 2]),
        (at(1, session_uid="8"), [1, 2, 3]),
    ],
    ids=[
        "driven on",
        "one lap undone",
        "all undone",
        "at the flag the number stays",
        "finished earlier",
        "disqualified after the flag",
        "retired earlier",
        "another session",
    ],
)
def test_what_was_undone_while_the_gateway_was_down_shows_in_the_first_progress(
    path: Path, now: LapProgress, stand: list[int]
) -> None:
    before = Run(path)
    before.take(MONZA, told(1), told(2), told(3))
    before.end()

    after = Run(path)
    after.take(now)

    assert after.numbers() == stand
    after.end()
    again = Run(path)
    assert again.numbers() == stand
    again.end()


def test_a_loaded_saves_earlier_laps_are_not_its_own_after_a_restart_either(path: Path) -> None:
    before = Run(path)
    before.take(MONZA, at(3, overall_frame=12), told(3))
    before.end()

    after = Run(path)
    after.take(MONZA, at(4), told(1, status="confirmed"), told(2, status="confirmed"))

    assert after.numbers() == [3]
    after.end()


def test_a_session_that_was_joined_has_laps_from_before(run: Run) -> None:
    run.take(MONZA, at(3, overall_frame=5_000), told(1, status="confirmed"))

    assert run.numbers() == [1]


def test_a_lap_that_was_driven_anew_while_nobody_looked_has_not_the_trace_of_the_old_one(path: Path) -> None:
    before = Run(path)
    before.take(MONZA, *a_lap(2))
    before.end()

    after = Run(path)
    after.take(MONZA, at(3), told(2, status="confirmed", lap_time_ms=4_500))

    assert [(lap.lap_time_ms, lap.has_trace) for lap in after.laps()] == [(4_500, False)]
    assert after.lap(2) is None
    after.end()


# --- maps -------------------------------------------------------------------------------------------------


def test_the_first_whole_lap_makes_the_map_and_it_is_there_after_a_restart(path: Path) -> None:
    before = Run(path)
    before.take(MONZA, *a_lap(2))
    learned = before.historian.desk.map("Monza")
    before.end()

    after = Run(path)

    assert learned is not None
    assert len(json.loads(learned)["x"]) == 25
    assert after.historian.desk.map("Monza") == learned
    after.end()


def test_a_lap_through_the_pits_makes_no_map(run: Run) -> None:
    run.take(MONZA, *a_lap(2, pit_status="pitting"))

    assert run.historian.desk.map("Monza") is None


def test_where_sectors_begin_comes_to_the_map_when_it_is_told(run: Run) -> None:
    run.take(make_session(track="Monza", track_length_m=LENGTH_M), *a_lap(2))

    run.take(MONZA)

    told_map = json.loads(run.historian.desk.map("Monza") or b"{}")
    assert (told_map["sector2_start_m"], told_map["sector3_start_m"]) == (80.0, 160.0)


# --- life -------------------------------------------------------------------------------------------------


def test_laps_that_are_too_old_go_at_the_start_and_with_the_first_lap_of_a_new_day(path: Path) -> None:
    before = Run(path, keep_days=2)
    before.take(MONZA, told(1), told(2, received_at=MORNING + timedelta(days=3)))
    assert list(before.historian._book.days()) == ["2026-11-28"]
    before.end()

    after = Run(path, keep_days=2)
    assert list(after.historian._book.days()) == ["2026-11-28"]
    after.end()


def test_a_trace_that_had_to_go_for_want_of_room_is_told_with_the_next_lap(path: Path) -> None:
    run = Run(path)
    run.store._shelf._max_bytes = 1
    run.take(MONZA, *a_lap(2))

    run.take(told(3, status="confirmed"))

    assert [(lap.lap_number, lap.has_trace) for lap in run.laps()] == [(2, False), (3, False)]
    run.end()


def test_a_history_that_cannot_be_written_is_a_problem_with_its_remedy_and_the_board_goes_on(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the directory should be")
    run = Run(tmp_path / "data" / "history.sqlite3")

    run.take(MONZA, *a_lap(2))

    assert run.numbers() == [2]
    assert run.lap(2) is not None
    (problem,) = run.historian.problems()
    assert "HISTORY_PATH" in problem
    assert ("f1_history_failed", (), 1.0) in run.historian.readings()
    run.end()


async def test_it_keeps_what_comes_over_the_bus_until_the_bus_is_closed(path: Path) -> None:
    bus: Bus[Event] = Bus()
    store = Store(path, 1 << 30)
    historian = Historian(["RIG_A"], bus, store, 90, Calendar(4, UTC), lambda: MORNING)
    historian.open()
    running = asyncio.create_task(historian.run(), name="history")

    bus.publish([MONZA, *a_lap(2)])
    bus.close()
    async with asyncio.timeout(20):
        await running
        await historian.close()

    later = Run(path)
    assert [(lap.lap_number, lap.has_trace) for lap in later.laps()] == [(2, True)]
    assert historian.problems() == []
    assert {name for name, _, _ in historian.readings()} == {
        "f1_history_laps",
        "f1_history_dropped",
        "f1_history_bytes",
        "f1_history_failed",
    }
    await later.historian.close()
