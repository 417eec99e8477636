"""The floors in C (`floor.c`), compiled the first time; None where there is no `cc`."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from hashlib import blake2b
from pathlib import Path
from typing import Final

from bench.peers import CACHE

VALUES: Final = 30
CARS: Final = 22
FORMAT: Final = 2025
CAR_TELEMETRY: Final = 6
DATAGRAM_BYTES: Final = 1352
_SOURCE: Final = Path(__file__).with_name("floor.c")


class Floor:
    """The compiled functions."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        for name in ("count_recv", "count_recvmmsg"):
            function = getattr(library, name)
            function.argtypes, function.restype = (ctypes.c_int, ctypes.c_double), ctypes.c_long
        self._out = (ctypes.c_double * (VALUES * CARS))()

    def decode_own(self, datagram: bytes, car: int, times: int) -> list[float]:
        """Decode one car of CarTelemetry, format 2025, so many times; its values, wheels one by one."""
        _check(datagram)
        self._library.decode_own(ctypes.c_char_p(datagram), ctypes.c_int(car), ctypes.c_long(times), self._out)
        return list(self._out[:VALUES])

    def decode_all(self, datagram: bytes, times: int) -> list[float]:
        """The same of all cars."""
        _check(datagram)
        self._library.decode_all(ctypes.c_char_p(datagram), ctypes.c_long(times), self._out)
        return list(self._out)

    def count(self, shape: str, fd: int, seconds: float) -> int:
        """Receive for so long by `recv` or `recvmmsg`; how many datagrams came."""
        function = {"recv": self._library.count_recv, "recvmmsg": self._library.count_recvmmsg}[shape]
        return int(function(fd, seconds))


def floor() -> Floor | None:
    """The floors, ready to be called."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    digest = blake2b(_SOURCE.read_bytes(), digest_size=8).hexdigest()
    library = CACHE / f"floor-{digest}.so"
    if not library.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = library.with_suffix(f".{os.getpid()}")  # several processes may be at it at once
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(made), str(_SOURCE)]
        if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            return None
        made.replace(library)
    return Floor(ctypes.CDLL(str(library)))


def _check(datagram: bytes) -> None:
    if len(datagram) != DATAGRAM_BYTES:
        raise ValueError(f"{len(datagram)} bytes are no CarTelemetry of format {FORMAT}")
