"""Delta, gap and shared race, held against the simulator's truth."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import timedelta

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


@pytest.mark.parametrize("scenario", ["duel", "lobby"])
def test_the_live_delta_between_the_rigs_is_true_within_fifty_milliseconds(scenario: str) -> None:
    run = simulate(scenario, seed=3, rate_hz=60)

    errors_ms = sorted(
        abs(state.delta_to_other_ms - true_ms)
        for at_s, rig, state in derived(run, 2025)
        if isinstance(state, DuelState)
        and state.delta_to_other_ms is not None
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
