"""From packets to events, end to end: whole stories, the bundled captures, and anything the wire can carry."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ingest.capture import read_capture
from app.ingest.decoder import decode
from app.ingest.header import HEADER_SIZE, write_header
from app.ingest.layouts import LAYOUTS
from app.ingest.packets import Packet
from app.normalize import events
from app.normalize.events import Event, Sample
from app.normalize.minting import RigIdentity
from app.normalize.normalizer import Normalizer
from app.normalize.session import LONG_SILENCE_S
from tests.builders import make_event_packet, make_header, make_packet
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.normalize.lap_records import (
    FINISHED,
    FLYING_LAP,
    IN_GARAGE,
    Row,
    empty_slot,
    history,
    on_lap,
    timing,
)

CAPTURES: Final = Path(__file__).resolve().parents[1] / "captures"
MELBOURNE: Final = "f1_25-format2026-race-melbourne"
CATALUNYA: Final = "f1_25-format2025-timetrial-catalunya"
ONLINE: Final = "f1_23-format2023-online-samples"
NOW: Final = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
UID: Final = make_header().session_uid
KEY: Final = f"SIM_A:{UID}"
A: Final = RigIdentity("RIG_A", "SIM_A")
B: Final = RigIdentity("RIG_B", "SIM_B")
OWN_SAMPLES: Final = (
    events.CarTelemetry,
    events.CarStatus,
    events.CarDamage,
    events.CarMotion,
    events.FieldMotion,
    events.LapProgress,
)

E = TypeVar("E", bound=Event)


def of(kind: type[E], told: Iterable[Event]) -> list[E]:
    return [event for event in told if isinstance(event, kind)]


def fed(normalizer: Normalizer, *packets: Packet) -> list[Event]:
    """What packets tell; a second goes by before those of another session."""
    told: list[Event] = []
    received_at, uid = NOW, packets[0].header.session_uid
    for packet in packets:
        if packet.header.session_uid not in (0, uid):
            received_at, uid = received_at + timedelta(seconds=1), packet.header.session_uid
        told += normalizer.feed(packet, received_at)
    return told


def told_by(*packets: Packet, identity: RigIdentity = A) -> list[Event]:
    return fed(Normalizer(identity), *packets)


def at(frame: int, *, undone: int = 0, **header: Any) -> dict[str, Any]:
    """Header fields of the `frame`-th frame sent."""
    now = {"frame_identifier": frame - undone, "overall_frame_identifier": frame, "session_time": (frame - undone) / 60}
    return now | header


def driving(frame: int = 600, **header: Any) -> Packet:
    """Lap data with the first car on track."""
    cars = {0: on_lap(1, 20_000)}
    packet: Packet = make_packet(2, **at(frame, **header), cars=cars)
    return packet


def own_packets(frame: int = 601, **header: Any) -> list[Packet]:
    """Telemetry, status, damage and motion of all cars."""
    return [make_packet(packet_id, **at(frame, **header)) for packet_id in (6, 7, 10, 0)]


def strict_json(event: Event) -> dict[str, Any]:
    """The event's JSON, read by a reader that knows no NaN."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in {event!r}")

    told: dict[str, Any] = json.loads(event.model_dump_json(), parse_constant=refuse)
    return told


@cache
def captured(name: str, identity: RigIdentity = A) -> tuple[tuple[Event, ...], Normalizer]:
    """All events of a bundled capture, and the normaliser that told them."""
    normalizer = Normalizer(identity)
    stretch = 10 if name == ONLINE else 1  # single datagrams of several sessions, set 0.1 s apart by hand
    told = [
        event
        for datagram in read_capture(CAPTURES / f"{name}.pcap.gz")
        for event in normalizer.feed(decode(datagram.payload), datetime.fromtimestamp(datagram.at_s * stretch, UTC))
    ]
    return tuple(told), normalizer


# --- the captures ---------------------------------------------------------------------------------


def test_in_melbourne_twenty_cars_complete_one_lap_each() -> None:
    laps = of(events.LapCompleted, captured(MELBOURNE)[0])

    assert len({lap.event_id for lap in laps}) == 20
    assert {(lap.car_index, lap.lap_number) for lap in laps} == {(lap.car_index, 1) for lap in laps}


def test_in_melbourne_every_lap_off_the_line_is_what_the_history_says() -> None:
    laps = of(events.LapCompleted, captured(MELBOURNE)[0])

    assert Counter(lap.status for lap in laps) == {"provisional": 20, "confirmed": 20}


def test_in_melbourne_the_sectors_of_every_lap_sum_to_it() -> None:
    laps = of(events.LapCompleted, captured(MELBOURNE)[0])

    sums = [(lap.sector1_time_ms or 0) + (lap.sector2_time_ms or 0) + (lap.sector3_time_ms or 0) for lap in laps]
    assert sums == [lap.lap_time_ms for lap in laps]


def test_in_melbourne_one_car_sets_the_fastest_lap() -> None:
    fastest = of(events.FastestLap, captured(MELBOURNE)[0])

    assert [(fact.car_index, fact.lap_time_ms) for fact in fastest] == [(13, 85_636)]


def test_in_melbourne_the_fastest_lap_is_the_session_best() -> None:
    laps = of(events.LapCompleted, captured(MELBOURNE)[0])

    assert {(lap.car_index, lap.lap_time_ms) for lap in laps if lap.session_best} == {(13, 85_636)}


