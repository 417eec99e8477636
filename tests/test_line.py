"""One rig's port and pipeline, on a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.bus import Bus
from app.ingest.decoder import encode
from app.ingest.recorder import Recorder
from app.ingest.rotation import Limits
from app.line import Line
from app.normalize.events import Event
from app.settings import RigSettings, Settings
from tests.builders import make_packet

RIG = RigSettings(rig_id="RIG_A", udp_port=0, driver_name="Mia")
SETTINGS = Settings(_env_file=None, udp_host="127.0.0.1")  # type: ignore[call-arg]  # pydantic-settings' parameter


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    opened = Line(RIG, Bus[Event](), SETTINGS, None)
    await opened.open()
    yield opened
    opened.close()


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not reached():
            await asyncio.sleep(0.01)


def send(line: Line, *datagrams: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rig:
        for datagram in datagrams:
            rig.sendto(datagram, ("127.0.0.1", line.port))


async def test_what_arrives_on_the_port_is_in_its_health_and_figures(line: Line) -> None:
    send(line, encode(make_packet(1)), b"noise")
    await until(lambda: line.pipeline.packets_received + line.pipeline.rejected.total() == 2)

    health, figures = line.health(), line.figures()
    assert (health.rig_id, health.driver, health.packets_received, health.packets_rejected) == ("RIG_A", "Mia", 1, 1)
    assert (figures.link, figures.source_address, figures.port) == ("live", "127.0.0.1", line.port)
    assert ("f1_packets_received", ("RIG_A",), 1) in list(line.readings())


async def test_a_rig_that_never_sent_is_shown_so(line: Line) -> None:
    assert line.figures().link == "never"
    assert not line.health().active


async def test_a_closed_line_has_its_configured_port() -> None:
    line = Line(RIG, Bus[Event](), SETTINGS, None)

    assert (line.port, line.card.udp_port, line.figures().receive_buffer_bytes) == (0, 0, None)


async def test_every_datagram_is_recorded_before_it_is_read(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, {"RIG_A": 20777}, Limits(1 << 20, 3600, 60), blank_names=False)
    recorder.start()
    line = Line(RIG, Bus[Event](), SETTINGS, recorder)
    await line.open()

    send(line, encode(make_packet(1)), b"noise")
    await until(lambda: line.pipeline.packets_received + line.pipeline.rejected.total() == 2)
    line.close()
    recorder.stop()

    assert recorder.written == 2
