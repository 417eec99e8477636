"""The capture file, read and written: classic pcap, so that Wireshark and tcpdump know it too.

A file is a 24-byte head, then per datagram a 16-byte record head (seconds, fraction, captured length, length)
and an Ethernet frame with IPv4 and UDP. Written files are little-endian with microseconds, IPv4 without
options and valid checksums: the game's datagram starts at byte 42 of the frame, and equal datagrams give equal
files. Read are also big-endian files, nanoseconds, IPv4 options and gzip, whatever the file is called.

What the datagrams say is `decoder`'s business.

Source:
    draft-ietf-opsawg-pcap, "PCAP Capture File Format": File Header, Packet Record; RFC 791, RFC 768, RFC 1071.
"""

from __future__ import annotations

import gzip
import socket
import struct
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from app.errors import CaptureError

GZIP_MAGIC = b"\x1f\x8b"
DATAGRAM_AT = 42

_PCAPNG_MAGIC = b"\x0a\x0d\x0d\x0a"
_BYTE_ORDER_AND_TICKS = {  # first four bytes of the file: byte order, fractions per second
    b"\xd4\xc3\xb2\xa1": ("<", 1_000_000),
    b"\xa1\xb2\xc3\xd4": (">", 1_000_000),
    b"\x4d\x3c\xb2\xa1": ("<", 1_000_000_000),
    b"\xa1\xb2\x3c\x4d": (">", 1_000_000_000),
}
_FILE_HEAD_SIZE = 24
_RECORD_HEAD_SIZE = 16
_LINK_ETHERNET = 1
_SNAPLEN = 65_535
_MAX_FRAME = 262_144  # tcpdump's own ceiling (MAXIMUM_SNAPLEN); more is not a record head

_ETHERNET_SIZE = 14
_IPV4_TYPE = b"\x08\x00"
_IPV4_HEAD = struct.Struct("!BBHHHBBH4s4s")
_UDP_HEAD = struct.Struct("!HHHH")
_UDP = 17
_FRAGMENT_BITS = 0x3FFF  # more fragments, and the offset: a game datagram never needs them
_DONT_FRAGMENT = 0x4000
_TTL = 64
_MAX_PAYLOAD = _SNAPLEN - _IPV4_HEAD.size - _UDP_HEAD.size - _ETHERNET_SIZE

# Who received is not kept in CapturedDatagram, so written files name a documentation address (RFC 5737) and
# locally administered MAC addresses, the sender's with the last byte of its IP address.
_RECEIVER_IP = socket.inet_aton("192.0.2.1")
_RECEIVER_MAC = bytes.fromhex("02005e000001")
_SENDER_MAC_PREFIX = bytes.fromhex("02005e0000")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...
    def flush(self) -> None: ...


class CapturedDatagram(NamedTuple):
    """One datagram and the circumstances of its arrival.

    Attributes:
        at_s: Arrival, seconds since 1970 UTC; exact to the microsecond.
        payload: The bytes as received.
        source: Sender's IPv4 address and port.
        destination_port: The port it arrived at.
    """

    at_s: float
    payload: bytes
    source: tuple[str, int]
    destination_port: int


def read_capture(path: str | Path, *, strict: bool = False) -> Iterator[CapturedDatagram]:
    """Every UDP datagram of the file, in file order; the file is read as it is asked for.

    Frames that are no whole IPv4 UDP datagram (ARP, IPv6, TCP, fragments) are passed over.

    Args:
        path: A pcap file, plain or gzip.
        strict: A record torn off at the end, as a crash or a full disk leaves it, is an error. By default it
            ends the file, since everything before it is good.

    Raises:
        CaptureError: No such file, not a classic pcap of Ethernet frames, a datagram that was not captured
            whole, or, with `strict`, a torn last record.
    """
    name = Path(path).name
    try:
        with ExitStack() as stack:
            file = stack.enter_context(open(path, "rb"))
            is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            file.seek(0)
            # GzipFile unbuffered: a buffer around it would lose what came before a torn end
            yield from _datagrams(stack.enter_context(gzip.GzipFile(fileobj=file)) if is_gzip else file, name, strict)
    except OSError as exc:  # gzip.BadGzipFile is one
        raise CaptureError(f"{name}: {exc.strerror or exc}") from exc
    except zlib.error as exc:
        raise CaptureError(f"{name}: damaged gzip data: {exc}") from exc


