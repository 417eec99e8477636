"""Decoding, per packet type: what our packets and events cost beside f1-packets' plain values.

`python -m bench.decode` reports. It runs itself once per packet format, in a process of its own, since the two
versions of f1-packets cannot be imported side by side; there ours and theirs take turns.

Compared per datagram:

- own car: `decode`, and the own car's record where the packet has one per car; what a sample needs.
- all: `decode`, and every record of every array; the same values as f1-packets' `resolve(datagram).to_dict()`.
- plain: `decode`, and every number of every car as one tuple a car, by the `columns` that laps are read by.
- event: `decode` and `Normalizer.feed`, up to the validated canonical events, for the types that make samples.
- theirs: `resolve` and `to_dict` of everything, and of the own car's structure alone.
- C: the floor, for CarTelemetry of format 2025 where there is a compiler.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.ingest.decoder import decode
from app.ingest.header import parse_header
from app.ingest.layouts import LAYOUTS, SPECS
from app.ingest.layouts.table import CARS, CHAR, Block, columns
from app.normalize.events import Sample
from app.normalize.minting import RigIdentity
from app.normalize.normalizer import Normalizer
from bench import native, peers, report
from bench.findings import Findings
from bench.machine import ROOT
from bench.timing import Contender, Work, compare, ready
from bench.traffic import Mix, catalunya, melbourne, of_type, one_after_another

ROUNDS: Final = 21
DATAGRAMS: Final = 32
"""Per piece of work: half a second of a 60 Hz packet, and the slowest peer still takes turns within 10 ms."""

_TIMES_IN_C: Final = 20_000
"""C does so many at a call, so that the call itself does not count."""

_SAMPLES: Final = (0, 1, 2, 6, 7, 10, 16)
_KNOWN_FIRST: Final = (1, 4, 2)
"""What a normaliser is told before it is measured: the session, who drives, and that the own car does."""
_KNOWN_FRAME: Final = 1000
_IDENTITY: Final = RigIdentity("RIG_A", "SIM_A")
_RECEIVED_AT: Final = datetime(2026, 3, 1, 10, tzinfo=UTC)


class Row(NamedTuple):
    """One line of the table; None where there is nothing to measure."""

    name: str
    recorded: bool
    own_us: float
    all_us: float
    event_us: float | None
    theirs_us: float | None
    own_ratio: float | None
    own_to_own_ratio: float | None
    all_ratio: float | None
    event_ratio: float | None
    plain_us: float | None = None
    plain_ratio: float | None = None
    c_own_us: float | None = None
    c_all_us: float | None = None
    own_to_c_ratio: float | None = None
    all_to_c_ratio: float | None = None


# --- the contenders -------------------------------------------------------------------------------


def _over(datagrams: Sequence[bytes], read: Callable[[bytes], object]) -> Work:
    def work() -> None:
        for datagram in datagrams:
            read(datagram)

    return work


def _arrays(packet_format: int, packet_id: int) -> tuple[list[str], list[str]]:
    """The names of a packet's arrays of records: all, and those with a record per car."""
    for spec in SPECS[packet_format].packets:
        if spec.packet_id == packet_id:
            arrays = [row for row in spec.rows if isinstance(row, Block) and row.count is not None]
            return [row.name for row in arrays], [row.name for row in arrays if row.count == CARS]
    return [], []


def _plain_fields(packet_format: int, packet_id: int) -> tuple[str, tuple[str, ...]] | None:
    """A packet's array with a record per car, and all fields of it; None without one of numbers alone."""
    spec = SPECS[packet_format]
    rows = next((packet.rows for packet in spec.packets if packet.packet_id == packet_id), ())  # none of an event
    for row in rows:
        if isinstance(row, Block) and row.count == CARS:
            fields = spec.records[row.record]
            if all(field.type != CHAR and field.divide_by is None for field in fields):
                return row.name, tuple(field.name for field in fields)
    return None


def _read_plain(array: str, names: tuple[str, ...], datagram: bytes) -> object:
    return list(columns(getattr(decode(datagram), array), names))


def _read_own(names: Sequence[str], datagram: bytes) -> object:
    packet = decode(datagram)
    return [getattr(packet, name)[packet.header.player_car_index] for name in names]


def _read_all(names: Sequence[str], datagram: bytes) -> object:
    packet = decode(datagram)
    return [list(getattr(packet, name)) for name in names]


def _to_events(mix: Mix, datagrams: Sequence[bytes]) -> Callable[[], Work]:
    """Prepares the datagrams for a fresh normaliser that knows the session."""
    known = [of_type(mix, packet_id, 1)[0][0] for packet_id in _KNOWN_FIRST]
    before = [decode(datagram) for datagram in one_after_another(known, _KNOWN_FRAME)]
    rising = one_after_another(list(datagrams), _KNOWN_FRAME + len(known))

    def prepare() -> Work:
        normalizer = Normalizer(_IDENTITY)
        for packet in before:
            normalizer.feed(packet, _RECEIVED_AT)
        return _over(rising, lambda datagram: normalizer.feed(decode(datagram), _RECEIVED_AT))

    _check_samples(before, rising)
    return prepare


