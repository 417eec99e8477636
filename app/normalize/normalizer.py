"""One rig's packets to canonical events: `Normalizer.feed(packet, received_at) -> list[Event]`.

This is the seam where the pure parts meet: frames (is it news?), session (which one?), roster (who?),
laps (what was driven?), samples and game_events (what do the numbers mean?). It holds the state of one
rig, keyed by session uid, and knows neither sockets nor clocks: `received_at` comes with each packet.

What changes nothing is counted in `ignored`, what no document lists in `unknown`, and what cannot be
true (NaN, a gear of 255) in `implausible`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from app.ingest import packets as wire
from app.ingest.header import PacketHeader
from app.ingest.layouts import SPECS
from app.normalize import events, samples
from app.normalize.continuity import Continuity
from app.normalize.events import Event
from app.normalize.frame_gate import FrameGate, Placed
from app.normalize.game_events import tell
from app.normalize.holder import Holder
from app.normalize.laps import LIVE, LapBegun, LapDone, LapFact, LapTracker, LapVoid, LapWithdrawn, SectorDone
from app.normalize.minting import Context, Mint, RigIdentity
from app.normalize.roster import Roster
from app.normalize.samples import Fields
from app.normalize.session import LONG_SILENCE_S, SEEN_FROM_START_FRAMES, Change, Opened, SessionTracker, Signal
from app.normalize.words import Words

IGNORED_REASONS: Final = ("duplicate", "stale", "menu", "other_session")
SPECTATOR: Final = 255
_FIELD_EVERY_S: Final = 0.095
"""The field is told at most 10 times a second: a little less than 0.1 s, since session times are rounded floats."""


class _Session:
    """What is known of one session uid."""

    def __init__(self, uid: int, header: PacketHeader) -> None:
        self.uid = uid
        self.gate = FrameGate()
        self.continuity = Continuity()
        self.roster = Roster()
        self.laps = LapTracker(from_start=header.frame_identifier < SEEN_FROM_START_FRAMES)
        self.classified = False
        self.car: int | None = None
        """The own car, once lap data has shown that it takes part; before that its records may be an empty slot's."""
        self.no_car = False
        """Whether lap data has shown that the car which the game names takes no part."""
        self.flashback_told = False
        self.rewound_at = 0
        """The overall frame that told of the last flashback whose FLBK had not come."""
        self.tyre_compound: str | None = None
        """Of the own car."""
        self.compound_of_lap: dict[tuple[int, int], str | None] = {}
        """The compound at the line, by car and lap, of laps that were seen to end."""
        self.last_session: wire.SessionPacket | None = None
        self.field_at_s: float | None = None
        """The session time at which the field was told last."""


# Any: a handler takes the packet type it is listed for.
_Handler = Callable[["Normalizer", Any, "_Session", Context], list[Event]]


