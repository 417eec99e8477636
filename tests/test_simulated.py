"""A run that is sent keeps its schedule, holds back what it is told to, and knows which instant is which."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from app.ingest.decoder import decode
from app.ingest.packets import ParticipantsPacket
from app.sim.cadence import PARTICIPANTS
from app.sim.run import simulate
from tests.simulated import Play, sendings_of, with_names

RUN = simulate("duel", seed=1, rate_hz=10)
SENDINGS = sendings_of(RUN, 2025)


class Clock:
    """A clock that is put forward by hand; its wall clock began elsewhere."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.now_s + 1_700_000_000.0


def test_ledger_time_begins_with_the_play_and_runs_at_its_speed() -> None:
    clock = Clock()
    play = Play(RUN, [], [], speed=2.0, clock=clock, wall=clock.wall)

    clock.now_s += 3.0

    assert play.at_s() == pytest.approx(6.0)
    assert play.at_s(clock.wall() - 1.0) == pytest.approx(4.0)
    assert play.wall_s(6.0) == pytest.approx(clock.wall())
    assert play.wait_s(10.0) == pytest.approx(2.0)


def test_another_tempo_changes_what_comes_and_not_what_was() -> None:
    clock = Clock()
    play = Play(RUN, [], [], speed=3.0, clock=clock, wall=clock.wall)
    clock.now_s += 10.0

    play.tempo(1.0)
    clock.now_s += 5.0

    assert play.at_s() == pytest.approx(35.0)
    assert play.at_s(clock.wall() - 7.0) == pytest.approx(24.0)
    assert play.wall_s(24.0) == pytest.approx(clock.wall() - 7.0)
    assert play.wait_s(36.0) == pytest.approx(1.0)


def test_a_planned_tempo_holds_from_its_ledger_time_on_unless_another_is_set_before() -> None:
    clock = Clock()
    play = Play(RUN, [], [], speed=4.0, later=((8.0, 0.5),), clock=clock, wall=clock.wall)

    assert play.wait_s(9.0) == pytest.approx(4.0)

    clock.now_s += 1.0
    play.tempo(1.0)

    assert play.wait_s(9.0) == pytest.approx(5.0)


@pytest.fixture
def inlets() -> Iterator[list[socket.socket]]:
    """Two sockets that stand for the rigs' ports."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for each in sockets:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        each.bind(("127.0.0.1", 0))
        each.settimeout(2.0)
    yield sockets
    for each in sockets:
        each.close()


def ports(inlets: list[socket.socket]) -> list[int]:
    return [inlet.getsockname()[1] for inlet in inlets]


@pytest.mark.live
def test_every_datagram_leaves_for_its_rig_at_its_time(inlets: list[socket.socket]) -> None:
    some = SENDINGS[:400]
    play = Play(RUN, some, ports(inlets), speed=4.0)

    play.send()

    assert len(play.sent_s) == len(some)
    for sending, sent_s in zip(some, play.sent_s, strict=True):
        assert inlets[sending.rig].recv(65_535) == sending.datagram
        assert sent_s is not None
        assert play.wall_s(sending.at_s) <= sent_s + 0.002
    assert max(sent_s - play.wall_s(s.at_s) for s, sent_s in zip(some, play.sent_s, strict=True) if sent_s) < 0.5


@pytest.mark.live
def test_a_paused_rig_sends_nothing_and_goes_on_where_the_game_is_then(inlets: list[socket.socket]) -> None:
    until_s = 2.5
    some = [sending for sending in SENDINGS if sending.at_s < until_s]
    play = Play(RUN, some, ports(inlets), speed=2.0)
    thread = threading.Thread(target=play.send)
    thread.start()
    time.sleep(play.wait_s(0.5))
    play.pause(0)
    paused_s = time.time()
    time.sleep(play.wait_s(1.5))
    assert play.back_s(0) is None
    play.resume(0)
    resumed_s = time.time()
    thread.join()

    held = [sent_s is None for sending, sent_s in zip(some, play.sent_s, strict=True) if sending.rig == 0]
    back_s = play.back_s(0)
    assert back_s is not None
    assert resumed_s <= back_s < resumed_s + 0.5
    assert not any(
        sent_s and paused_s + 0.01 < sent_s < resumed_s
        for s, sent_s in zip(some, play.sent_s, strict=True)
        if s.rig == 0
    )
    assert held.index(True) > 0
    assert not held[-1]
    assert all(play.sent_s[at] is not None for at, sending in enumerate(some) if sending.rig == 1)


@pytest.mark.live
def test_a_play_that_is_stopped_ends_at_once(inlets: list[socket.socket]) -> None:
    play = Play(RUN, SENDINGS, ports(inlets))
    thread = threading.Thread(target=play.send)
    thread.start()

    play.stop()
    thread.join(1.0)

    assert not thread.is_alive()
    assert len(play.sent_s) < len(SENDINGS)


def test_names_are_given_to_all_cars_in_turn_and_nothing_else_changes() -> None:
    names = ("<img src=x onerror=alert(1)>", "\u202eevil", "🏎" * 12)

    changed = sendings_of(RUN, 2024, with_names(*names))

    told = set()
    for before, after in zip(sendings_of(RUN, 2024), changed, strict=True):
        if before.datagram[6] != PARTICIPANTS:
            assert after == before
            continue
        packet = decode(after.datagram)
        assert isinstance(packet, ParticipantsPacket)
        told |= {(after.rig, slot, row.name) for slot, row in enumerate(packet.participants) if row.name}
    assert told == {(rig, slot, names[(rig + slot) % 3]) for rig in (0, 1) for slot in range(3)}