def _check_samples(before: Sequence[Any], rising: Sequence[bytes]) -> None:
    """Each datagram makes a sample, without mending: else something other than the usual case would be measured."""
    normalizer = Normalizer(_IDENTITY)
    for packet in before:
        normalizer.feed(packet, _RECEIVED_AT)
    for datagram in rising:
        told = normalizer.feed(decode(datagram), _RECEIVED_AT)
        if not any(isinstance(event, Sample) for event in told) or normalizer.implausible:
            raise RuntimeError(f"packet {parse_header(datagram).packet_id} makes no sample: {told}")


def _theirs(resolve: Callable[[bytes], Any], datagrams: Sequence[bytes], cars: int) -> list[Contender]:
    """f1-packets to plain values: everything, and the own car where there is a structure per car."""
    units = len(datagrams)
    whole = _over(datagrams, lambda datagram: resolve(datagram).to_dict())
    found = [Contender("theirs", units, ready(whole))]
    packet = resolve(datagrams[0])
    for name, *_ in packet._fields_:
        array = getattr(packet, name)
        if isinstance(array, ctypes.Array) and len(array) == cars and isinstance(array[0], ctypes.Structure):
            own = partial(_their_own, resolve, name)
            found.append(Contender("their_own", units, ready(_over(datagrams, own))))
    return found


def _their_own(resolve: Callable[[bytes], Any], name: str, datagram: bytes) -> object:
    packet = resolve(datagram)
    return getattr(packet, name)[packet.header.player_car_index].to_dict()


def _in_c(datagram: bytes) -> list[Contender]:
    """The floor, whose values are those of ours."""
    floor = native.floor()
    if floor is None:
        return []
    packet: Any = decode(datagram)
    own = packet.header.player_car_index
    read = floor.decode_own(datagram, own, 1)
    if (read[0], read[6]) != (packet.cars[own].speed, packet.cars[own].engine_rpm):
        raise RuntimeError(f"the floor in C reads {read} instead of {packet.cars[own]}")
    return [
        Contender("c_own", _TIMES_IN_C, ready(lambda: floor.decode_own(datagram, own, _TIMES_IN_C))),
        Contender("c_all", _TIMES_IN_C, ready(lambda: floor.decode_all(datagram, _TIMES_IN_C))),
    ]


# --- measuring, one process per format ------------------------------------------------------------


def measure(mix: Mix, resolve: Callable[[bytes], Any] | None, rounds: int) -> list[Row]:
    """A row for every packet type of the mix's format."""
    of_format = sorted(packet_id for packet_format, packet_id in LAYOUTS if packet_format == mix.packet_format)
    return [_row(mix, packet_id, resolve, rounds) for packet_id in of_format]


def _row(mix: Mix, packet_id: int, resolve: Callable[[bytes], Any] | None, rounds: int) -> Row:
    datagrams, recorded = of_type(mix, packet_id, DATAGRAMS)
    every, per_car = _arrays(mix.packet_format, packet_id)
    contenders = [
        Contender("own", DATAGRAMS, ready(_over(datagrams, partial(_read_own, per_car)))),
        Contender("all", DATAGRAMS, ready(_over(datagrams, partial(_read_all, every)))),
    ]
    if (plain := _plain_fields(mix.packet_format, packet_id)) is not None:
        contenders.append(Contender("plain", DATAGRAMS, ready(_over(datagrams, partial(_read_plain, *plain)))))
    if packet_id in _SAMPLES:
        contenders.append(Contender("event", DATAGRAMS, _to_events(mix, datagrams)))
    if resolve is not None:
        contenders += _theirs(resolve, datagrams, SPECS[mix.packet_format].cars)
    if (mix.packet_format, packet_id) == (native.FORMAT, native.CAR_TELEMETRY):
        contenders += _in_c(datagrams[0])
    found = compare(contenders, rounds)

    def us(name: str) -> float | None:
        return found.us(name) if name in found else None

    def ratio(name: str, to: str) -> float | None:
        return found.ratio(name, to) if name in found and to in found else None

    return Row(
        name=LAYOUTS[mix.packet_format, packet_id].name,
        recorded=recorded,
        own_us=found.us("own"),
        all_us=found.us("all"),
        event_us=us("event"),
        theirs_us=us("theirs"),
        own_ratio=ratio("own", "theirs"),
        own_to_own_ratio=ratio("own", "their_own"),
        all_ratio=ratio("all", "theirs"),
        event_ratio=ratio("event", "theirs"),
        plain_us=us("plain"),
        plain_ratio=ratio("plain", "theirs"),
        c_own_us=us("c_own"),
        c_all_us=us("c_all"),
        own_to_c_ratio=ratio("own", "c_own"),
        all_to_c_ratio=ratio("all", "c_all"),
    )