def test_in_melbourne_the_own_car_crosses_no_line() -> None:
    assert not [lap for lap in of(events.LapCompleted, captured(MELBOURNE)[0]) if lap.own]


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        (MELBOURNE, {events.SpeedTrap: 20, events.Overtake: 5, events.SessionStarted: 1, events.SessionEnded: 0}),
        (CATALUNYA, {events.SpeedTrap: 7, events.PenaltyIssued: 5, events.LapCompleted: 0, events.LapStarted: 0}),
    ],
)
def test_a_capture_tells_its_facts(name: str, facts: dict[type[Event], int]) -> None:
    told = captured(name)[0]

    assert {kind: len(of(kind, told)) for kind in facts} == facts


def test_in_catalunya_the_session_starts_and_then_ends_by_send() -> None:
    told = captured(CATALUNYA)[0]
    order = [type(event).__name__ for event in told if isinstance(event, (events.SessionStarted, events.SessionEnded))]

    assert order == ["SessionStarted", "SessionEnded"]
    assert of(events.SessionEnded, told)[0].reason == "send"


def test_the_online_samples_tell_what_they_hold() -> None:
    kinds = Counter(type(event).__name__ for event in captured(ONLINE)[0])

    assert {kind: kinds[kind] for kind in ("FinalClassification", "Overtake", "PenaltyIssued", "RaceWinner")} == {
        "FinalClassification": 1,
        "Overtake": 2,
        "PenaltyIssued": 2,
        "RaceWinner": 1,
    }


@pytest.mark.parametrize("name", [MELBOURNE, CATALUNYA, ONLINE])
def test_in_real_traffic_nothing_is_unknown_or_implausible(name: str) -> None:
    normalizer = captured(name)[1]

    assert (normalizer.unknown, normalizer.implausible) == (Counter(), Counter())


@pytest.mark.row("I9")
@pytest.mark.parametrize("name", [MELBOURNE, CATALUNYA, ONLINE])
def test_in_real_traffic_only_a_lap_is_told_twice_under_one_id(name: str, reached: Reached) -> None:
    ids = Counter(event.event_id for event in captured(name)[0] if not isinstance(event, events.LapCompleted))

    twice = [event_id for event_id, times in ids.items() if times > 1]
    reached(exactly(f"event ids of {len(ids)} that are two events'", twice, []))


@pytest.mark.parametrize("name", [MELBOURNE, CATALUNYA])
def test_a_replay_gives_the_same_ids_whatever_the_clock_says(name: str) -> None:
    normalizer = Normalizer(A)
    datagrams = read_capture(CAPTURES / f"{name}.pcap.gz")

    replayed = [event for datagram in datagrams for event in normalizer.feed(decode(datagram.payload), NOW)]

    assert [event.event_id for event in replayed] == [event.event_id for event in captured(name)[0]]


def test_two_rigs_that_live_the_same_session_share_no_event_id() -> None:
    ids = [{event.event_id for event in captured(MELBOURNE, rig)[0]} for rig in (A, B)]

    assert not ids[0] & ids[1]


def test_every_event_of_real_traffic_is_json() -> None:
    for event in captured(ONLINE)[0] + captured(MELBOURNE)[0][::20]:
        assert strict_json(event)["kind"] == type(event).__name__


# --- sessions -------------------------------------------------------------------------------------


def test_a_session_starts_with_its_first_session_packet() -> None:
    assert not of(events.SessionStarted, told_by(make_event_packet("SSTA"), driving(), *own_packets()))


def test_a_session_starts_once() -> None:
    told = told_by(make_packet(1, **at(1)), make_packet(1, **at(31)), make_packet(1, **at(61)))

    assert len(of(events.SessionStarted, told)) == 1


def test_a_session_is_keyed_by_device_and_uid() -> None:
    (started,) = of(events.SessionStarted, told_by(make_packet(1)))

    assert (started.session_uid, started.session_key) == (str(UID), KEY)


def test_a_session_uid_of_64_bits_is_whole() -> None:
    (started,) = of(events.SessionStarted, told_by(make_packet(1, session_uid=2**64 - 1)))

    assert started.session_uid == "18446744073709551615"


def test_ssta_shortly_before_the_classification_ends_nothing() -> None:
    told = told_by(make_packet(1), make_event_packet("SSTA", **at(0)))

    assert not of(events.SessionEnded, told)


def test_a_session_that_another_follows_without_send_ends_as_replaced() -> None:
    told = told_by(make_packet(1, **at(900)), make_packet(1, session_uid=9, **at(0)))

    (ended,) = of(events.SessionEnded, told)
    assert (ended.session_uid, ended.reason) == (str(UID), "new_session")


def test_the_end_of_a_replaced_session_does_not_carry_the_clock_of_the_next() -> None:
    told = told_by(make_packet(1, **at(900)), make_packet(1, session_uid=9, **at(2)))

    (ended,) = of(events.SessionEnded, told)
    assert (ended.session_time_s, ended.overall_frame) == (None, None)


def test_a_session_ends_before_the_next_one_starts() -> None:
    told = told_by(make_packet(1), make_packet(1, session_uid=9))

    kinds = [type(event) for event in told if not isinstance(event, Sample)]
    assert kinds == [events.SessionStarted, events.SessionEnded, events.SessionStarted]


