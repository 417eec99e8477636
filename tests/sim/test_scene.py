from __future__ import annotations

from app.sim.acts import Rig
from app.sim.scene import Moment, Scene, Tape
from tests.sim.runs import small_race, small_trial


def test_a_tape_makes_each_row_once() -> None:
    tape, made = Tape(10), list[int]()

    def make() -> bytes:
        made.append(1)
        return b"row"

    for _ in range(3):
        tape.get("key", make)

    assert made == [1]


def test_a_full_tape_keeps_what_it_has_and_nothing_new() -> None:
    tape = Tape(1)
    tape.get("first", lambda: b"old")

    assert tape.get("second", lambda: b"new") == b"new"
    assert tape.get("second", lambda: b"newer") == b"newer"
    assert tape.get("first", lambda: b"other") == b"old"


def test_a_moment_knows_the_gap_to_the_car_ahead() -> None:
    moment = Moment(small_race(), 20_000.0)
    gaps = moment.gaps_ms

    assert gaps[moment.order[0]] == 0
    assert all(gaps[slot] > 0 for slot in moment.order[1:])


def test_a_scene_knows_ghosts_and_hides_nothing_offline() -> None:
    scene = Scene(small_trial(), Rig(0, 0, 0), network_game=False, step_ms=50.0)

    assert scene.ghosts == [1]
    assert scene.hidden == frozenset()
