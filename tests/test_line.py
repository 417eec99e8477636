"""One rig behind its port: what is recorded, passed on, read and told."""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from pathlib import Path

from app.bus import Bus
from app.ingest.decoder import encode
from app.ingest.forwarder import Forwarder, Target
from app.ingest.recorder import Recorder
from app.ingest.rotation import Limits
from app.line import Line
from app.normalize.events import Event
from app.settings import RigSettings, Settings
from tests.builders import make_packet

RIG = RigSettings(rig_id="RIG_A", udp_port=0, driver_name="Mia")
SENDER = ("192.0.2.8", 50_000)


def make_line(recorder: Recorder | None = None, targets: Sequence[Target] = (), most_per_s: int = 1660) -> Line:
    settings = Settings(_env_file=None, udp_max_datagrams_per_s=most_per_s)  # type: ignore[call-arg]  # documented
    return Line(RIG, Bus[Event](), settings, recorder, Forwarder(targets))


def test_what_is_taken_is_in_health_figures_and_readings() -> None:
    line = make_line()

    line.take(encode(make_packet(1)), SENDER)
    line.take(b"noise", SENDER)

    health, figures = line.health(), line.figures()
    assert (health.rig_id, health.driver, health.packets_received, health.packets_rejected) == ("RIG_A", "Mia", 1, 1)
    assert (figures.link, figures.source_address) == ("live", SENDER[0])
    assert ("f1_packets_received", ("RIG_A",), 1) in list(line.readings())


def test_a_rig_that_never_sent_is_shown_so() -> None:
    line = make_line()

    assert line.figures().link == "never"
    assert not line.health().active
    assert (line.port, line.card.udp_port, line.figures().receive_buffer_bytes) == (0, 0, None)


def test_what_a_rig_sends_beyond_its_measure_is_counted_and_not_read() -> None:
    line = make_line(most_per_s=100)
    datagram = encode(make_packet(1))

    for _ in range(1_000):
        line.take(datagram, SENDER)

    assert line.heard == 1_000
    assert line.pipeline.rejected["flood"] + line.pipeline.packets_received == 1_000
    assert 200 <= line.pipeline.packets_received <= 300
    assert line.pipeline.problem is not None
    assert "gets more datagrams from 192.0.2.8 than a game sends" in line.pipeline.problem


def test_every_datagram_is_recorded_as_received(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, {"RIG_A": 20777}, Limits(1 << 20, 3600, 60), blank_names=False)
    recorder.start()
    line = make_line(recorder)

    line.take(encode(make_packet(1)), SENDER)
    line.take(b"noise", SENDER)
    recorder.stop()

    assert recorder.written == 2


def test_every_datagram_is_passed_on_also_what_we_cannot_read() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as overlay:
        overlay.bind(("127.0.0.1", 0))
        overlay.settimeout(5)
        line = make_line(targets=[Target(socket.AF_INET, *overlay.getsockname())])

        line.take(b"format 2020", SENDER)
        line.take(encode(make_packet(1)), SENDER)

        assert [overlay.recv(2048) for _ in range(2)] == [b"format 2020", encode(make_packet(1))]
    assert ("f1_ingest_forwarded", ("RIG_A", "1"), 2) in list(line.readings())
    line.forwarder.close()


def test_a_datagram_costs_little_more_than_reading_it() -> None:
    line, bare = make_line(most_per_s=10_000_000), make_line().pipeline
    datagram = encode(make_packet(13))  # nothing is told of it, so reading is at its cheapest

    def cost_s(take: object) -> float:
        assert callable(take)
        began_s = time.thread_time()
        for _ in range(5_000):
            take(datagram, SENDER)
        return time.thread_time() - began_s

    ratio = min(cost_s(line.take) / cost_s(bare.receive) for _ in range(7))

    assert ratio < 1.25