def test_late_packets_of_a_past_session_change_nothing_and_are_counted() -> None:
    normalizer = Normalizer(A)
    fed(normalizer, make_packet(1, **at(900)), make_packet(1, session_uid=9, **at(0)))

    late = [driving(901), make_packet(1, **at(901)), make_event_packet("SEND", **at(0))]
    told = [event for packet in late for event in normalizer.feed(packet, NOW + timedelta(seconds=1.1))]
    normalizer.feed(make_packet(1, session_uid=9, **at(1)), NOW + timedelta(seconds=1.2))

    assert (told, normalizer.ignored["other_session"], normalizer.session_uid) == ([], 3, "9")


def test_a_third_machine_on_the_port_changes_nothing_while_the_rig_sends() -> None:
    normalizer = Normalizer(A)
    fed(normalizer, make_packet(1, **at(600)), PEOPLE)
    aliens = [make_packet(1, session_uid=9), make_event_packet("SEND", session_uid=9), driving(5, session_uid=9)]

    told = [event for alien in aliens for event in normalizer.feed(alien, NOW + timedelta(seconds=0.1))]
    after = fed(normalizer, driving(601))

    assert (told, normalizer.session_uid) == ([], str(UID))
    assert {event.session_uid for event in after} == {str(UID)}


def test_when_the_session_has_ended_the_next_one_is_read_at_once() -> None:
    normalizer = Normalizer(A)
    fed(normalizer, make_packet(1, **at(600)), make_event_packet("SEND", **at(0)))

    told = normalizer.feed(make_packet(1, session_uid=9, **at(0)), NOW)

    assert [started.session_uid for started in of(events.SessionStarted, told)] == ["9"]


def test_a_long_silence_ends_the_session_and_its_next_packet_takes_it_up_again() -> None:
    normalizer = Normalizer(A)
    fed(normalizer, make_packet(1, **at(600)))

    silent = normalizer.quiet(LONG_SILENCE_S, NOW, NOW + timedelta(seconds=LONG_SILENCE_S))
    again = fed(normalizer, make_packet(1, **at(601)))

    assert [ended.reason for ended in of(events.SessionEnded, silent)] == ["silence"]
    assert [started.session_uid for started in of(events.SessionStarted, again)] == [str(UID)]


def test_a_pause_of_minutes_ends_no_session() -> None:
    normalizer = Normalizer(A)
    fed(normalizer, make_packet(1))

    told = normalizer.quiet(LONG_SILENCE_S - 1, NOW, NOW)

    assert (of(events.SessionEnded, told), normalizer.session_uid) == ([], str(UID))


def test_silence_is_told_once() -> None:
    normalizer = Normalizer(A)
    fed(normalizer, make_packet(1))

    told = [normalizer.quiet(2.0 + second, NOW, NOW) for second in range(3)]

    assert [len(of(events.RigSilent, facts)) for facts in told] == [1, 0, 0]


def test_after_a_packet_silence_is_told_anew() -> None:
    normalizer = Normalizer(A)
    normalizer.quiet(2.0, NOW, NOW)
    fed(normalizer, make_packet(1))

    assert len(of(events.RigSilent, normalizer.quiet(2.0, NOW, NOW))) == 1


def test_the_classification_is_told_once_however_often_it_is_sent() -> None:
    normalizer = Normalizer(A)
    table = make_packet(8, **at(0), num_cars=1, cars={0: {"result_status": FINISHED, "position": 1, "num_laps": 5}})

    told = fed(normalizer, make_packet(1, **at(900)), make_event_packet("SEND", **at(0)), table, table, table)

    assert (len(of(events.FinalClassification, told)), normalizer.ignored["duplicate"]) == (1, 2)


def test_the_classification_lists_only_cars_that_took_part() -> None:
    cars = {0: {"result_status": FINISHED}, 1: {"result_status": 7}, 2: {"result_status": 1}}

    (table,) = of(events.FinalClassification, told_by(make_packet(8, **at(0), cars=cars)))

    assert [car.car_index for car in table.cars] == [0, 1]


def test_a_race_time_that_cannot_be_is_unknown_and_loses_no_line_of_the_table() -> None:
    cars = {0: {"result_status": FINISHED, "total_race_time": math.nan, "num_laps": 3}}

    (table,) = of(events.FinalClassification, told_by(make_packet(8, **at(0), cars=cars)))

    assert (table.cars[0].laps, table.cars[0].total_race_time_ms) == (3, None)


# --- the menu -------------------------------------------------------------------------------------


def test_a_menu_gives_no_facts() -> None:
    packets = [make_packet(1), driving(), *own_packets(), make_event_packet("PENA"), make_event_packet("BUTN")]
    in_menu = [packet._replace(header=packet.header._replace(session_uid=0)) for packet in packets]

    assert not of(events.Fact, told_by(*in_menu))


def test_a_menu_is_shown_once() -> None:
    told = told_by(*(make_event_packet("BUTN", session_uid=0, button_status=bits) for bits in range(5)))

    assert [(state.mode, state.session_uid) for state in of(events.SessionState, told)] == [("menu", None)]


def test_menu_packets_before_the_end_of_a_session_do_not_end_it() -> None:
    normalizer = Normalizer(A)
    fed(normalizer, make_packet(1))

    assert fed(normalizer, history(Row(80_000), session_uid=0)) == []
    assert normalizer.session_uid == str(UID)


