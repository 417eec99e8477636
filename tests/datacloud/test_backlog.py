"""What an operator is told of an outbox."""

from __future__ import annotations

from app.datacloud.backlog import Body, Surroundings, aligned, backlog, told
from app.datacloud.holder import Holder
from app.datacloud.tables import LaneBacklog

NOON_S = 1_772_366_400.0  # 2026-03-01
HOLDER = Holder(4711, "2026-03-01T10:00:00Z")
NOTHING = LaneBacklog(0, 0, None, 0, {}, {})
LAPS = LaneBacklog(
    3,
    1_234,
    NOON_S - 720,
    1,
    {"delivered": 40, "letters_lost": 2, "purged": 4, "not_spooled": 5, "damaged": 6},
    {"2026-03-01": {"appended": 1_000, "accepted": 900}, "2026-03": {"appended": 2_000_000, "accepted": 1_900_000}},
)
TELEMETRY = LaneBacklog(1_234_567, 500_000_000, NOON_S - 3_600 * 30, 0, {"evicted": 7}, {"2026-03": {"appended": 1}})


def answer(holder: Holder | None = None, wishes: tuple[str, ...] = (), laps: LaneBacklog = LAPS) -> Body:
    lanes = {"SessionEvent": NOTHING, "LapEvent": laps, "TelemetryEvent": TELEMETRY}
    return backlog(lanes, Surroundings("data/outbox.sqlite3", 3_000_000, holder, wishes, 5_000.0), NOON_S)


def test_each_object_is_told_with_what_waits_and_what_was_lost() -> None:
    assert answer()["objects"]["LapEvent"] == {
        "waiting_rows": 3,
        "waiting_bytes": 1_234,
        "oldest_age_s": 720.0,
        "delivered": 40,
        "dead_letters": 1,
        "dead_letters_lost": 2,
        "purged": 4,
        "evicted": 0,
        "not_stored": 5,
        "damaged": 6,
    }
    assert answer()["objects"]["SessionEvent"]["oldest_age_s"] is None


def test_the_day_and_the_month_are_told_with_their_credits() -> None:
    assert answer()["today"] == {
        "utc": "2026-03-01",
        "rows": 1_000,
        "accepted": 900,
        "credits": 5.0,
        "rows_by_object": {"SessionEvent": 0, "LapEvent": 1_000, "TelemetryEvent": 0},
    }
    assert answer()["month"]["rows"] == 2_000_001
    assert answer()["month"]["credits"] == 10_000.0


def test_a_clock_that_was_set_back_makes_no_negative_age() -> None:
    assert answer(laps=LAPS._replace(oldest_at_s=NOON_S + 60))["objects"]["LapEvent"]["oldest_age_s"] == 0.0


def test_the_tables_say_the_same_for_people() -> None:
    text = told(answer(HOLDER, ("resume all",)))

    assert text.splitlines() == [
        f"The outbox data/outbox.sqlite3 has 2.9 MiB; a running gateway holds it ({HOLDER}).",
        "",
        "object            waiting      bytes  oldest  dead letters  evicted  not stored  damaged  delivered",
        "SessionEvent            0        0 B       –             0        0           0        0          0",
        "LapEvent                3    1 234 B  12 min             1        0           5        6         40",
        "TelemetryEvent  1 234 567  476.8 MiB  30.0 h             0        7           0        0          0",
        "all             1 234 570  476.8 MiB  30.0 h             1        7           5        6         40",
        "",
        "                             rows   accepted   credits",
        "today (2026-03-01 UTC)      1 000        900      5.00",
        "month (2026-03 UTC)     2 000 001  1 900 000  10000.00",
        "Asked and not heard yet: resume all.",
        "",
        "Dead letters are kept: see python -m app.datacloud letters",
    ]


def test_an_outbox_of_nobody_is_told_so() -> None:
    assert "; no gateway runs on it." in told(answer())


def test_without_dead_letters_none_are_mentioned() -> None:
    assert "letters:" not in told(answer(laps=LAPS._replace(letters=0)))
    assert "python -m" not in told(answer(laps=LAPS._replace(letters=0)))


def test_columns_stand_below_each_other() -> None:
    assert aligned([["a", "bb", "c"], ["aaa", "b", ""]]) == ["a    bb  c", "aaa   b"]
