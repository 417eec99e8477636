"""What arrives against what should: no loss where nothing is missing, the true loss where something is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ingest.capture import read_capture
from app.ingest.header import PacketHeader, parse_header
from app.ingest.layouts import PACKET_NAMES
from app.ingest.linkmeter import CAR_TELEMETRY, MENU_RATES_HZ, LinkMeter, expected_hz
from app.sim import simulate
from app.sim.impairment import Impairment, impair
from tests.builders import make_header
from tests.chaos.verdict import at_most
from tests.conftest import Reached

CAPTURES: Final = Path(__file__).resolve().parent.parent / "captures"
CATALUNYA: Final = CAPTURES / "f1_25-format2025-timetrial-catalunya.pcap.gz"
MELBOURNE: Final = CAPTURES / "f1_25-format2026-race-melbourne.pcap.gz"
TICK_S: Final = 0.25
IDS: Final = {name: packet_id for packet_id, name in PACKET_NAMES.items()}

FIRST: Final = make_header(CAR_TELEMETRY)

Arrival = tuple[float, PacketHeader]


class Reading(NamedTuple):
    """What the meter said at a tick."""

    at_s: float
    send_rate_hz: int | None
    loss_ratio: float | None


class Bench:
    """A meter that is fed as the gateway feeds it, from time 0 on."""

    def __init__(self) -> None:
        self.meter = LinkMeter()
        self.totals: Counter[int] = Counter()
        self.readings: list[Reading] = []
        self._due_s = TICK_S
        self._uid = "0"

    def feed(self, arrivals: Iterable[Arrival]) -> Bench:
        for at_s, header in arrivals:
            self.wait_until(at_s)
            self._uid = str(header.session_uid)
            self.totals[header.packet_id] += 1
            if header.packet_id == CAR_TELEMETRY:
                self.meter.note((header, at_s))
        return self

    def wait_until(self, now_s: float) -> None:
        """Time goes by, tick by tick."""
        while self._due_s <= now_s:
            self.meter.tick(self._due_s, self.totals, self._uid)
            self.readings.append(Reading(self._due_s, self.meter.send_rate_hz, self.meter.loss_ratio))
            self._due_s += TICK_S

    def losses(self, from_s: float = 0.0) -> list[float]:
        """The loss at every tick at which one was told."""
        return [each.loss_ratio for each in self.readings if each.loss_ratio is not None and each.at_s >= from_s]

    def mean_loss(self, from_s: float = 11.0) -> float:
        """Over all ticks from a full window on."""
        found = self.losses(from_s)
        return sum(found) / len(found)


def driving(
    rate_hz: int,
    frames_per_s: float = 60.0,
    lasts_s: float = 30.0,
    *,
    jitter: float = 0.0,
    clock_stands: bool = False,
    began_s: float = 0.0,
    first: PacketHeader = FIRST,
) -> list[Arrival]:
    """The CarTelemetry of a game that makes so many frames and sends at most so often, none lost."""
    chance = Random(7)
    arrivals: list[Arrival] = []
    frame, now_s, due_s = 0, 0.0, 0.0
    while now_s < lasts_s:
        if now_s >= due_s - 1e-9:
            due_s = max(due_s + 1 / rate_hz, now_s)
            arrivals.append((began_s + now_s, at_frame(first, frame, 0.0 if clock_stands else now_s)))
        frame += 1
        now_s += (1 + chance.uniform(-jitter, jitter)) / frames_per_s
    return arrivals


def at_frame(first: PacketHeader, frames: int, seconds: float) -> PacketHeader:
    """The header so many frames and seconds later."""
    return first._replace(
        session_time=first.session_time + seconds,
        frame_identifier=first.frame_identifier + frames,
        overall_frame_identifier=first.overall_frame_identifier and first.overall_frame_identifier + frames,
    )


def thinned(arrivals: Iterable[Arrival], loss: float, seed: int = 3) -> list[Arrival]:
    """The arrivals without some of them, by chance."""
    chance = Random(seed)
    return [arrival for arrival in arrivals if chance.random() >= loss]


def later(arrivals: Iterable[Arrival], frames: int = 0, seconds: float = 0.0, wall_s: float = 0.0) -> list[Arrival]:
    """The same with counters and clocks set on."""
    return [(at_s + wall_s, at_frame(header, frames, seconds)) for at_s, header in arrivals]


def captured(path: Path, until_s: float) -> Iterator[Arrival]:
    """A capture's headers from time 0 on."""
    began_s: float | None = None
    for datagram in read_capture(path):
        began_s = datagram.at_s if began_s is None else began_s
        if datagram.at_s - began_s > until_s:
            return
        yield datagram.at_s - began_s, parse_header(datagram.payload)


