"""`python -m app.ingest.replay FILE --to HOST:PORT`: sends captures as real UDP, as the game did.

Several files play side by side, the n-th to the n-th `--to`, each from a socket of its own as rigs do:

    python -m app.ingest.replay one.pcap.gz two.pcap.gz --to 127.0.0.1:20777 --to 127.0.0.1:20778 --loop

A FILE may also be a whole recording: `recordings/RIG_A` plays that rig's files in the order of time, `recordings` does
where they are all of one rig. `--from` and `--until` are given once for all files, or once per file. Ends with 0 when
the files end and on Ctrl-C or SIGTERM, with 2 when an argument or a file is wrong, with 1 when the network refuses.

What is sent when is `schedule`'s business; here are the arguments, the clock and the sockets.
"""

from __future__ import annotations

import argparse
import heapq
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from math import inf
from operator import itemgetter
from pathlib import Path
from typing import Final

from app.arguments import EXIT_USAGE, OneSentence, number_from
from app.errors import CaptureError
from app.ingest.capture import CapturedDatagram, read_capture
from app.ingest.rotation import series
from app.ingest.schedule import Due, EmptyWindow, schedule

EXIT_OK: Final = 0
EXIT_NETWORK: Final = 1


@dataclass(frozen=True)
class Play:
    """One file or recording, where it goes, and which part of it (seconds since its first datagram)."""

    path: Path
    host: str
    port: int
    from_s: float = 0.0
    until_s: float = inf


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    plays: tuple[Play, ...]
    speed: float = 1.0
    loop: bool = False


Send = Callable[[bytes], object]


class Replay:
    """Sends schedules side by side, each datagram at its instant."""

    def __init__(
        self, *, now_s: Callable[[], float] = time.monotonic, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """Nothing is sent yet."""
        self.sent = 0
        self._now_s = now_s
        self._sleep = sleep

    def run(self, schedules: Iterable[tuple[Iterator[Due], Send]]) -> None:
        """Send until all schedules end; what is late goes at once."""
        started_s = self._now_s()
        lines = [_addressed(due, send) for due, send in schedules]
        for at_s, payload, send in heapq.merge(*lines, key=itemgetter(0)):
            wait_s = at_s - (self._now_s() - started_s)
            if wait_s > 0:
                self._sleep(wait_s)
            send(payload)
            self.sent += 1


def _addressed(due: Iterator[Due], send: Send) -> Iterator[tuple[float, bytes, Send]]:
    for at_s, payload in due:
        yield at_s, payload, send


def parse_arguments(argv: Sequence[str] | None) -> Options:
    """The command line understood; leaves with 2 and a sentence when it cannot be."""
    parser = OneSentence("python -m app.ingest.replay", "Send captures as UDP, as the game did.", "replay")
    parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="pcap, plain or gzip; or a recording")
    parser.add_argument("--to", metavar="HOST:PORT", action="append", default=[], help="once per FILE, in order")
    parser.add_argument("--speed", metavar="X", default="1", help="1 as it happened (default), 0 as fast as possible")
    parser.add_argument("--loop", action="store_true", help="again and again, each time as a new session")
    parser.add_argument("--from", dest="starts", metavar="S", action="append", default=[], help="begin S seconds in")
    parser.add_argument("--until", dest="ends", metavar="S", action="append", default=[], help="end S seconds in")
    given = parser.parse_intermixed_args(argv)
    try:
        return _understand(given)
    except ValueError as exc:
        parser.error(str(exc))


def _understand(given: argparse.Namespace) -> Options:
    files: list[Path] = given.files
    if len(given.to) != len(files):
        raise ValueError(f"{len(files)} FILE but {len(given.to)} --to; give one --to HOST:PORT for each FILE")
    starts = _one_for_each(files, "--from", given.starts, 0.0)
    ends = _one_for_each(files, "--until", given.ends, inf)
    plays = []
    for path, to, from_s, until_s in zip(files, given.to, starts, ends, strict=True):
        files_of(path)
        if until_s < from_s:
            raise ValueError(f"--until {until_s:g} lies before --from {from_s:g}")
        plays.append(Play(path, *_address(to), from_s, until_s))
    return Options(tuple(plays), number_from(0, "--speed", given.speed), given.loop)


