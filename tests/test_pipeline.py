"""From datagram to bus: what is counted, what is refused, when a rig is online, and that nothing raises."""

from __future__ import annotations

import logging
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from app.ingest.capture import read_capture
from app.ingest.decoder import encode
from app.ingest.header import HEADER_SIZE, parse_header, write_header
from app.ingest.layouts import LAYOUTS
from app.ingest.linkmeter import Traffic
from app.normalize import events
from app.normalize.events import Event
from app.normalize.minting import RigIdentity
from app.pipeline import REJECT_REASONS, RigPipeline
from app.sim import simulate
from tests.builders import make_event_packet, make_header, make_packet
from tests.chaos.verdict import at_most, exactly
from tests.conftest import Reached

CAPTURES: Final = Path(__file__).resolve().parent / "captures"
RIG: Final = RigIdentity("RIG_A", "SIM_A")
SOURCE: Final = ("192.0.2.7", 50_000)
START: Final = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
STALE_AFTER_S: Final = 2.0


class Clocks:
    """A wall clock and a monotonic one that go only when told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.now_s - 1000.0)


class Sink:
    """Keeps what is published; breaks on demand."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.broken = False

    def publish(self, items: list[Event]) -> None:
        if self.broken:
            raise RuntimeError("the bus is broken")
        self.events += items

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]


class Rig:
    """A pipeline with its clocks and its sink."""

    def __init__(self, stale_after_s: float = STALE_AFTER_S) -> None:
        self.clocks = Clocks()
        self.sink = Sink()
        self.pipeline = RigPipeline(RIG, self.sink, stale_after_s, self.clocks.wall, self.clocks.monotonic)

    def receive(self, *datagrams: bytes) -> None:
        for datagram in datagrams:
            self.pipeline.receive(datagram, SOURCE)

    def wait(self, seconds: float) -> None:
        """Time goes by, and the gateway looks after the rig."""
        self.clocks.now_s += seconds
        self.pipeline.tick()


SESSION: Final = encode(make_packet(1))


def lights(number: int, **header: Any) -> bytes:
    return encode(make_event_packet("STLG", num_lights=number, **header))


# --- counting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("datagram", "reason"),
    [
        (b"", "wrong_length"),
        (b"hello", "wrong_length"),
        (SESSION[:-1], "wrong_length"),
        (SESSION + b"\0", "wrong_length"),
        (bytes(65_507), "unknown_format"),
        (write_header(make_header(6, 2022)), "unknown_format"),
        (write_header(make_header(200)), "unknown_packet"),
    ],
)
def test_what_is_not_the_games_is_counted_by_reason_and_changes_nothing(datagram: bytes, reason: str) -> None:
    rig = Rig()

    rig.receive(datagram)

    assert +rig.pipeline.rejected == {reason: 1}
    assert (rig.pipeline.packets_received, rig.sink.events, rig.pipeline.active) == (0, [], False)


def test_every_reason_is_known_before_its_first_datagram() -> None:
    assert Rig().pipeline.rejected == dict.fromkeys(REJECT_REASONS, 0)


def test_valid_datagrams_are_counted_by_packet() -> None:
    rig = Rig()

    rig.receive(SESSION, lights(1), lights(2))

    assert (rig.pipeline.packets, rig.pipeline.packets_received) == ({1: 1, 3: 2}, 3)


def test_a_duplicate_is_a_valid_datagram_that_changes_nothing() -> None:
    rig = Rig()

    rig.receive(lights(1), lights(1))

    assert (rig.pipeline.packets_received, rig.pipeline.normalizer.ignored["duplicate"]) == (2, 1)


def test_published_events_are_counted_by_kind() -> None:
    rig = Rig()

    rig.receive(lights(1), lights(2))

    assert rig.pipeline.events == Counter(rig.sink.kinds()) == {"RigOnline": 1, "StartLights": 2}


def test_an_events_time_is_the_wall_clock_at_its_receipt() -> None:
    rig = Rig()
    rig.clocks.now_s += 0.5

    rig.receive(lights(1))

    assert {event.received_at for event in rig.sink.events} == {START + timedelta(seconds=0.5)}


def test_the_last_sender_of_a_valid_datagram_is_known() -> None:
    rig = Rig()

    rig.receive(SESSION)
    rig.pipeline.receive(b"noise", ("198.51.100.9", 1))

    assert rig.pipeline.lease.holder == SOURCE[0]


