from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.lake import Counters, Lake
from app.datacloud.emulator.payload import Parsed
from app.datacloud.schema import LAP, SESSION
from tests.datacloud.emulator.records import MOMENT, make_record, parsed

NOW_S = 1_772_400_000.0
LENIENT = EmulatorConfig()


def _lake(*records: dict[str, Any], object_name: str = "LapEvent", config: EmulatorConfig = LENIENT) -> Lake:
    """A lake that has processed records, each in a request of its own."""
    lake, spec = Lake(), config.object_named(object_name)
    assert spec is not None
    for record in records:
        lake.accept(spec, parsed(record), config, NOW_S)
    lake.process(config, NOW_S)
    return lake


def _session(modified: str | None, **changes: Any) -> dict[str, Any]:
    return make_record("SessionEvent", session_key="s", recordModified=modified, **changes)


class TestInbox:
    def test_what_is_accepted_waits_until_it_is_processed(self) -> None:
        lake, record = Lake(), make_record()

        lake.accept(LAP, parsed(record), LENIENT, NOW_S)

        assert lake.counters("LapEvent") == Counters(received=1, waiting=1)
        assert lake.rows("LapEvent") == {}
        assert [delivery.record for delivery in lake.deliveries("LapEvent")] == [record]

    def test_processing_can_go_piece_by_piece_in_order_of_arrival(self) -> None:
        lake = Lake()
        lake.accept(LAP, parsed(*(make_record(event_id=str(n)) for n in range(5))), LENIENT, NOW_S)

        left = [lake.process(LENIENT, NOW_S, most=2) for _ in range(3)]

        assert left == [True, True, False]
        assert list(lake.rows("LapEvent")) == [(str(n), "2026-03-01") for n in range(5)]

    def test_the_journal_hears_of_records_first(self) -> None:
        told: list[tuple[str, bytes]] = []

        def journal(name: str, records: Sequence[Parsed]) -> None:
            told.extend((name, one.raw) for one in records)
            assert lake.counters("LapEvent").received == 0

        lake, records = Lake(journal), parsed(make_record())

        lake.accept(LAP, records, LENIENT, NOW_S)

        assert told == [("LapEvent", records[0].raw)]

    def test_deliveries_are_bounded_and_counters_are_not(self) -> None:
        lake, config = Lake(), EmulatorConfig(keep_deliveries=2)

        lake.accept(LAP, parsed(*(make_record(event_id=str(n)) for n in range(5))), config, NOW_S)

        assert [delivery.key for delivery in lake.deliveries("LapEvent")] == ["3", "4"]
        assert lake.counters("LapEvent").received == 5

    def test_the_same_key_with_another_text_is_counted(self) -> None:
        one, other = make_record(event_id="1"), make_record(event_id="1", lap_number=2)

        lake = _lake(one, one, other, other, make_record(event_id="2"))

        assert lake.counters("LapEvent").same_key_other_bytes == 1

    def test_an_object_that_nothing_came_for_is_empty(self) -> None:
        lake = Lake()

        assert (lake.rows("LapEvent"), lake.problems("LapEvent"), lake.deliveries("LapEvent")) == ({}, [], [])
        assert lake.counters("LapEvent") == Counters()


class TestEngagement:
    def test_the_key_is_the_primary_key_and_the_utc_date(self) -> None:
        night = make_record(event_id="1", event_time="2026-03-01T23:59:59.990Z")
        morning = make_record(event_id="1", event_time="2026-03-02T00:00:00.000Z")

        lake = _lake(night, morning)

        assert lake.rows("LapEvent") == {("1", "2026-03-01"): night, ("1", "2026-03-02"): morning}
        assert lake.counters("LapEvent").inserted == 2

    def test_the_same_again_is_identical_and_other_values_are_a_change(self) -> None:
        lake = _lake(make_record(), make_record(), make_record(lap_number=9))

        counters = lake.counters("LapEvent")
        assert (counters.inserted, counters.updated_identical, counters.updated_changed) == (1, 1, 1)
        assert lake.rows("LapEvent")[("x", "2026-03-01")]["lap_number"] == 9

    def test_the_same_values_in_another_order_are_identical(self) -> None:
        record = make_record()

        lake = _lake(record, dict(reversed(record.items())))

        assert lake.counters("LapEvent").updated_identical == 1
        assert lake.counters("LapEvent").same_key_other_bytes == 1