def _datagrams(file: _Readable, name: str, strict: bool) -> Iterator[CapturedDatagram]:
    byte_order, ticks = _read_file_head(file, name)
    record_head = struct.Struct(f"{byte_order}IIII")
    offset, number = _FILE_HEAD_SIZE, 0
    while True:
        head = _read_up_to(file, _RECORD_HEAD_SIZE)
        if not head and _at_clean_end(file):
            return
        number += 1
        seconds, fraction, captured, length = record_head.unpack(head.ljust(_RECORD_HEAD_SIZE, b"\0"))
        whole_head = len(head) == _RECORD_HEAD_SIZE
        if whole_head and captured > _MAX_FRAME:
            raise CaptureError(f"{name}: record {number} at byte {offset} claims {captured} bytes; not a pcap record")
        frame = _read_up_to(file, captured) if whole_head else b""
        if not whole_head or len(frame) < captured:
            if strict:
                got, of = (len(frame), captured) if whole_head else (len(head), _RECORD_HEAD_SIZE)
                raise CaptureError(f"{name}: record {number} at byte {offset} is torn: {got} of {of} bytes")
            return
        offset += _RECORD_HEAD_SIZE + captured
        datagram = _unwrap(frame, seconds + fraction / ticks)
        if datagram is not None:
            yield datagram
        elif captured < length and _claims_udp(frame):
            raise CaptureError(
                f"{name}: record {number} holds {captured} of {length} bytes; capture with a larger snapshot length"
            )


def _read_file_head(file: _Readable, name: str) -> tuple[str, int]:
    """Byte order and fractions per second."""
    head = _read_up_to(file, _FILE_HEAD_SIZE)
    if head[:4] == _PCAPNG_MAGIC:
        raise CaptureError(f"{name}: is pcapng; save it as classic pcap (editcap -F pcap)")
    if head[:4] not in _BYTE_ORDER_AND_TICKS:
        raise CaptureError(f"{name}: is not a pcap file; it begins with {head[:4].hex() or 'nothing'}")
    if len(head) < _FILE_HEAD_SIZE:
        raise CaptureError(f"{name}: file head is torn: {len(head)} of {_FILE_HEAD_SIZE} bytes")
    byte_order, ticks = _BYTE_ORDER_AND_TICKS[head[:4]]
    link: int = struct.unpack_from(f"{byte_order}I", head, 20)[0] & 0xFFFF  # above are checksum-length bits
    if link != _LINK_ETHERNET:
        raise CaptureError(f"{name}: link type {link}; only Ethernet ({_LINK_ETHERNET}) is read")
    return byte_order, ticks


def _read_up_to(file: _Readable, size: int) -> bytes:
    """`size` bytes, or fewer where the file ends, or where a gzip stream breaks off."""
    try:
        return file.read(size)
    except EOFError:
        return b""


def _at_clean_end(file: _Readable) -> bool:
    """Whether nothing was read because there is no more: a broken-off gzip stream raises again."""
    try:
        return file.read(1) == b""
    except EOFError:
        return False


def _unwrap(frame: bytes, at_s: float) -> CapturedDatagram | None:
    """The datagram in an Ethernet frame; None when there is no whole IPv4 UDP datagram in it."""
    ip_at = _ETHERNET_SIZE
    if frame[12:14] != _IPV4_TYPE or len(frame) < ip_at + _IPV4_HEAD.size:
        return None
    version_and_size, _, _, _, fragment, _, protocol, _, source_ip, _ = _IPV4_HEAD.unpack_from(frame, ip_at)
    udp_at = ip_at + (version_and_size & 0x0F) * 4
    if (
        version_and_size >> 4 != 4
        or udp_at < ip_at + _IPV4_HEAD.size
        or protocol != _UDP
        or fragment & _FRAGMENT_BITS
        or len(frame) < udp_at + _UDP_HEAD.size
    ):
        return None
    source_port, destination_port, udp_size, _ = _UDP_HEAD.unpack_from(frame, udp_at)
    if not _UDP_HEAD.size <= udp_size <= len(frame) - udp_at:
        return None
    payload = frame[udp_at + _UDP_HEAD.size : udp_at + udp_size]  # short frames are padded: the length decides
    return CapturedDatagram(at_s, payload, (socket.inet_ntoa(source_ip), source_port), destination_port)