def test_after_a_session_the_menu_is_shown_again() -> None:
    menu = make_event_packet("BUTN", session_uid=0)

    told = told_by(menu, make_packet(1), make_event_packet("SEND", **at(0)), menu)

    assert [state.mode for state in of(events.SessionState, told)] == ["menu", "driving", "menu"]


# --- the own car ----------------------------------------------------------------------------------


@pytest.mark.parametrize("car", [0, 7, 19])
def test_the_own_car_is_the_one_the_header_names(car: int) -> None:
    speeds = {index: {"speed": 100 + index} for index in range(22)}
    lap_data = make_packet(2, player_car_index=car, cars={index: on_lap(1, 20_000) for index in range(22)})

    told = told_by(lap_data, make_packet(6, player_car_index=car, cars=speeds))

    assert [(sample.car_index, sample.speed_kph) for sample in of(events.CarTelemetry, told)] == [(car, 100 + car)]


def test_a_car_beyond_the_count_of_active_cars_is_still_the_own_one() -> None:
    people = make_packet(4, num_active_cars=3, player_car_index=19, **at(1))
    lap_data = make_packet(2, player_car_index=19, cars={19: on_lap(1, 20_000)}, **at(1))

    assert [sample.car_index for sample in of(events.LapProgress, told_by(people, lap_data))] == [19]


def test_a_spectator_is_shown_as_one() -> None:
    (state,) = of(events.SessionState, told_by(make_packet(1, player_car_index=255)))

    assert (state.mode, state.car_index) == ("spectating", None)


def test_a_spectator_has_no_samples_of_a_car() -> None:
    told = told_by(
        make_packet(2, player_car_index=255, cars={0: on_lap(1, 20_000)}), *own_packets(player_car_index=255)
    )

    assert not of(Sample, told)


def test_a_spectator_counts_no_lap_as_his_own() -> None:
    told = told_by(
        timing(on_lap(1, 85_600), player_car_index=255, **at(1)),
        timing(on_lap(2, 0, 85_636), player_car_index=255, **at(2)),
    )

    assert [lap.own for lap in of(events.LapCompleted, told)] == [False]


def test_a_header_that_names_a_car_without_data_is_shown_as_no_car() -> None:
    told = told_by(
        make_packet(1, player_car_index=5, **at(1)),
        make_packet(2, player_car_index=5, cars={0: on_lap(1, 20_000)}, **at(1)),
        make_packet(1, player_car_index=5, **at(31)),
    )

    assert [state.mode for state in of(events.SessionState, told)] == ["driving", "no_car", "no_car"]


def test_a_car_without_data_has_no_samples_and_lends_none_of_another() -> None:
    told = told_by(
        make_packet(2, player_car_index=5, cars={0: on_lap(1, 20_000)}, **at(1)),
        *own_packets(1, player_car_index=5),
        *own_packets(2, player_car_index=5),
    )

    assert not of(Sample, told)


def test_before_lap_data_has_shown_the_own_car_its_records_are_not_told_as_zeros() -> None:
    assert not [sample for sample in told_by(*own_packets()) if isinstance(sample, OWN_SAMPLES)]


def test_a_header_that_changes_its_mind_is_not_believed_before_lap_data_agrees() -> None:
    told = told_by(driving(600), *own_packets(601, player_car_index=9))

    assert [type(sample) for sample in of(Sample, told)] == [events.LapProgress]


def test_after_spectating_a_car_is_not_believed_before_lap_data_agrees() -> None:
    told = told_by(driving(600), make_packet(2, **at(601, player_car_index=255)), *own_packets(602))

    assert [type(sample) for sample in of(Sample, told)] == [events.LapProgress]


@pytest.mark.parametrize("index", [22, 100, 254])
def test_an_index_that_no_car_has_is_no_car_and_no_spectator(index: int) -> None:
    (state,) = of(events.SessionState, told_by(make_packet(1, player_car_index=index)))

    assert state.mode == "no_car"


def test_a_car_that_gets_data_is_shown_again() -> None:
    session = make_packet(1, **at(1))
    lost, found = (make_packet(2, **at(frame), cars={0: car}) for frame, car in ((1, empty_slot()), (2, on_lap(1, 9))))

    told = told_by(session, lost, found)

    assert [state.mode for state in of(events.SessionState, told)] == ["driving", "no_car", "driving"]


def test_the_mode_that_lap_data_tells_in_the_same_frame_has_an_id_of_its_own() -> None:
    told = told_by(make_packet(1, **at(1)), make_packet(2, **at(1)))

    ids = [state.event_id for state in of(events.SessionState, told)]
    assert len(ids) == len(set(ids)) == 2


def test_all_samples_are_of_the_own_car() -> None:
    cars = {index: on_lap(1, 20_000) for index in range(5)}

    told = told_by(make_packet(2, player_car_index=3, cars=cars), *own_packets(player_car_index=3))

    assert Counter((type(sample), sample.car_index) for sample in of(Sample, told)) == dict.fromkeys(
        [(kind, 3) for kind in OWN_SAMPLES], 1
    )


# --- the field ------------------------------------------------------------------------------------

FIELD: Final = {index: {"world_position_x": 10.0 * index, "world_position_z": -1.0 * index} for index in range(22)}