def simulated(
    rate_hz: int, seconds: float, packet_format: int = 2025, scenario: str = "duel"
) -> list[tuple[float, bytes]]:
    """What a simulated rig sends."""
    stream = simulate(scenario, rate_hz=rate_hz).stream(0, packet_format)
    return list(takewhile(lambda sent: sent[0] < seconds, stream))


def headers(stream: Iterable[tuple[float, bytes]]) -> list[Arrival]:
    return [(at_s, parse_header(datagram)) for at_s, datagram in stream]


# --- nothing is missing ---------------------------------------------------------------------------


def test_the_capture_of_a_game_whose_frames_are_no_multiple_of_its_rate_shows_no_loss() -> None:
    bench = Bench().feed(captured(CATALUNYA, 50.0))

    assert len(bench.losses()) > 150
    assert max(bench.losses()) == 0.0
    assert bench.meter.send_rate_hz == 20


def test_a_capture_whose_recorder_lost_frames_shows_how_many() -> None:
    arrivals = [(at_s, header) for at_s, header in captured(MELBOURNE, 21.0) if header.packet_id == CAR_TELEMETRY]
    frames = [header.frame_identifier for at_s, header in arrivals if 10.0 < at_s <= 20.0]
    true = 1 - len(frames) / (frames[-1] - frames[0] + 1)

    bench = Bench().feed(captured(MELBOURNE, 21.0))

    assert bench.readings[79].at_s == 20.0
    assert bench.readings[79].loss_ratio == pytest.approx(true, abs=0.005)
    assert bench.meter.send_rate_hz == 60


@pytest.mark.parametrize("rate_hz", MENU_RATES_HZ)
@pytest.mark.parametrize("clock_stands", [False, True], ids=["driving", "in the garage"])
@given(ratio=st.floats(1.1, 4.0), jitter=st.floats(0.0, 0.1))
@settings(max_examples=15, deadline=None)
def test_a_game_of_any_frame_rate_shows_no_loss_while_none_is_lost(
    rate_hz: int, clock_stands: bool, ratio: float, jitter: float
) -> None:
    sent = driving(rate_hz, ratio * rate_hz, 14.0, jitter=jitter, clock_stands=clock_stands)

    bench = Bench().feed(sent)

    assert max(bench.losses()) < 0.01
    assert bench.meter.send_rate_hz == rate_hz


@pytest.mark.parametrize("frames_per_s", [57.0, 59.94, 60.0, 60.06, 60.3])
def test_a_game_that_makes_as_many_frames_as_it_may_send_shows_no_loss(frames_per_s: float) -> None:
    bench = Bench().feed(driving(60, frames_per_s))

    assert max(bench.losses()) < 0.01
    assert bench.meter.send_rate_hz == 60


def test_a_game_that_makes_fewer_frames_than_it_may_send_loses_none() -> None:
    bench = Bench().feed(driving(60, 45.0))

    assert max(bench.losses()) == 0.0


def test_a_pause_is_no_loss_whether_frames_go_on_or_not() -> None:
    for frames in (1, 1800):
        before, after = driving(60, lasts_s=15.0), driving(60, lasts_s=15.0)
        bench = Bench().feed(before).feed(later(after, frames=900 + frames, seconds=15.02, wall_s=45.0))

        assert max(bench.losses()) == 0.0


def test_a_pause_of_half_a_second_is_no_loss_when_the_session_clock_stood() -> None:
    before, after = driving(60, lasts_s=15.0), driving(60, lasts_s=15.0)
    bench = Bench().feed(before).feed(later(after, frames=930, seconds=15.02, wall_s=15.5))

    assert max(bench.losses()) < 0.01


def test_a_flashback_is_no_loss() -> None:
    before, after = driving(60, lasts_s=15.0), driving(60, lasts_s=15.0)
    rewound = [
        (at_s, header._replace(frame_identifier=header.frame_identifier - 400))
        for at_s, header in later(after, frames=900, seconds=8.3, wall_s=18.0)
    ]

    assert max(Bench().feed(before).feed(rewound).losses()) == 0.0