def test_a_second_machine_in_the_same_session_is_refused_counted_and_told_about() -> None:
    rig = Rig()
    rig.receive(SESSION)
    told = len(rig.sink.events)

    rig.pipeline.receive(encode(make_packet(1, player_car_index=5, frame_identifier=9)), ("198.51.100.9", 1))

    assert len(rig.sink.events) == told
    assert rig.pipeline.rejected["other_sender"] == 1
    assert rig.pipeline.problem == f"RIG_A hears {SOURCE[0]} and 198.51.100.9: give each game a port of its own"


def test_packets_per_second_are_those_of_the_last_second() -> None:
    rig = Rig()
    for _ in range(30):
        rig.receive(SESSION)
        rig.clocks.now_s += 0.125

    assert rig.pipeline.packets_per_s() == 8


def test_a_silent_rig_sends_no_packets_per_second() -> None:
    rig = Rig()
    rig.receive(SESSION)

    rig.clocks.now_s += 1.5

    assert rig.pipeline.packets_per_s() == 0


# --- the link -------------------------------------------------------------------------------------


def test_the_last_valid_datagram_says_who_sends_what() -> None:
    rig = Rig()

    rig.receive(encode(make_packet(1, 2026, game_major_version=1, game_minor_version=7)), b"noise")

    pipeline = rig.pipeline
    assert (pipeline.source_address, pipeline.packet_format, pipeline.game_year) == (SOURCE[0], 2026, 25)
    assert pipeline.game_version == "1.07"


def test_before_the_first_valid_datagram_nothing_is_said_of_the_game() -> None:
    rig = Rig()

    rig.receive(b"noise")

    pipeline = rig.pipeline
    assert (pipeline.source_address, pipeline.packet_format, pipeline.game_year) == (None, None, None)
    assert (pipeline.game_version, pipeline.session_state) == (None, None)


def test_what_a_second_sender_says_of_its_game_is_not_the_rigs() -> None:
    rig = Rig()
    rig.receive(SESSION)

    rig.pipeline.receive(encode(make_packet(1, 2024)), ("198.51.100.9", 1))

    assert (rig.pipeline.source_address, rig.pipeline.packet_format) == (SOURCE[0], 2025)


def test_what_was_told_last_of_the_session_is_known() -> None:
    rig = Rig()

    rig.receive(encode(make_packet(1, session_type=18)), lights(1))

    state = rig.pipeline.session_state
    assert state is not None
    assert (state.session_type, state.mode) == ("Time Trial", "driving")


def drive(rig: Rig, frames: int, *, lost: Callable[[int], bool] = lambda frame: False) -> None:
    """CarTelemetry at 60 Hz with a Session packet every half second, as the gateway's clock ticks by."""
    telemetry = encode(make_packet(6))
    session = encode(make_packet(1, session_type=15))
    for frame in range(frames):
        sent = [telemetry] if frame % 30 else [session, telemetry]
        for datagram in [] if lost(frame) else sent:
            header = parse_header(datagram)._replace(
                frame_identifier=frame, overall_frame_identifier=frame, session_time=frame / 60
            )
            rig.receive(write_header(header) + datagram[HEADER_SIZE:])
        rig.clocks.now_s += 1 / 60
        if frame % 15 == 14:
            rig.pipeline.tick()


def test_the_link_is_measured_by_what_is_received() -> None:
    rig = Rig()

    drive(rig, 1200, lost=lambda frame: frame % 20 == 7)

    assert rig.pipeline.link.send_rate_hz == 60
    assert rig.pipeline.link.loss_ratio == pytest.approx(0.05, abs=0.005)


def test_traffic_holds_what_should_come_against_what_comes() -> None:
    rig = Rig()

    drive(rig, 1200)

    traffic = {row.packet: row for row in rig.pipeline.traffic()}
    assert traffic["car_telemetry"].seen_hz == pytest.approx(60, rel=0.02)
    assert traffic["session"].seen_hz == pytest.approx(2, rel=0.06)
    assert (traffic["car_telemetry"].expected_hz, traffic["car_telemetry"].total) == (60.0, 1200)
    assert traffic["lap_positions"] == ("lap_positions", 1.0, 0.0, 0)
    assert traffic["time_trial"].expected_hz is None


def is_short(row: Traffic) -> bool:
    """Whether less comes than should; of SessionHistory there is less at first, since it starts a second late."""
    if row.expected_hz is None or row.seen_hz is None or row.packet == "session_history":
        return False
    return row.seen_hz < 0.9 * row.expected_hz


