"""Each event code to its fact, and what no document lists."""

from __future__ import annotations

import math
from typing import Any, Final

import pytest

from app.ingest.layouts import SPECS
from app.normalize import events
from app.normalize.game_events import Told, tell
from app.normalize.words import Words
from tests.builders import make_event_packet

NAMES: Final = {3: "NORRIS", 4: "PIASTRI"}


def told(code: str, packet_format: int = 2025, *, words: Words | None = None, **details: Any) -> Told:
    """The fact of an event packet, where cars 3 and 4 have drivers."""
    packet = make_event_packet(code, packet_format, **details)
    return tell(packet, lambda car: None if car is None else NAMES.get(car), words or Words(packet_format, 25))


PENALTY: Final = {"penalty_type": 4, "infringement_type": 7, "vehicle_idx": 3, "other_vehicle_idx": 4, "time": 5}
ROWS: Final[list[tuple[str, dict[str, Any], Told]]] = [
    ("SSTA", {}, Told(events.SessionAnnounced, None, {})),
    ("FTLP", {"vehicle_idx": 3, "lap_time": 85.636}, Told(events.FastestLap, 3, {"lap_time_ms": 85_636})),
    ("RTMT", {"vehicle_idx": 3, "reason": 8}, Told(events.Retirement, 3, {"reason": "mechanical failure"})),
    ("DRSE", {}, Told(events.DrsChanged, None, {"enabled": True, "reason": None})),
    ("DRSD", {"reason": 0}, Told(events.DrsChanged, None, {"enabled": False, "reason": "wet track"})),
    ("TMPT", {"vehicle_idx": 3}, Told(events.TeamMateInPits, 3, {})),
    ("CHQF", {}, Told(events.ChequeredFlag, None, {})),
    ("RCWN", {"vehicle_idx": 3}, Told(events.RaceWinner, 3, {})),
    (
        "PENA",
        {**PENALTY, "lap_num": 2, "places_gained": 1},
        Told(
            events.PenaltyIssued,
            3,
            {
                "penalty": "Time penalty",
                "infringement": "Corner cutting gained time",
                "other_car_index": 4,
                "other_driver_name": "PIASTRI",
                "time_s": 5,
                "lap_number": 2,
                "places_gained": 1,
            },
        ),
    ),
    (
        "SPTP",
        {
            "vehicle_idx": 3,
            "speed": 312.5,
            "is_overall_fastest_in_session": 1,
            "is_driver_fastest_in_session": 1,
            "fastest_vehicle_idx_in_session": 3,
            "fastest_speed_in_session": 312.5,
        },
        Told(
            events.SpeedTrap,
            3,
            {
                "speed_kph": 312.5,
                "session_best": True,
                "personal_best": True,
                "session_best_car_index": 3,
                "session_best_kph": 312.5,
            },
        ),
    ),
    ("STLG", {"num_lights": 4}, Told(events.StartLights, None, {"lights": 4})),
    ("LGOT", {}, Told(events.LightsOut, None, {})),
    (
        "DTSV",
        {"vehicle_idx": 3},
        Told(events.PenaltyServed, 3, {"penalty": "Drive through", "stop_time_s": None}),
    ),
    (
        "SGSV",
        {"vehicle_idx": 3, "stop_time": 10.5},
        Told(events.PenaltyServed, 3, {"penalty": "Stop Go", "stop_time_s": 10.5}),
    ),
    (
        "FLBK",
        {"flashback_frame_identifier": 300, "flashback_session_time": 5.5},
        Told(events.FlashbackUsed, None, {"to_frame": 300, "to_session_time_s": 5.5}),
    ),
    ("BUTN", {"button_status": 0}, Told(events.ButtonsChanged, None, {"bits": 0, "buttons": ()})),
    ("RDFL", {}, Told(events.RedFlag, None, {})),
    (
        "OVTK",
        {"overtaking_vehicle_idx": 3, "being_overtaken_vehicle_idx": 4},
        Told(events.Overtake, 3, {"overtaken_car_index": 4, "overtaken_driver_name": "PIASTRI"}),
    ),
    (
        "SCAR",
        {"safety_car_type": 2, "event_type": 0},
        Told(events.SafetyCar, None, {"safety_car": "virtual safety car", "action": "deployed"}),
    ),
    (
        "COLL",
        {"vehicle1_idx": 3, "vehicle2_idx": 4},
        Told(events.Collision, 3, {"other_car_index": 4, "other_driver_name": "PIASTRI", "severity": None}),
    ),
]