def grid(frame: int, cars: Iterable[int], packet_format: int = 2025, **header: Any) -> Packet:
    """Lap data with these cars on track."""
    packet: Packet = make_packet(
        2, packet_format, **at(frame, **header), cars={index: on_lap(1, 20_000) for index in cars}
    )
    return packet


def motion(frame: int, packet_format: int = 2025, **header: Any) -> Packet:
    packet: Packet = make_packet(0, packet_format, **at(frame, **header), cars=FIELD)
    return packet


@pytest.mark.parametrize("packet_format", [2023, 2024, 2025, 2026])
def test_the_others_that_take_part_are_told_with_the_own_car_left_out(packet_format: int) -> None:
    told = told_by(grid(600, (0, 3, 7), packet_format), motion(601, packet_format))

    (field,) = of(events.FieldMotion, told)
    assert (field.car_index, field.cars) == (0, ((3, 30.0, -3.0), (7, 70.0, -7.0)))


@pytest.mark.parametrize("status", [0, 1])
def test_neither_ghosts_nor_empty_slots_are_in_the_field(status: int) -> None:
    cars = {0: on_lap(1, 20_000), 1: on_lap(1, 20_000, result_status=status)}

    (field,) = of(events.FieldMotion, told_by(make_packet(2, **at(600), cars=cars), motion(601)))

    assert field.cars == ()


def test_a_car_that_left_is_in_the_field_no_longer() -> None:
    told = told_by(grid(600, (0, 3, 7)), motion(600), grid(610, (0, 7)), motion(610))

    assert [[car for car, _, _ in field.cars] for field in of(events.FieldMotion, told)] == [[3, 7], [7]]


@pytest.mark.parametrize(("every", "told"), [(1, 10), (2, 10), (3, 10), (6, 10)])
def test_the_field_is_told_ten_times_a_second_at_most_whatever_the_rate(every: int, told: int) -> None:
    packets = [motion(frame) for frame in range(600, 660, every)]

    fields = of(events.FieldMotion, told_by(grid(599, (0, 3)), *packets))

    assert len(fields) == told
    assert len(of(events.CarMotion, told_by(grid(599, (0, 3)), *packets))) == 60 // every


def test_after_a_flashback_the_field_is_told_at_once() -> None:
    told = told_by(grid(600, (0, 3)), motion(600), motion(601, undone=301), motion(602, undone=301))

    assert [field.overall_frame for field in of(events.FieldMotion, told)] == [600, 601]


def test_a_field_that_comes_twice_or_late_is_no_news() -> None:
    told = told_by(grid(600, (0, 3)), motion(620), motion(620), motion(610))

    assert [field.overall_frame for field in of(events.FieldMotion, told)] == [620]


def test_a_spectator_has_no_field_of_his_own() -> None:
    told = told_by(grid(600, (0, 3), player_car_index=255), motion(601, player_car_index=255))

    assert not of(events.FieldMotion, told)


# --- who ------------------------------------------------------------------------------------------

GUEST: Final = RigIdentity("RIG_A", "SIM_A", "Guest One", "003XX")
PEOPLE: Final = make_packet(
    4, num_active_cars=2, participants={0: {"name": "GAMERTAG"}, 3: {"name": "NORRIS"}}, **at(1)
)


def test_the_configured_driver_drives_the_own_car() -> None:
    (sample,) = of(events.LapProgress, told_by(PEOPLE, driving(2), identity=GUEST))

    assert (sample.driver_name, sample.individual_id) == ("Guest One", "003XX")


def test_other_cars_keep_the_names_the_game_gives_them() -> None:
    (fact,) = of(events.SpeedTrap, told_by(PEOPLE, make_event_packet("SPTP", vehicle_idx=3), identity=GUEST))

    assert (fact.driver_name, fact.individual_id) == ("NORRIS", None)


def test_a_guest_who_is_overtaken_is_named_as_everywhere() -> None:
    overtake = make_event_packet("OVTK", overtaking_vehicle_idx=3, being_overtaken_vehicle_idx=0)

    (fact,) = of(events.Overtake, told_by(PEOPLE, overtake, identity=GUEST))

    assert (fact.driver_name, fact.overtaken_driver_name) == ("NORRIS", "Guest One")


def test_a_guest_is_named_in_the_result() -> None:
    cars = {index: {"result_status": FINISHED} for index in (0, 3)}

    (table,) = of(events.FinalClassification, told_by(PEOPLE, make_packet(8, **at(0), cars=cars), identity=GUEST))

    assert [car.name for car in table.cars] == ["Guest One", "NORRIS"]


def test_without_a_configured_driver_the_games_name_is_used() -> None:
    (sample,) = of(events.LapProgress, told_by(PEOPLE, driving(2)))

    assert (sample.driver_name, sample.individual_id) == ("GAMERTAG", None)


def test_before_the_participants_are_known_nobody_is_named() -> None:
    (sample,) = of(events.LapProgress, told_by(driving()))

    assert sample.driver_name is None


def test_a_spectators_rig_names_no_guest() -> None:
    told = told_by(
        make_packet(1, player_car_index=255), make_event_packet("SPTP", player_car_index=255), identity=GUEST
    )

    assert {event.individual_id for event in told} == {None}
    assert {event.driver_name for event in told} == {None}


def test_names_of_one_session_are_not_those_of_the_next() -> None:
    told = told_by(PEOPLE, make_packet(1, **at(2)), make_packet(1, session_uid=9, **at(0)), driving(1, session_uid=9))

    assert [sample.driver_name for sample in of(events.LapProgress, told)] == [None]


