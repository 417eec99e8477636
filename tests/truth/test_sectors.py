"""Sector times and their marks, held against the simulator's truth in every frame that told them."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest

from app.bus import Bus
from app.duel.referee import Referee
from app.duel.sectors import Shown
from app.ingest.decoder import decode
from app.normalize.events import DuelState
from app.normalize.minting import RigIdentity
from app.normalize.normalizer import Normalizer
from app.sim.acts import Act, Director, Rig
from app.sim.drives import Drive, Lap
from app.sim.run import Run, simulate
from app.sim.scenarios.races import GRID_HOLD_S, to_the_end
from app.sim.scenarios.stage import Cast, Script, Stage, each_alone
from tests.truth.judge import EPOCH
from tests.truth.matrix import FORMATS

SEED = 3
_NOTHING = Shown(None, (None, None, None), (None, None, None))
_NEAR_MS = 1.0
"""Session times travel as floats of 24 bits."""


class Heard(NamedTuple):
    """A state that was told: wall time, rig, session time, and what is shown."""

    at_s: float
    rig: int
    session_ms: float
    shown: Shown


def heard(run: Run, packet_format: int, from_s: float = 0.0) -> Iterator[Heard]:
    """What the referee tells of a run from a moment on."""
    names = [f"RIG_{rig.number}" for rig in run.rigs]
    referee = Referee(names, Bus())
    normalizers = [Normalizer(RigIdentity(name, name)) for name in names]
    streams = [
        [(at_s, rig.number, datagram) for at_s, datagram in run.stream(rig.number, packet_format) if at_s >= from_s]
        for rig in run.rigs
    ]
    for at_s, rig, datagram in heapq.merge(*streams):
        for event in normalizers[rig].feed(decode(datagram), EPOCH + timedelta(seconds=at_s)):
            for state in referee.derive(event, at_s):
                if isinstance(state, DuelState) and state.session_time_s is not None:
                    shown = Shown(state.sectors_lap_number, state.sector_times_ms, state.sector_marks)
                    yield Heard(at_s, rig, state.session_time_s * 1000, shown)


class Truth:
    """What should be shown, read from the worlds that the run was made of."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._begun_ms: dict[int, float] = {}
        for acts in run._acts:
            for act in acts:
                self._begun_ms.setdefault(act.card.uid, act.session_ms(0))

    def near(self, state: Heard) -> list[Shown]:
        """What should be shown just after and just before the told session time."""
        return [self.shown(state.rig, state.at_s, state.session_ms + off_ms) for off_ms in (_NEAR_MS, -_NEAR_MS)]

    def shown(self, rig: int, at_s: float, session_ms: float) -> Shown:
        """The shown lap of a rig at a wall time, when the session time is known exactly."""
        act = self._run.ledger.traces._act(rig, at_s)
        assert act is not None
        assert act.world is not None
        own = self._run.rigs[rig].car_index
        cars = [list(self._laps(act, drive, session_ms)) for drive in _no_ghosts(act)]
        mine = [] if own is None else list(self._laps(act, act.world.drives[own], session_ms))
        shown = [lap for lap, _ in mine if _is_done(lap, session_ms) or _times(lap, session_ms)[0] is not None]
        if not shown:
            return _NOTHING
        lap = shown[-1]
        times_ms = _times(lap, session_ms)
        if not _counts(lap, session_ms):
            return Shown(lap.number, times_ms, (None, None, None))
        first, second, third = (
            _mark(times_ms[place], _driven(mine, place), [ms for car in cars for ms in _driven(car, place)])
            for place in range(3)
        )
        return Shown(lap.number, times_ms, (first, second, third))  # type: ignore[arg-type]  # they are marks

    def _laps(self, act: Act, drive: Drive, session_ms: float) -> Iterator[tuple[Lap, tuple[int | None, ...]]]:
        """Laps of this session that were completed or are being driven, with the sectors that count."""
        index = drive.index_at(session_ms)
        for at, lap in enumerate(drive.laps[: index + 1]):
            before = lap.end_ms is not None and lap.end_ms <= self._begun_ms[act.card.uid]
            given_up = at < index and lap.time_ms is None
            if lap.timed and not lap.finished and not before and not given_up:
                yield lap, _times(lap, session_ms) if _counts(lap, session_ms) else (None, None, None)


def _no_ghosts(act: Act) -> list[Drive]:
    assert act.world is not None
    return [drive for car, drive in zip(act.world.cars, act.world.drives, strict=True) if not car.ghost]


def _times(lap: Lap, session_ms: float) -> tuple[int | None, int | None, int | None]:
    timer_ms = session_ms - lap.start_ms
    first, second = lap.sector1_ms, lap.sector2_ms
    return (
        first if first is not None and timer_ms >= first else None,
        second if first is not None and second is not None and timer_ms >= first + second else None,
        lap.sector3_ms if _is_done(lap, session_ms) else None,
    )


def _is_done(lap: Lap, session_ms: float) -> bool:
    return lap.time_ms is not None and session_ms - lap.start_ms >= lap.time_ms


def _counts(lap: Lap, session_ms: float) -> bool:
    return lap.cut_ms is None or session_ms - lap.start_ms < lap.cut_ms


def _driven(laps: Iterable[tuple[Lap, tuple[int | None, ...]]], place: int) -> list[int]:
    return [ms for _, times_ms in laps if (ms := times_ms[place]) is not None]


def _mark(time_ms: int | None, own_ms: list[int], all_ms: list[int]) -> str | None:
    if time_ms is None:
        return None
    if time_ms > min(own_ms):
        return "slower"
    return "session_best" if time_ms == min(all_ms) else "personal_best"


