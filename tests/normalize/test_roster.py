"""Who sits in which car: names cleaned, empty slots left out, news told once."""

from __future__ import annotations

from typing import Any

import pytest

from app.normalize.roster import Roster
from app.normalize.words import Words
from tests.builders import make_packet

WORDS = Words(2025, 25)
RUSSELL = {"name": "RUSSELL", "team_id": 0, "race_number": 63, "nationality": 10, "platform": 1, "ai_controlled": 1}


def fed(packet_format: int = 2025, *, num_active_cars: int = 1, **participants: Any) -> Roster:
    """A roster that was told of the participants `car0`, `car1`, ..."""
    roster = Roster()
    people = {int(slot.removeprefix("car")): row for slot, row in participants.items()}
    packet = make_packet(4, packet_format, num_active_cars=num_active_cars, participants=people)
    roster.feed(packet, Words(packet_format, 25))
    return roster


def test_a_driver_is_known_by_car_index() -> None:
    assert fed(car7=RUSSELL).name(7) == "RUSSELL"


def test_a_driver_comes_with_team_number_country_and_platform() -> None:
    person = fed(car7=RUSSELL).get(7)

    assert person is not None
    assert (person.team, person.race_number, person.nationality, person.platform, person.ai) == (
        "Mercedes",
        63,
        "British",
        "Steam",
        True,
    )


def test_an_empty_slot_is_nobody() -> None:
    assert [person.car_index for person in fed(car2=RUSSELL).everyone()] == [2]


def test_before_the_first_packet_nobody_is_known() -> None:
    roster = Roster()

    assert (roster.name(0), roster.everyone(), roster.num_active_cars) == (None, (), None)


def test_no_car_has_no_name() -> None:
    assert fed(car0=RUSSELL).name(None) is None


@pytest.mark.parametrize("car_index", [21, 22, 255])
def test_a_car_beyond_those_told_has_no_name(car_index: int) -> None:
    assert fed(car0=RUSSELL).name(car_index) is None


def test_a_name_that_would_break_a_line_is_cleaned() -> None:
    assert fed(car0={**RUSSELL, "name": "a\u202eb\nc\u00a0d"}).name(0) == "abc d"


def test_a_name_of_nothing_visible_is_none_and_not_an_empty_text() -> None:
    assert fed(car0={**RUSSELL, "name": "\u200b"}).name(0) is None


def test_players_who_hide_their_name_are_told_apart_by_car() -> None:
    hidden = {"name": "Player", "platform": 1}

    people = fed(num_active_cars=2, car3=hidden, car9=hidden).everyone()

    assert [(person.car_index, person.name) for person in people] == [(3, "Player"), (9, "Player")]


def test_a_player_with_an_empty_name_but_a_platform_is_somebody() -> None:
    assert len(fed(car0={"name": "", "platform": 4}).everyone()) == 1


@pytest.mark.parametrize(("packet_format", "nobody"), [(2025, 255), (2026, 65_535)])
def test_no_team_is_none(packet_format: int, nobody: int) -> None:
    person = fed(packet_format, car0={**RUSSELL, "team_id": nobody}).get(0)

    assert person is not None
    assert person.team is None


def test_race_number_nationality_and_platform_0_are_unknown() -> None:
    person = fed(car0={"name": "X", "race_number": 0, "nationality": 0, "platform": 0}).get(0)

    assert person is not None
    assert (person.race_number, person.nationality, person.platform) == (None, None, None)


def test_a_team_that_no_document_lists_survives() -> None:
    person = fed(car0={**RUSSELL, "team_id": 250}).get(0)

    assert person is not None
    assert person.team == "unknown (250)"


def test_restricted_telemetry_is_told() -> None:
    person = fed(car0={**RUSSELL, "your_telemetry": 0}).get(0)

    assert person is not None
    assert not person.telemetry_public


def test_the_same_people_again_are_no_news() -> None:
    roster = Roster()
    packet = make_packet(4, num_active_cars=1, participants={0: RUSSELL})

    assert [roster.feed(packet, WORDS) for _ in range(3)] == [True, False, False]


def test_a_retirement_that_lowers_the_count_is_news_and_forgets_nobody() -> None:
    roster = Roster()
    people = {0: RUSSELL, 1: {**RUSSELL, "name": "ANTONELLI"}}
    roster.feed(make_packet(4, num_active_cars=2, participants=people), WORDS)

    news = roster.feed(make_packet(4, num_active_cars=1, participants=people), WORDS)

    assert (news, roster.name(1)) == (True, "ANTONELLI")


def test_a_ghost_that_changes_its_name_is_news() -> None:
    roster = Roster()
    roster.feed(make_packet(4, participants={5: {"name": "Personal Best", "platform": 255}}), WORDS)

    news = roster.feed(make_packet(4, participants={5: {"name": "rival_77", "platform": 255}}), WORDS)

    assert (news, roster.name(5)) == (True, "rival_77")


def test_a_driver_who_left_is_forgotten() -> None:
    roster = Roster()
    roster.feed(make_packet(4, participants={0: RUSSELL, 1: RUSSELL}), WORDS)
    roster.feed(make_packet(4, participants={0: RUSSELL}), WORDS)

    assert roster.name(1) is None