def test_a_hostile_name_is_one_plain_line_in_every_event() -> None:
    people = make_packet(4, participants={0: {"name": "\u202e<b>x\n\u0007"}}, **at(1))

    told = told_by(people, driving(2))

    assert of(events.ParticipantsChanged, told)[0].participants[0].name == "<b>x"
    assert of(events.LapProgress, told)[0].driver_name == "<b>x"


@pytest.mark.parametrize(("setting", "public"), [(1, True), (0, False)])
def test_the_own_drivers_telemetry_setting_is_told_with_the_session(setting: int, public: bool) -> None:
    people = make_packet(4, participants={0: {"name": "ME", "your_telemetry": setting}, 1: {"name": "YOU"}}, **at(1))

    (state,) = of(events.SessionState, told_by(people, make_packet(1, **at(2))))

    assert state.telemetry_public is public


def test_before_the_participants_are_known_the_telemetry_setting_is_unknown() -> None:
    (state,) = of(events.SessionState, told_by(make_packet(1)))

    assert state.telemetry_public is None


def test_a_progress_says_of_whom_all_laps_are_known() -> None:
    def progress(frame: int) -> list[Any]:
        return [sample.laps_known for sample in of(events.LapProgress, told_by(grid(frame, (0, 3))))]

    assert (progress(1), progress(90_000)) == (["all"], [None])


def test_participants_are_told_when_they_change() -> None:
    again = PEOPLE._replace(header=make_header(4, **at(301)))

    assert len(of(events.ParticipantsChanged, told_by(PEOPLE, again))) == 1


# --- what the network does ------------------------------------------------------------------------


@pytest.mark.parametrize("copies", [2, 3])
def test_a_datagram_sent_more_than_once_changes_nothing_more(copies: int) -> None:
    packets = [make_packet(1), PEOPLE, driving(), *own_packets(), make_event_packet("SPTP", vehicle_idx=0)]
    doubled = [packet for packet in packets for _ in range(copies)]

    assert told_by(*doubled) == told_by(*packets)


def test_what_changed_nothing_is_counted_by_reason() -> None:
    normalizer = Normalizer(A)

    fed(normalizer, driving(600), driving(600), driving(599), make_event_packet("LGOT"), make_event_packet("LGOT"))

    assert normalizer.ignored == {"duplicate": 2, "stale": 1}


def test_two_events_in_one_frame_are_both_told_with_ids_of_their_own() -> None:
    told = told_by(
        make_event_packet("OVTK", overtaking_vehicle_idx=1, being_overtaken_vehicle_idx=2),
        make_event_packet("OVTK", overtaking_vehicle_idx=1, being_overtaken_vehicle_idx=3),
    )

    assert len({fact.event_id for fact in of(events.Overtake, told)}) == 2


def test_a_lap_crossed_in_lost_packets_completes() -> None:
    told = told_by(timing(on_lap(1, 60_000), **at(1)), timing(on_lap(2, 20_000, 85_636), **at(2700)))

    assert [lap.lap_time_ms for lap in of(events.LapCompleted, told)] == [85_636]


def test_lap_data_that_comes_late_over_the_line_undoes_no_lap() -> None:
    told = told_by(
        timing(on_lap(1, 85_600), **at(1)), timing(on_lap(2, 0, 85_636), **at(3)), timing(on_lap(1, 85_616), **at(2))
    )

    assert (len(of(events.LapCompleted, told)), of(events.LapWithdrawn, told)) == (1, [])


def test_the_last_history_comes_with_frame_0_after_send_and_brings_the_missed_last_lap() -> None:
    told = told_by(
        make_packet(1, **at(1)),
        timing(on_lap(2, 85_000, 86_000), **at(900)),
        make_event_packet("SEND", **at(0)),
        history(Row(86_000), Row(85_636), **at(0)),
    )

    assert (2, 85_636) in [(lap.lap_number, lap.lap_time_ms) for lap in of(events.LapCompleted, told)]


def test_lap_data_with_frame_0_in_mid_session_undoes_no_lap_and_is_counted() -> None:
    normalizer = Normalizer(A)
    fed(normalizer, timing(on_lap(1, 85_600), **at(900)), timing(on_lap(2, 0, 85_636), **at(901)))

    told = fed(normalizer, timing(on_lap(1, 100), **at(0)))

    assert (told, normalizer.ignored) == ([], {"stale": 1})


# --- flashbacks -----------------------------------------------------------------------------------


def flashback(frame: int, to: int) -> Packet:
    return make_event_packet("FLBK", **at(frame), flashback_frame_identifier=to, flashback_session_time=to / 60)


def test_a_flashback_is_told_once() -> None:
    told = told_by(driving(600), flashback(600, 300), driving(601, undone=301), driving(602, undone=301))

    assert [fact.to_frame for fact in of(events.FlashbackUsed, told)] == [300]


def test_a_flashback_whose_event_was_lost_is_told_by_the_frames() -> None:
    told = told_by(driving(600), driving(601, undone=301), driving(602, undone=301))

    assert [fact.to_frame for fact in of(events.FlashbackUsed, told)] == [300]


def test_a_flashback_event_that_comes_after_its_frames_is_not_a_second_flashback() -> None:
    told = told_by(driving(600), driving(601, undone=301), flashback(600, 300), driving(602, undone=301))

    assert len(of(events.FlashbackUsed, told)) == 1


