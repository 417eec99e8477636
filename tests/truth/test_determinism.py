"""The same datagrams give the same events, byte for byte: at any speed, and after a restart in between."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import pytest

from app.normalize.events import Event, LapCompleted, LapWithdrawn, RigOnline, RigSilent
from app.sim.run import simulate
from tests.truth.judge import EPOCH, Listener, judge, listen

SEED = 11


class Tape(Listener):
    """Keeps every event as it travels, less when it was received: that is the clock's word, not the game's."""

    def __init__(self) -> None:
        super().__init__()
        self.digest = hashlib.sha256()
        self.heard = 0

    def hear(self, rig: int, event: Event) -> None:
        super().hear(rig, event)
        if not isinstance(event, (RigOnline, RigSilent)):  # whether a rig is silent is a matter of the clock
            self.digest.update(event.model_dump_json(exclude={"received_at"}).encode())
            self.heard += 1


def played(stream: Iterable[tuple[float, bytes]], speed: float) -> Tape:
    tape = Tape()
    listen([[(at_s / speed, datagram) for at_s, datagram in stream]], tape)
    return tape


@pytest.mark.parametrize("scenario", ["flashback_over_line", "chequered_flag", "disconnect"])
def test_a_recording_gives_the_same_events_at_every_speed(scenario: str) -> None:
    stream = list(simulate(scenario, seed=SEED, rate_hz=20).stream(0, 2025))

    tapes = [played(stream, speed) for speed in (1.0, 10.0, 1e9)]

    assert tapes[0].heard > 1000
    assert len({tape.digest.hexdigest() for tape in tapes}) == 1


@pytest.mark.parametrize("scenario", ["lobby", "chequered_flag", "flashback_over_line", "disconnect"])
@pytest.mark.parametrize("cut", [0.45, 0.9])
def test_a_gateway_that_was_killed_in_mid_session_tells_no_lap_under_a_new_id(scenario: str, cut: float) -> None:
    run = simulate(scenario, seed=SEED, rate_hz=20)
    streams = [list(run.stream(rig.number, 2025)) for rig in run.rigs]
    at_s = run.duration_s * cut

    whole, _ = listen([list(stream) for stream in streams])
    before, _ = listen([[each for each in stream if each[0] < at_s] for stream in streams])
    after, _ = listen([[each for each in stream if each[0] >= at_s] for stream in streams], before)

    assert set(after.laps) == set(whole.laps)
    assert not judge(run.ledger, after, lossy=True).false
    assert not judge(run.ledger, after, lossy=True).wrong


def test_the_tape_hears_laps_and_their_withdrawal() -> None:
    tape = played(simulate("flashback_over_line", seed=SEED, rate_hz=20).stream(0, 2025), 1.0)

    assert tape.kinds[LapCompleted.__name__] > tape.kinds[LapWithdrawn.__name__] > 0
    assert EPOCH.tzinfo is not None
