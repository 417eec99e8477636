"""What race control and the timing tower announce by themselves: events that follow from a world.

Laps, traps, overtakes, retirements, penalties, flags. Start lights, flashbacks, buttons and session ends belong to one
machine and are the director's.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from app.ingest import event_details as details
from app.sim.world import ACTIVE, FINISHED, Kind, Penalty, World

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOK_EVERY_MS: Final = 200  # how often the order is compared for overtakes
_START_SORTS_ITSELF_MS: Final = 3_000
_LAP_INVALIDATED, _RAN_WIDE = 12, 26  # as in real datagrams
_TRAP_WORTH_REPORTING: Final = 0.99  # of the fastest so far


class Announcement(NamedTuple):
    """An event at a session time."""

    session_ms: float
    code: str
    details: details.EventDetails


def announcements(world: World, from_ms: float, to_ms: float) -> list[Announcement]:
    """All events of a world after `from_ms` and up to `to_ms`, in order."""
    found = [
        *_laps(world),
        *_traps(world),
        *_penalties(world),
        *_endings(world),
        *_phases(world),
        *(_overtakes(world, from_ms, to_ms) if world.kind is Kind.RACE else ()),
    ]
    return sorted((a for a in found if from_ms < a.session_ms <= to_ms), key=lambda a: (a.session_ms, a.code))


def penalties_of(world: World) -> list[Penalty]:
    """The given penalties, and one for each lap that a driver cut."""
    cuts = [
        Penalty(lap.start_ms + lap.cut_ms, car.slot, lap.number, _LAP_INVALIDATED, _RAN_WIDE, warning=True)
        for car, drive in zip(world.cars, world.drives, strict=True)
        for lap in drive.laps
        if lap.cut_ms is not None and not car.ghost
    ]
    return sorted([*world.penalties, *cuts])


def _laps(world: World) -> Iterator[Announcement]:
    """FTLP: each valid lap that is the fastest so far."""
    laps = sorted(
        (lap.end_ms, lap.time_ms, car.slot)
        for car, drive in zip(world.cars, world.drives, strict=True)
        for lap in drive.laps
        if lap.time_ms is not None and lap.end_ms is not None and lap.valid and not car.ghost
    )
    best = None
    for end_ms, time_ms, slot in laps:
        if best is None or time_ms < best:
            best = time_ms
            yield Announcement(end_ms, "FTLP", details.FastestLapDetails(slot, time_ms / 1000))


def _traps(world: World) -> Iterator[Announcement]:
    """SPTP: passes that are near the fastest so far, or the driver's own best."""
    passes = sorted(
        (lap.start_ms + lap.trap_ms, lap.trap_kph, car.slot)
        for car, drive in zip(world.cars, world.drives, strict=True)
        for lap in drive.laps
        if lap.trap_ms is not None and lap.timed and not car.ghost and not lap.finished
    )
    fastest, holder, own = 0.0, 0, dict.fromkeys(range(len(world.cars)), 0.0)
    for session_ms, kph, slot in passes:
        overall, personal = kph > fastest, kph > own[slot]
        own[slot] = max(own[slot], kph)
        if overall:
            fastest, holder = kph, slot
        if overall or (personal and kph > _TRAP_WORTH_REPORTING * fastest):
            trap = details.SpeedTrapDetails(slot, kph, int(overall), int(personal), holder, fastest)
            yield Announcement(session_ms, "SPTP", trap)


def _penalties(world: World) -> Iterator[Announcement]:
    for penalty in penalties_of(world):
        told = details.PenaltyDetails(
            penalty.penalty_type,
            penalty.infringement_type,
            penalty.car_index,
            255,
            penalty.seconds or 255,
            penalty.lap_number,
            255,
        )
        yield Announcement(penalty.session_ms, "PENA", told)


def _endings(world: World) -> Iterator[Announcement]:
    """RTMT for the retired; DRSE from lap 2 on; RCWN and CHQF when the first car finishes."""
    for car, drive in zip(world.cars, world.drives, strict=True):
        if drive.retired_ms is not None:
            yield Announcement(drive.retired_ms, "RTMT", details.RetirementDetails(car.slot, 8))
    opened_ms = [
        lap.end_ms for drive in world.drives for lap in drive.laps if lap.number == 1 and lap.end_ms is not None
    ]
    if world.kind is Kind.RACE and opened_ms:
        yield Announcement(min(opened_ms), "DRSE", details.DRSEnabledDetails())
    finishes = [(ms, slot) for slot, ms in enumerate(world.finish_ms) if ms is not None]
    if finishes:
        won_ms, winner = min(finishes)
        yield Announcement(won_ms, "CHQF", details.ChequeredFlagDetails())
        yield Announcement(won_ms + 100, "RCWN", details.RaceWinnerDetails(winner))


def _phases(world: World) -> Iterator[Announcement]:
    """SCAR at each step of a safety car; RDFL at a red flag; DRS goes off and on with them."""
    for phase in world.phases:
        if phase.red:
            yield Announcement(phase.from_ms, "RDFL", details.RedFlagDetails())
            yield Announcement(phase.from_ms, "DRSD", details.DRSDisabledDetails(2))
        else:
            steps = ((phase.from_ms, 0), (phase.to_ms - 3_000, 1), (phase.to_ms - 500, 2), (phase.to_ms, 3))
            for session_ms, step in steps:
                yield Announcement(session_ms, "SCAR", details.SafetyCarDetails(phase.status, step))
            yield Announcement(phase.from_ms, "DRSD", details.DRSDisabledDetails(1))
        yield Announcement(phase.to_ms + 1_000, "DRSE", details.DRSEnabledDetails())


def _overtakes(world: World, from_ms: float, to_ms: float) -> Iterator[Announcement]:
    """OVTK: neighbours that changed places since the last look."""
    before: dict[int, int] = {}
    last_ms = max((ms for ms in world.finish_ms if ms is not None), default=to_ms)
    look_ms = max(_START_SORTS_ITSELF_MS, int(from_ms) // _LOOK_EVERY_MS * _LOOK_EVERY_MS)
    while look_ms <= min(to_ms, last_ms):
        states = world.now(look_ms)
        order = [slot for slot in world.ranking(states) if states[slot].result_status in (ACTIVE, FINISHED)]
        for ahead, behind in pairwise(order):
            racing = states[ahead].result_status == ACTIVE
            if racing and ahead in before and behind in before and before[ahead] > before[behind]:
                yield Announcement(look_ms, "OVTK", details.OvertakeDetails(ahead, behind))
        before = {slot: place for place, slot in enumerate(order)}
        look_ms += _LOOK_EVERY_MS
