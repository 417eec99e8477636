"""What is between two rigs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.duel.duel import Disagreement, Duel, Standing, Twins
from app.normalize.events import SessionEnded
from tests.duel.builders import AT, make_lap, make_progress, make_session

A = {"rig_id": "RIG_A", "session_uid": "7"}
B = {"rig_id": "RIG_B", "session_uid": "8"}


@pytest.fixture
def duel() -> Duel:
    return Duel(["RIG_A", "RIG_B"])


def drive(duel: Duel, rig: dict[str, Any], until_m: float, speed_mps: float, **changes: Any) -> None:
    for tenth in range(int(until_m) // 10 + 1):
        distance_m = tenth * 10.0
        progress = {
            "lap_distance_m": distance_m,
            "total_distance_m": distance_m,
            "current_lap_time_ms": round(distance_m / speed_mps * 1000),
            "session_time_s": distance_m / speed_mps,
        }
        duel.feed(make_progress(**{**rig, **progress, **changes}), now_s=0.0)


def in_one_session(duel: Duel, session_type: str) -> None:
    """Both rigs start in one session, and say which."""
    for rig_id, car_index in (("RIG_A", 3), ("RIG_B", 5)):
        drive(duel, {"rig_id": rig_id, "session_uid": "7"}, 10, 50.0, car_index=car_index)
        duel.feed(make_session(rig_id=rig_id, session_uid="7", session_type=session_type), 0.0)


def on_one_track(duel: Duel) -> None:
    drive(duel, A, 10, 50.0)
    drive(duel, B, 10, 50.0)
    duel.feed(make_session(**A), 0.0)
    duel.feed(make_session(**B), 0.0)


def test_the_slower_rig_has_a_positive_delta_where_it_is_now(duel: Duel) -> None:
    on_one_track(duel)
    drive(duel, A, 500, 50.0)
    drive(duel, B, 400, 40.0)

    assert duel.standing("RIG_B", 0.0).delta_to_other_ms == 2000
    assert duel.standing("RIG_A", 0.0).delta_to_other_ms is None  # B has not been there yet


def test_separate_sessions_have_a_delta_but_no_gap(duel: Duel) -> None:
    on_one_track(duel)
    drive(duel, A, 500, 50.0)
    drive(duel, B, 400, 40.0)

    standing = duel.standing("RIG_B", 0.0)
    assert (standing.other, standing.same_race, standing.gap_to_other_ms) == ("RIG_A", False, None)


def test_on_different_tracks_nothing_is_compared(duel: Duel) -> None:
    on_one_track(duel)
    duel.feed(make_session(**B, track="Spa"), 0.0)
    drive(duel, A, 500, 50.0)
    drive(duel, B, 400, 40.0)

    standing = duel.standing("RIG_B", 0.0)
    assert (standing.other, standing.delta_to_other_ms) == (None, None)


def test_one_session_with_two_own_cars_is_a_shared_race_told_once(duel: Duel) -> None:
    duel.feed(make_progress(**A, car_index=3), 0.0)

    told = [*duel.feed(make_progress(rig_id="RIG_B", session_uid="7", car_index=5), 0.1)]
    again = [*duel.feed(make_progress(rig_id="RIG_B", session_uid="7", car_index=5), 0.2)]

    assert told == [Twins("RIG_B", "RIG_A", "7", 5, 3, same_car=False)]
    assert again == []


def test_one_games_stream_on_two_ports_is_found_out(duel: Duel) -> None:
    duel.feed(make_progress(**A, car_index=3), 0.0)

    (found,) = duel.feed(make_progress(rig_id="RIG_B", session_uid="7", car_index=3), 0.1)

    assert isinstance(found, Twins)
    assert found.same_car
    assert duel.same_car(0.1) == [("RIG_A", "RIG_B")]
    assert duel.same_car(60.0) == []
    assert not duel.standing("RIG_B", 0.1).same_race


def test_in_one_race_the_gap_is_how_long_ago_the_other_was_here(duel: Duel) -> None:
    both = {"session_uid": "7"}
    in_one_session(duel, "Race")
    drive(duel, {"rig_id": "RIG_A", **both}, 500, 50.0, car_index=3)
    drive(duel, {"rig_id": "RIG_B", **both}, 400, 40.0, car_index=5)

    assert duel.standing("RIG_B", 0.0).gap_to_other_ms == 2000
    assert duel.standing("RIG_A", 0.0).gap_to_other_ms == -2000


@pytest.mark.parametrize("session_type", ["Short Qualifying", "Practice 1", "Sprint Shootout 1"])
def test_in_one_qualifying_or_practice_there_is_a_delta_but_no_gap(duel: Duel, session_type: str) -> None:
    in_one_session(duel, session_type)
    drive(duel, {"rig_id": "RIG_A", "session_uid": "7"}, 500, 50.0, car_index=3)
    drive(duel, {"rig_id": "RIG_B", "session_uid": "7"}, 400, 40.0, car_index=5)

    standing = duel.standing("RIG_B", 0.0)
    assert (standing.other, standing.same_race, standing.gap_to_other_ms) == ("RIG_A", False, None)
    assert standing.delta_to_other_ms == 2000


@pytest.mark.parametrize("slows_to_m", [5.0, 400.0])
def test_the_gap_at_the_flag_stands_whatever_the_cars_do_after_it(duel: Duel, slows_to_m: float) -> None:
    first, second = {"rig_id": "RIG_A", "session_uid": "7"}, {"rig_id": "RIG_B", "session_uid": "7"}
    in_one_session(duel, "Race")
    drive(duel, first, 500, 50.0, car_index=3)
    drive(duel, second, 400, 40.0, car_index=5)
    flag = {"lap_number": 1, "result_status": "finished", "current_lap_time_ms": None}

    def finish(rig: dict[str, Any], car_index: int, total_m: float, time_s: float) -> None:
        where = {"total_distance_m": total_m, "session_time_s": time_s, "lap_distance_m": total_m - 500}
        duel.feed(make_progress(**rig, **flag, **where, car_index=car_index), 0.0)

    finish(first, 3, 502.0, 10.04)
    finish(first, 3, 502.0 + slows_to_m, 18.0)
    drive(duel, second, 500, 40.0, car_index=5)
    before = duel.standing("RIG_B", 0.0).gap_to_other_ms
    finish(second, 5, 502.0, 12.55)
    finish(second, 5, 990.0, 19.0)

    assert before == 2500
    assert duel.standing("RIG_B", 0.0).gap_to_other_ms == 2510
    assert duel.standing("RIG_A", 0.0).gap_to_other_ms == -2510


def test_a_rig_that_fell_silent_is_compared_with_nobody(duel: Duel) -> None:
    on_one_track(duel)
    drive(duel, A, 500, 50.0)
    drive(duel, B, 400, 40.0)

    assert duel.standing("RIG_B", now_s=6.0).other is None
    assert duel.standing("RIG_B", now_s=6.0).delta_to_best_ms is None


def test_a_rig_whose_session_has_ended_is_compared_with_nobody(duel: Duel) -> None:
    on_one_track(duel)
    drive(duel, A, 500, 50.0)
    ended = {**A, "session_key": None, "session_time_s": None, "overall_frame": None, "car_index": None}
    duel.feed(
        SessionEnded.model_validate(
            {**ended, "received_at": AT, "driver_name": None, "individual_id": None, "reason": "send"}
        ),
        0.0,
    )

    assert duel.standing("RIG_B", 0.0).other is None


def test_two_rigs_that_tell_one_lap_differently_disagree(duel: Duel) -> None:
    told = {"session_uid": "7", "car_index": 3, "status": "confirmed"}
    duel.feed(make_lap(rig_id="RIG_A", **told, lap_time_ms=80_000), 0.0)

    same = duel.feed(make_lap(rig_id="RIG_B", **told, lap_time_ms=80_000, own=False), 0.0)
    unsure = duel.feed(make_lap(rig_id="RIG_B", **{**told, "status": "provisional"}, lap_time_ms=80_002), 0.0)
    other = duel.feed(make_lap(rig_id="RIG_B", **told, lap_time_ms=80_001, own=False), 0.0)

    assert (list(same), list(unsure)) == ([], [])
    assert list(other) == [Disagreement("7", 3, 1, 80_001, 80_000)]


def test_laps_of_separate_sessions_cannot_disagree(duel: Duel) -> None:
    duel.feed(make_lap(**A, lap_time_ms=80_000), 0.0)

    assert list(duel.feed(make_lap(**B, lap_time_ms=81_000), 0.0)) == []


def test_a_new_session_is_a_new_book(duel: Duel) -> None:
    drive(duel, A, 1000, 50.0)
    duel.feed(make_lap(**A), 0.0)

    drive(duel, {**A, "session_uid": "9"}, 500, 40.0)

    assert duel.standing("RIG_A", 0.0).delta_to_best_ms is None


def test_the_delta_to_the_own_best_is_taken_at_this_distance(duel: Duel) -> None:
    drive(duel, A, 1000, 50.0)
    duel.feed(make_lap(**A), 0.0)
    drive(duel, A, 500, 40.0, lap_number=2)

    assert duel.standing("RIG_A", 0.0).delta_to_best_ms == 2500


# --- who chases -----------------------------------------------------------------------------------

LENGTH_M = 1000.0
TURN_S = 2.0


class Guest(NamedTuple):
    """Somebody who drives lap after lap, each at an even speed, without a stop."""

    rig_id: str
    session_uid: str
    begins_s: float
    speeds_mps: Sequence[float]

    def place(self, at_s: float) -> tuple[int, float, float] | None:
        """Lap number, lap distance and lap time at a moment; None before the first lap and after the last."""
        begun_s = self.begins_s
        for number, speed_mps in enumerate(self.speeds_mps, 1):
            if at_s < begun_s:
                return None
            if at_s < begun_s + LENGTH_M / speed_mps:
                return number, (at_s - begun_s) * speed_mps, (at_s - begun_s) * 1000
            begun_s += LENGTH_M / speed_mps
        return None

    def passed_s(self, distance_m: float, by_s: float) -> float | None:
        """When this place was passed last; None if it never was."""
        passes, begun_s = [], self.begins_s
        for speed_mps in self.speeds_mps:
            passes.append(begun_s + distance_m / speed_mps)
            begun_s += LENGTH_M / speed_mps
        return max((pass_s for pass_s in passes if pass_s <= by_s), default=None)


def lap_by_lap(
    duel: Duel, guests: Sequence[Guest], until_s: float, rate_hz: int = 20
) -> Iterator[tuple[float, dict[str, Standing]]]:
    """At an even rate: what was driven, and where everybody stands then."""
    running: dict[str, int] = {}
    for guest in guests:
        duel.feed(make_session(rig_id=guest.rig_id, session_uid=guest.session_uid), 0.0)
    for step in range(int(until_s * rate_hz)):
        at_s = step / rate_hz
        for guest in guests:
            place = guest.place(at_s)
            if place is None:
                continue
            number, distance_m, timer_ms = place
            who = {"rig_id": guest.rig_id, "session_uid": guest.session_uid}
            if number != running.setdefault(guest.rig_id, number):
                lap_ms = round(LENGTH_M / guest.speeds_mps[number - 2] * 1000)
                duel.feed(make_lap(**who, lap_number=number - 1, lap_time_ms=lap_ms), at_s)
                running[guest.rig_id] = number
            where = {"lap_number": number, "lap_distance_m": distance_m, "current_lap_time_ms": round(timer_ms)}
            duel.feed(make_progress(**who, **where, session_time_s=at_s), at_s)
        yield at_s, {guest.rig_id: duel.standing(guest.rig_id, at_s) for guest in guests}


def rivals(later_s: float, *lap_times_s: tuple[float, float]) -> tuple[Guest, Guest]:
    """Two guests in sessions of their own, of whom the second begins later."""
    first, second = zip(*lap_times_s, strict=True)
    return (
        Guest(**A, begins_s=0.0, speeds_mps=[LENGTH_M / lap_s for lap_s in first]),
        Guest(**B, begins_s=later_s, speeds_mps=[LENGTH_M / lap_s for lap_s in second]),
    )


def test_who_comes_to_each_place_later_chases_whoever_crosses_the_line_first(duel: Duel) -> None:
    guests = rivals(3.0, (20.0, 20.0), (21.0, 20.0), (20.0, 22.0))

    told = [standing for at_s, standing in lap_by_lap(duel, guests, 60.0) if at_s > 4.0]

    assert {(each["RIG_A"].chasing, each["RIG_B"].chasing) for each in told} == {(False, True)}


def test_the_delta_of_who_chases_does_not_jump_when_the_other_crosses_the_line(duel: Duel) -> None:
    guests = rivals(3.0, (20.0, 21.0), (20.0, 21.0))

    told = {round(at_s, 2): standing["RIG_B"] for at_s, standing in lap_by_lap(duel, guests, 24.0)}

    around = [told[round(19.5 + twentieth / 20, 2)].delta_to_other_ms for twentieth in range(30)]  # A crosses at 20 s
    assert all(this is not None and last is not None and 0 <= this - last <= 5 for last, this in pairwise(around))
    assert around[-1] == pytest.approx(850, abs=100)


def test_of_two_half_a_lap_apart_none_takes_the_role_from_the_other_by_some_tenths(duel: Duel) -> None:
    guests = rivals(10.3, *((20.0, 20.5) if lap % 2 else (20.5, 20.0) for lap in range(7)))

    told = [standing["RIG_A"].chasing for at_s, standing in lap_by_lap(duel, guests, 140.0) if at_s > 35.0]

    assert len(set(told)) == 1


def test_who_is_caught_up_by_half_a_lap_chases_from_then_on(duel: Duel) -> None:
    guests = rivals(2.0, *((20.0, 22.0) for _ in range(9)))

    told = [standing["RIG_A"].chasing for at_s, standing in lap_by_lap(duel, guests, 170.0) if at_s > 3.0]

    assert [last for last, this in pairwise(told) if this != last] == [False]
    assert told[-1] is True


def test_alone_on_the_track_nobody_chases(duel: Duel) -> None:
    guests = rivals(30.0, (20.0, 20.0))

    assert {standing["RIG_A"].chasing for _, standing in lap_by_lap(duel, guests, 20.0)} == {None}


def test_while_neither_has_a_time_where_the_other_one_is_nobody_chases(duel: Duel) -> None:
    on_one_track(duel)
    for rig in (A, B):
        duel.feed(make_progress(**rig, lap_distance_m=-100.0, current_lap_time_ms=None), 0.0)

    assert [(rig_id, duel.standing(rig_id, 0.0).other is None) for rig_id in ("RIG_A", "RIG_B")] == [
        ("RIG_A", False),
        ("RIG_B", False),
    ]
    assert [duel.standing(rig_id, 0.0).chasing for rig_id in ("RIG_A", "RIG_B")] == [None, None]


def test_in_one_race_the_one_behind_chases(duel: Duel) -> None:
    both = {"session_uid": "7"}
    in_one_session(duel, "Race")
    drive(duel, {"rig_id": "RIG_A", **both}, 500, 50.0, car_index=3)
    drive(duel, {"rig_id": "RIG_B", **both}, 400, 40.0, car_index=5)

    assert [duel.standing(rig_id, 0.0).chasing for rig_id in ("RIG_A", "RIG_B")] == [False, True]


@pytest.mark.parametrize(("ahead_m", "chasing"), [(-3.0, True), (3.0, True), (20.0, False)])
def test_side_by_side_the_role_changes_hands_when_it_is_seen(duel: Duel, ahead_m: float, chasing: bool) -> None:
    both = {"session_uid": "7"}
    in_one_session(duel, "Race")
    drive(duel, {"rig_id": "RIG_A", **both}, 500, 50.0, car_index=3)
    drive(duel, {"rig_id": "RIG_B", **both}, 470, 47.0, car_index=5)
    before = duel.standing("RIG_B", 0.0).chasing

    for rig_id, car_index, total_m in (("RIG_A", 3, 520.0), ("RIG_B", 5, 520.0 + ahead_m)):
        where = {"lap_distance_m": total_m, "total_distance_m": total_m, "session_time_s": 10.4}
        duel.feed(make_progress(rig_id=rig_id, **both, car_index=car_index, current_lap_time_ms=10_400, **where), 0.0)

    assert (before, duel.standing("RIG_B", 0.0).chasing) == (True, chasing)
    assert duel.standing("RIG_A", 0.0).chasing is not chasing


def test_of_three_rigs_the_one_whose_other_is_compared_with_a_third_has_no_role() -> None:
    duel = Duel(["RIG_A", "RIG_B", "RIG_C"])
    third = Guest("RIG_C", "9", begins_s=5.0, speeds_mps=[50.0, 50.0])

    told = [
        each for at_s, each in lap_by_lap(duel, [*rivals(3.0, (20.0, 20.0), (20.0, 20.0)), third], 30.0) if at_s > 6
    ]

    assert {tuple(each[rig].chasing for rig in ("RIG_A", "RIG_B", "RIG_C")) for each in told} == {(False, True, None)}
    assert {each["RIG_C"].other for each in told} == {"RIG_A"}


def test_the_role_is_between_twins_when_a_third_rig_drives_the_same_track_alone() -> None:
    duel = Duel(["RIG_A", "RIG_B", "RIG_C"])
    on_one_track(duel)
    drive(duel, A, 300, 50.0)
    drive(duel, {"rig_id": "RIG_B", "session_uid": "8"}, 500, 50.0, car_index=3)
    drive(duel, {"rig_id": "RIG_C", "session_uid": "8"}, 400, 40.0, car_index=5)

    told = {rig: duel.standing(rig, 0.0) for rig in ("RIG_A", "RIG_B", "RIG_C")}

    assert {rig: (each.other, each.chasing) for rig, each in told.items()} == {
        "RIG_A": ("RIG_B", None),
        "RIG_B": ("RIG_C", False),
        "RIG_C": ("RIG_B", True),
    }


_LAP_S = st.floats(8.0, 14.0)


@settings(max_examples=30, deadline=None)
@given(st.floats(0.1, 20.0), st.lists(st.tuples(_LAP_S, _LAP_S), min_size=1, max_size=4))
def test_whoever_drives_whatever_one_of_two_chases_and_it_is_the_one_who_comes_later(
    later_s: float, laps_s: list[tuple[float, float]]
) -> None:
    first, second = rivals(later_s, *laps_s)
    until_s = min(sum(lap_s for lap_s, _ in laps_s), later_s + sum(lap_s for _, lap_s in laps_s))

    for at_s, standing in lap_by_lap(Duel(["RIG_A", "RIG_B"]), (first, second), until_s, rate_hz=10):
        roles = [standing[rig_id].chasing for rig_id in ("RIG_A", "RIG_B")]
        known = [standing[rig_id].delta_to_other_ms is not None for rig_id in ("RIG_A", "RIG_B")]
        assert roles in ([None, None], [True, False], [False, True])
        assert (None in roles) == (True not in known)
        if known == [True, True]:
            since_s = [_since_s(first, second, at_s), _since_s(second, first, at_s)]
            chaser_s, other_s = since_s if roles[0] else reversed(since_s)
            assert chaser_s <= other_s + TURN_S + 0.01


def _since_s(guest: Guest, other: Guest, at_s: float) -> float:
    """How long ago the other one was where this guest is."""
    place = guest.place(at_s)
    passed_s = None if place is None else other.passed_s(place[1], at_s)
    return 0.0 if passed_s is None else at_s - passed_s


# --- who is compared with whom, among many ----------------------------------------------------------

RIGS = ("RIG_A", "RIG_B", "RIG_C", "RIG_D")
STEPS = st.tuples(
    st.sampled_from(RIGS),
    st.sampled_from(["progress", "session", "ended"]),
    st.sampled_from(["7", "8", None]),
    st.sampled_from([0, 1, None]),
    st.sampled_from(["Monza", "Spa", None]),
    st.sampled_from([0.0, 0.1, 5.0]),
)


def other_by_the_rule(rig_id: str, claims: dict[str, Any], tracks: dict[str, Any], fresh: set[str]) -> str | None:
    """The first fresh other in the same session with another car, else the first one on the same track."""

    def track_of(rig: str) -> str | None:
        uid, track = tracks.get(rig, (None, None))
        return track if rig in claims and claims[rig][0] == uid else None

    others = [rig for rig in RIGS if rig != rig_id and rig in fresh]
    uid, car = claims[rig_id]
    for rig in others:
        their_uid, their_car = claims[rig]
        if None not in (uid, car, their_car) and uid == their_uid and car != their_car:
            return rig
    return next((rig for rig in others if track_of(rig_id) is not None and track_of(rig) == track_of(rig_id)), None)


@given(st.lists(STEPS, min_size=1, max_size=40))
@settings(deadline=None)
def test_whatever_the_rigs_do_each_is_compared_with_the_first_that_fits(steps: list[Any]) -> None:
    duel, now_s = Duel(RIGS), 0.0
    claims: dict[str, Any] = {}
    tracks: dict[str, Any] = {}
    heard_s: dict[str, float] = {}

    for rig_id, what, uid, car, track, passes_s in steps:
        now_s += passes_s
        if what == "progress":
            duel.feed(make_progress(rig_id=rig_id, session_uid=uid, car_index=car), now_s)
            claims[rig_id], heard_s[rig_id] = (uid, car), now_s
        elif what == "session":
            duel.feed(make_session(rig_id=rig_id, session_uid=uid, track=track), now_s)
            tracks[rig_id] = (uid, track)
        elif rig_id in claims:
            ended = make_progress(rig_id=rig_id, session_uid=claims[rig_id][0], car_index=claims[rig_id][1])
            values = {name: value for name, value in vars(ended).items() if name in SessionEnded.model_fields}
            duel.feed(SessionEnded.model_validate({**values, "reason": "send"}), now_s)
            heard_s.pop(rig_id, None)

    fresh = {rig_id for rig_id, at_s in heard_s.items() if now_s - at_s < 5.0}
    for rig_id in fresh:
        assert duel.standing(rig_id, now_s).other == other_by_the_rule(rig_id, claims, tracks, fresh)