def test_flashbacks_in_a_chain_are_each_told() -> None:
    told = told_by(
        driving(600), flashback(600, 400), driving(601, undone=201), flashback(601, 300), driving(602, undone=302)
    )

    assert [fact.to_frame for fact in of(events.FlashbackUsed, told)] == [400, 300]


def test_a_flashback_over_the_line_withdraws_the_lap_and_driving_it_again_gives_it_back_its_id() -> None:
    told = told_by(
        timing(on_lap(1, 85_600), **at(600)),
        timing(on_lap(2, 0, 85_636), **at(601)),
        flashback(601, 300),
        timing(on_lap(1, 80_000), **at(602, undone=302)),
        timing(on_lap(1, 84_990), **at(900, undone=302)),
        timing(on_lap(2, 0, 85_000), **at(901, undone=302)),
    )

    laps = of(events.LapCompleted, told)
    assert [type(fact).__name__ for fact in told if isinstance(fact, (events.LapCompleted, events.LapWithdrawn))] == [
        "LapCompleted",
        "LapWithdrawn",
        "LapCompleted",
    ]
    assert (laps[0].event_id, laps[1].lap_time_ms) == (laps[1].event_id, 85_000)


def test_f1_25_set_to_format_2023_withdraws_a_lap_after_a_flashback_too() -> None:
    def told_in_2023(frame: int, number: int, timer_ms: int, last_ms: int = 0) -> Packet:
        record = on_lap(number, timer_ms, last_ms)
        return timing(record, packet_format=2023, frame_identifier=frame, overall_frame_identifier=0)

    told = told_by(
        told_in_2023(600, 1, 85_600),
        told_in_2023(601, 2, 0, 85_636),
        told_in_2023(300, 1, 80_000),
        told_in_2023(301, 1, 80_016),
    )

    assert [fact.lap_number for fact in of(events.LapWithdrawn, told)] == [1]


# --- laps and tyres -------------------------------------------------------------------------------


def test_a_lap_of_the_own_car_says_on_which_tyre() -> None:
    told = told_by(
        timing(on_lap(1, 85_500), **at(1)),
        make_packet(7, **at(1), cars={0: {"visual_tyre_compound": 16}}),
        timing(on_lap(2, 0, 85_636), **at(2)),
    )

    assert [(lap.own, lap.tyre_compound) for lap in of(events.LapCompleted, told)] == [(True, "Soft")]


def test_a_confirmed_lap_keeps_its_tyre_though_the_car_has_another_by_then() -> None:
    told = told_by(
        timing(on_lap(1, 85_500), **at(1)),
        make_packet(7, **at(1), cars={0: {"visual_tyre_compound": 16}}),
        timing(on_lap(2, 0, 85_636), **at(2)),
        make_packet(7, **at(3), cars={0: {"visual_tyre_compound": 18}}),
        history(Row(85_636), Row(0), **at(4)),
    )

    assert [lap.tyre_compound for lap in of(events.LapCompleted, told)] == ["Soft", "Soft"]


def test_a_lap_that_nobody_saw_has_no_tyre() -> None:
    told = told_by(
        timing(on_lap(4, 10_000, 86_000), **at(9_000)),
        make_packet(7, **at(9_000), cars={0: {"visual_tyre_compound": 16}}),
        history(Row(88_000), Row(87_000), Row(86_000), Row(0), **at(9_001)),
    )

    assert [lap.tyre_compound for lap in of(events.LapCompleted, told)] == [None] * 3


def test_a_time_trial_lap_out_of_the_garage_is_no_pit_lap() -> None:
    told = told_by(
        timing(on_lap(1, 0, lap_distance=76.9, driver_status=IN_GARAGE, pit_status=1), **at(0)),
        timing(on_lap(1, 0, lap_distance=-1374.8, driver_status=FLYING_LAP), **at(720)),
        timing(on_lap(1, 85_600, driver_status=FLYING_LAP), **at(6_000)),
        timing(on_lap(2, 0, 85_636, driver_status=FLYING_LAP), **at(6_001)),
    )

    assert [lap.pit_lap for lap in of(events.LapCompleted, told)] == [False]


# --- what cannot be true --------------------------------------------------------------------------


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf, 1.5, -0.5])
def test_a_throttle_that_cannot_be_is_unknown_and_counted_and_costs_no_other_value(nonsense: float) -> None:
    normalizer = Normalizer(A)

    told = fed(normalizer, driving(), make_packet(6, cars={0: {"throttle": nonsense, "speed": 300}}))

    (sample,) = of(events.CarTelemetry, told)
    assert (sample.throttle, sample.speed_kph) == (None, 300)
    assert normalizer.implausible == {"CarTelemetry": 1}


def test_several_values_that_cannot_be_are_all_unknown() -> None:
    told = told_by(driving(), make_packet(6, cars={0: {"throttle": math.nan, "gear": 100, "speed": 65_535}}))

    (sample,) = of(events.CarTelemetry, told)
    assert (sample.throttle, sample.gear, sample.speed_kph) == (None, None, None)


def test_a_wheel_that_is_not_a_number_makes_the_four_unknown() -> None:
    told = told_by(driving(), make_packet(6, cars={0: {"tyres_pressure": (22.0, math.nan, 22.0, 22.0)}}))

    assert of(events.CarTelemetry, told)[0].tyre_pressure_psi is None


