"""One sentence a problem, with its remedy; none where all is well; none twice; the gravest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.publish.advice import (
    ClientFigures,
    GatewayFigures,
    PacketFigures,
    RigFigures,
    gateway_advice,
    rig_advice,
    sentences,
)

HERE: Final = ("192.168.1.20",)
WELL: Final = RigFigures(
    rig_id="RIG_A",
    driver_name="ANNA",
    device_id="SIM_A",
    link="live",
    port=20777,
    source_address="192.168.1.31",
    packet_format=2025,
    game_year=25,
    game_version="1.18",
    session_type="Race",
    mode="driving",
    telemetry_public=True,
    last_packet_age_s=0.01,
    packets_per_s=356,
    packets_received=12_345,
    rejected={"wrong_length": 0},
    ignored={},
    send_rate_hz=60,
    loss_ratio=0.0,
    receive_buffer_bytes=8_388_608,
    packets=[PacketFigures("car_telemetry", 60.0, 59.8, 6000), PacketFigures("event", None, 0.4, 12)],
    problem=None,
)
GATEWAY: Final = GatewayFigures(
    now=datetime(2026, 11, 25, 10, 0, tzinfo=UTC),
    version="0.1.0",
    uptime_s=123.4,
    host_name="pc",
    addresses=HERE,
    http_port=8080,
    stages={"live": True},
    problems=[],
    wanted_buffer_bytes=4_194_304,
    live_rate_hz=20,
    clients_cut=0,
    clients_refused=0,
    loop_lag_ms=1.0,
    worst_loop_lag_ms=9.0,
    cloud_offset_s=None,
    utc_offset_s=3600,
)
SCREEN: Final = ClientFigures("192.168.1.50", 600.0, ("RIG_A", "RIG_B"), 40, 0)
NEVER: Final = WELL._replace(
    rig_id="RIG_C",
    link="never",
    port=20779,
    packet_format=None,
    game_year=None,
    mode=None,
    telemetry_public=None,
    last_packet_age_s=None,
    send_rate_hz=None,
    loss_ratio=None,
    packets=[],
)


def said_of(rig: RigFigures) -> list[str]:
    return sentences(rig_advice(rig, HERE))


def said(*rigs: RigFigures, gateway: GatewayFigures = GATEWAY, screens: tuple[ClientFigures, ...] = ()) -> list[str]:
    return sentences(gateway_advice(gateway, rigs, screens))


def test_there_is_nothing_to_say_when_all_is_well() -> None:
    assert said(WELL, WELL._replace(rig_id="RIG_B"), screens=(SCREEN,)) == []


# --- a rig ----------------------------------------------------------------------------------------


def test_of_a_rig_that_never_sent_it_is_told_what_to_type_in_and_what_to_open() -> None:
    what_to_type = "UDP Telemetry On, UDP IP Address 192.168.1.20 and UDP Port 20779"

    (sentence,) = said_of(NEVER)

    assert sentence.startswith(f"RIG_C has never sent: in the game's Telemetry Settings set {what_to_type}, ")
    assert sentence.endswith(", and let UDP 20779 through this host's firewall")


def test_a_rig_that_never_sent_may_be_given_any_of_the_hosts_addresses() -> None:
    (several,) = sentences(rig_advice(NEVER, ("192.168.1.20", "10.0.0.5")))
    (none_known,) = sentences(rig_advice(NEVER, ()))

    assert "UDP IP Address 192.168.1.20 or 10.0.0.5 and" in several
    assert "UDP IP Address this host's address and" in none_known


@pytest.mark.parametrize(("age_s", "lasting"), [(2.4, "2 s"), (89.0, "89 s"), (300.0, "5 min"), (7200.0, "2.0 h")])
def test_a_silent_rig_is_told_with_how_long_it_has_been(age_s: float, lasting: str) -> None:
    remedy = "leave the game's pause menu, or see that the game runs and its cable is in"

    silent = WELL._replace(link="stale", last_packet_age_s=age_s)

    assert said_of(silent) == [f"RIG_A has been silent for {lasting}: {remedy}"]


def test_of_a_silent_rig_nothing_is_said_that_was_true_before() -> None:
    was_bad = WELL._replace(send_rate_hz=20, loss_ratio=0.3, telemetry_public=False, mode="no_car", packet_format=2024)

    assert len(said_of(was_bad)) > 1
    assert len(said_of(was_bad._replace(link="stale", last_packet_age_s=5.0))) == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"packet_format": 2024}, "RIG_A sends format 2024: set UDP Format to 2025 in the game"),
        ({"packet_format": 2023, "game_year": 0}, "RIG_A sends format 2023: set UDP Format to 2025 in the game"),
        (
            {"mode": "spectating"},
            "RIG_A is spectating, so nothing of a car can be shown: join the session as a driver",
        ),
        (
            {"mode": "no_car"},
            "RIG_A has no car in this session: let its player take part, or start a new session",
        ),
        (
            {"packets": [PacketFigures("lap_data", 60.0, 3.0, 9), PacketFigures("car_damage", 10.0, 0.0, 0)]},
            "RIG_A sends too few packets of lap data, car damage: leave the session, or else start the game anew",
        ),
        ({"loss_ratio": 0.0321}, "RIG_A loses 3.2 % of its packets: connect it by cable instead of Wi-Fi"),
        ({"send_rate_hz": 20}, "RIG_A sends 20 times a second: set UDP Send Rate to 60 Hz in the game"),
        (
            {"telemetry_public": False},
            "RIG_A hides its telemetry from the other rigs: set Your Telemetry to Public in the game",
        ),
    ],
)
def test_what_is_wrong_at_a_rig_that_sends_is_told_with_its_remedy(changed: dict[str, object], sentence: str) -> None:
    assert said_of(WELL._replace(**changed)) == [sentence]  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    "changed",
    [
        {"packet_format": 2026},
        {"packet_format": 2023, "game_year": 23},  # that game has no newer format
        {"packet_format": 2024, "game_year": 24},
        {"mode": "menu"},
        {"mode": None},
        {"loss_ratio": 0.01},
        {"loss_ratio": None},
        {"send_rate_hz": None},
        {"telemetry_public": None},
        {"packets": [PacketFigures("car_telemetry", 60.0, 31.0, 9)]},
        {"packets": [PacketFigures("car_telemetry", 60.0, None, 9), PacketFigures("event", None, 0.0, 0)]},
    ],
)
def test_what_is_unknown_or_good_enough_is_no_problem(changed: dict[str, object]) -> None:
    assert said_of(WELL._replace(**changed)) == []  # type: ignore[arg-type]  # fields by name


def test_losses_on_the_way_are_not_blamed_on_the_game() -> None:
    rig = WELL._replace(loss_ratio=0.6, packets=[PacketFigures("car_telemetry", 60.0, 24.0, 9)])

    assert said_of(rig) == ["RIG_A loses 60.0 % of its packets: connect it by cable instead of Wi-Fi"]


# --- sentences of others --------------------------------------------------------------------------

FOREIGN: Final = "RIG_C sends format 2022: set UDP Format to 2025 (read are 2023, 2024, 2025, 2026)"
TWO_SENDERS: Final = "RIG_A hears 192.0.2.7 and 198.51.100.9: give each game a port of its own"


@pytest.mark.parametrize("link", ["never", "stale"])
def test_a_rig_of_which_nothing_can_be_read_is_not_called_silent_too(link: str) -> None:
    rig = NEVER._replace(problem=FOREIGN)._replace(link=link)  # type: ignore[arg-type]  # one of its words

    assert said_of(rig) == [FOREIGN]


def test_what_the_pipeline_says_stays_word_for_word_and_comes_first() -> None:
    assert said_of(WELL._replace(problem=TWO_SENDERS, send_rate_hz=20))[0] == TWO_SENDERS


def test_a_sentence_that_health_and_a_rig_both_have_is_told_once() -> None:
    gateway = GATEWAY._replace(problems=[TWO_SENDERS, "Nothing is recorded: the disk is full"])

    found = said(WELL._replace(problem=TWO_SENDERS), gateway=gateway)

    assert found == [TWO_SENDERS, "Nothing is recorded: the disk is full"]


# --- the gateway ----------------------------------------------------------------------------------


def test_a_stage_that_died_is_the_first_thing_told() -> None:
    gateway = GATEWAY._replace(stages={"live": True, "history": False}, problems=["The disk is full: make room"])

    assert said(NEVER, gateway=gateway)[:2] == [
        "The gateway's history has stopped: start the gateway anew",
        "The disk is full: make room",
    ]


@pytest.mark.parametrize(("worst_ms", "told"), [(None, 0), (50.0, 0), (50.6, 1)])
def test_a_gateway_that_was_held_up_says_so(worst_ms: float | None, told: int) -> None:
    found = said(WELL, gateway=GATEWAY._replace(worst_loop_lag_ms=worst_ms))

    expected = "The gateway was held up for 51 ms within the last minute: close other programs on its host"
    assert found == [expected] * told


def test_a_short_kernel_buffer_is_told_once_for_all_rigs() -> None:
    short = WELL._replace(receive_buffer_bytes=425_984)

    (sentence,) = said(short, short._replace(rig_id="RIG_B"))

    assert sentence.startswith("The kernel grants 425984 bytes of receive buffer instead of 4194304, ")
    assert "sysctl -w net.core.rmem_max=4194304" in sentence


def test_a_buffer_that_is_not_known_yet_is_not_short() -> None:
    assert said(WELL._replace(receive_buffer_bytes=None)) == []


def test_a_screen_that_skips_much_is_told_once_by_its_address() -> None:
    slow = SCREEN._replace(states_skipped=2000)

    assert said(WELL, screens=(slow, slow, SCREEN)) == [
        "The screen at 192.168.1.50 is too slow for all states: give it a cable, or a faster host"
    ]


@pytest.mark.parametrize("changed", [{"connected_s": 9.0}, {"rigs": (), "states_skipped": 5}])
def test_a_screen_that_just_came_or_looks_at_nothing_is_not_judged(changed: dict[str, object]) -> None:
    screen = SCREEN._replace(states_skipped=100)._replace(**changed)  # type: ignore[arg-type]  # fields by name

    assert said(WELL, screens=(screen,)) == []


def test_the_gravest_comes_first_whoever_it_concerns() -> None:
    slow = WELL._replace(send_rate_hz=20)
    gateway = GATEWAY._replace(problems=["The disk is full: make room"], worst_loop_lag_ms=80.0)

    found = said(slow, NEVER, gateway=gateway, screens=(SCREEN._replace(states_skipped=20_000),))

    assert [sentence.split()[0:3] for sentence in found] == [
        ["The", "disk", "is"],
        ["RIG_C", "has", "never"],
        ["RIG_A", "sends", "20"],
        ["The", "gateway", "was"],
        ["The", "screen", "at"],
    ]


UNSURE_FLOATS = st.none() | st.floats(0, 1)
RIGS = st.builds(
    WELL._replace,
    link=st.sampled_from(["live", "stale", "never"]),
    packet_format=st.sampled_from([None, 2023, 2024, 2025, 2026]),
    game_year=st.sampled_from([None, 0, 23, 25]),
    mode=st.sampled_from([None, "menu", "driving", "spectating", "no_car"]),
    telemetry_public=st.sampled_from([None, True, False]),
    last_packet_age_s=st.none() | st.floats(0, 1e6),
    send_rate_hz=st.sampled_from([None, 10, 20, 30, 60]),
    loss_ratio=UNSURE_FLOATS,
    packets=st.lists(st.builds(PacketFigures, st.just("motion"), UNSURE_FLOATS, UNSURE_FLOATS, st.just(1))),
    problem=st.sampled_from([None, TWO_SENDERS]),
)


@given(RIGS)
def test_every_sentence_of_a_rig_names_it_and_has_a_remedy(rig: RigFigures) -> None:
    found = rig_advice(rig, HERE)

    assert [advice.gravity for advice in found] == sorted(advice.gravity for advice in found)
    for sentence in sentences(found):
        what, colon, remedy = sentence.partition(": ")
        assert what.startswith("RIG_A ")
        assert colon
        assert remedy


@given(st.lists(RIGS, max_size=4))
def test_the_gateway_tells_all_that_its_rigs_have_to_tell(rigs: list[RigFigures]) -> None:
    assert set(said(*rigs)) == {sentence for rig in rigs for sentence in said_of(rig)}