class Normalizer:
    """The state of one rig, fed packet by packet."""

    def __init__(self, identity: RigIdentity) -> None:
        self._identity = identity
        self._tracker = SessionTracker()
        self._session: _Session | None = None
        self._words = Words(2025, 25)
        self._words_of = (2025, 25)
        self._in_menu = False
        self._silent = False
        self._holder = Holder()
        self._ignored: Counter[str] = Counter()
        self._mint = Mint(identity)
        self.jumps = 0
        """Datagrams whose session clock was more than ten seconds from where it should be, without a flashback."""
        self.last_jump: tuple[float, datetime] | None = None
        """How far the last of them was off, in seconds, and when it arrived."""

    @property
    def session_uid(self) -> str | None:
        """The uid of the open session as text; None when none is."""
        return str(self._tracker.uid) if self._tracker.uid else None

    @property
    def implausible(self) -> Counter[str]:
        """Events with values that cannot be true, given as None, by kind."""
        return self._mint.implausible

    @property
    def ignored(self) -> Counter[str]:
        """Valid packets that changed nothing, by reason."""
        return self._ignored + Counter(other_session=self._holder.refused)

    @property
    def unknown(self) -> Counter[str]:
        """Values that no document lists, by table."""
        return self._words.unknown

    # --- what comes in ---------------------------------------------------------------------------

    def feed(self, packet: wire.Packet, received_at: datetime) -> list[Event]:
        """Turn one packet into the events it causes, in order.

        Args:
            packet: A decoded datagram of this rig.
            received_at: When it arrived, UTC.

        Returns:
            Samples of the own car and facts about all cars; empty when the packet is no news.
        """
        self._silent = False
        header = packet.header
        if header.session_uid == 0:
            return self._menu(header, received_at)
        told: list[Event] = []
        for arrival in self._holder.offer(packet, received_at, over=self._tracker.has_ended(self._holder.uid)):
            told += self._of_holder(*arrival)
        return told

    def _of_holder(self, packet: wire.Packet, received_at: datetime) -> list[Event]:
        header = packet.header
        self._speak(header)
        session = self._session
        if session is None or session.uid != header.session_uid:
            session = self._session = _Session(header.session_uid, header)
        return self._of_session(packet, session, received_at)

    def rig_online(self, received_at: datetime, source_address: str | None, silent_s: float | None) -> list[Event]:
        """The fact that valid datagrams arrive from a rig that was silent or new."""
        context = self._outside(received_at)
        return self._event(events.RigOnline, None, {"source_address": source_address, "silent_s": silent_s}, context)

    def quiet(self, silent_s: float, last_packet_at: datetime, now: datetime) -> list[Event]:
        """Tell that the rig is silent: `RigSilent` once, and the session's end after long.

        Args:
            silent_s: Measured on a clock that does not jump.
            last_packet_at: When the last valid datagram arrived, UTC.
            now: UTC.
        """
        told: list[Event] = []
        if not self._silent:
            self._silent = True
            told += self._event(events.RigSilent, None, {"last_packet_at": last_packet_at}, self._outside(now))
        if silent_s >= LONG_SILENCE_S and self._tracker.uid:
            told += self._signal("silence", self._tracker.uid, None, self._outside(now))
        return told

    # --- menus and sessions ----------------------------------------------------------------------

    def _menu(self, header: PacketHeader, received_at: datetime) -> list[Event]:
        """Packets with uid 0: the lobby, the menu, and noise around a session's end; no facts of a session."""
        self._ignored["menu"] += 1
        if self._tracker.uid or self._in_menu:
            return []  # a session is open: uid-0 packets were seen just before its SEND
        self._in_menu = True
        fields = {**samples.NO_SESSION, "mode": "menu", **self._game(header), **self._own_driver(None, None)}
        return self._event(events.SessionState, None, fields, self._outside(received_at))

    def _speak(self, header: PacketHeader) -> None:
        key = (header.packet_format, header.game_year)
        if key != self._words_of:
            unknown = self._words.unknown
            self._words = Words(*key)
            self._words.unknown = unknown
            self._words_of = key

    def _of_session(self, packet: wire.Packet, session: _Session, received_at: datetime) -> list[Event]:
        header = packet.header
        if isinstance(packet, wire.EventPacket):
            frame = session.gate.frame_of_fact(header)
            fact = (header.session_time, header.frame_identifier, frame, packet.event_string_code, packet.details)
            if not session.gate.first_time(fact):
                self._ignored["duplicate"] += 1
                return []
            return self._game_event(packet, session, self._inside(header, frame, received_at))
        handler = _HANDLERS.get(type(packet))
        if handler is None:
            return []
        car = packet.car_idx if isinstance(packet, wire.SessionHistoryPacket) else None
        stream = (header.packet_id, car)
        placed = session.gate.place(header, stream)
        if placed.overall_frame is not None:
            self._check_clock(session, header, placed, received_at)
        out_of_order = placed.overall_frame is None and not isinstance(packet, _UNORDERED)
        if placed.verdict != "fresh" or out_of_order:
            self._ignored[placed.verdict if not out_of_order else "stale"] += 1
            return []
        context = self._inside(header, placed.overall_frame, received_at)
        told = self._undetected_flashback(session, placed.rewound, header, context)
        return told + handler(self, packet, session, context)

    def _check_clock(self, session: _Session, header: PacketHeader, placed: Placed, received_at: datetime) -> None:
        frame = placed.overall_frame or 0
        jump_s = session.continuity.jump_s(header.session_time, frame, received_at, rewound=placed.rewound)
        if jump_s is not None:
            self.jumps += 1
            self.last_jump = jump_s, received_at

    def _undetected_flashback(
        self, session: _Session, rewound: bool, header: PacketHeader, context: Context
    ) -> list[Event]:
        """The fact of a flashback whose FLBK event was lost, told by the frame counters."""
        if not rewound:
            return []
        told_already, session.flashback_told = session.flashback_told, False
        if told_already:
            return []
        session.rewound_at = context.overall_frame or 0
        fields = {"to_frame": header.frame_identifier, "to_session_time_s": header.session_time}
        return self._event(events.FlashbackUsed, context.own_car, fields, context)

    def _game_event(self, packet: wire.EventPacket, session: _Session, context: Context) -> list[Event]:
        code = packet.event_string_code
        if code == "SEND":
            return self._signal("send", session.uid, None, context)
        if code == "FLBK":
            if (context.overall_frame or session.rewound_at) < session.rewound_at:
                self._ignored["stale"] += 1  # the frames that came before it have told of this flashback
                return []
            session.flashback_told = True
        told = tell(packet, lambda car: self._driver(car, own=car == context.own_car), self._words)
        car = context.own_car if code == "FLBK" else told.car_index  # a flashback is the player's
        return self._event(told.kind, car, told.fields, context)

    def _signal(self, signal: Signal, uid: int, packet: wire.SessionPacket | None, context: Context) -> list[Event]:
        told: list[Event] = []
        for change in self._tracker.feed(signal, uid):
            told += self._session_changed(change, packet, context)
        return told

    def _session_changed(self, change: Change, packet: wire.SessionPacket | None, context: Context) -> list[Event]:
        if isinstance(change, Opened) and packet is not None:
            self._in_menu = False
            known = samples.session(packet, self._words)
            fields = {name: known[name] for name in _TOLD_AT_START}
            fields["packet_format"] = packet.header.packet_format
            return self._event(events.SessionStarted, None, fields, context)
        if isinstance(change, Opened):
            return []
        old = context._replace(session_uid=str(change.session_uid), session_key=self._key(change.session_uid))
        if change.reason == "new_session":
            old = old._replace(session_time_s=None, overall_frame=None)  # these are the new session's
        return self._event(events.SessionEnded, None, {"reason": change.reason}, old)

    # --- handlers, one per packet type -----------------------------------------------------------

    def _on_session(self, packet: wire.SessionPacket, session: _Session, context: Context) -> list[Event]:
        told = self._signal("session_packet", session.uid, packet, context)
        session.last_session = packet
        return told + self._session_state(packet, session, context)

    def _session_state(self, packet: wire.SessionPacket, session: _Session, context: Context) -> list[Event]:
        no_car = session.no_car or context.own_car is None
        mode = "spectating" if context.spectating else "no_car" if no_car else "driving"
        fields = {
            **samples.session(packet, self._words),
            "mode": mode,
            **self._game(packet.header),
            **self._own_driver(session, context.own_car),
        }
        return self._event(events.SessionState, context.own_car, fields, context)

    def _on_participants(self, packet: wire.ParticipantsPacket, session: _Session, context: Context) -> list[Event]:
        if not session.roster.feed(packet, self._words):
            return []
        fields = {"num_active_cars": packet.num_active_cars, "participants": session.roster.everyone()}
        return self._event(events.ParticipantsChanged, None, fields, context)

    def _on_lap_data(self, packet: wire.LapDataPacket, session: _Session, context: Context) -> list[Event]:
        told: list[Event] = []
        for fact in session.laps.feed(packet):
            told += self._lap_fact(fact, session, context)
        session.car = None
        if context.own_car is None:
            return told
        own = packet.cars[context.own_car]
        had_no_car, session.no_car = session.no_car, own.result_status not in LIVE
        if had_no_car != session.no_car and session.last_session is not None:
            told += self._session_state(session.last_session, session, context)
        if session.no_car:
            return told
        session.car = context.own_car
        laps, car = session.laps, context.own_car
        fields = samples.lap_progress(
            own, len(laps.live), laps.best_ms(car), laps.last_valid(car), laps.laps_known(car), self._words
        )
        return told + self._event(events.LapProgress, context.own_car, fields, context)

    def _on_history(self, packet: wire.SessionHistoryPacket, session: _Session, context: Context) -> list[Event]:
        told: list[Event] = []
        for fact in session.laps.confirm(packet):
            told += self._lap_fact(fact, session, context)
        return told

    def _on_own_car(self, packet: wire.Packet, session: _Session, context: Context) -> list[Event]:
        """A packet that says something of every car at menu rate: only the own one is told."""
        car = context.own_car
        if car is None or car != session.car:
            return []
        kind, fields_of = _OWN_SAMPLES[type(packet)]
        fields = fields_of(packet, car, self._words)
        if kind is events.CarStatus:
            session.tyre_compound = fields["tyre_compound"]
        return self._event(kind, car, fields, context)

    def _on_motion(self, packet: wire.MotionPacket, session: _Session, context: Context) -> list[Event]:
        return self._on_own_car(packet, session, context) + self._field(packet, session, context)

    def _field(self, packet: wire.MotionPacket, session: _Session, context: Context) -> list[Event]:
        """The other cars, thinned out by session time: many records, and a map needs no more."""
        car, now_s, told_s = context.own_car, packet.header.session_time, session.field_at_s
        if car is None or car != session.car:
            return []
        if told_s is not None and 0 <= now_s - told_s < _FIELD_EVERY_S:  # time that went back is a flashback
            return []
        session.field_at_s = now_s
        return self._event(events.FieldMotion, car, samples.field_motion(packet.cars, session.laps.live, car), context)

    def _on_classification(
        self, packet: wire.FinalClassificationPacket, session: _Session, context: Context
    ) -> list[Event]:
        if session.classified:
            self._ignored["duplicate"] += 1
            return []
        session.classified = True
        cars = [
            {"car_index": index, "name": self._driver(index, own=index == context.own_car)}
            | samples.classified(row, self._words)
            for index, row in enumerate(packet.cars)
            if row.result_status in LIVE
        ]
        told = self._event(events.FinalClassification, None, {"cars": cars}, context)
        return told + self._signal("classification", session.uid, None, context)

    # --- making events ---------------------------------------------------------------------------

    def _lap_fact(self, fact: LapFact, session: _Session, context: Context) -> list[Event]:
        fields: Fields = fact._asdict()
        car_index = fields.pop("car_index")
        fields["own"] = car_index == context.own_car
        if isinstance(fact, LapDone):
            lap = (car_index, fact.lap_number)
            if fields["own"] and fact.status == "provisional":
                session.compound_of_lap[lap] = session.tyre_compound
            fields["tyre_compound"] = session.compound_of_lap.get(lap)
        return self._event(_LAP_EVENTS[type(fact)], car_index, fields, context)

    def _event(self, kind: type[Event], car_index: int | None, fields: Fields, context: Context) -> list[Event]:
        """The event about a car, or about none; see `Mint.make`."""
        own = car_index is not None and car_index == context.own_car
        return self._mint.make(kind, car_index, fields, context, self._driver(car_index, own=own))

    def _driver(self, car_index: int | None, *, own: bool) -> str | None:
        if own and self._identity.driver_name:
            return self._identity.driver_name
        if self._session is None:
            return None
        return self._session.roster.name(car_index)

    def _inside(self, header: PacketHeader, overall_frame: int | None, received_at: datetime) -> Context:
        own = header.player_car_index
        return Context(
            session_uid=str(header.session_uid),
            session_key=self._key(header.session_uid),
            session_time_s=header.session_time,
            overall_frame=overall_frame,
            own_car=own if own < SPECS[header.packet_format].cars else None,
            spectating=own == SPECTATOR,
            received_at=received_at,
        )

    def _outside(self, received_at: datetime) -> Context:
        """The context of what is about the rig, not about a frame of its session."""
        uid = self._tracker.uid
        return Context(
            session_uid=str(uid) if uid else None,
            session_key=self._key(uid) if uid else None,
            session_time_s=None,
            overall_frame=None,
            own_car=None,
            spectating=False,
            received_at=received_at,
        )

    def _key(self, uid: int) -> str:
        return f"{self._identity.device_id}:{uid}"

    @staticmethod
    def _game(header: PacketHeader) -> dict[str, Any]:
        return {
            "packet_format": header.packet_format,
            "game_version": f"{header.game_major_version}.{header.game_minor_version:02d}",
        }

    @staticmethod
    def _own_driver(session: _Session | None, own_car: int | None) -> dict[str, Any]:
        person = None if session is None else session.roster.get(own_car)
        return {
            "team": person and person.team,
            "race_number": person and person.race_number,
            "nationality": person and person.nationality,
            "telemetry_public": person and person.telemetry_public,
        }