def test_a_flashback_is_no_loss_where_the_game_counts_no_overall_frames() -> None:
    sent = driving(60, lasts_s=15.0, first=make_header(CAR_TELEMETRY, 2023, overall_frame_identifier=0))

    bench = Bench().feed(sent).feed(later(sent, wall_s=15.5))

    assert max(bench.losses()) == 0.0
    assert len(bench.losses(25.0)) > 10


def test_a_new_session_is_no_loss() -> None:
    before = driving(60, lasts_s=15.0)
    after = driving(60, lasts_s=15.0, began_s=15.2, first=make_header(CAR_TELEMETRY, session_uid=77))

    bench = Bench().feed(before).feed(later(after, frames=1200, seconds=16.0))

    assert max(bench.losses()) == 0.0
    assert {each.loss_ratio for each in bench.readings if 16.0 < each.at_s < 18.0} == {None}


def test_datagrams_that_come_late_or_twice_are_no_loss() -> None:
    stream = impair(simulated(60, 40.0), Impairment(duplicate=0.05, reorder=0.1, late=0.02, jitter_s=0.01))

    assert max(Bench().feed(headers(stream)).losses()) < 0.004


def test_datagrams_that_come_twice_hide_no_loss() -> None:
    sent = driving(60)
    kept = thinned(sent, 0.05)
    twice = sorted([*kept, *later(kept[::3], wall_s=0.04)], key=lambda arrival: arrival[0])

    assert Bench().feed(twice).mean_loss() == pytest.approx(Bench().feed(kept).mean_loss(), abs=0.001)


def test_a_single_stray_of_long_ago_changes_nothing() -> None:
    sent = driving(60, lasts_s=20.0)
    strayed = [*sent[:900], (sent[900][0], sent[500][1]), *sent[900:]]

    assert Bench().feed(strayed).losses() == Bench().feed(sent).losses()


@pytest.mark.parametrize(("before_hz", "after_hz"), [(20, 60), (60, 20), (60, 10)])
def test_a_send_rate_that_is_changed_while_driving_is_no_lasting_loss(before_hz: int, after_hz: int) -> None:
    after = later(driving(after_hz, lasts_s=15.0), frames=900, seconds=15.0, wall_s=15.0)

    bench = Bench().feed(driving(before_hz, lasts_s=15.0)).feed(after)

    assert max(bench.losses(18.5)) == 0.0
    assert bench.meter.send_rate_hz == after_hz


# --- something is missing -------------------------------------------------------------------------


def by_chance(loss: float) -> Callable[[list[tuple[float, bytes]]], list[tuple[float, bytes]]]:
    return lambda stream: list(impair(stream, Impairment(loss=loss)))


def in_bursts(stream: list[tuple[float, bytes]]) -> list[tuple[float, bytes]]:
    """An access point that goes away for 80 to 400 ms, every few seconds."""
    chance, arrived, until_s, next_s = Random(4), [], 0.0, 3.0
    for at_s, datagram in stream:
        if at_s >= next_s:
            until_s, next_s = at_s + chance.uniform(0.08, 0.4), at_s + chance.uniform(3.0, 8.0)
        if at_s >= until_s:
            arrived.append((at_s, datagram))
    return arrived


@pytest.mark.row("I7")
@pytest.mark.parametrize("rate_hz", [20, 60])
@pytest.mark.parametrize("network", [by_chance(0.01), by_chance(0.05), in_bursts], ids=["1 %", "5 %", "bursts"])
def test_the_loss_of_a_bad_network_is_told_within_half_a_point_over_a_minute(
    network: Callable[[list[tuple[float, bytes]]], list[tuple[float, bytes]]], rate_hz: int, reached: Reached
) -> None:
    sent = simulated(rate_hz, 71.0)
    arrived = network(sent)
    bench = Bench().feed(headers(arrived))

    def telemetry(stream: list[tuple[float, bytes]], from_s: float, until_s: float) -> int:
        return sum(from_s < at_s <= until_s and data[6] == CAR_TELEMETRY for at_s, data in stream)

    told: list[float] = []
    true: list[float] = []
    for reading in bench.readings[10 * 4 + 3 :: 4]:
        span = reading.at_s - 10.0, reading.at_s
        assert reading.loss_ratio is not None
        told.append(reading.loss_ratio)
        true.append(1 - telemetry(arrived, *span) / telemetry(sent, *span))

    assert len(told) >= 58
    off_points = 100 * abs(sum(told) / len(told) - sum(true) / len(true))
    reached(at_most("loss estimate off by", off_points, 0.5, " points"))
    assert max(true) > 0.005


