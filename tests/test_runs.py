"""How often the gateway has started, and which runs nobody ended."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.runs import LOOP_ENDS, NAME, Runs, is_running
from tests.chaos.stage import metric
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.gateway import free_port, history_path, running_gateway

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Clock:
    """A wall clock that is set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def killed(runs: Runs) -> None:
    """What a kill leaves: the lock is gone, and nothing was written."""
    runs.end(in_order=False)


def test_runs_that_end_in_order_are_counted_and_nothing_else_is_said(tmp_path: Path) -> None:
    for number in range(1, 4):
        runs = Runs(tmp_path / "data", Clock())
        runs.begin()
        assert (runs.starts, runs.unclean_ends, runs.problems()) == (number, 0, [])
        runs.end(in_order=True)


def test_a_run_that_was_killed_is_counted_by_the_next(tmp_path: Path) -> None:
    first = Runs(tmp_path, Clock())
    first.begin()
    killed(first)

    second = Runs(tmp_path, Clock())
    second.begin()

    assert (second.starts, second.unclean_ends) == (2, 1)
    assert {name: value for name, _, value in second.readings()} == {
        "f1_gateway_starts": 2,
        "f1_gateway_unclean_ends": 1,
    }
    second.end(in_order=True)


def test_a_crash_loop_is_told_and_forgotten_after_a_while(tmp_path: Path) -> None:
    clock = Clock()
    for _ in range(LOOP_ENDS):
        runs = Runs(tmp_path, clock)
        runs.begin()
        killed(runs)
        clock.now += timedelta(minutes=1)
    runs = Runs(tmp_path, clock)
    runs.begin()

    (sentence,) = runs.problems()
    clock.now += timedelta(minutes=20)

    assert sentence.startswith(f"The gateway has ended unexpectedly {LOOP_ENDS} times in the last 15 minutes: ")
    assert runs.problems() == []
    runs.end(in_order=True)


def test_a_second_gateway_in_one_folder_is_told_and_no_end_is_counted(tmp_path: Path) -> None:
    first, second = Runs(tmp_path, Clock()), Runs(tmp_path, Clock())
    first.begin()

    second.begin()

    assert second.unclean_ends == 0
    assert "Another gateway uses the folder" in second.problems()[0]
    assert is_running(tmp_path)
    first.end(in_order=True)
    second.end(in_order=True)
    assert not is_running(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"starts": -4, "unclean_at": 7}', '{"unclean_at": ["noon"]}'])
def test_a_file_that_says_nonsense_begins_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    runs = Runs(tmp_path, Clock())

    runs.begin()

    assert (runs.starts, runs.unclean_ends, runs.problems()) == (1, 0, [])
    runs.end(in_order=True)


def test_a_folder_that_cannot_be_written_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    runs = Runs(tmp_path / "file" / "deep", Clock())

    runs.begin()
    runs.end(in_order=True)

    assert runs.starts == 1
    assert "restarts are not counted" in caplog.text


@pytest.mark.live
@pytest.mark.row("L10")
def test_a_killed_gateway_shows_in_the_next_ones_metrics_health_and_ops(reached: Reached) -> None:
    port, history = free_port(), history_path()
    for _ in range(LOOP_ENDS):
        with running_gateway(rigs=1, port=port, HISTORY_PATH=history) as gateway:
            gateway.process.kill()
            gateway.process.wait()

    with running_gateway(rigs=1, port=port, HISTORY_PATH=history) as gateway:
        ops = json.loads(gateway.get("/api/ops")[1])

        reached(exactly("starts counted", metric(gateway, "f1_gateway_starts_total"), LOOP_ENDS + 1.0))
        reached(exactly("unexpected ends counted", metric(gateway, "f1_gateway_unclean_ends_total"), float(LOOP_ENDS)))
        assert ops["runs"] == {"starts": LOOP_ENDS + 1, "unclean_ends": LOOP_ENDS}
        assert any("ended unexpectedly" in sentence for sentence in ops["problems"])
        assert gateway.health()["status"] == "degraded"
