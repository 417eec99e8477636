"""Every layout we read, compiled once: `LAYOUTS[(packet_format, packet_id)]`.

One module per game year tells its table; this one says which NamedTuple each row set becomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.ingest import event_details, packets, records
from app.ingest.layouts import f1_2023, f1_2024, f1_2025, f1_2026
from app.ingest.layouts.table import Codec, EventLayout, PacketLayout, Spec

_RECORDS: Final[Mapping[str, type[tuple[Any, ...]]]] = {
    "car_motion": records.CarMotionData,
    "marshal_zone": records.MarshalZone,
    "weather_forecast_sample": records.WeatherForecastSample,
    "lap_data": records.CarLapData,
    "participant": records.ParticipantData,
    "car_setup": records.CarSetupData,
    "car_telemetry": records.CarTelemetryData,
    "car_status": records.CarStatusData,
    "final_classification": records.FinalClassificationData,
    "lobby_player": records.LobbyPlayerData,
    "car_damage": records.CarDamageData,
    "lap_history": records.LapHistoryData,
    "tyre_stint_history": records.TyreStintHistoryData,
    "tyre_set": records.TyreSetData,
    "time_trial_data_set": records.TimeTrialDataSet,
    "lap_zone": records.LapZone,
    "car_telemetry2": records.CarTelemetry2Data,
}

_PACKETS: Final[Mapping[int, type[tuple[Any, ...]]]] = {
    0: packets.MotionPacket,
    1: packets.SessionPacket,
    2: packets.LapDataPacket,
    4: packets.ParticipantsPacket,
    5: packets.CarSetupsPacket,
    6: packets.CarTelemetryPacket,
    7: packets.CarStatusPacket,
    8: packets.FinalClassificationPacket,
    9: packets.LobbyInfoPacket,
    10: packets.CarDamagePacket,
    11: packets.SessionHistoryPacket,
    12: packets.TyreSetsPacket,
    13: packets.MotionExPacket,
    14: packets.TimeTrialPacket,
    15: packets.LapPositionsPacket,
    16: packets.CarTelemetry2Packet,
}

_EVENTS: Final[Mapping[str, type[tuple[Any, ...]]]] = {
    "SSTA": event_details.SessionStartedDetails,
    "SEND": event_details.SessionEndedDetails,
    "FTLP": event_details.FastestLapDetails,
    "RTMT": event_details.RetirementDetails,
    "DRSE": event_details.DRSEnabledDetails,
    "DRSD": event_details.DRSDisabledDetails,
    "TMPT": event_details.TeamMateInPitsDetails,
    "CHQF": event_details.ChequeredFlagDetails,
    "RCWN": event_details.RaceWinnerDetails,
    "PENA": event_details.PenaltyDetails,
    "SPTP": event_details.SpeedTrapDetails,
    "STLG": event_details.StartLightsDetails,
    "LGOT": event_details.LightsOutDetails,
    "DTSV": event_details.DriveThroughServedDetails,
    "SGSV": event_details.StopGoServedDetails,
    "FLBK": event_details.FlashbackDetails,
    "BUTN": event_details.ButtonsDetails,
    "RDFL": event_details.RedFlagDetails,
    "OVTK": event_details.OvertakeDetails,
    "SCAR": event_details.SafetyCarDetails,
    "COLL": event_details.CollisionDetails,
}

Layout = PacketLayout | EventLayout


def compile_spec(spec: Spec) -> dict[tuple[int, int], Layout]:
    """All layouts of one format, by `(packet_format, packet_id)`.

    Raises:
        ValueError: The rows of a packet do not add up to its documented size.
    """
    codecs = {name: Codec(_RECORDS[name], rows, spec.cars) for name, rows in spec.records.items()}
    members = {code: Codec(_EVENTS[code], rows, spec.cars) for code, rows in spec.events.items()}
    layouts: dict[tuple[int, int], Layout] = {
        (spec.packet_format, row.packet_id): PacketLayout(row, spec.cars, _PACKETS[row.packet_id], codecs)
        for row in spec.packets
    }
    event = EventLayout(members, packets.EventPacket, event_details.UnknownDetails)
    layouts[spec.packet_format, event.packet_id] = event
    return layouts


SPECS: Final[Mapping[int, Spec]] = {
    spec.packet_format: spec for spec in (f1_2023.SPEC, f1_2024.SPEC, f1_2025.SPEC, f1_2026.SPEC)
}
LAYOUTS: Final[Mapping[tuple[int, int], Layout]] = {
    key: layout for spec in SPECS.values() for key, layout in compile_spec(spec).items()
}
FORMATS: Final = frozenset(SPECS)
PACKET_NAMES: Final[Mapping[int, str]] = {packet_id: layout.name for (_, packet_id), layout in LAYOUTS.items()}