def _claims_udp(frame: bytes) -> bool:
    """Whether the frame begins as an IPv4 UDP one, however little of it is there."""
    return frame[12:14] == _IPV4_TYPE and frame[23:24] == bytes([_UDP])


class CaptureWriter:
    """Appends datagrams to a new capture file; a context manager.

    A name that ends in `.gz` gives gzip. Every record is whole in the file once `flush` or `close` has returned; a
    crash before that may tear the last one, which `read_capture` forgives.

        with CaptureWriter("lap.pcap") as writer:
            writer.append(CapturedDatagram(now, payload, ("192.168.1.20", 50321), 20777))
    """

    def __init__(self, path: str | Path) -> None:
        """Create the file, or empty it, and write its head.

        Raises:
            CaptureError: The file cannot be made.
        """
        self.count = 0
        self._stack = ExitStack()
        try:
            file = self._stack.enter_context(open(path, "wb"))
        except OSError as exc:
            raise CaptureError(f"{Path(path).name}: {exc.strerror}") from exc
        self._file: _Writable = file
        if Path(path).suffix == ".gz":
            self._file = self._stack.enter_context(gzip.GzipFile("", "wb", 9, file, mtime=0))
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, _SNAPLEN, _LINK_ETHERNET))

    def append(self, datagram: CapturedDatagram) -> None:
        """Write one datagram behind the others.

        Raises:
            CaptureError: The source is no IPv4 address, or the payload longer than a frame can hold.
        """
        frame = _wrap(datagram, self.count)
        seconds, micros = divmod(round(datagram.at_s * 1_000_000), 1_000_000)
        self._file.write(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)
        self.count += 1

    def flush(self) -> None:
        """Hand everything to the operating system. In a gzip file each call costs some bytes."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file; once is enough, twice does no harm."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _wrap(datagram: CapturedDatagram, number: int) -> bytes:
    """The Ethernet frame around a datagram; `number` becomes its IP identification."""
    address, port = datagram.source
    if len(datagram.payload) > _MAX_PAYLOAD:
        raise CaptureError(f"datagram {number} has {len(datagram.payload)} bytes; a frame holds {_MAX_PAYLOAD}")
    try:
        source_ip = socket.inet_aton(address)
    except OSError as exc:
        raise CaptureError(f"datagram {number} comes from {address!r}, which is no IPv4 address") from exc

    udp_size = _UDP_HEAD.size + len(datagram.payload)
    pseudo_head = source_ip + _RECEIVER_IP + struct.pack("!HH", _UDP, udp_size)
    udp_head = _UDP_HEAD.pack(port, datagram.destination_port, udp_size, 0)
    checksum = _checksum(pseudo_head + udp_head + datagram.payload) or 0xFFFF  # 0 would mean "none"
    udp = _UDP_HEAD.pack(port, datagram.destination_port, udp_size, checksum) + datagram.payload

    fields = (0x45, 0, _IPV4_HEAD.size + udp_size, number & 0xFFFF, _DONT_FRAGMENT, _TTL, _UDP)
    bare_head = _IPV4_HEAD.pack(*fields, 0, source_ip, _RECEIVER_IP)
    ip_head = _IPV4_HEAD.pack(*fields, _checksum(bare_head), source_ip, _RECEIVER_IP)
    return _RECEIVER_MAC + _SENDER_MAC_PREFIX + source_ip[-1:] + _IPV4_TYPE + ip_head + udp


def _checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071): one's complement of the one's complement sum of 16-bit words."""
    words = data + b"\0" if len(data) % 2 else data
    total = int.from_bytes(words, "big") % 0xFFFF  # 2**16 is 1 modulo 0xFFFF, so this is the sum
    if total == 0 and any(data):
        total = 0xFFFF
    return total ^ 0xFFFF
