"""The contract of canonical events: identity, JSON, and what they refuse."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.normalize import events
from app.normalize.events import FACTS, SAMPLES, Event, utc_text
from tests.normalize.make_events import RECEIVED_AT, make_event

KINDS: Final[tuple[type[Event], ...]] = (*SAMPLES, *FACTS)
OUR_OWN: Final = (events.RigOnline, events.RigSilent)
"""Facts about our link to the rig: they have no other name than the instant we saw."""
IN_ONE_FRAME: Final[list[tuple[type[Event], dict[str, Any], dict[str, Any]]]] = [
    (events.Overtake, {"overtaken_car_index": 4}, {"overtaken_car_index": 5}),
    (events.Overtake, {"car_index": 4}, {"car_index": 5}),
    (events.Collision, {"other_car_index": 4}, {"other_car_index": None}),
    (events.PenaltyIssued, {"infringement": "a"}, {"infringement": "b"}),
    (events.PenaltyIssued, {"other_car_index": 1}, {"other_car_index": 2}),
    (events.PenaltyIssued, {"time_s": 5}, {"time_s": 10}),
    (events.PenaltyIssued, {"places_gained": 1}, {"places_gained": 2}),
    (events.PenaltyServed, {"penalty": "Drive through"}, {"penalty": "Stop Go"}),
    (events.SpeedTrap, {"car_index": 1}, {"car_index": 2}),
    (events.Retirement, {"car_index": 1}, {"car_index": 11}),
    (events.StartLights, {"lights": 1}, {"lights": 2}),
    (events.SafetyCar, {"action": "deployed"}, {"action": "returning"}),
    (events.DrsChanged, {"enabled": True}, {"enabled": False}),
    (events.ButtonsChanged, {"bits": 1}, {"bits": 3}),
    (events.UnknownGameEvent, {"code": "OVEN"}, {"code": "TOAS"}),
    (events.UnknownGameEvent, {"details_hex": "00"}, {"details_hex": "01"}),
    (events.FlashbackUsed, {"to_frame": 300}, {"to_frame": 200}),
    (events.SessionState, {"mode": "driving"}, {"mode": "no_car"}),
    (events.SectorCompleted, {"sector": 1}, {"sector": 2}),
    (events.LapStarted, {"lap_number": 4}, {"lap_number": 5}),
    (events.LapStarted, {"attempt": 0}, {"attempt": 1}),
    (events.LapCompleted, {"lap_number": 4}, {"lap_number": 5}),
    (events.LapCompleted, {"car_index": 1, "lap_number": 11}, {"car_index": 11, "lap_number": 1}),
    (events.LapWithdrawn, {"attempt": 1}, {"attempt": 2}),
]


# --- identity -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_equal_events_have_equal_ids(kind: type[Event]) -> None:
    assert make_event(kind).event_id == make_event(kind).event_id


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in OUR_OWN])
def test_no_clock_of_ours_is_in_an_id(kind: type[Event]) -> None:
    later = RECEIVED_AT + timedelta(days=1)

    assert make_event(kind, received_at=later).event_id == make_event(kind).event_id


@pytest.mark.parametrize("kind", KINDS)
def test_who_is_bound_to_the_car_is_not_in_an_id(kind: type[Event]) -> None:
    named = make_event(kind, driver_name="Guest", individual_id="003")

    assert named.event_id == make_event(kind).event_id


@pytest.mark.parametrize("kind", KINDS)
def test_two_rigs_in_one_session_never_share_an_id(kind: type[Event]) -> None:
    assert make_event(kind, rig_id="RIG_B").event_id != make_event(kind).event_id


@pytest.mark.parametrize("kind", KINDS)
def test_two_sessions_of_a_rig_never_share_an_id(kind: type[Event]) -> None:
    assert make_event(kind, session_uid="24302").event_id != make_event(kind).event_id


def test_no_two_kinds_share_an_id() -> None:
    assert len({make_event(kind).event_id for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize(("kind", "one", "other"), IN_ONE_FRAME)
def test_two_events_of_a_kind_in_one_frame_have_ids_of_their_own(
    kind: type[Event], one: dict[str, Any], other: dict[str, Any]
) -> None:
    assert make_event(kind, **one).event_id != make_event(kind, **other).event_id


@pytest.mark.parametrize("kind", SAMPLES)
def test_samples_of_two_frames_have_ids_of_their_own(kind: type[Event]) -> None:
    assert make_event(kind, overall_frame=601).event_id != make_event(kind).event_id


@pytest.mark.parametrize("frame", [None, 0])
def test_without_a_frame_the_session_time_tells_events_apart(frame: int | None) -> None:
    first, second = (make_event(events.Overtake, overall_frame=frame, session_time_s=at) for at in (1.0, 2.0))

    assert first.event_id != second.event_id


def test_a_lap_is_named_by_car_and_number_whatever_the_frame() -> None:
    at_the_line = make_event(events.LapCompleted, overall_frame=600, session_time_s=85.6)
    corrected = make_event(
        events.LapCompleted, overall_frame=None, session_time_s=90.0, lap_time_ms=85_637, status="corrected"
    )

    assert corrected.event_id == at_the_line.event_id


@pytest.mark.parametrize("kind", [events.SessionStarted, events.SessionEnded, events.FinalClassification])
def test_a_fact_that_a_session_has_once_is_named_by_the_session(kind: type[Event]) -> None:
    assert make_event(kind, overall_frame=1, session_time_s=1.0).event_id == make_event(kind).event_id


@given(st.lists(st.tuples(st.integers(0, 23), st.integers(0, 120)), min_size=2, max_size=12, unique=True))
def test_no_two_laps_of_a_session_share_an_id(laps: list[tuple[int, int]]) -> None:
    ids = {make_event(events.LapCompleted, car_index=car, lap_number=lap).event_id for car, lap in laps}

    assert len(ids) == len(laps)


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_is_json_with_its_kind_and_id(kind: type[Event]) -> None:
    event = make_event(kind)

    told = json.loads(event.model_dump_json())

    assert (told["kind"], told["event_id"]) == (kind.__name__, event.event_id)


@pytest.mark.parametrize("kind", KINDS)
def test_times_are_utc_with_three_digits_and_a_literal_z(kind: type[Event]) -> None:
    assert json.loads(make_event(kind).model_dump_json())["received_at"] == "2026-03-01T10:00:00.123Z"


def test_every_time_of_an_event_is_written_alike() -> None:
    assert json.loads(make_event(events.RigSilent).model_dump_json())["last_packet_at"] == "2026-03-01T10:00:00.123Z"


def test_a_time_of_another_zone_is_written_in_utc() -> None:
    zone = timezone(timedelta(hours=5, minutes=30))

    assert utc_text(datetime(2026, 1, 1, 1, 0, tzinfo=zone)) == "2025-12-31T19:30:00.000Z"


@given(st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1)))
def test_every_time_has_three_digits_and_is_never_later_than_the_instant(instant: datetime) -> None:
    text = utc_text(instant.replace(tzinfo=UTC))

    assert len(text) == 24
    assert timedelta(0) <= instant - datetime.fromisoformat(text[:-1]) < timedelta(milliseconds=1)


def test_unknown_is_null_and_never_missing() -> None:
    told = json.loads(make_event(events.CarTelemetry).model_dump_json())

    assert told.keys() >= events.CarTelemetry.model_fields.keys()
    assert told["speed_kph"] is None


def test_a_session_id_beyond_53_bits_travels_as_text() -> None:
    assert json.loads(make_event(events.LightsOut, session_uid=str(2**64 - 1)).model_dump_json())["session_uid"] == str(
        2**64 - 1
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_schema_of_every_event_can_be_exported(kind: type[Event], mode: Any) -> None:
    schema = kind.model_json_schema(mode=mode)

    assert json.loads(json.dumps(schema))["properties"].keys() >= {"rig_id", "received_at"}


def test_the_schema_says_what_is_computed() -> None:
    schema = events.LapCompleted.model_json_schema(mode="serialization")

    assert {"kind", "event_id"} <= set(schema["required"])


def test_every_event_class_is_listed_as_sample_or_fact() -> None:
    declared = {kind for family in (events.Sample, events.Fact) for kind in family.__subclasses__()}

    assert declared == set(KINDS)


def test_no_two_events_share_a_name_that_differs_by_case() -> None:
    assert not [pair for pair in combinations([kind.__name__.lower() for kind in KINDS], 2) if pair[0] == pair[1]]


# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_an_event_cannot_be_changed(kind: type[Event]) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        make_event(kind).rig_id = "RIG_B"


@pytest.mark.parametrize("kind", KINDS)
def test_a_misspelt_field_is_refused(kind: type[Event]) -> None:
    with pytest.raises(ValidationError, match="extra"):
        make_event(kind, speed_mph=1)


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (events.CarTelemetry, "throttle"),
        (events.CarStatus, "fuel_remaining_laps"),
        (events.LapProgress, "lap_distance_m"),
        (events.SpeedTrap, "speed_kph"),
        (events.LightsOut, "session_time_s"),
        (events.FlashbackUsed, "to_session_time_s"),
    ],
)
def test_what_is_not_a_number_is_refused(kind: type[Event], field: str, nonsense: float) -> None:
    with pytest.raises(ValidationError, match=field):
        make_event(kind, **{field: nonsense})


def test_what_is_not_a_number_is_refused_in_any_wheel() -> None:
    with pytest.raises(ValidationError, match="tyre_pressure_psi"):
        make_event(events.CarTelemetry, tyre_pressure_psi=(22.0, 22.0, math.nan, 22.0))


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (events.CarTelemetry, "gear", 10),
        (events.CarTelemetry, "throttle", 1.01),
        (events.CarTelemetry, "speed_kph", 601),
        (events.CarTelemetry, "tyre_surface_temperature_c", (90, 90, 90)),
        (events.CarDamage, "tyre_wear_percent", (0.0, 0.0, 0.0, 101.0)),
        (events.CarDamage, "brake_damage_percent", (0, 0, 0, 255)),
        (events.LapProgress, "position", 0),
        (events.LapProgress, "sector", 4),
        (events.LapCompleted, "lap_time_ms", 0),
        (events.FastestLap, "lap_time_ms", 0),
    ],
)
def test_what_cannot_be_true_is_refused(kind: type[Event], field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        make_event(kind, **{field: value})
