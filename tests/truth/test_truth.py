"""A trimmed `make truth`: no false lap, no missed one, none doubled, none of another driver, no false session."""

from __future__ import annotations

import pytest

from app.sim.run import simulate
from app.sim.scenarios import SCENARIOS
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.truth.judge import Listener, judge, listen
from tests.truth.matrix import FORMATS, Cell, cells

SEED = 7


def _format_of(scenario: str) -> int:
    """Each scenario in one format here; `make truth` takes every one in all four."""
    return FORMATS[list(SCENARIOS).index(scenario) % len(FORMATS)]


_FLASHBACK = pytest.mark.row("I7", "I8")
_INTERRUPTION = pytest.mark.row("I7", "I11")
_PROVES = {
    "flashback_over_line": _FLASHBACK,
    "save_load": _FLASHBACK,
    "restart": _INTERRUPTION,
    "practice_restart": _INTERRUPTION,
    "pause": _INTERRUPTION,
    "disconnect": _INTERRUPTION,
    "session_end": _INTERRUPTION,
}
"""What a scenario proves beside I7: the bad network of that row is in every one."""


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(scenario, marks=_PROVES.get(scenario, pytest.mark.row("I7"))) for scenario in SCENARIOS],
)
def test_every_lap_and_session_is_told_as_it_was(scenario: str, reached: Reached) -> None:
    judged = list(cells(scenario, [_format_of(scenario)], [SEED]))

    assert [cell.impaired for cell in judged] == [False, True]
    assert all(cell.verdict.laps for cell in judged)
    wrong = [each for cell in judged for each in wrongs(cell)]
    reached(exactly("laps and sessions told falsely, of a clean and a bad network", wrong, []))
    reached(exactly("event ids told twice", [each for cell in judged for each in cell.verdict.doubled], []))
    reached(exactly("clocks that jumped", sum(cell.jumps for cell in judged), 0))


def wrongs(cell: Cell) -> tuple[str, ...]:
    verdict = cell.verdict
    return verdict.false + verdict.missed + verdict.wrong + verdict.doubled + verdict.sessions


def test_the_judge_sees_a_lap_that_is_not_told_and_one_that_is_told_wrongly() -> None:
    run = simulate("time_trial", seed=SEED, rate_hz=20)
    listener, _ = listen([run.stream(0, 2025)])
    first, second, *_ = listener.laps
    rig, lap = listener.laps.pop(first)
    listener.laps[second] = (rig, lap.model_copy(update={"lap_number": 2, "lap_time_ms": lap.lap_time_ms + 1}))

    verdict = judge(run.ledger, listener, lossy=False)

    assert (len(verdict.missed), len(verdict.wrong)) == (1, 1)
    assert judge(run.ledger, Listener(), lossy=False).sessions