def test_a_session_time_that_is_not_a_number_is_unknown_and_costs_no_event() -> None:
    (fact,) = of(events.LightsOut, told_by(make_event_packet("LGOT", session_time=math.nan)))

    assert fact.session_time_s is None


def test_an_unknown_number_survives_and_is_counted() -> None:
    normalizer = Normalizer(A)

    told = fed(normalizer, driving(), make_packet(7, cars={0: {"traction_control": 77, "fuel_mix": 78}}))

    (sample,) = of(events.CarStatus, told)
    assert (sample.traction_control, sample.fuel_mix) == ("unknown (77)", "unknown (78)")
    assert normalizer.unknown == {"traction_control": 1, "fuel_mix": 1}


def test_unknown_numbers_are_counted_across_a_change_of_format() -> None:
    normalizer = Normalizer(A)
    mystery = {0: {"fuel_mix": 78}}

    fed(normalizer, driving(), make_packet(7, cars=mystery))
    fed(
        normalizer,
        make_packet(2, 2026, **at(602), cars={0: on_lap(1, 1)}),
        make_packet(7, 2026, **at(602), cars=mystery),
    )

    assert normalizer.unknown["fuel_mix"] == 2


def test_an_event_code_that_no_document_lists_is_told_as_such() -> None:
    (fact,) = told_by(make_event_packet("OVEN", raw=bytes(12)))

    assert isinstance(fact, events.UnknownGameEvent)


def test_a_packet_that_nobody_needs_is_no_event() -> None:
    assert told_by(make_packet(5), make_packet(9), make_packet(12), make_packet(13), make_packet(15)) == []


# --- the rig's own facts --------------------------------------------------------------------------


def test_a_rig_that_comes_online_says_from_where_and_after_how_long() -> None:
    (fact,) = of(events.RigOnline, Normalizer(A).rig_online(NOW, "192.0.2.7", 12.5))

    assert (fact.source_address, fact.silent_s, fact.session_uid) == ("192.0.2.7", 12.5, None)


def test_a_silent_rig_says_since_when() -> None:
    (fact,) = of(events.RigSilent, Normalizer(A).quiet(2.0, NOW, NOW + timedelta(seconds=2)))

    assert (fact.last_packet_at, fact.received_at) == (NOW, NOW + timedelta(seconds=2))


# --- laws -----------------------------------------------------------------------------------------

HEADER_CHANGES: Final = st.fixed_dictionaries(
    {
        "session_uid": st.sampled_from((0, 1, 1, 1, 2)),
        "session_time": st.floats(width=32),
        "frame_identifier": st.integers(0, 2**32 - 1) | st.integers(0, 20),
        "overall_frame_identifier": st.integers(0, 2**32 - 1) | st.integers(0, 20),
        "player_car_index": st.integers(0, 255) | st.just(0),
        "game_year": st.sampled_from((0, 23, 25)),
    }
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(LAYOUTS)), HEADER_CHANGES, st.randoms(use_true_random=False)),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_a_datagram_holds_it_never_raises_and_never_yields_what_is_no_json(
    sent: list[tuple[tuple[int, int], dict[str, Any], Any]],
) -> None:
    normalizer = Normalizer(A)
    for (packet_format, packet_id), changes, chance in sent:
        body = chance.randbytes(LAYOUTS[packet_format, packet_id].size - HEADER_SIZE)
        datagram = write_header(make_header(packet_id, packet_format, **changes)) + body

        told = normalizer.feed(decode(datagram), NOW)

        for event in told:
            assert strict_json(event)["event_id"] == event.event_id


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_every_code_with_any_details_never_raises_and_never_yields_what_is_no_json(data: st.DataObject) -> None:
    code = data.draw(st.sampled_from("FTLP RTMT DRSD PENA SPTP STLG SGSV FLBK BUTN OVTK SCAR COLL SSTA SEND".split()))
    body = data.draw(st.binary(min_size=12, max_size=12))
    header = make_header(3, 2026, **data.draw(HEADER_CHANGES))

    told = Normalizer(A).feed(decode(write_header(header) + code.encode() + body), NOW)

    for event in told:
        assert strict_json(event)["kind"] == type(event).__name__


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=36, max_size=36), st.randoms(use_true_random=False)
)
def test_lost_doubled_and_late_lap_data_makes_no_false_and_no_double_lap(
    network: list[tuple[int, bool]], chance: Any
) -> None:
    driven = {1: 85_100, 2: 85_100, 3: 84_000, 4: 86_000}
    sent, frame, last_ms = [], 0, 0
    for lap, lap_ms in driven.items():
        for timer_ms in range(0, lap_ms, 10_000):
            frame += 600
            sent.append(timing(on_lap(lap, timer_ms, last_ms), **at(frame)))
        last_ms = lap_ms
    arrivals = [
        (number + chance.randint(0, late), packet)
        for number, (packet, (late, lost)) in enumerate(zip(sent, network, strict=True))
        for _ in range(0 if lost else chance.randint(1, 2))
    ]
    received = sorted(arrivals, key=itemgetter(0))

    laps = of(events.LapCompleted, told_by(*(packet for _, packet in received)))

    assert len({lap.event_id for lap in laps}) == len(laps)
    assert all(driven[lap.lap_number] == lap.lap_time_ms for lap in laps)
