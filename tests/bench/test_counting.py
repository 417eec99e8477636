"""Counting processes: what is sent to them is what they count, and they ask for the buffer that the product does."""

from __future__ import annotations

import shutil
import socket

import pytest

from app.settings import Settings
from bench import native
from bench.counting import BUFFER_BYTES, SHAPES, counting
from bench.traffic import lobby


def test_the_buffer_is_the_products_own() -> None:
    assert Settings.model_fields["udp_receive_buffer_bytes"].default == BUFFER_BYTES


@pytest.mark.live
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_counts_what_it_is_sent(shape: str) -> None:
    if shape in ("recv", "recvmmsg") and shutil.which("cc") is None:
        pytest.skip("no cc")
    with counting(shape, core=None) as counter, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        counter.begin(0.3)
        for _ in range(50):
            sender.sendto(b"datagram", ("127.0.0.1", counter.ports[0]))

        counted = counter.end()

    assert counted.datagrams == 50
    assert counted.cpu_s > 0


@pytest.mark.skipif(shutil.which("cc") is None, reason="no cc")
def test_the_floor_in_c_reads_all_values_of_all_cars() -> None:
    floor = native.floor()
    assert floor is not None
    datagram = next(payload for _, payload in lobby().datagrams if payload[6] == native.CAR_TELEMETRY)

    own, every = floor.decode_own(datagram, 3, 1), floor.decode_all(datagram, 1)

    assert len(every) == native.CARS * native.VALUES
    assert every[3 * native.VALUES : 4 * native.VALUES] == own
    with pytest.raises(ValueError, match="12 bytes are no CarTelemetry"):
        floor.decode_own(b"not a packet", 0, 1)
