"""Dashboards that only count: their reading of WebSocket frames, whole and cut anywhere."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from bench.dashboards import Dashboard, frame


def sent(payload: bytes, kind: int = 0x81) -> bytes:
    """A server's frame."""
    size = len(payload)
    if size < 126:
        return bytes((kind, size)) + payload
    if size < 65_536:
        return bytes((kind, 126)) + struct.pack(">H", size) + payload
    return bytes((kind, 127)) + struct.pack(">Q", size) + payload


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, Dashboard]]:
    """The server's end, and a dashboard on the other."""
    server, client = socket.socketpair()
    with server, client:
        yield server, Dashboard(client, looked_at=True)


@pytest.mark.parametrize("size", [0, 5, 125, 126, 2_000, 65_535, 65_536, 90_000])
def test_messages_of_every_length_are_counted(pair: tuple[socket.socket, Dashboard], size: int) -> None:
    server, dashboard = pair

    server.sendall(sent(bytes(size)) + sent(b"{}"))
    while dashboard.messages < 2:
        assert dashboard.read()

    assert dashboard.messages == 2


def test_a_message_may_arrive_byte_by_byte(pair: tuple[socket.socket, Dashboard]) -> None:
    server, dashboard = pair

    for byte in sent(bytes(300)) + sent(b"x" * 130):
        server.sendall(bytes((byte,)))
        assert dashboard.read()

    assert dashboard.messages == 2


def test_a_states_age_is_taken_and_no_other_messages(pair: tuple[socket.socket, Dashboard]) -> None:
    server, dashboard = pair

    server.sendall(sent(b'{"type":"event","engine_rpm":5000,"speed_kph":3}'))
    server.sendall(sent(b'{"type":"telemetry_update","engine_rpm":5000,"speed_kph":3}'))
    while dashboard.messages < 2:
        assert dashboard.read()

    assert dashboard.ages_s is not None
    assert len(dashboard.ages_s) == 1


def test_a_ping_is_answered_with_what_it_says(pair: tuple[socket.socket, Dashboard]) -> None:
    server, dashboard = pair

    server.sendall(sent(b"still there", 0x89))
    dashboard.read()

    assert server.recv(100) == frame(b"still there", 0x8A)
    assert dashboard.messages == 0


def test_a_close_ends_the_dashboard(pair: tuple[socket.socket, Dashboard]) -> None:
    server, dashboard = pair

    server.sendall(sent(b"\x03\xf5", 0x88))

    assert not dashboard.read()