_TOLD_AT_START: Final = ("track", "session_type", "total_laps", "track_length_m", "network_game")

_UNORDERED: Final = (wire.FinalClassificationPacket, wire.SessionHistoryPacket)
"""Packets that come with frame ids 0 around the session's end."""

# Any: each function takes the packet type it is listed for.
_OWN_SAMPLES: Final[dict[type, tuple[type[events.Sample], Callable[[Any, int, Words], Fields]]]] = {
    wire.CarTelemetryPacket: (
        events.CarTelemetry,
        lambda packet, car, words: samples.telemetry(packet.cars[car], packet.suggested_gear, words),
    ),
    wire.CarStatusPacket: (events.CarStatus, lambda packet, car, words: samples.status(packet.cars[car], words)),
    wire.CarDamagePacket: (events.CarDamage, lambda packet, car, words: samples.damage(packet.cars[car])),
    wire.MotionPacket: (events.CarMotion, lambda packet, car, words: samples.motion(packet.cars[car])),
    wire.CarTelemetry2Packet: (events.CarAero, lambda packet, car, words: samples.aero(packet.cars[car], words)),
}

_HANDLERS: Final[dict[type, _Handler]] = {
    wire.SessionPacket: Normalizer._on_session,
    wire.ParticipantsPacket: Normalizer._on_participants,
    wire.LapDataPacket: Normalizer._on_lap_data,
    wire.SessionHistoryPacket: Normalizer._on_history,
    wire.FinalClassificationPacket: Normalizer._on_classification,
    **dict.fromkeys(_OWN_SAMPLES, Normalizer._on_own_car),
    wire.MotionPacket: Normalizer._on_motion,
}

_LAP_EVENTS: Final[dict[type, type[events.Fact]]] = {
    LapBegun: events.LapStarted,
    SectorDone: events.SectorCompleted,
    LapDone: events.LapCompleted,
    LapVoid: events.LapInvalidated,
    LapWithdrawn: events.LapWithdrawn,
}
