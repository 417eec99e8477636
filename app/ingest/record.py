"""`python -m app.ingest.record --rig RIG_A=20777 --to DIR`: records rigs without a gateway.

    python -m app.ingest.record --rig RIG_A=20777 --rig RIG_B=20778 --to recordings --blank-names
    python -m app.ingest.replay recordings/RIG_A --to 127.0.0.1:20777

Says every ten seconds what came. Ends with 0 on Ctrl-C or SIGTERM, with 2 when an argument is wrong, with 3 when a
port is taken. How recording works is told in `recorder`; here are the arguments and the ports.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.arguments import OneSentence, number_from
from app.errors import PortUnavailable
from app.ingest.recorder import DEFAULT_LIMITS, Recorder
from app.ingest.rotation import MIB, Limits
from app.ingest.udp import Receive, open_port

EXIT_OK: Final = 0
EXIT_PORT_TAKEN: Final = 3

_RIG = re.compile(r"(?P<rig_id>[A-Za-z0-9_-]{1,32})=(?P<port>[0-9]{1,5})", re.ASCII)
_HOST: Final = "0.0.0.0"  # the rigs are other machines
_BUFFER_BYTES: Final = 4_194_304  # as the gateway asks for
_TELL_S: Final = 10.0
_LAST_S: Final = 0.05  # for what has arrived already and waits in the kernel's buffer


@dataclass(frozen=True)
class Options:
    """What the command line says: ports by rig, and what is kept where."""

    rigs: dict[str, int]
    directory: Path
    limits: Limits = DEFAULT_LIMITS
    blank_names: bool = False


def parse_arguments(argv: Sequence[str] | None) -> Options:
    """The command line understood; leaves with 2 and a sentence when it cannot be."""
    megabytes, hours = DEFAULT_LIMITS.total_bytes / MIB, DEFAULT_LIMITS.max_age_s / 3600
    parser = OneSentence("python -m app.ingest.record", "Record rigs' datagrams as they arrive.", "record")
    parser.add_argument("--rig", metavar="RIG=PORT", action="append", required=True, help="once for each rig")
    parser.add_argument("--to", metavar="DIR", type=Path, required=True, help="made if it does not exist")
    parser.add_argument("--max-mb", metavar="N", default=megabytes, help=f"MiB, all rigs together ({megabytes:g})")
    parser.add_argument("--max-age-h", metavar="N", default=hours, help=f"hours that a file stays ({hours:g})")
    parser.add_argument("--blank-names", action="store_true", help="people's names never reach the disk")
    given = parser.parse_args(argv)
    try:
        return _understand(given)
    except ValueError as exc:
        parser.error(str(exc))


def _understand(given: argparse.Namespace) -> Options:
    rigs: dict[str, int] = {}
    for text in given.rig:
        told = _RIG.fullmatch(text)
        if told is None or not 0 < int(told["port"]) < 65_536:
            raise ValueError(f"--rig {text} is not RIG=PORT, such as RIG_A=20777")
        if told["rig_id"] in rigs or int(told["port"]) in rigs.values():
            raise ValueError(f"--rig {text}: this rig or this port is given twice")
        rigs[told["rig_id"]] = int(told["port"])
    if given.to.exists() and not given.to.is_dir():
        raise ValueError(f"--to {given.to} is a file; give a directory")
    limits = DEFAULT_LIMITS._replace(
        total_bytes=int(number_from(1, "--max-mb", given.max_mb) * MIB),
        max_age_s=number_from(0.1, "--max-age-h", given.max_age_h) * 3600,
    )
    return Options(rigs, given.to, limits, given.blank_names)


async def record(options: Options, tell_s: float = _TELL_S) -> None:
    """Record until SIGINT or SIGTERM.

    Raises:
        PortUnavailable: A port is taken.
    """
    told_to_stop = asyncio.Event()
    recorder = Recorder(options.directory, options.rigs, options.limits, options.blank_names)
    received: Counter[str] = Counter()

    def receiver(rig_id: str) -> Receive:
        def receive(datagram: bytes, source: tuple[str, int]) -> None:
            received[rig_id] += 1
            recorder.record(rig_id, datagram, source, time.time())

        return receive

    endpoints = []
    before = _on_signals(told_to_stop)
    try:
        for rig_id, port in options.rigs.items():
            endpoints.append(await open_port(rig_id, _HOST, port, receiver(rig_id), _BUFFER_BYTES))
        recorder.start()
        ports = ", ".join(f"{rig_id} on UDP {port}" for rig_id, port in options.rigs.items())
        _say(f"recording {ports} to {options.directory}")
        while not told_to_stop.is_set():
            try:
                await asyncio.wait_for(told_to_stop.wait(), tell_s)
            except TimeoutError:
                _say(_counts(options, received, recorder))
        await asyncio.sleep(_LAST_S)
    finally:
        for endpoint in endpoints:
            endpoint.close()
        await asyncio.to_thread(recorder.stop)
        for number, handler in before.items():
            signal.signal(number, handler)
    _say("stopped: " + _counts(options, received, recorder))


def _on_signals(event: asyncio.Event) -> dict[int, Any]:  # Any: signal's own type of a handler has no name
    """Makes SIGINT and SIGTERM set the event; the handlers there were."""
    loop = asyncio.get_running_loop()
    # not loop.add_signal_handler, which Windows lacks
    return {
        number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(event.set))
        for number in (signal.SIGINT, signal.SIGTERM)
    }


def _counts(options: Options, received: Counter[str], recorder: Recorder) -> str:
    rigs = ", ".join(f"{rig_id} {received[rig_id]}" for rig_id in options.rigs)
    line = f"{rigs} received; {recorder.written} written, {recorder.dropped} dropped, {recorder.failed} failed"
    return f"{line}: {recorder.problem}" if recorder.problem is not None else line


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    options = parse_arguments(argv)
    logging.basicConfig(format="record: %(message)s", level=logging.INFO)
    try:
        asyncio.run(record(options))
    except PortUnavailable as exc:
        sys.stderr.write(f"record: {exc}\n")
        return EXIT_PORT_TAKEN
    return EXIT_OK


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
