"""The game's Event packets to facts: one small function per code, in a table.

Each returns the fact's class, the car it is about, and its own fields. FLBK is here too, as far as it is a
fact; what it does to frames, and what SEND does to sessions, is the normaliser's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from app.ingest import event_details as wire
from app.ingest.packets import EventPacket
from app.normalize import events
from app.normalize.units import known, seconds_to_ms
from app.normalize.words import Words, held_buttons

_NO_CAR: Final = 255


class Told(NamedTuple):
    """A fact before it has a context: class, car, own fields."""

    kind: type[events.Fact]
    car_index: int | None
    fields: dict[str, Any]


NameOf = Callable[[int | None], str | None]
"""Who drives a car, as far as known."""

# Any: each row of the table takes the details of its own code; the code in the packet has chosen them.
_Teller = Callable[[Any, NameOf, Words], Told]


def _fastest_lap(d: wire.FastestLapDetails, name_of: NameOf, words: Words) -> Told:
    return Told(events.FastestLap, known(d.vehicle_idx, _NO_CAR), {"lap_time_ms": _positive_ms(d.lap_time)})


def _retirement(d: wire.RetirementDetails, name_of: NameOf, words: Words) -> Told:
    reason = words.maybe("result_reason", d.reason)
    return Told(events.Retirement, known(d.vehicle_idx, _NO_CAR), {"reason": reason})


def _drs_enabled(d: wire.DRSEnabledDetails, name_of: NameOf, words: Words) -> Told:
    return Told(events.DrsChanged, None, {"enabled": True, "reason": None})


def _drs_disabled(d: wire.DRSDisabledDetails, name_of: NameOf, words: Words) -> Told:
    reason = words.maybe("drs_disabled_reason", d.reason)
    return Told(events.DrsChanged, None, {"enabled": False, "reason": reason})


def _about_a_car(kind: type[events.Fact]) -> _Teller:
    return lambda d, name_of, words: Told(kind, known(d.vehicle_idx, _NO_CAR), {})


def _about_no_car(kind: type[events.Fact]) -> _Teller:
    return lambda d, name_of, words: Told(kind, None, {})


def _penalty(d: wire.PenaltyDetails, name_of: NameOf, words: Words) -> Told:
    other = known(d.other_vehicle_idx, _NO_CAR)
    fields = {
        "penalty": words.say("penalty_type", d.penalty_type),
        "infringement": words.say("infringement_type", d.infringement_type),
        "other_car_index": other,
        "other_driver_name": name_of(other),
        "time_s": known(d.time, 255),
        "lap_number": known(d.lap_num, 255),
        "places_gained": known(d.places_gained, 255),
    }
    return Told(events.PenaltyIssued, known(d.vehicle_idx, _NO_CAR), fields)


def _speed_trap(d: wire.SpeedTrapDetails, name_of: NameOf, words: Words) -> Told:
    fields = {
        "speed_kph": d.speed,
        "session_best": d.is_overall_fastest_in_session != 0,
        "personal_best": d.is_driver_fastest_in_session != 0,
        "session_best_car_index": known(d.fastest_vehicle_idx_in_session, _NO_CAR),
        "session_best_kph": d.fastest_speed_in_session,
    }
    return Told(events.SpeedTrap, known(d.vehicle_idx, _NO_CAR), fields)


def _start_lights(d: wire.StartLightsDetails, name_of: NameOf, words: Words) -> Told:
    return Told(events.StartLights, None, {"lights": d.num_lights})


def _drive_through_served(d: wire.DriveThroughServedDetails, name_of: NameOf, words: Words) -> Told:
    fields = {"penalty": "Drive through", "stop_time_s": None}
    return Told(events.PenaltyServed, known(d.vehicle_idx, _NO_CAR), fields)


def _stop_go_served(d: wire.StopGoServedDetails, name_of: NameOf, words: Words) -> Told:
    fields = {"penalty": "Stop Go", "stop_time_s": d.stop_time}
    return Told(events.PenaltyServed, known(d.vehicle_idx, _NO_CAR), fields)


def _flashback(d: wire.FlashbackDetails, name_of: NameOf, words: Words) -> Told:
    fields = {"to_frame": d.flashback_frame_identifier, "to_session_time_s": d.flashback_session_time}
    return Told(events.FlashbackUsed, None, fields)


def _buttons(d: wire.ButtonsDetails, name_of: NameOf, words: Words) -> Told:
    return Told(events.ButtonsChanged, None, {"bits": d.button_status, "buttons": held_buttons(d.button_status)})


def _overtake(d: wire.OvertakeDetails, name_of: NameOf, words: Words) -> Told:
    other = known(d.being_overtaken_vehicle_idx, _NO_CAR)
    fields = {"overtaken_car_index": other, "overtaken_driver_name": name_of(other)}
    return Told(events.Overtake, known(d.overtaking_vehicle_idx, _NO_CAR), fields)


def _safety_car(d: wire.SafetyCarDetails, name_of: NameOf, words: Words) -> Told:
    fields = {
        "safety_car": words.say("safety_car_status", d.safety_car_type),
        "action": words.say("safety_car_event", d.event_type),
    }
    return Told(events.SafetyCar, None, fields)


def _collision(d: wire.CollisionDetails, name_of: NameOf, words: Words) -> Told:
    other = known(d.vehicle2_idx, _NO_CAR)
    fields = {
        "other_car_index": other,
        "other_driver_name": name_of(other),
        "severity": words.maybe("collision_severity", d.severity),
    }
    return Told(events.Collision, known(d.vehicle1_idx, _NO_CAR), fields)


_TELLERS: Final[dict[str, _Teller]] = {
    "SSTA": _about_no_car(events.SessionAnnounced),
    "FTLP": _fastest_lap,
    "RTMT": _retirement,
    "DRSE": _drs_enabled,
    "DRSD": _drs_disabled,
    "TMPT": _about_a_car(events.TeamMateInPits),
    "CHQF": _about_no_car(events.ChequeredFlag),
    "RCWN": _about_a_car(events.RaceWinner),
    "PENA": _penalty,
    "SPTP": _speed_trap,
    "STLG": _start_lights,
    "LGOT": _about_no_car(events.LightsOut),
    "DTSV": _drive_through_served,
    "SGSV": _stop_go_served,
    "FLBK": _flashback,
    "BUTN": _buttons,
    "RDFL": _about_no_car(events.RedFlag),
    "OVTK": _overtake,
    "SCAR": _safety_car,
    "COLL": _collision,
}


def _positive_ms(seconds: float) -> int | None:
    """A lap time; None for what cannot be one (0, negative, not a number)."""
    return seconds_to_ms(seconds) if 0 < seconds < 86_400 else None


def tell(packet: EventPacket, name_of: NameOf, words: Words) -> Told:
    """The fact of an event packet; an unknown code, or one this format does not have, is kept as such."""
    details = packet.details
    if isinstance(details, wire.UnknownDetails):
        words.unknown["event_code"] += 1
        code = packet.event_string_code if packet.event_string_code.isalnum() else "????"
        return Told(events.UnknownGameEvent, None, {"code": code, "details_hex": details.raw.hex()})
    return _TELLERS[packet.event_string_code](details, name_of, words)
