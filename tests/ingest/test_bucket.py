"""How many datagrams a rig may send."""

from __future__ import annotations

from app.ingest.bucket import DEPTH_S, MOST_PER_S, NOMINAL_PER_S, Bucket


class Clock:
    """Goes only when told to."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def passed(bucket: Bucket, clock: Clock, per_s: int, seconds: float) -> int:
    """How many of evenly spaced datagrams pass."""
    through = 0
    for _ in range(round(per_s * seconds)):
        clock.now_s += 1 / per_s
        through += bucket.take()
    return through


def test_the_nominal_rate_is_that_of_a_race_at_sixty_hertz() -> None:
    assert 360 <= NOMINAL_PER_S <= 450  # two recorded races send some 360 a second; six kinds at 60 Hz alone are that
    assert MOST_PER_S == 4 * NOMINAL_PER_S


def test_all_that_a_game_sends_passes_for_ever() -> None:
    clock = Clock()
    bucket = Bucket(MOST_PER_S, clock)

    assert passed(bucket, clock, NOMINAL_PER_S, 60) == NOMINAL_PER_S * 60


def test_of_a_flood_no_more_passes_than_the_rate_after_what_the_bucket_held() -> None:
    clock = Clock()
    bucket = Bucket(1000, clock)

    through = passed(bucket, clock, 20_000, 10)

    assert 10_000 <= through <= 1000 * (10 + DEPTH_S)


def test_what_the_kernel_kept_while_we_were_held_up_is_no_flood() -> None:
    clock = Clock()
    bucket = Bucket(MOST_PER_S, clock)
    passed(bucket, clock, NOMINAL_PER_S, 60)

    clock.now_s += 3.0
    at_once = [bucket.take() for _ in range(3 * NOMINAL_PER_S)]

    assert all(at_once)


def test_after_a_flood_a_rig_is_heard_again() -> None:
    clock = Clock()
    bucket = Bucket(MOST_PER_S, clock)
    passed(bucket, clock, 20_000, 5)

    clock.now_s += 1.0

    assert passed(bucket, clock, NOMINAL_PER_S, 10) == NOMINAL_PER_S * 10
