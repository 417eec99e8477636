"""How a drive comes about: a driver, a course, and one lap after the other.

Chance is seeded by driver, lap and moment, so that a lap can be planned again, or another one instead.
"""

from __future__ import annotations

from dataclasses import replace
from math import pi
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple

from app.sim.drives import (
    FLYING_LAP,
    IN_GARAGE,
    IN_LAP,
    LONG_AGO_MS,
    ON_TRACK,
    Course,
    Drive,
    Lap,
    Order,
    Stint,
)
from app.sim.legs import Leg, Wish, plan, spliced, standing
from app.sim.physics import PIT_LIMIT_MPS

if TYPE_CHECKING:
    from app.sim.tracks import Track

_MIN_STOP_S: Final = 2.2


def plan_drive(course: Course) -> Drive:
    """The whole drive of a course."""
    laps: list[Lap] = []
    if course.garage_m is not None:
        parked = Lap(1, LONG_AGO_MS, standing(course.garage_m), 0.0, timed=False, driver_status=IN_GARAGE)
        laps.append(replace(parked, end_ms=course.start_ms, pit_from_ms=0, pit_to_ms=2 * 10**9))
    first = _Start(course.start_ms, course.start_m, 0.0, 1, 0.0)
    stints = (Stint(LONG_AGO_MS, 0.0, *course.compounds[0], from_lap=1),)
    return _go_on(course, laps, stints, first)


def branched(course: Course, drive: Drive, at_ms: int, pace: float, salt: str) -> tuple[Course, Drive]:
    """The same past, another future: from `at_ms` on the driver goes at another pace, and all later laps differ.

    Orders for the lap under way are dropped, as a second try at a corner does not cut it again.
    """
    index = drive.index_at(at_ms)
    lap = drive.laps[index]
    elapsed_s = (at_ms - lap.start_ms) / 1000
    orders = {number: order for number, order in course.orders.items() if number > lap.number}
    style = course.style._replace(seed=course.style.seed + salt)
    course = replace(course, style=style, orders=orders)
    here = lap.leg.at(elapsed_s)
    wish = Wish(pace=style.pace * pace)
    rest = plan(
        course.track,
        wish,
        from_m=here.distance_m,
        to_m=lap.leg.distances_m[-1],
        first_mps=here.speed_mps,
        started_s=elapsed_s,
    )
    kept_cut = lap.cut_ms if lap.cut_ms is not None and lap.cut_ms <= elapsed_s * 1000 else None
    again = _measured(course, replace(lap, leg=spliced(lap.leg, elapsed_s, rest), cut_ms=kept_cut))
    stints = tuple(stint for stint in drive.stints if stint.from_ms <= at_ms)
    return course, _go_on(course, list(drive.laps[:index]), stints, _after(course, again), again)


class _Start(NamedTuple):
    """Where and how the next lap begins."""

    ms: int
    distance_m: float
    speed_mps: float
    number: int
    base_m: float
    last_ms: int = 0
    pit_lane: bool = False
    lane_entered_ms: int | None = None
    stint: int = 0
    restarted: bool = False


def _go_on(
    course: Course, laps: list[Lap], stints: tuple[Stint, ...], start: _Start, ready: Lap | None = None
) -> Drive:
    """Plan lap after lap from `start`; `ready` is a lap already driven, taken before the others."""
    fitted = list(stints)
    retired_ms = None
    if ready is not None:
        laps.append(ready)
        start = start._replace(stint=len(fitted) - 1)
    while start.number <= course.laps:
        lap, after, tyres = _next_lap(course, start)
        laps.append(lap)
        if tyres is not None:
            fitted.append(tyres)
        if after is None:
            retired_ms = lap.start_ms + round(lap.leg.end_s * 1000)
            break
        start = after
    else:
        laps.append(_last_metres(course, start))
    return Drive(tuple(laps), tuple(fitted), retired_ms, tuple(lap.start_ms for lap in laps))