@pytest.mark.parametrize(
    "scenario",
    ["pause", "flashback_over_line", "restart", "save_load", "disconnect", "lobby", "spectator", "session_end"],
)
def test_whatever_a_good_rig_goes_through_it_never_looks_bad(scenario: str) -> None:
    rig, began_s, ticks = Rig(), 1000.0, 0
    for at_s, datagram in simulate(scenario, rate_hz=20).stream(0):
        while began_s + at_s >= rig.clocks.now_s + 0.25:
            rig.wait(0.25)
            ticks += 1
            assert not rig.pipeline.link.loss_ratio
            assert [row for row in rig.pipeline.traffic() if is_short(row)] == []
        rig.receive(datagram)

    assert ticks > 100


def test_nothing_is_expected_of_a_rig_in_the_menu() -> None:
    rig = Rig()

    rig.receive(encode(make_packet(9, session_uid=0)))

    state = rig.pipeline.session_state
    assert state is not None
    assert state.mode == "menu"
    assert {row.expected_hz for row in rig.pipeline.traffic()} == {None}


def test_nothing_is_expected_of_a_rig_whose_session_is_over() -> None:
    rig = Rig()
    drive(rig, 300)

    rig.receive(encode(make_event_packet("SEND", session_time=5.0, frame_identifier=0, overall_frame_identifier=0)))

    assert {row.expected_hz for row in rig.pipeline.traffic()} == {None}


# --- online and silent ----------------------------------------------------------------------------


def test_a_rig_that_never_sent_is_neither_active_nor_silent() -> None:
    rig = Rig()

    rig.wait(60)

    assert (rig.pipeline.active, rig.pipeline.silent_s, rig.sink.events) == (False, None, [])


def test_the_first_valid_datagram_brings_the_rig_online() -> None:
    rig = Rig()

    rig.receive(lights(1), lights(2))

    online = [event for event in rig.sink.events if isinstance(event, events.RigOnline)]
    assert [(event.source_address, event.silent_s) for event in online] == [("192.0.2.7", None)]


def test_noise_brings_no_rig_online() -> None:
    rig = Rig()

    rig.receive(b"noise" * 10)

    assert rig.sink.events == []


@pytest.mark.row("I11")
@pytest.mark.parametrize("away_s", [1.0, 5.0, 60.0])
def test_a_rig_that_stops_is_told_and_the_session_it_comes_back_with_begins_anew(
    away_s: float, reached: Reached
) -> None:
    rig = Rig()
    rig.receive(SESSION, encode(make_packet(2)))
    silent_at: list[float] = []

    for _ in range(round(away_s / 0.25)):
        rig.wait(0.25)
        if "RigSilent" in rig.sink.kinds() and not silent_at:
            silent_at.append(rig.clocks.now_s - 1000.0)
    rig.receive(encode(make_packet(1, session_uid=0xFEED)), encode(make_packet(2, session_uid=0xFEED)))
    for _ in range(60):
        rig.clocks.now_s += 1 / 60
        frame = round((rig.clocks.now_s - 1000.0) * 60)
        rig.receive(encode(make_packet(1, session_uid=0xFEED, overall_frame_identifier=frame + 600)))

    if away_s > STALE_AFTER_S:
        reached(at_most("told as silent after", silent_at[0], 2, " s"))
    ended = [event for event in rig.sink.events if isinstance(event, events.SessionEnded)]
    begun = [event.session_uid for event in rig.sink.events if isinstance(event, events.SessionStarted)]
    reached(exactly("sessions ended with a reason", [event.reason for event in ended], ["new_session"]))
    assert begun == [str(0x5EED), str(0xFEED)]


@pytest.mark.parametrize("stale_after_s", [0.5, 2.0, 5.0])
def test_a_rig_is_silent_after_the_stale_time_and_says_since_when(stale_after_s: float) -> None:
    rig = Rig(stale_after_s)
    rig.receive(SESSION)

    rig.wait(stale_after_s - 0.1)
    before = rig.sink.kinds().count("RigSilent")
    rig.wait(0.1)

    silent = [event for event in rig.sink.events if isinstance(event, events.RigSilent)]
    assert (before, [event.last_packet_at for event in silent]) == (0, [START])


def test_silence_is_told_once_however_long_it_lasts() -> None:
    rig = Rig()
    rig.receive(SESSION)

    for _ in range(100):
        rig.wait(1)

    assert rig.sink.kinds().count("RigSilent") == 1


def test_noise_does_not_break_a_silence() -> None:
    rig = Rig()
    rig.receive(SESSION)
    rig.wait(3)

    rig.receive(b"noise")

    assert (rig.pipeline.active, rig.pipeline.silent_s) == (False, 3.0)


def test_a_rig_that_sends_again_is_online_again_and_says_how_long_it_was_silent() -> None:
    rig = Rig()
    rig.receive(SESSION)
    rig.wait(7.5)

    rig.receive(SESSION)

    online = [event for event in rig.sink.events if isinstance(event, events.RigOnline)]
    assert [event.silent_s for event in online] == [None, 7.5]