def _measured_apart(packet_format: int, folder: Path | None, rounds: int) -> list[Row]:
    """The rows of a format, measured by a process of its own that imports f1-packets from the folder."""
    command = [sys.executable, "-m", "bench.decode", "--format", str(packet_format), "--rounds", str(rounds)]
    if folder is not None:
        command += ["--peer", str(folder)]
    printed = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    return [Row(*cells) for cells in json.loads(printed)]


# --- the report -----------------------------------------------------------------------------------

_COLUMNS: Final = (
    "packet",
    "own car µs",
    "to f1-packets",
    "to its own car",
    "all µs",
    "to f1-packets",
    "plain µs",
    "to f1-packets",
    "event µs",
    "to f1-packets",
    "f1-packets µs",
)


def run(rounds: int = ROUNDS) -> Findings:
    """This row of the benchmarks."""
    legend = (
        "*own car*: decoded, the own car read. *all*: every record of every array read. *plain*: every "
        "number of every car, a tuple a car, by `columns`. *event*: validated canonical "
        "events out of `Normalizer.feed`, with all its bookkeeping (laps of all cars in LapData). *f1-packets*: "
        "`resolve` and `to_dict` of everything; *its own car*: `to_dict` of that car's structure alone. "
        "\\* built, not recorded.\n"
    )
    parts, figures = ["## Decode, per datagram\n", legend], {}
    for packet_format, version in peers.F1_PACKETS.items():
        folder = peers.f1_packets(packet_format)
        rows = _measured_apart(packet_format, folder, rounds)
        beside = f"f1-packets {version}" if folder is not None else f"f1-packets {version} could not be fetched"
        parts.append(f"### Format {packet_format}, beside {beside}\n")
        parts.append(report.table(_COLUMNS, map(_cells, rows)))
        telemetry = next(row for row in rows if row.name == LAYOUTS[packet_format, native.CAR_TELEMETRY].name)
        if packet_format == native.FORMAT:
            figures = _figures(telemetry)
            parts.append(_floor(telemetry))
    return Findings("\n".join(parts), figures)


def _figures(telemetry: Row) -> dict[str, float]:
    told = {"decode.event": telemetry.event_ratio, "decode.plain": telemetry.plain_ratio}
    return {name: ratio for name, ratio in told.items() if ratio is not None}


def _floor(telemetry: Row) -> str:
    if telemetry.c_own_us is None or telemetry.c_all_us is None:
        return "The floor in C was not measured: there is no `cc`.\n"
    own, every = telemetry.own_to_c_ratio or 0.0, telemetry.all_to_c_ratio or 0.0
    return (
        f"The floor in C: {1000 * telemetry.c_own_us:.1f} ns for the own car of CarTelemetry, "
        f"{1000 * telemetry.c_all_us:.0f} ns for all 22; ours are {own:.0f} and, as records, {every:.0f} times that.\n"
    )


def _cells(row: Row) -> list[str]:
    return [
        row.name if row.recorded else f"{row.name} \\*",
        report.micros(row.own_us),
        _share(row.own_ratio),
        _share(row.own_to_own_ratio),
        report.micros(row.all_us),
        _share(row.all_ratio),
        _micros(row.plain_us),
        _share(row.plain_ratio),
        _micros(row.event_us),
        _share(row.event_ratio),
        _micros(row.theirs_us),
    ]


def _micros(us: float | None) -> str:
    return "" if us is None else report.micros(us)


def _share(ratio: float | None) -> str:
    return "" if ratio is None else report.share(ratio)


def main(argv: Sequence[str] | None = None) -> None:
    """Report, or with `--format` measure one format and print its rows as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.decode", description="Decode cost beside f1-packets.")
    parser.add_argument("--format", type=int, choices=sorted(peers.F1_PACKETS), help="measure one packet format")
    parser.add_argument("--peer", metavar="FOLDER", help="where its f1-packets lies")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"turns of each contender; default {ROUNDS}")
    given = parser.parse_args(argv)
    if given.format is None:
        report.say(run(given.rounds).section)
        return
    resolve: Callable[[bytes], Any] | None = None
    if given.peer is not None:
        sys.path.insert(0, given.peer)
        resolve = import_module("f1.packets").resolve
    mix = next(each for each in (catalunya(), melbourne()) if each.packet_format == given.format)
    sys.stdout.write(json.dumps(measure(mix, resolve, given.rounds)))


if __name__ == "__main__":
    main()