@pytest.mark.parametrize(("rate_hz", "frames_per_s"), [(60, 60.0), (60, 144.0), (20, 60.0), (20, 144.0), (30, 60.0)])
@given(loss=st.floats(0.0, 0.15), seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_whatever_is_lost_the_estimate_is_near_it(rate_hz: int, frames_per_s: float, loss: float, seed: int) -> None:
    sent = driving(rate_hz, frames_per_s, 20.9)
    kept = thinned(sent, loss, seed)
    window = [at_s for at_s, _ in sent if 10.0 < at_s <= 20.0]
    true = 1 - sum(10.0 < at_s <= 20.0 for at_s, _ in kept) / len(window)

    bench = Bench().feed(kept)

    assert bench.readings[79].loss_ratio == pytest.approx(true, abs=0.03)
    assert bench.meter.send_rate_hz == rate_hz


def test_a_network_that_was_gone_for_two_seconds_lost_what_was_sent_in_them() -> None:
    sent = [(at_s, header) for at_s, header in driving(60, lasts_s=20.0) if not 13.0 <= at_s < 15.0]

    assert Bench().feed(sent).readings[-1].loss_ratio == pytest.approx(0.2, abs=0.01)


def test_the_loss_is_that_of_the_last_ten_seconds() -> None:
    sent = driving(60, lasts_s=40.0)
    bench = Bench().feed([*thinned(sent[:1200], 0.1), *sent[1200:]])

    assert bench.readings[75].loss_ratio == pytest.approx(0.1, abs=0.03)
    assert max(bench.losses(31.5)) == 0.0


def test_half_of_all_datagrams_lost_is_no_lower_send_rate() -> None:
    bench = Bench().feed(thinned(driving(60), 0.5))

    assert bench.meter.send_rate_hz == 60
    assert bench.mean_loss() == pytest.approx(0.5, abs=0.05)


# --- not enough was seen --------------------------------------------------------------------------


def test_nothing_is_told_before_enough_was_seen() -> None:
    bench = Bench().feed(driving(60, lasts_s=2.9))

    assert (bench.losses(), bench.meter.send_rate_hz) == ([], None)


def test_nothing_is_told_of_the_loss_while_the_rig_is_silent() -> None:
    bench = Bench().feed(driving(60))

    bench.wait_until(32.0)

    assert (bench.meter.loss_ratio, bench.meter.seen_hz(CAR_TELEMETRY)) == (None, None)


def test_a_send_rate_that_several_settings_explain_is_unknown() -> None:
    assert Bench().feed(driving(30, 25.0)).meter.send_rate_hz is None


def test_what_a_gateway_that_hung_for_a_minute_forgot_is_no_loss() -> None:
    bench = Bench()
    for at_s, header in driving(60, lasts_s=60.0):
        bench.meter.note((header, at_s))
        bench.totals[CAR_TELEMETRY] += 1

    bench.wait_until(61.0)

    assert max(bench.losses()) == 0.0


@given(
    st.lists(
        st.tuples(
            st.floats(0, 2),
            st.builds(
                make_header,
                st.just(CAR_TELEMETRY),
                session_uid=st.integers(0, 1),
                session_time=st.floats(width=32) | st.floats(0, 100),
                frame_identifier=st.integers(0, 2**32 - 1) | st.integers(0, 300),
                overall_frame_identifier=st.integers(0, 2**32 - 1) | st.integers(0, 300),
            ),
        ),
        min_size=20,
        max_size=100,
    )
)
@settings(deadline=None)
def test_whatever_arrives_a_loss_is_a_share(sent: list[tuple[float, PacketHeader]]) -> None:
    now_s, arrivals = 0.0, []
    for gap_s, header in sent:
        now_s += gap_s
        arrivals.append((now_s, header))

    assert all(0.0 <= loss <= 1.0 for loss in Bench().feed(arrivals).losses())


# --- packets a second -----------------------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", MENU_RATES_HZ)
def test_every_type_comes_as_often_as_expected_in_a_simulated_race(rate_hz: int) -> None:
    bench = Bench().feed(headers(simulated(rate_hz, 45.0)))
    expected = expected_hz(2025, bench.meter.send_rate_hz, "Race", own_car=True)

    assert bench.meter.send_rate_hz == rate_hz
    for packet_id, hz in expected.items():
        assert bench.meter.seen_hz(packet_id) == pytest.approx(hz, rel=0.08), PACKET_NAMES[packet_id]


def test_every_type_comes_as_often_as_expected_in_the_captured_time_trial() -> None:
    bench = Bench().feed(captured(CATALUNYA, 50.0))

    for packet_id, hz in expected_hz(2025, 20, "Time Trial", own_car=True).items():
        assert bench.meter.seen_hz(packet_id) == pytest.approx(hz, rel=0.08), PACKET_NAMES[packet_id]


def test_a_rare_packet_has_a_rate_once_enough_of_it_came() -> None:
    arrivals = [(5.0 * n, make_header(4)) for n in range(12)] + driving(20, lasts_s=58.0)
    bench = Bench().feed(sorted(arrivals, key=lambda arrival: arrival[0]))

    assert bench.meter.seen_hz(4) == pytest.approx(0.2, abs=0.01)


def test_a_type_that_stops_while_others_go_on_falls_to_nothing() -> None:
    status = [(at_s, header._replace(packet_id=7)) for at_s, header in driving(60, lasts_s=10.0)]
    bench = Bench().feed(sorted([*status, *driving(60, lasts_s=17.0)], key=lambda arrival: arrival[0]))

    assert bench.meter.seen_hz(7) == 0.0
    assert bench.meter.seen_hz(CAR_TELEMETRY) == pytest.approx(60, rel=0.02)


def test_buttons_pressed_in_a_pause_make_no_type_look_short() -> None:
    buttons = [(10.0 + n / 4, make_header(3)) for n in range(40)]
    bench = Bench().feed([*driving(60, lasts_s=10.0), *buttons])

    assert bench.meter.seen_hz(CAR_TELEMETRY) is None


def test_rates_begin_anew_after_a_pause() -> None:
    after = later(driving(60, lasts_s=5.0), frames=600, seconds=10.0, wall_s=300.0)
    bench = Bench().feed(driving(60, lasts_s=10.0)).feed(after)

    told = [reading for reading in bench.readings if 300.0 < reading.at_s < 303.0]
    assert bench.meter.seen_hz(CAR_TELEMETRY) == pytest.approx(60, rel=0.02)
    assert {reading.loss_ratio for reading in told} == {None}


# --- what is expected -----------------------------------------------------------------------------


def named(expected: dict[int, float]) -> set[str]:
    return {PACKET_NAMES[packet_id] for packet_id in expected}


ALWAYS: Final = {"session", "participants", "car_setups", "car_damage", "session_history", "tyre_sets"}
AT_MENU_RATE: Final = {"motion", "lap_data", "car_telemetry", "car_status", "motion_ex"}


@pytest.mark.parametrize(
    ("packet_format", "session_type", "more"),
    [
        (2025, "Time Trial", {"time_trial"}),
        (2025, "Race", {"lap_positions"}),
        (2025, "Race 2", {"lap_positions"}),
        (2025, "Qualifying 1", set()),
        (2025, None, set()),
        (2026, "Race", {"lap_positions", "car_telemetry2"}),
        (2024, "Race", set()),
        (2023, "Time Trial", set()),
    ],
)
def test_only_what_the_format_and_the_session_have_is_expected(
    packet_format: int, session_type: str | None, more: set[str]
) -> None:
    assert named(expected_hz(packet_format, 60, session_type, own_car=True)) == ALWAYS | AT_MENU_RATE | more


def test_what_comes_at_the_menus_rate_is_expected_once_that_is_known() -> None:
    assert expected_hz(2025, 30, None, own_car=True)[CAR_TELEMETRY] == 30.0
    assert named(expected_hz(2025, None, None, own_car=True)) == ALWAYS


def test_of_a_spectator_the_own_cars_motion_is_not_expected() -> None:
    assert "motion_ex" not in named(expected_hz(2025, 60, "Race", own_car=False))


def test_traffic_lists_every_type_of_the_format_with_what_is_known_of_it() -> None:
    bench = Bench().feed(headers(simulated(60, 20.0)))

    rows = {row.packet: row for row in bench.meter.traffic(bench.totals, {CAR_TELEMETRY: 60.0}, 2025)}

    assert rows.keys() == set(PACKET_NAMES.values()) - {"car_telemetry2"}
    assert rows["car_telemetry"].expected_hz == 60.0
    assert rows["car_telemetry"].seen_hz == pytest.approx(60, rel=0.02)
    assert rows["car_telemetry"].total == bench.totals[CAR_TELEMETRY]
    assert rows["lobby_info"][1:] == (None, 0.0, 0)