def _next_lap(course: Course, start: _Start) -> tuple[Lap, _Start | None, Stint | None]:
    """One lap, how the next one begins (None after a retirement), and new tyres if there were any."""
    track = course.track
    if start.distance_m < 0.0 and not (course.race and start.number == 1):
        return _run_up(course, start)
    order = Order() if start.restarted else course.orders.get(start.number, Order())
    wish = _mood(course, start, order)
    wish, box = _pit_wish(course, start, order, wish)
    end_m = track.length_m if order.retire_m is None else order.retire_m
    if order.retire_m is not None:
        wish = wish._replace(stop_m=end_m)
    leg = plan(track, wish, from_m=start.distance_m, to_m=end_m, first_mps=start.speed_mps, exact_ms=order.time_ms)
    leg = _slowed(course, start, leg, wish, end_m)
    status = ON_TRACK if course.race else FLYING_LAP
    lap = Lap(start.number, start.ms, leg, start.base_m, last_ms=start.last_ms, driver_status=status)
    if order.cut_m is not None:
        cut_s = leg.elapsed_s(order.cut_m)
        lap = replace(lap, cut_ms=None if cut_s is None else round(cut_s * 1000))
    lap = _with_pit(course, lap, start, order, box)
    if order.retire_m is not None:
        return _measured(course, lap, completes=False), None, None
    if order.restart_ms is not None:
        return *_restarted(course, start, order, lap), None
    lap = _measured(course, lap)
    after = _after(course, lap)._replace(stint=start.stint, pit_lane=order.pit)
    if order.pit:
        after = after._replace(lane_entered_ms=lap.start_ms + (lap.pit_from_ms or 0))
    tyres = None
    if lap.stop_to_ms is not None:
        after = after._replace(stint=start.stint + 1)
        compound = course.compounds[(start.stint + 1) % len(course.compounds)]
        standing_at = lap.leg.at(lap.stop_to_ms / 1000 - 0.1).distance_m
        from_lap = lap.number + (1 if track.garages_before_line else 0)
        tyres = Stint(lap.start_ms + lap.stop_to_ms, lap.base_m + standing_at, *compound, from_lap=from_lap)
    return lap, after, tyres


def _restarted(course: Course, start: _Start, order: Order, lap: Lap) -> tuple[Lap, _Start]:
    """A lap given up for another try: the number stays, timer and distance begin again."""
    end_ms = start.ms + (order.restart_ms or 0)
    speed = course.track.speeds_mps[0] if order.restart_from_m >= 0.0 else 0.0
    again = start._replace(ms=end_ms, distance_m=order.restart_from_m, speed_mps=speed, restarted=True)
    return replace(_measured(course, lap, completes=False), end_ms=end_ms), again


def _run_up(course: Course, start: _Start) -> tuple[Lap, _Start, None]:
    """The way to the line: no timer, the lap number of the lap that follows."""
    wish = Wish(pace=course.style.pace)
    leg = plan(course.track, wish, from_m=start.distance_m, to_m=0.0, first_mps=start.speed_mps or 15.0)
    end_ms = start.ms + round(leg.end_s * 1000)
    lap = Lap(
        start.number,
        start.ms,
        leg,
        start.base_m,
        timed=False,
        end_ms=end_ms,
        last_ms=start.last_ms,
        driver_status=FLYING_LAP,  # so seen in Time Trial; the document calls it out lap
    )
    return lap, start._replace(ms=end_ms, distance_m=0.0, speed_mps=leg.speeds_mps[-1]), None


def _last_metres(course: Course, start: _Start) -> Lap:
    """After the last lap: on towards parc fermé; in a race the lap number does not rise."""
    leg = plan(
        course.track,
        Wish(pace=0.6 * course.style.pace),
        from_m=0.0,
        to_m=course.track.length_m * 0.99,
        first_mps=start.speed_mps,
    )
    number = start.number - 1 if course.race else start.number
    status = ON_TRACK if course.race else IN_LAP
    return Lap(
        number,
        start.ms,
        leg,
        start.base_m,
        timed=not course.race,
        last_ms=start.last_ms,
        driver_status=status,
        finished=course.race,
    )


def _mood(course: Course, start: _Start, order: Order) -> Wish:
    """This driver's wish for this lap: own pace, a daily form, and small differences along the lap."""
    rng = Random(f"{course.style.seed}/{start.number}/{start.ms}")
    pace = course.style.pace * order.pace * (1.0 + max(-2.5, min(2.5, rng.gauss(0.0, 1.0))) * course.style.spread)
    waves = tuple((count, rng.uniform(0.002, 0.012), rng.uniform(0, 2 * pi)) for count in (1, 2, 5))
    return Wish(pace=pace, waves=waves)


