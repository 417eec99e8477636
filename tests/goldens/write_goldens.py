"""`python write_goldens.py CAPTURE TARGET`: what an independent decoder reads in a capture, and in made-up datagrams.

Run by an interpreter that has one version of the package f1-packets and nothing of ours; `make.py` sees to that.
f1-packets is made by its author from the publisher's C listing: 2025.1.1 reads packet format 2025, 2026.1.1 reads 2026.

TARGET is gzip JSON:

- `digests`: one per datagram, in file order: BLAKE2b, 8 bytes, in hex, of the datagram's canonical text in ASCII.
- `readable`: for three datagrams (first, middle, last) of each packet id, and of each event code, their `index` in
  the file and all their `values` as objects and arrays.
- `made_up`: digests of datagrams that no capture holds, by `"packet id, event code, number"`: every packet and every
  event code, filled with noise (`made_up_datagram`). Real weather is never below zero and real lobbies are rare.

Canonical text of a value:

- integer: decimal. Scaled integers are not scaled.
- float: the shortest decimal text that gives back the same double, Python's `repr`; a 32-bit float is widened first.
- text: up to the first zero byte, UTF-8 with U+FFFD for what is none, as Python's `ascii`.
- array of numbers: `(1, 2, 3)`, in wire order. Tables are flat here.
- record: `(name=value, name=value)`, in wire order. Names are the game's in snake_case without `m_`.
- array of records: `[record, record]`, in wire order.
- packet: as a record; its first field is `header`. In an Event, `event_details` is the record of the union's member
  that belongs to the code, `()` for codes without one, and what lies behind it in the union is not part of the text.
"""

from __future__ import annotations

import ctypes
import gzip
import hashlib
import json
import struct
import sys
from collections import defaultdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

EVENT_ID = 3
HEADER_SIZE = 29
MADE_UP = 8  # of each packet and event code: a field of one bit more or less shows in about half of them
CODES_WITHOUT_DETAILS = ("SSTA", "SEND", "DRSE", "CHQF", "LGOT", "RDFL")
EVENT_MEMBERS = {
    "FTLP": "fastest_lap",
    "RTMT": "retirement",
    "DRSD": "drs_disabled",
    "TMPT": "team_mate_in_pits",
    "RCWN": "race_winner",
    "PENA": "penalty",
    "SPTP": "speed_trap",
    "STLG": "start_lights",
    "DTSV": "drive_through_penalty_served",
    "SGSV": "stop_go_penalty_served",
    "FLBK": "flashback",
    "BUTN": "buttons",
    "OVTK": "overtake",
    "SCAR": "safety_car",
    "COLL": "collision",
}


def payloads(path: Path) -> list[bytes]:
    """The datagrams of a gzip pcap as the bundled ones are: little-endian, the payload at byte 42 of each frame."""
    data = gzip.decompress(path.read_bytes())
    found, at = [], 24
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at + 8)
        found.append(data[at + 16 + 42 : at + 16 + size])
        at += 16 + size
    return found


def made_up_datagram(packet_format: int, packet_id: int, code: str, number: int, size: int) -> bytes:
    """A datagram of noise behind a header of zeros that names format, packet version and id; the same every time."""
    header = struct.pack("<HBBBBB", packet_format, 0, 0, 0, 1, packet_id).ljust(HEADER_SIZE, b"\0") + code.encode()
    seed = f"{packet_format} {packet_id} {code} {number}".encode()
    return header + hashlib.shake_128(seed).digest(size - len(header))


def values(value: Any) -> Any:
    """A ctypes value as dictionaries, tuples (numbers), lists (records), numbers and texts."""
    if isinstance(value, ctypes.Structure):
        return {name: values(getattr(value, name)) for name, *_ in value._fields_}
    if isinstance(value, ctypes.Array):
        items = list(value)
        return [values(item) for item in items] if isinstance(items[0], ctypes.Structure) else tuple(items)
    if isinstance(value, bytes):
        return value.partition(b"\0")[0].decode("utf-8", errors="replace")
    return value


def packet_values(packet: Any) -> dict[str, Any]:
    """As `values`; an event's union by its code."""
    if packet.header.packet_id != EVENT_ID:
        found: dict[str, Any] = values(packet)
        return found
    member = EVENT_MEMBERS.get(bytes(packet.event_string_code).decode())
    return {
        "header": values(packet.header),
        "event_string_code": tuple(packet.event_string_code),
        "event_details": values(getattr(packet.event_details, member)) if member else {},
    }


def canonical(value: Any) -> str:
    """The canonical text of what `values` gives."""
    if isinstance(value, dict):
        return "(" + ", ".join(f"{name}={canonical(item)}" for name, item in value.items()) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(canonical, value)) + "]"
    return ascii(value)


def digest(text: str) -> str:
    """The digest of a canonical text."""
    return hashlib.blake2b(text.encode("ascii"), digest_size=8).hexdigest()


def main(capture: Path, target: Path) -> None:
    """Write the goldens of a capture."""
    package: Any = import_module("f1.packets")  # is there in the throw-away environment only
    resolve = package.resolve
    digests: list[str] = []
    by_kind: dict[tuple[int, tuple[int, ...]], list[int]] = defaultdict(list)
    datagrams = payloads(capture)
    for index, payload in enumerate(datagrams):
        packet = resolve(payload)
        digests.append(digest(canonical(packet_values(packet))))
        by_kind[packet.header.packet_id, tuple(getattr(packet, "event_string_code", ()))].append(index)
    picked = {indexes[place] for indexes in by_kind.values() for place in (0, len(indexes) // 2, -1)}
    made_up = {}
    for (packet_format, _, packet_id), packet_type in package.HEADER_FIELD_TO_PACKET_TYPE.items():
        for code in (*EVENT_MEMBERS, *CODES_WITHOUT_DETAILS) if packet_id == EVENT_ID else ("",):
            for number in range(MADE_UP):
                payload = made_up_datagram(packet_format, packet_id, code, number, packet_type.size())
                made_up[f"{packet_id}, {code}, {number}"] = digest(canonical(packet_values(resolve(payload))))
    golden = {
        "capture": capture.name,
        "decoder": f"f1-packets {version('f1-packets')}",
        "digests": digests,
        "made_up": made_up,
        "readable": [{"index": index, "values": packet_values(resolve(datagrams[index]))} for index in sorted(picked)],
    }
    text = json.dumps(golden, separators=(",", ":"), sort_keys=True) + "\n"
    with target.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as zipped:
        zipped.write(text.encode("ascii"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
