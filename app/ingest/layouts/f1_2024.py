"""Packet format 2024 (F1 24; F1 25 can be set to it), told against 2025.

Source:
    EA, "Data Output from F1 24".
"""

from __future__ import annotations

from app.ingest.layouts import f1_2025
from app.ingest.layouts.table import CHAR, U8, Field, Spec, changed, edited_packets, without

_SIZES = {
    0: 1349, 1: 753, 2: 1285, 4: 1350, 5: 1133, 6: 1352, 7: 1239, 8: 1020,
    9: 1306, 10: 953, 11: 1460, 12: 231, 13: 237, 14: 101,
}  # fmt: skip

_RECORDS = f1_2025.RECORDS | {
    "participant": changed(
        without(f1_2025.RECORDS["participant"], "num_colours", "livery_colours"), Field("name", CHAR, (48,))
    ),
    "lobby_player": changed(f1_2025.RECORDS["lobby_player"], Field("name", CHAR, (48,))),
    "final_classification": without(f1_2025.RECORDS["final_classification"], "result_reason"),
    "car_damage": without(f1_2025.RECORDS["car_damage"], "tyre_blisters"),
}

_EVENTS = f1_2025.EVENTS | {
    "RTMT": (Field("vehicle_idx", U8),),
    "DRSD": (),
    "SGSV": (Field("vehicle_idx", U8),),
}

SPEC = Spec(
    packet_format=2024,
    cars=22,
    records=_RECORDS,
    packets=edited_packets(
        f1_2025.PACKETS,
        _SIZES,
        {13: lambda rows: without(rows, "chassis_pitch", "wheel_camber", "wheel_camber_gain")},
    ),
    events=_EVENTS,
)