class Verdict(NamedTuple):
    """What was told of a run: states that were not true, each mark by how often, and sectors that were taken back."""

    false: list[str]
    marks: Counter[str | None]
    taken_back: int


def judge(run: Run, packet_format: int) -> Verdict:
    """Hold every state against the truth."""
    truth, false, marks, taken_back = Truth(run), [], Counter[str | None](), 0
    last = _NOTHING
    for state in heard(run, packet_format):
        near = truth.near(state)
        if state.shown not in near:
            false.append(f"{state} instead of {near}")
        marks.update(state.shown.marks)
        taken_back += _is_taken_back(last, state.shown)
        last = state.shown
    return Verdict(false, marks, taken_back)


def _is_taken_back(before: Shown, now: Shown) -> bool:
    """Whether a sector that was driven is not any more."""
    if now.lap_number != before.lap_number:
        return (now.lap_number or 0) < (before.lap_number or 0)
    return any(last is not None and this is None for last, this in zip(before.times_ms, now.times_ms, strict=True))


@pytest.mark.parametrize("packet_format", FORMATS)
@pytest.mark.parametrize(("scenario", "taken_back"), [("flashback_over_line", 2), ("invalid_lap", 0)])
def test_in_every_format_every_state_shows_the_sectors_that_were_driven(
    scenario: str, taken_back: int, packet_format: int
) -> None:
    verdict = judge(simulate(scenario, seed=SEED, rate_hz=20), packet_format)

    assert verdict.false == []
    assert verdict.marks["session_best"] + verdict.marks["personal_best"] > 100
    assert verdict.marks["slower"] > 0
    assert verdict.taken_back == taken_back


@pytest.mark.parametrize(
    ("scenario", "packet_format"),
    [
        ("duel", 2025),
        ("lobby", 2026),
        ("race_retirements", 2026),
        ("chequered_flag", 2023),
        ("pit_stop", 2024),
        ("practice_restart", 2025),
        ("restart", 2023),
        ("save_load", 2024),
    ],
)
def test_every_story_shows_the_sectors_that_were_driven(scenario: str, packet_format: int) -> None:
    verdict = judge(simulate(scenario, seed=SEED, rate_hz=20), packet_format)

    assert verdict.false == []
    assert verdict.marks["session_best"] + verdict.marks["personal_best"] > 0


def back_within_a_lap(cast: Cast) -> Script:
    """In lap 2 back to before the end of sector 1, back by some tenths over it, and back within sector 3."""

    def play(stage: Stage) -> Director:
        slot = 7
        world = stage.race(3, people=stage.own(slot))
        rig = Director(Rig(stage.rig, slot, slot))
        rig.begin(stage.card(), world, hold_s=GRID_HOLD_S, lights=True)
        back = ((1, 4.0, 5.0, 50), (1, 0.4, 0.7, 0), (1, 1.0, 1.2, 40), (2, 3.0, 2.0, 7))
        for sector, on_s, back_s, early_ticks in back:
            lap = next(lap for lap in world.drives[slot].laps if lap.number == 2)
            first_ms = lap.start_ms + (lap.sector1_ms or 0)
            end_s = (first_ms if sector == 1 else first_ms + (lap.sector2_ms or 0)) / 1000
            rig.drive_to(end_s + on_s)
            to_s = rig.session_s - back_s
            world = world.with_branch(slot, round(to_s * 1000 - early_ticks * 1000 / 60), 1 - on_s / 100, str(on_s))
            rig.flashback(to_s, world, early_ticks=early_ticks)
            rig.resume_after_flashback(rig.session_s + 0.1)
        to_the_end(rig, world, slot)
        return rig

    return each_alone(cast, play)


@pytest.mark.parametrize(("packet_format", "rate_hz"), [(2023, 20), (2024, 20), (2025, 60), (2026, 20)])
def test_flashbacks_within_a_lap_take_back_what_was_driven_since(
    monkeypatch: pytest.MonkeyPatch, packet_format: int, rate_hz: int
) -> None:
    monkeypatch.setattr("app.sim.run.SCENARIOS", {"back_within_a_lap": back_within_a_lap})

    verdict = judge(Run(Cast("back_within_a_lap", SEED), rate_hz), packet_format)

    assert verdict.false == []
    assert verdict.taken_back == 3  # the last one lands in the sector where it began


@pytest.mark.parametrize("scenario", ["lobby", "chequered_flag"])
def test_a_gateway_that_came_late_tells_no_mark_that_is_not_true(scenario: str) -> None:
    run = simulate(scenario, seed=SEED, rate_hz=20)
    truth, marks = Truth(run), Counter[str | None]()

    for state in heard(run, 2025, from_s=run.duration_s * 0.4):
        near = truth.near(state)
        marks.update(state.shown.marks)
        if state.shown.lap_number in {shown.lap_number for shown in near}:  # else no history has told of the lap yet
            true = zip(*(shown.marks for shown in near), strict=True)
            wrong = [mark for mark, known in zip(state.shown.marks, true, strict=True) if mark not in (None, *known)]
            assert not wrong, (state, near)

    assert marks.total() - marks[None] > 100


def test_after_laps_were_lost_no_best_is_told_before_the_history_has_told_of_them() -> None:
    run = simulate("disconnect", seed=SEED, rate_hz=20)
    truth, untrue = Truth(run), 0

    for state in heard(run, 2025):
        near = truth.near(state)
        if state.shown not in near:
            untrue += 1
            assert set(state.shown.marks) <= {None, "slower"} or state.shown.lap_number != near[0].lap_number

    assert 0 < untrue < 40  # two seconds at 20 Hz