def test_a_wall_clock_that_jumps_makes_no_rig_silent() -> None:
    rig = Rig()
    jumped = RigPipeline(RIG, rig.sink, STALE_AFTER_S, lambda: START + timedelta(days=1), rig.clocks.monotonic)

    jumped.receive(SESSION, SOURCE)
    jumped.tick()

    assert "RigSilent" not in rig.sink.kinds()


def test_a_quarter_of_an_hour_of_silence_ends_the_session() -> None:
    rig = Rig()
    rig.receive(SESSION)

    rig.wait(900)

    assert rig.sink.kinds()[-2:] == ["RigSilent", "SessionEnded"]


def test_a_rig_that_falls_silent_on_the_track_still_drives_as_far_as_anybody_knows() -> None:
    rig = Rig()
    rig.receive(SESSION)
    before = rig.pipeline.driving

    rig.wait(60)
    silent = rig.pipeline.driving
    rig.wait(840)

    assert (before, silent, rig.pipeline.driving) == (True, True, False)


@pytest.mark.parametrize("told", [{"game_paused": 1}, {"player_car_index": 255}, {"session_uid": 0}])
def test_a_rig_that_says_it_is_paused_watches_or_is_in_its_menus_does_not_drive(told: dict[str, int]) -> None:
    rig = Rig()
    rig.receive(SESSION, encode(make_packet(1, frame_identifier=900, overall_frame_identifier=900, **told)))

    assert not rig.pipeline.driving


# --- a format we cannot read ----------------------------------------------------------------------


def test_a_rig_set_to_a_format_we_cannot_read_is_told_what_to_set() -> None:
    rig = Rig()

    rig.receive(write_header(make_header(6, 2022)))

    assert rig.pipeline.problem == ("RIG_A sends format 2022: set UDP Format to 2025 (read are 2023, 2024, 2025, 2026)")


def test_a_rig_that_was_set_right_has_no_problem() -> None:
    rig = Rig()

    rig.receive(write_header(make_header(6, 2022)), SESSION)

    assert rig.pipeline.problem is None


def test_noise_is_not_taken_for_a_format() -> None:
    rig = Rig()

    rig.receive(bytes(60), b"\xff" * 60)

    assert (rig.pipeline.problem, rig.pipeline.rejected["unknown_format"]) == (None, 2)


@pytest.mark.row("I3")
def test_a_wrong_format_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture, reached: Reached) -> None:
    rig = Rig()

    for _ in range(120):
        rig.receive(write_header(make_header(6, 2022)))
        rig.clocks.now_s += 0.99

    reached(at_most("lines in two minutes", len(caplog.records), 2))
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2


# --- datagrams that somebody forged -----------------------------------------------------------------


@pytest.mark.row("I6")
@pytest.mark.parametrize("ahead_s", [10.5, 3_000.0, -10.5])
def test_a_forged_datagram_whose_clock_is_far_off_raises_a_flag_and_the_rig_goes_on(
    ahead_s: float, reached: Reached
) -> None:
    rig = Rig()
    stream = list(simulate("time_trial", seed=3, rate_hz=20).stream(0, 2025))

    for number, (at_s, datagram) in enumerate(stream[:4_000]):
        rig.clocks.now_s = 1000.0 + at_s
        rig.receive(datagram)
        header = parse_header(datagram)
        if number >= 3_000 and header.packet_id == 2 and rig.pipeline.jump_s is None:
            off = round(ahead_s * 60)
            forged = header._replace(
                session_time=header.session_time + ahead_s,
                frame_identifier=header.frame_identifier + off,
                overall_frame_identifier=header.overall_frame_identifier + off,
            )
            rig.receive(write_header(forged) + datagram[HEADER_SIZE:])

    reached(exactly(f"flags for one datagram {ahead_s:g} s off", rig.pipeline.normalizer.jumps, 1))
    assert rig.pipeline.jump_s == pytest.approx(ahead_s, abs=0.1)


def test_a_clock_that_jumped_is_told_for_a_minute() -> None:
    rig = Rig()
    for session_time in (10.0, 50.0):
        frame = round(60 * session_time)
        header = make_header(2, session_time=session_time, frame_identifier=frame, overall_frame_identifier=frame)
        rig.receive(encode(make_packet(2, header=header)))

    told = rig.pipeline.jump_s
    rig.wait(61)

    assert (told, rig.pipeline.jump_s) == (40.0, None)


# --- a fault of ours ------------------------------------------------------------------------------


