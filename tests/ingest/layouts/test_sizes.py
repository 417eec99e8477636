"""The documented size of every packet in every format, header included, copied by hand from the documents."""

from __future__ import annotations

import pytest

from app.ingest.decoder import encode
from app.ingest.layouts import LAYOUTS, PACKET_NAMES
from tests.builders import make_event_packet, make_packet

# EA, "Data Output from F1 23", "... F1 24", "... F1 25", v3, "... F1 25: 2026 Season Pack", v1.1: Packet Information.
DOCUMENTED = """
    id  name                  2023  2024  2025  2026
     0  motion                1349  1349  1349  1325
     1  session                644   753   753   926
     2  lap_data              1131  1285  1285  1399
     3  event                   45    45    45    45
     4  participants          1306  1350  1284  1470
     5  car_setups            1107  1133  1133  1233
     6  car_telemetry         1352  1352  1352  1448
     7  car_status            1239  1239  1239  1445
     8  final_classification  1020  1020  1042  1134
     9  lobby_info            1218  1306   954  1062
    10  car_damage             953   953  1041  1133
    11  session_history       1460  1460  1460  1460
    12  tyre_sets              231   231   231   231
    13  motion_ex              217   237   273   273
    14  time_trial               -   101   101   104
    15  lap_positions            -     -  1131  1231
    16  car_telemetry2           -     -     -   269
"""
ROWS = [line.split() for line in DOCUMENTED.strip().splitlines()]
SIZES = {
    (packet_format, int(packet_id)): int(size)
    for packet_id, _, *sizes in ROWS[1:]
    for packet_format, size in zip((2023, 2024, 2025, 2026), sizes, strict=True)
    if size != "-"
}
ETHERNET_MTU, IP_AND_UDP_HEADS = 1500, 28


def test_the_layouts_are_the_62_documented_ones() -> None:
    assert len(SIZES) == 62
    assert set(LAYOUTS) == set(SIZES)


@pytest.mark.parametrize("key", sorted(SIZES))
def test_a_layout_has_its_documented_size(key: tuple[int, int]) -> None:
    assert LAYOUTS[key].size == SIZES[key]


@pytest.mark.parametrize("key", sorted(SIZES))
def test_an_encoded_packet_has_its_documented_size(key: tuple[int, int]) -> None:
    packet_format, packet_id = key

    packet = make_event_packet("SSTA", packet_format) if packet_id == 3 else make_packet(packet_id, packet_format)

    assert len(encode(packet)) == SIZES[key]


def test_packets_have_their_documented_names() -> None:
    assert PACKET_NAMES == {int(packet_id): name for packet_id, name, *_ in ROWS[1:]}


def test_no_datagram_is_ever_fragmented_on_ethernet() -> None:
    assert max(SIZES.values()) + IP_AND_UDP_HEADS <= ETHERNET_MTU