def _pit_wish(course: Course, start: _Start, order: Order, wish: Wish) -> tuple[Wish, bool]:
    """The wish with the pit lane's limit and the stop; True if the box lies on this lap."""
    track = course.track
    caps = wish.caps
    if start.pit_lane:
        caps = (*caps, (0.0, track.pit_exit_m, PIT_LIMIT_MPS))
    if order.pit:
        caps = (*caps, (track.pit_entry_m, track.length_m, PIT_LIMIT_MPS))
    box = (order.pit and track.garages_before_line) or (start.pit_lane and not track.garages_before_line)
    wish = wish._replace(caps=caps)
    if box:
        dwell_s = _MIN_STOP_S + Random(f"stop/{course.style.seed}/{start.number}").uniform(0.0, 0.8)
        wish = wish._replace(stop_m=track.box_m, dwell_s=dwell_s)
    return wish, box


def _with_pit(course: Course, lap: Lap, start: _Start, order: Order, box: bool) -> Lap:
    """The lap with what its timer shows at pit entry, exit and stop."""
    leg, track = lap.leg, course.track
    if start.pit_lane:
        leaves_s = leg.elapsed_s(track.pit_exit_m) or 0.0
        lap = replace(lap, pit_from_ms=0, pit_to_ms=round(leaves_s * 1000), lane_entered_ms=start.lane_entered_ms)
    if order.pit:
        enters_s = leg.elapsed_s(track.pit_entry_m) or 0.0
        enters_ms = round(enters_s * 1000)
        lap = replace(lap, pit_from_ms=enters_ms, pit_to_ms=10**9, lane_entered_ms=lap.start_ms + enters_ms)
    if box:
        still = [i for i in range(1, len(leg.times_s)) if leg.speeds_mps[i] == 0.0 == leg.speeds_mps[i - 1]]
        stop = (round(leg.times_s[still[0] - 1] * 1000), round(leg.times_s[still[0]] * 1000))
        lap = replace(lap, stop_from_ms=stop[0], stop_to_ms=stop[1])
    return lap


def _slowed(course: Course, start: _Start, leg: Leg, wish: Wish, end_m: float) -> Leg:
    """The leg under safety cars and red flags that begin, last or end during it."""
    for slow in course.slow:
        begins_s = max(0.0, (slow.from_ms - start.ms) / 1000)
        ends_s = (slow.to_ms - start.ms) / 1000
        if ends_s <= 0.0 or begins_s >= leg.end_s:
            continue
        crawl = wish._replace(pace=slow.pace)
        if slow.stop_m is not None:
            crawl = crawl._replace(stop_m=slow.stop_m, stand_until_s=ends_s)
        leg = _replanned(course.track, leg, begins_s, crawl, end_m)
        if slow.stop_m is None and ends_s < leg.end_s:
            leg = _replanned(course.track, leg, ends_s, wish, end_m)
    return leg


def _replanned(track: Track, leg: Leg, at_s: float, wish: Wish, end_m: float) -> Leg:
    here = leg.at(at_s)
    if end_m - here.distance_m < 1.0:
        return leg  # all but over the line
    if wish.stop_m is not None and wish.stop_m - here.distance_m < track.step_m:
        wish = wish._replace(stop_m=None)  # past it already: stops on the next lap
    rest = plan(track, wish, from_m=here.distance_m, to_m=end_m, first_mps=here.speed_mps, started_s=at_s)
    return spliced(leg, at_s, rest)


def _measured(course: Course, lap: Lap, *, completes: bool = True) -> Lap:
    """The lap with its times: sectors and speed trap where it passes them, lap time if it is completed."""
    track, leg = course.track, lap.leg
    first_s, second_s = leg.elapsed_s(track.sector2_m), leg.elapsed_s(track.sector3_m)
    first = None if first_s is None else round(first_s * 1000)
    second = None if second_s is None or first is None else round(second_s * 1000) - first
    trap_s = leg.elapsed_s(track.trap_m)
    lap = replace(lap, sector1_ms=first, sector2_ms=second)
    if trap_s is not None:
        lap = replace(lap, trap_ms=trap_s * 1000, trap_kph=leg.at(trap_s).speed_mps * 3.6)
    if completes:
        time_ms = round(leg.end_s * 1000)
        lap = replace(lap, time_ms=time_ms, end_ms=lap.start_ms + time_ms)
    return lap


def _after(course: Course, lap: Lap) -> _Start:
    """How the lap after a completed one begins."""
    end_ms = lap.start_ms + round(lap.leg.end_s * 1000)
    speed = lap.leg.speeds_mps[-1]
    base_m = lap.base_m + course.track.length_m
    return _Start(end_ms, 0.0, speed, lap.number + 1, base_m, lap.time_ms or 0)