def files_of(path: Path) -> list[Path]:
    """The capture files that a FILE stands for, in the order of time.

    Raises:
        ValueError: None, or those of several rigs.
    """
    if path.is_file():
        return [path]
    directory = path if path.is_dir() else path.parent
    found = series(entry.name for entry in directory.iterdir()) if directory.is_dir() else {}
    if path.is_dir() and len(found) > 1:
        raise ValueError(f"{path} holds recordings of {', '.join(found)}; say which, as in {path / min(found)}")
    names = found.get(path.name, []) if directory != path else [name for rig in found.values() for name in rig]
    if not names:
        raise ValueError(f"there is no file {path}" if directory != path else f"{path} holds no recording")
    return [directory / name for name in names]


def _read(path: Path) -> Iterator[CapturedDatagram]:
    """The datagrams of a FILE; a recording's file that a crash left empty is none of it."""
    files = files_of(path)
    for file in files:
        if len(files) == 1 or file.stat().st_size > 0:
            yield from read_capture(file)


def _one_for_each(files: Sequence[Path], option: str, texts: Sequence[str], default: float) -> list[float]:
    values = [number_from(0, option, text) for text in texts]
    if len(values) <= 1:
        return (values or [default]) * len(files)
    if len(values) != len(files):
        raise ValueError(f"{len(files)} FILE but {len(values)} {option}; give it once, or once for each FILE")
    return values


def _address(to: str) -> tuple[str, int]:
    host, _, port = to.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")  # [::1]:20777
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(f"--to {to} is not HOST:PORT, such as 127.0.0.1:20777")
    return host, int(port)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = parse_arguments(argv)
    replay = Replay()
    began_s = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(_sigterm_as_interrupt())
        try:
            senders = [_sender(play, stack) for play in options.plays]
            for play in options.plays:
                _say(f"replaying {play.path.name} to {play.host}:{play.port}")
            replay.run((_schedule(play, options), send) for play, send in zip(options.plays, senders, strict=True))
        except KeyboardInterrupt:
            _say(f"stopped after {replay.sent} datagrams in {time.monotonic() - began_s:.1f} s")
        except (CaptureError, _NoSuchHost) as exc:
            return _fail(str(exc), EXIT_USAGE)
        except OSError as exc:
            return _fail(f"cannot send: {exc.strerror or exc}; check --to and the network", EXIT_NETWORK)
        else:
            _say(f"sent {replay.sent} datagrams in {time.monotonic() - began_s:.1f} s")
    return EXIT_OK


def _schedule(play: Play, options: Options) -> Iterator[Due]:
    passes = (_read(play.path) for _ in (count() if options.loop else range(1)))
    try:
        yield from schedule(passes, speed=options.speed, from_s=play.from_s, until_s=play.until_s)
    except EmptyWindow as exc:
        raise CaptureError(f"{play.path.name}: {exc}; change --from or --until") from exc


class _NoSuchHost(Exception):
    """A `--to` whose host nobody knows."""


def _sender(play: Play, stack: ExitStack) -> Send:
    """What sends a datagram to the play's address, from a socket that the stack will close."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(play.host, play.port, type=socket.SOCK_DGRAM)[0]
    except socket.gaierror as exc:
        raise _NoSuchHost(f"--to {play.host}:{play.port}: nobody knows this host ({exc.strerror})") from exc
    sender = stack.enter_context(socket.socket(family, kind, protocol))
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)  # the game can broadcast too
    return lambda payload: sender.sendto(payload, address)


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """Makes SIGTERM, which is how containers are stopped, mean Ctrl-C."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _fail(message: str, code: int) -> int:
    sys.stderr.write(f"replay: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
