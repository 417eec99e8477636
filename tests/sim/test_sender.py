from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from itertools import islice, pairwise

import pytest

from app.ingest.header import parse_header
from app.sim import simulate
from app.sim.sender import Order, merged, runs, send, stopped_by_signals

ORDER = Order(
    "duel", 2, 1.0, 2025, 10, 1, "127.0.0.1", (9, 10), loop=False, long=False, track_id=None, real_f1_23=False
)


class FakeTime(threading.Event):
    """A clock that goes on only while somebody waits, and by a little with every look."""

    def __init__(self, look_s: float = 0.0, end_s: float = 1e9) -> None:
        super().__init__()
        self.now_s, self.look_s, self.end_s = 100.0, look_s, end_s
        self.waits: list[float] = []

    def clock(self) -> float:
        self.now_s += self.look_s
        return self.now_s

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        self.now_s += timeout or 0.0
        return self.now_s >= self.end_s


@pytest.fixture
def inlets() -> list[socket.socket]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
    for inlet in sockets:
        inlet.bind(("127.0.0.1", 0))
        inlet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        inlet.setblocking(False)
    return sockets


def received(inlet: socket.socket) -> list[bytes]:
    got = []
    while True:
        try:
            got.append(inlet.recv(2_048))
        except BlockingIOError:
            inlet.close()
            return got


def test_each_rig_sends_to_its_own_port(inlets: list[socket.socket]) -> None:
    time, lines = FakeTime(end_s=106.0), list[str]()
    order = ORDER._replace(ports=[inlet.getsockname()[1] for inlet in inlets])
    run = simulate("duel", rate_hz=10)
    uids = [run.ledger.sessions[n].session_uid for n in (0, 1)]

    sent = send(order, lines.append, time, time.clock)

    got = [received(inlet) for inlet in inlets]
    assert [{parse_header(datagram).session_uid for datagram in part} for part in got] == [{uid} for uid in uids]
    assert sum(map(len, got)) == sent > 100
    assert lines == [f"duel: 2 rigs, {run.duration_s:.0f} s, format 2025"]


def test_the_schedule_does_not_drift_when_sending_takes_time() -> None:
    time = FakeTime(look_s=0.0001, end_s=140.0)

    sent = send(ORDER, lambda _: None, time, time.clock)

    assert sent == pytest.approx(sum(at_s < 40.0 for at_s, _, _ in merged(simulate("duel", rate_hz=10), 2025)), abs=20)


def test_speed_makes_the_waits_shorter() -> None:
    slow, quick = FakeTime(end_s=110.0), FakeTime(end_s=110.0)

    sent_slow = send(ORDER, lambda _: None, slow, slow.clock)
    sent_quick = send(ORDER._replace(speed=4.0), lambda _: None, quick, quick.clock)

    assert sent_quick > 3 * sent_slow


def test_after_a_long_sleep_nothing_is_sent_in_one_burst() -> None:
    time = FakeTime(end_s=160.0)
    clock: Callable[[], float] = time.clock
    looks = 0

    def sleepy() -> float:
        nonlocal looks
        looks += 1
        if looks == 400:
            time.now_s += 30.0  # the machine was suspended
        return clock()

    send(ORDER, lambda _: None, time, sleepy)

    assert sum(time.waits) > 25.0  # of the 60 s, those 30 s were not caught up


def test_streams_of_all_rigs_are_merged_by_time() -> None:
    order = list(islice(merged(simulate("lobby", rate_hz=10), 2025), 3_000))

    assert all(a[0] <= b[0] for a, b in pairwise(order))
    assert {rig for _, rig, _ in order} == {0, 1}


def test_a_loop_plays_on_with_other_seeds() -> None:
    endless = runs(ORDER._replace(loop=True))

    first, second = next(endless), next(endless)

    assert first.ledger.sessions[0].session_uid != second.ledger.sessions[0].session_uid
    assert len(list(runs(ORDER))) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_sets_the_event_and_handlers_come_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    with stopped_by_signals() as stop:
        os.kill(os.getpid(), number)
        assert stop.wait(2.0)

    assert signal.getsignal(number) is before
