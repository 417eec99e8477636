"""Delta, gap and shared race, held against the simulator's truth."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import pytest

from app.bus import Bus
from app.duel.referee import Referee
from app.ingest.decoder import decode
from app.normalize.events import DuelState, Event, SharedRace
from app.normalize.minting import RigIdentity
from app.normalize.normalizer import Normalizer
from app.sim.run import Run, simulate
from tests.truth.judge import EPOCH

RIGS = ("RIG_0", "RIG_1")


def derived(run: Run, packet_format: int) -> Iterator[tuple[float, int, Event]]:
    """Everything the referee derives from a simulated run of two rigs: wall time, rig, event."""
    referee = Referee(RIGS, Bus())
    normalizers = [Normalizer(RigIdentity(rig_id, rig_id)) for rig_id in RIGS]
    streams = [[(at_s, rig, datagram) for at_s, datagram in run.stream(rig, packet_format)] for rig in (0, 1)]
    for at_s, rig, datagram in heapq.merge(*streams):
        for event in normalizers[rig].feed(decode(datagram), EPOCH + timedelta(seconds=at_s)):
            for found in referee.derive(event, at_s):
                yield at_s, rig, found


class Told(NamedTuple):
    """One state of one rig, and the wall time at which it was told."""

    at_s: float
    rig: int
    state: DuelState


@cache
def told_of(scenario: str) -> tuple[Run, tuple[Told, ...]]:
    """A run of two rigs at 60 Hz, and every state that the referee told of it."""
    run = simulate(scenario, seed=3, rate_hz=60)
    states = (Told(at_s, rig, event) for at_s, rig, event in derived(run, 2025) if isinstance(event, DuelState))
    return run, tuple(states)


def lines(run: Run, rig: int) -> list[float]:
    """When a rig's own car crossed the line with a lap, wall time."""
    return [lap.completed_at_s for lap in run.ledger.own_laps(rig)]


@pytest.mark.parametrize("scenario", ["duel", "lobby"])
def test_the_live_delta_between_the_rigs_is_true_within_fifty_milliseconds(scenario: str) -> None:
    run, told = told_of(scenario)

    errors_ms = sorted(
        abs(state.delta_to_other_ms - true_ms)
        for at_s, rig, state in told
        if state.delta_to_other_ms is not None
        and (true_ms := run.ledger.traces.delta_ms(rig, 1 - rig, at_s)) is not None
    )

    assert len(errors_ms) > 1000
    assert errors_ms[int(len(errors_ms) * 0.99)] <= 50
    assert errors_ms[-1] <= 50


def test_in_a_lobby_the_shared_race_is_found_within_five_seconds_and_the_gap_is_true() -> None:
    run = simulate("lobby", seed=3, rate_hz=20)
    began_s = min(session.started_at_s for session in run.ledger.sessions)

    told = list(derived(run, 2025))

    found = [(at_s, event) for at_s, _, event in told if isinstance(event, SharedRace)]
    assert len(found) == 1
    assert found[0][0] - began_s < 5
    errors_ms = [
        abs(state.gap_to_other_ms - true_ms)
        for at_s, rig, state in told
        if isinstance(state, DuelState)
        and state.gap_to_other_ms is not None
        and (true_ms := run.ledger.traces.gap_ms(rig, 1 - rig, at_s)) is not None
    ]
    assert len(errors_ms) > 1000
    assert max(errors_ms) <= 50


@pytest.mark.parametrize("scenario", ["duel", "lobby"])
def test_the_delta_of_the_rig_that_chases_is_true_within_fifty_milliseconds(scenario: str) -> None:
    run, told = told_of(scenario)

    errors_ms = [
        abs(state.delta_to_other_ms - true_ms)
        for at_s, rig, state in told
        if state.chasing
        and state.delta_to_other_ms is not None
        and (true_ms := run.ledger.traces.delta_ms(rig, 1 - rig, at_s)) is not None
    ]

    assert len(errors_ms) > 1000
    assert max(errors_ms) <= 50


@pytest.mark.parametrize("scenario", ["duel", "lobby"])
def test_whenever_both_rigs_can_be_compared_one_chases_and_the_other_does_not(scenario: str) -> None:
    _, told = told_of(scenario)
    newest: dict[int, DuelState] = {}
    together = 0

    for _, rig, state in told:
        newest[rig] = state
        if len(newest) == 2 and all(each.delta_to_other_ms is not None for each in newest.values()):
            together += 1
            assert {newest[0].chasing, newest[1].chasing} == {True, False}

    assert together > 1000


def test_in_a_duel_the_rig_that_crosses_the_line_later_chases_from_its_first_lap_to_its_last() -> None:
    run, told = told_of("duel")
    later = max((0, 1), key=lambda rig: lines(run, rig)[0])
    over_s = min(session.ended_at_s for session in run.ledger.sessions) - 0.1

    roles = {(rig, state.chasing) for at_s, rig, state in told if state.delta_to_other_ms is not None and at_s < over_s}

    assert all((lines(run, later)[n] > lines(run, 1 - later)[n]) for n in range(3))
    assert roles == {(later, True), (1 - later, False)}


def test_in_a_race_the_rig_behind_chases() -> None:
    run, told = told_of("lobby")

    wrong = [
        (at_s, rig)
        for at_s, rig, state in told
        if state.chasing is not None
        and (gap_ms := run.ledger.traces.gap_ms(rig, 1 - rig, at_s)) is not None
        and abs(gap_ms) > 150
        and state.chasing != (gap_ms > 0)
    ]

    assert sum(state.chasing is not None for _, _, state in told) > 1000
    assert wrong == []


def test_the_number_of_a_duel_does_not_jump_when_one_crosses_the_line_while_the_other_finishes_its_lap() -> None:
    run, told = told_of("duel")
    later = max((0, 1), key=lambda rig: lines(run, rig)[0])
    waits = list(zip(lines(run, 1 - later), lines(run, later), strict=True))

    def jumps_ms(*, chasing: bool) -> list[int]:
        """The largest step of a role's number from frame to frame, from before the one's line to before the other's."""
        number = [(at_s, state.delta_to_other_ms) for at_s, _, state in told if state.chasing is chasing]
        spans = [
            [ms for at_s, ms in number if ms is not None and first_s - 1.0 <= at_s < second_s]
            for first_s, second_s in waits
        ]
        return [max(abs(this - last) for last, this in pairwise(span)) for span in spans]

    assert all(second_s - first_s > 1.0 for first_s, second_s in waits)
    assert len(jumps_ms(chasing=True)) == 3
    assert max(jumps_ms(chasing=True)) <= 20  # at 60 Hz a frame is 17 ms
    assert max(jumps_ms(chasing=False)) > 200  # the number that a wall without roles would show
