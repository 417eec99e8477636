"""Writes the ledger: walks the acts of every machine and keeps the laps that stand.

The rule is the game's: a lap is completed when session time runs over its end, and undone when a flashback lands
before it.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from app.ingest import event_details as details
from app.sim.acts import TICKS_PER_S, Act, Rig
from app.sim.cadence import menu_ticks
from app.sim.ledger import (
    ExpectedEvent,
    FlashbackTruth,
    LapTruth,
    Ledger,
    OvertakeTruth,
    PenaltyTruth,
    SessionTruth,
)
from app.sim.traces import Traces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.sim.drives import Lap
    from app.sim.world import World

_NEAR_MS = 1_000.0  # a line counts as seen if states were sent within this on either side


def keep_books(rigs: Sequence[Rig], acts: Sequence[Sequence[Act]], rate_hz: int) -> Ledger:
    """The ledger of a run."""
    sessions: list[SessionTruth] = []
    standing: list[LapTruth] = []
    undone: list[LapTruth] = []
    inherited: list[LapTruth] = []
    flashbacks: list[FlashbackTruth] = []
    events: list[ExpectedEvent] = []
    for rig, done in zip(rigs, acts, strict=True):
        book = _RigBook(rig, done, rate_hz)
        sessions += book.sessions()
        standing += book.standing
        undone += book.undone
        inherited += book.inherited
        events += _events(rig, done)
        flashbacks += _flashbacks(rig, done)
    return Ledger(
        sessions=sessions,
        laps=sorted(standing),
        undone_laps=undone,
        inherited_laps=inherited,
        flashbacks=flashbacks,
        penalties=[
            PenaltyTruth(
                e.rig,
                e.session_uid,
                e.session_time_s,
                e.details.vehicle_idx,
                e.details.lap_num,
                e.details.penalty_type,
                e.details.infringement_type,
                None if e.details.time == 255 else e.details.time,
            )
            for e in events
            if isinstance(e.details, details.PenaltyDetails)
        ],
        overtakes=[
            OvertakeTruth(
                e.rig,
                e.session_uid,
                e.session_time_s,
                e.details.overtaking_vehicle_idx,
                e.details.being_overtaken_vehicle_idx,
            )
            for e in events
            if isinstance(e.details, details.OvertakeDetails)
        ],
        expected_events=events,
        traces=Traces(rigs, acts, rate_hz),
    )


class _RigBook:
    """The laps of one machine's sessions."""

    def __init__(self, rig: Rig, acts: Sequence[Act], rate_hz: int) -> None:
        self._rig = rig
        self._acts = acts
        self._step = menu_ticks(rate_hz)
        self.standing: list[LapTruth] = []
        self.undone: list[LapTruth] = []
        self.inherited: list[LapTruth] = []
        before: Act | None = None
        for act in acts:
            if act.world is None or not (act.states or act.ending):
                continue
            if before is None or before.card.uid != act.card.uid:
                self._inherit(act, act.world)
                from_ms = act.session_ms(0)
            else:
                from_ms = act.session_ms(0) - 1000 / TICKS_PER_S if act.rewound else before.last_ms
            if act.rewound:
                self._undo(act.card.uid, from_ms)
            self._complete(act, act.world, from_ms)
            before = act

    def sessions(self) -> Iterator[SessionTruth]:
        """The sessions in order, each with how it ends."""
        uids = list(dict.fromkeys(act.card.uid for act in self._acts if act.card.uid))
        for order, uid in enumerate(uids):
            acts = [act for act in self._acts if act.card.uid == uid and (act.states or act.ending)]
            if not any(act.states and act.sends for act in acts):
                continue
            first, last = acts[0], acts[-1]
            reason = next((act.ending for act in acts if act.ending), "")
            assert first.world is not None  # states come from a world
            yield SessionTruth(
                rig=self._rig.number,
                session_uid=uid,
                session_type=first.world.kind.name.lower(),
                track_id=first.world.track.track_id,
                own_car=self._rig.car_index if self._rig.car_index == self._rig.header_index else None,
                header_car=self._rig.header_index,
                started_at_s=first.at_s,
                ended_at_s=last.at_s + last.ticks / TICKS_PER_S,
                end_reason=reason or ("new_session" if order + 1 < len(uids) else "silence"),
                restored=first.session_ms(0) > 0.0,
            )

    def _inherit(self, act: Act, world: World) -> None:
        """Laps done before the session begins: a loaded save shows them."""
        start_ms = act.session_ms(0)
        if start_ms <= 0.0:
            return
        for slot, lap in _completed(world):
            if (lap.end_ms or 0) <= start_ms:
                self.inherited.append(self._truth(act, world, slot, lap, seen=False, whole=False))

    def _undo(self, uid: int, landed_ms: float) -> None:
        gone = [
            lap for lap in self.standing if lap.session_uid == uid and lap.completed_session_time_s * 1000 > landed_ms
        ]
        self.undone += gone
        self.standing = [lap for lap in self.standing if lap not in gone]

    def _complete(self, act: Act, world: World, from_ms: float) -> None:
        number = self._acts.index(act)
        for slot, lap in _completed(world):
            end_ms = lap.end_ms or 0
            if from_ms < end_ms <= act.last_ms:
                seen = self._line_seen(act, end_ms, number)
                dark = any(
                    not other.sends and other.card.uid == act.card.uid and _overlaps(other, lap.start_ms, end_ms)
                    for other in self._acts
                )
                self.standing.append(self._truth(act, world, slot, lap, seen=seen, whole=not dark))

    def _line_seen(self, act: Act, end_ms: float, number: int) -> bool:
        """Whether states were sent just before and just after, in this course of history."""
        before = after = False
        for other_number, other in enumerate(self._acts):
            if other.card.uid != act.card.uid or not (other.states and other.sends):
                continue
            if other_number <= number:
                before = before or self._state_between(other, end_ms - _NEAR_MS, end_ms)
            if other_number >= number and not self._rewound(number, other_number):
                after = after or self._state_between(other, end_ms, end_ms + _NEAR_MS)
        return before and after

    def _state_between(self, act: Act, from_ms: float, to_ms: float) -> bool:
        """Whether a frame with state packets lies at or after `from_ms` and before `to_ms`."""
        tick = -act.clock % self._step
        if act.runs:
            wanted = ceil((from_ms - act.session_ms(0)) * TICKS_PER_S / 1000 - 1e-6)
            tick += max(0, -(-(wanted - tick) // self._step)) * self._step
        return tick < act.ticks and from_ms <= act.session_ms(tick) + 1e-6 and act.session_ms(tick) < to_ms

    def _rewound(self, from_act: int, to_act: int) -> bool:
        return any(act.rewound for act in self._acts[from_act + 1 : to_act + 1])

    def _truth(self, act: Act, world: World, slot: int, lap: Lap, *, seen: bool, whole: bool) -> LapTruth:
        end_ms = lap.end_ms or 0
        zero_ms = act.session_ms(0)
        return LapTruth(
            rig=self._rig.number,
            session_uid=act.card.uid,
            car_index=slot,
            lap_number=lap.number,
            lap_time_ms=lap.time_ms or 0,
            sector1_ms=lap.sector1_ms or 0,
            sector2_ms=lap.sector2_ms or 0,
            sector3_ms=lap.sector3_ms or 0,
            valid=lap.valid,
            pit_lap=lap.pit_from_ms is not None,
            position=world.positions(end_ms)[slot],
            completed_session_time_s=end_ms / 1000,
            completed_at_s=act.at_s + (end_ms - zero_ms) / 1000,
            line_seen=seen,
            whole_seen=whole,
        )


def _completed(world: World) -> Iterator[tuple[int, Lap]]:
    for car, drive in zip(world.cars, world.drives, strict=True):
        if not car.ghost:
            for lap in drive.laps:
                if lap.time_ms is not None:
                    yield car.slot, lap


def _overlaps(act: Act, from_ms: float, to_ms: float) -> bool:
    return act.runs and act.session_ms(0) < to_ms and act.last_ms > from_ms


def _events(rig: Rig, acts: Sequence[Act]) -> Iterator[ExpectedEvent]:
    for act in acts:
        for cue in act.cues:
            if act.sends and cue.packet == "event" and cue.details is not None:
                yield ExpectedEvent(
                    rig.number,
                    act.at_s + cue.tick / TICKS_PER_S,
                    act.card.uid if cue.uid is None else cue.uid,
                    act.session_ms(cue.tick) / 1000 if cue.session_time_s is None else cue.session_time_s,
                    cue.code,
                    cue.details,
                )


def _flashbacks(rig: Rig, acts: Sequence[Act]) -> Iterator[FlashbackTruth]:
    for number, act in enumerate(acts):
        for cue in act.cues:
            if isinstance(cue.details, details.FlashbackDetails):
                landed = next(later for later in acts[number:] if later.rewound)
                yield FlashbackTruth(
                    rig.number,
                    act.card.uid,
                    act.at_s,
                    cue.session_time_s or 0.0,
                    cue.details.flashback_session_time,
                    cue.details.flashback_frame_identifier,
                    landed.session_ms(0) / 1000,
                )