@pytest.mark.parametrize(("code", "details", "fact"), ROWS, ids=[row[0] for row in ROWS])
def test_each_code_tells_its_fact(code: str, details: dict[str, Any], fact: Told) -> None:
    assert told(code, **details) == fact


@pytest.mark.parametrize("packet_format", SPECS)
def test_every_documented_code_is_told_but_send_which_ends_the_session(packet_format: int) -> None:
    assert SPECS[packet_format].events.keys() - {row[0] for row in ROWS} == {"SEND"}


@pytest.mark.parametrize(("packet_format", "code"), [(f, c) for f, s in SPECS.items() for c in s.events if c != "SEND"])
def test_every_code_of_every_format_tells_a_fact_out_of_nothing_but_zeros(packet_format: int, code: str) -> None:
    assert issubclass(told(code, packet_format).kind, events.Fact)


@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("FTLP", {"vehicle_idx": 255}),
        ("RTMT", {"vehicle_idx": 255}),
        ("RCWN", {"vehicle_idx": 255}),
        ("PENA", {"vehicle_idx": 255}),
        ("SPTP", {"vehicle_idx": 255}),
        ("OVTK", {"overtaking_vehicle_idx": 255}),
        ("COLL", {"vehicle1_idx": 255}),
    ],
)
def test_a_fact_about_no_car_names_none(code: str, details: dict[str, Any]) -> None:
    assert told(code, **details).car_index is None


def test_a_penalty_without_another_car_time_lap_or_places_says_so() -> None:
    fields = told("PENA", other_vehicle_idx=255, time=255, lap_num=255, places_gained=255).fields

    assert [fields[name] for name in ("other_car_index", "other_driver_name", "time_s", "lap_number")] == [None] * 4
    assert fields["places_gained"] is None


@pytest.mark.parametrize("nonsense", [0.0, -1.0, math.nan, math.inf, 1e30])
def test_a_fastest_lap_of_a_time_that_cannot_be_has_none(nonsense: float) -> None:
    assert told("FTLP", lap_time=nonsense).fields["lap_time_ms"] is None


def test_a_collision_of_2026_has_a_severity() -> None:
    assert told("COLL", 2026, severity=2).fields["severity"] == "high"


def test_a_retirement_before_2025_has_no_reason() -> None:
    assert told("RTMT", 2024).fields["reason"] is None


def test_a_penalty_that_no_document_lists_survives_and_is_counted() -> None:
    words = Words(2025, 25)

    fact = told("PENA", words=words, penalty_type=99, infringement_type=99)

    assert (fact.fields["penalty"], fact.fields["infringement"]) == ("unknown (99)", "unknown (99)")
    assert words.unknown == {"penalty_type": 1, "infringement_type": 1}


def test_a_code_that_no_document_lists_survives_with_its_bytes_and_is_counted() -> None:
    words = Words(2026, 25)

    fact = told("OVEN", 2026, words=words, raw=bytes(range(12)))

    assert fact == Told(events.UnknownGameEvent, None, {"code": "OVEN", "details_hex": "000102030405060708090a0b"})
    assert words.unknown == {"event_code": 1}


def test_a_code_that_a_format_does_not_have_yet_is_unknown_to_it() -> None:
    assert told("SCAR", 2023, raw=bytes(12)).kind is events.UnknownGameEvent


@pytest.mark.parametrize("code", ["\x00\x00\x00\x00", "<b>x", "\x1b[2J", "a\nbc", "    "])
def test_a_code_that_is_no_word_is_not_repeated(code: str) -> None:
    assert told(code, raw=bytes(12)).fields["code"] == "????"
