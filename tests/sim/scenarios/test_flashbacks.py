from __future__ import annotations

from itertools import pairwise

import pytest

from app.ingest.packets import LapDataPacket
from tests.sim.runs import as_history, laps_in_history, of_type, played, sent


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_line_is_crossed_back_twice_and_one_lap_stands(seed: int) -> None:
    run = played("flashback_over_line", seed)
    slot = run.rigs[0].car_index
    numbers = [p.cars[slot or 0].current_lap_num for p in of_type(sent("flashback_over_line", seed), LapDataPacket)]
    falls = [(a, b) for a, b in pairwise(numbers) if b < a]
    undone = [lap for lap in run.ledger.undone_laps if lap.car_index == slot]

    assert falls == [(2, 1), (2, 1)]
    assert len(undone) == 2
    assert len({lap.lap_time_ms for lap in [*undone, run.ledger.own_laps(0)[0]]}) == 3


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_history_forgets_what_was_undone(seed: int) -> None:
    run = played("flashback_over_line", seed)
    truth = {(lap.session_uid, lap.lap_number): as_history(lap) for lap in run.ledger.own_laps(0)}

    assert laps_in_history(sent("flashback_over_line", seed), run.rigs[0].car_index or 0) == truth


def test_one_flashback_follows_hard_upon_another() -> None:
    flashbacks = played("flashback_over_line").ledger.flashbacks

    assert len(flashbacks) == 3
    assert flashbacks[2].from_session_time_s - flashbacks[1].landed_session_time_s < 1.0
    assert all(f.landed_session_time_s <= f.to_session_time_s + 1e-6 < f.from_session_time_s for f in flashbacks)


def test_some_flashbacks_land_before_the_frame_they_name() -> None:
    early = [
        flashback.to_session_time_s - flashback.landed_session_time_s
        for seed in (1, 3, 5)
        for flashback in played("flashback_over_line", seed).ledger.flashbacks
    ]

    assert max(early) > 0.05
    assert max(early) < 1.0
