"""Many datagrams a second from one address, by `sendmmsg`; Linux only.

`python -m tests.flood 127.0.0.9 127.0.0.1:20777 --per-second 400000 --seconds 2` prints how many it sent. It never
leaves this machine: another target than a loopback address is refused.
"""

from __future__ import annotations

import argparse
import ctypes
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Final

from app.ingest.decoder import encode
from tests.builders import make_packet
from tests.gateway import ROOT

_BATCH: Final = 128
_SEGMENTS: Final = 64
"""Datagrams that the kernel cuts out of one message (UDP_SEGMENT): one by one, half a core sends some 270 000/s."""
_SOL_UDP: Final = 17
_UDP_SEGMENT: Final = 103


class _Piece(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Head(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("pieces", ctypes.POINTER(_Piece)),
        ("piece_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Message(ctypes.Structure):
    _fields_ = (("head", _Head), ("sent", ctypes.c_uint32))


def flood(sock: socket.socket, datagram: bytes, per_s: int, seconds: float) -> int:
    """Send one datagram over and over on a connected socket; how many the kernel took."""
    sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
    segments = _segments(sock, datagram)
    payload = ctypes.create_string_buffer(datagram * segments, len(datagram) * segments)
    piece = _Piece(ctypes.addressof(payload), len(datagram) * segments)
    messages = (_Message * _BATCH)()
    for message in messages:
        message.head.pieces, message.head.piece_count = ctypes.pointer(piece), 1
    began_s, sent = time.perf_counter(), 0
    while (now_s := time.perf_counter()) < began_s + seconds:
        if sent > (now_s - began_s) * per_s:
            time.sleep(0.0002)
            continue
        batch = min(_BATCH, max(1, per_s // (1000 * segments)))  # a millisecond's worth at most
        sent += segments * max(0, sendmmsg(sock.fileno(), messages, batch, 0))
    return sent


def _segments(sock: socket.socket, datagram: bytes) -> int:
    """How many datagrams go into one message; 1 where the kernel cuts none."""
    if len(datagram) * _SEGMENTS > 60_000:
        return 1
    try:
        sock.setsockopt(_SOL_UDP, _UDP_SEGMENT, len(datagram))
    except OSError:
        return 1
    return _SEGMENTS


@contextmanager
def flooding(sender: str, port: int, per_s: int, seconds: float, *, valid: bool) -> Iterator[subprocess.Popen[str]]:
    """A process that floods a port of this machine, until it has done its time or the block ends."""
    options = ["--per-second", str(per_s), "--seconds", str(seconds), *(["--valid"] if valid else [])]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.flood", sender, f"127.0.0.1:{port}", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def main(arguments: list[str]) -> int:
    """Flood as told."""
    parser = argparse.ArgumentParser(prog="python -m tests.flood", description=__doc__.splitlines()[0])
    parser.add_argument("sender", help="loopback address to send from")
    parser.add_argument("target", help="loopback address:port to send to")
    parser.add_argument("--per-second", type=int, default=400_000)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--valid", action="store_true", help="datagrams that are the game's")
    options = parser.parse_args(arguments)
    host, _, port = options.target.partition(":")
    if not ip_address(host).is_loopback:
        parser.error("only loopback addresses are flooded")
    datagram = encode(make_packet(6)) if options.valid else b"noise"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((options.sender, 0))
        sock.connect((host, int(port)))
        sent = flood(sock, datagram, options.per_second, min(options.seconds, 60.0))
    sys.stdout.write(f"{sent}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