class TestRecordModified:
    def test_the_newer_row_stays_whatever_comes_first(self) -> None:
        lake = _lake(
            _session("2026-03-01T10:00:00.500Z", weather=2),
            _session("2026-03-01T10:00:00.499Z", weather=1),
            _session("2026-03-01T10:00:00.501Z", weather=3),
            object_name="SessionEvent",
        )

        counters = lake.counters("SessionEvent")
        assert (counters.inserted, counters.stale, counters.updated_changed) == (1, 1, 1)
        assert lake.rows("SessionEvent")["s"]["weather"] == 3

    def test_a_time_without_fraction_is_a_whole_second(self) -> None:
        lake = _lake(
            _session("2026-03-01T10:00:00.001Z", weather=2),
            _session("2026-03-01T10:00:00Z", weather=1),
            object_name="SessionEvent",
        )

        assert lake.counters("SessionEvent").stale == 1

    @pytest.mark.parametrize(("ties", "weather"), [("overwrite", 2), ("keep", 1)])
    def test_a_tie_goes_by_the_setting(self, ties: str, weather: int) -> None:
        config = EmulatorConfig(record_modified_ties=ties)  # type: ignore[arg-type]  # both values of the Literal

        lake = _lake(
            _session(MOMENT, weather=1), _session(MOMENT, weather=2), object_name="SessionEvent", config=config
        )

        assert lake.rows("SessionEvent")["s"]["weather"] == weather

    def test_without_a_time_the_last_one_stays(self) -> None:
        lake = _lake(_session(MOMENT, weather=1), _session(None, weather=2), object_name="SessionEvent")

        assert lake.rows("SessionEvent")["s"]["weather"] == 2


def test_partial_keeps_what_a_record_does_not_name() -> None:
    config = EmulatorConfig(partial=frozenset({"SessionEvent"}))
    later = {"session_key": "s", "recordModified": "2026-03-01T11:00:00.000Z", "weather": 7}

    lake = _lake(_session(MOMENT, weather=1), later, object_name="SessionEvent", config=config)

    assert lake.rows("SessionEvent")["s"] == {**_session(MOMENT), **later}
    assert lake.problems("SessionEvent") == []


class TestBadRows:
    def test_a_record_that_does_not_fit_becomes_a_problem_record(self) -> None:
        bad = make_record(lap_time_ms="fast", pit_lap=...)

        lake = _lake(bad)

        (problem,) = lake.problems("LapEvent")
        assert problem["error_fields"] == ["lap_time_ms", "pit_lap"]
        assert problem["error_timestamp"] == "2026-03-01T21:20:00.000Z"
        assert "#/lap_time_ms: expected type: Number, found: String" in problem["detailed_error"]
        assert set(problem) == {
            "error_code",
            "error_timestamp",
            "detailed_error",
            "error_row",
            "error_fields",
            "error_context",
        }
        assert (lake.counters("LapEvent").problem, lake.rows("LapEvent")) == (1, {})

    @pytest.mark.parametrize("unknown_fields", ["ignore", "reject"])
    def test_only_unknown_names_make_the_one_blank_row(self, unknown_fields: str) -> None:
        config = EmulatorConfig(unknown_fields=unknown_fields)  # type: ignore[arg-type]  # both values of the Literal

        lake = _lake({"event_id__c": "1"}, {"nope": 2}, config=config)

        assert lake.rows("LapEvent") == {None: dict.fromkeys(LAP.types)}
        assert lake.counters("LapEvent").blank == 2

    def test_what_was_checked_when_it_came_is_not_checked_again(self) -> None:
        config = EmulatorConfig(validation="strict")

        lake = _lake(make_record(lap_time_ms="as if it had been let through"), config=config)

        assert lake.counters("LapEvent").inserted == 1


class TestDelete:
    def test_a_row_goes_by_its_key_on_every_date(self) -> None:
        lake = _lake(
            make_record(event_id="1"),
            make_record(event_id="1", event_time="2026-03-02T00:00:00.000Z"),
            make_record(event_id="2"),
        )

        lake.delete(LAP, frozenset({"1", "9"}), LENIENT)
        lake.process(LENIENT, NOW_S)

        assert list(lake.rows("LapEvent")) == [("2", "2026-03-01")]
        assert lake.counters("LapEvent").deleted == 2

    def test_a_row_modified_later_than_now_stays(self) -> None:
        lake = _lake(_session("2026-03-02T00:00:00.000Z"), object_name="SessionEvent")

        lake.delete(SESSION, frozenset({"s"}), LENIENT)
        lake.process(LENIENT, NOW_S)

        assert list(lake.rows("SessionEvent")) == ["s"]


def test_every_processed_record_is_counted_once() -> None:
    lake = _lake(make_record(), make_record(), make_record(lap_number=2), make_record(event_id=None), {"a": 1})

    counters = lake.counters("LapEvent")
    assert lake.processed() == counters.received == 5
    assert counters.waiting == 0
