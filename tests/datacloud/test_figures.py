"""The snapshot of numbers."""

from __future__ import annotations

from collections import Counter

from app.datacloud.figures import LaneStats, at_present, lane_stats

LAPS = "LapEvent"
FIGURES = Counter(
    {
        ("now", LAPS, "rows"): 3,
        ("now", LAPS, "size"): 1500,
        ("", LAPS, "taken"): 10,
        ("", LAPS, "delivered"): 7,
        ("", LAPS, "not_spooled"): 2,
        ("2026-03-01", LAPS, "appended"): 4,
        ("2026-03", LAPS, "appended"): 9,
        ("2026-03", LAPS, "accepted"): 6,
        ("2026-02-28", LAPS, "appended"): 5,
        ("now", "RaceEvent", "rows"): 99,
    }
)


def test_a_lane_tells_its_own_numbers_of_now_today_and_this_month() -> None:
    lane = lane_stats(LAPS, FIGURES, 1500, "2026-03-01")

    assert lane == LaneStats(
        rows=3,
        size=1500,
        oldest_at_s=1.5,
        taken=10,
        delivered=7,
        not_spooled=2,
        today_appended=4,
        month_appended=9,
        month_accepted=6,
    )


def test_what_has_changed_since_is_added() -> None:
    lane = at_present(LaneStats(oldest_at_s=100.0, not_spooled=2), queued=5, refused=3, now_s=160.0)

    assert (lane.oldest_age_s, lane.queued, lane.not_spooled) == (60.0, 5, 5)


def test_no_age_is_negative_when_the_clock_was_set_back() -> None:
    assert at_present(LaneStats(oldest_at_s=100.0), 0, 0, now_s=0.0).oldest_age_s == 0.0
