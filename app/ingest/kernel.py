"""What the kernel does for a port [edge]: lets datagrams through by their source, and counts those it dropped.

The filter is a classic BPF program on the socket (Linux, IPv4). It needs no privilege and may be swapped while
datagrams arrive. It accepts the rigs' addresses, and of everybody else a random share: see `strangers` for why.

The kernel's drop counter holds filtered datagrams as well as those that found no room in the receive buffer, and does
not tell one from the other.

Source:
    Linux, Documentation/networking/filter.rst: opcodes and ancillary loads; include/uapi/linux/sock_diag.h: meminfo.
"""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
from collections.abc import Iterable
from ipaddress import IPv4Network
from typing import Final

from app.ingest.lease import Network
from app.ingest.strangers import Shares

_SO_ATTACH_FILTER: Final = 26
_SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")
_DROPS: Final = 8
_INSTRUCTION: Final = struct.Struct("=HBBI")

_LOAD_WORD: Final = 0x20
_AND: Final = 0x54
_JUMP_IF_EQUAL: Final = 0x15
_JUMP_IF_AT_LEAST: Final = 0x35
_RETURN: Final = 0x06
_SOURCE_ADDRESS: Final = 0xFFF00000 + 12
"""SKF_NET_OFF and the offset of the source address in an IPv4 header."""
_RANDOM: Final = 0xFFFFF000 + 56
"""SKF_AD_OFF + SKF_AD_RANDOM: 32 random bits."""
_ALL_BYTES: Final = 0x40000
_ACCEPT: Final = (_RETURN, 0, 0, _ALL_BYTES)
_DROP: Final = (_RETURN, 0, 0, 0)

_Instruction = tuple[int, int, int, int]


def program(rigs: Iterable[Network], shares: Shares) -> bytes:
    """The filter as the kernel takes it.

    Args:
        rigs: Where the rigs are: all of it passes.
        shares: What passes of others.
    """
    steps: list[_Instruction] = []
    for network in rigs:
        steps += _if_in(network, [_ACCEPT])
    for address in shares.loud:
        steps += _if_in(IPv4Network(address), _share(shares.of_loud))
    steps += _share(shares.of_others)
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)


def attach(sock: socket.socket, filter_program: bytes) -> str | None:
    """Put the filter on the socket, in place of the one before; why that cannot be, or None when it was done."""
    if sys.platform != "linux":
        return "only Linux has source filters"
    if sock.family != socket.AF_INET:
        return "source filters read IPv4 addresses only"
    code = ctypes.create_string_buffer(filter_program)
    length = len(filter_program) // _INSTRUCTION.size
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HL", length, ctypes.addressof(code)))
    except OSError as refused:
        return f"the kernel refuses source filters: {refused.strerror}"
    return None


def dropped(sock: socket.socket) -> int | None:
    """Datagrams that the kernel dropped at this socket, filtered ones included; None where it does not tell.

    The same counter as the `drops` of /proc/net/udp, without reading every socket of the host.
    """
    if sys.platform != "linux":
        return None
    try:
        told = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
    except OSError:
        return None
    drops: int = _MEMINFO.unpack(told)[_DROPS] if len(told) == _MEMINFO.size else 0
    return drops


def _if_in(network: Network, then: list[_Instruction]) -> list[_Instruction]:
    """`then`, which must return, for senders of this network; an IPv6 network has no sender on an IPv4 socket."""
    if not isinstance(network, IPv4Network):
        return []
    steps: list[_Instruction] = [(_LOAD_WORD, 0, 0, _SOURCE_ADDRESS)]
    if network.prefixlen < network.max_prefixlen:
        steps.append((_AND, 0, 0, int(network.netmask)))
    return [*steps, (_JUMP_IF_EQUAL, 0, len(then), int(network.network_address)), *then]


def _share(share: float) -> list[_Instruction]:
    if share >= 1.0:
        return [_ACCEPT]
    return [(_LOAD_WORD, 0, 0, _RANDOM), (_JUMP_IF_AT_LEAST, 0, 1, round(share * 2**32)), _DROP, _ACCEPT]