def test_a_fault_of_ours_is_counted_and_the_next_datagram_is_read() -> None:
    rig = Rig()
    rig.sink.broken = True
    rig.receive(lights(1))

    rig.sink.broken = False
    rig.receive(lights(2))

    assert (rig.pipeline.rejected["internal"], rig.pipeline.packets_received) == (1, 1)
    assert "StartLights" in rig.sink.kinds()


def test_a_fault_of_ours_is_logged_once_in_ten_seconds_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    rig.sink.broken = True

    for number in range(11):
        rig.receive(lights(number))
        rig.clocks.now_s += 1

    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "RIG_A: a event packet could not be used (0 more since)",
        "RIG_A: a event packet could not be used (9 more since)",
    ]
    assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_a_fault_of_ours_leaves_no_payload_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig()
    rig.sink.broken = True

    rig.receive(encode(make_packet(4, participants={0: {"name": "SECRET GUEST"}})))

    assert "SECRET GUEST" not in caplog.text


# --- every length, and a hundred thousand datagrams -----------------------------------------------------------------


def noise(count: int, chance: random.Random) -> Iterator[bytes]:
    """Datagrams that are random, cut, lengthened, or real with bytes changed; a fixed seed gives the same ones."""
    real = [datagram.payload for path in sorted(CAPTURES.glob("*.pcap.gz")) for datagram in read_capture(path)]
    real = chance.sample(real, 500)
    layouts = sorted(LAYOUTS)
    for _ in range(count):
        kind = chance.random()
        datagram = chance.choice(real)
        if kind < 0.25:
            yield chance.randbytes(chance.randint(0, 200))
        elif kind < 0.5:
            yield datagram[: chance.randrange(len(datagram))]
        elif kind < 0.6:
            yield datagram + chance.randbytes(chance.randint(1, 9))
        elif kind < 0.65:
            packet_format, packet_id = chance.choice(layouts)
            size = LAYOUTS[packet_format, packet_id].size
            head = write_header(make_header(packet_id, packet_format, session_uid=chance.randint(0, 3)))
            yield head + chance.randbytes(size - HEADER_SIZE)
        else:
            mutated = bytearray(datagram)
            for _ in range(chance.randint(1, 4)):
                mutated[chance.randrange(len(mutated) if kind < 0.9 else HEADER_SIZE)] = chance.randrange(256)
            yield bytes(mutated)


@pytest.mark.row("I1")
def test_of_a_hundred_thousand_hostile_datagrams_each_is_counted_once_and_none_is_a_fault_of_ours(
    reached: Reached,
) -> None:
    rig = Rig()
    sent = 0

    for datagram in noise(100_000, random.Random(25)):
        rig.receive(datagram)
        rig.clocks.now_s += 0.001
        sent += 1

    reached(exactly("counted", rig.pipeline.packets_received + rig.pipeline.rejected.total(), sent))
    reached(exactly("faults of ours", rig.pipeline.rejected["internal"], 0))
    assert sent == 100_000
    assert min(rig.pipeline.rejected[reason] for reason in REJECT_REASONS[:3]) > 100
    assert rig.pipeline.packets_received > 10_000


@pytest.mark.row("I1")
def test_a_datagram_cut_at_any_length_is_counted_changes_nothing_and_costs_next_to_nothing(reached: Reached) -> None:
    rig = Rig()
    whole = [encode(make_packet(packet_id, year)) for year, packet_id in LAYOUTS if packet_id != 3]
    cut = [datagram[:length] for datagram in whole for length in range(len(datagram))]
    cut += [datagram + b"\0" for datagram in whole] + [bytes(65_507)]

    took_s = []
    for begin in range(0, len(cut), 1_000):
        began_s = time.thread_time()
        rig.receive(*cut[begin : begin + 1_000])
        took_s.append((time.thread_time() - began_s) / len(cut[begin : begin + 1_000]))

    reached(exactly(f"of {len(cut)} counted by reason", rig.pipeline.rejected.total(), len(cut)))
    reached(exactly("faults of ours", rig.pipeline.rejected["internal"], 0))
    reached(exactly("changes of state", len(rig.sink.events), 0))
    reached(at_most("each", 1e6 * statistics.median(took_s), 20, " µs"))


def test_after_hostile_datagrams_a_rig_is_read_as_before() -> None:
    rig = Rig()
    rig.receive(*noise(2_000, random.Random(26)))

    rig.clocks.now_s += 1
    rig.receive(encode(make_packet(1, session_uid=0xFEED)))

    assert rig.pipeline.normalizer.session_uid == str(0xFEED)
