"""From the acts of one machine to the datagrams it sends, in any format, through ingest's layout tables.

State packets about all cars go through `wire`; what is rare goes through the generic layouts, and is kept while it
does not change. The physics of a tick is computed once and kept packed on a `Tape`, so that a second format costs
only the encoding.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from app.ingest.header import HEADER_SIZE, PacketHeader, write_header
from app.ingest.layouts import LAYOUTS, SPECS
from app.ingest.packets import EventPacket
from app.sim import cadence, wire
from app.sim.acts import TICKS_PER_S, Act, Cue, Rig
from app.sim.car_rows import own_motion
from app.sim.history import (
    classification_packet,
    history_key,
    history_packet,
    lap_positions_packet,
    laps_done,
)
from app.sim.scene import Moment, Scene, Tape
from app.sim.session_packets import (
    lobby_packet,
    participants_packet,
    session_packet,
    setups_packet,
    time_trial_packet,
    tyre_sets_packet,
)
from app.sim.world import Kind, World

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from app.ingest.packets import Packet
    from app.sim.dialects import Dialect
    from app.sim.world import CarNow

_HEADER: Final = Struct("<HBBBBBQfIIBB")
_NO_GHOST: Final = 255
_MFD_CLOSED: Final = 255
_SPARSE: Final = frozenset({cadence.SESSION, cadence.HISTORY, cadence.TYRE_SETS})


class Encoder:
    """Encodes the acts of one machine in one dialect."""

    def __init__(self, rig: Rig, dialect: Dialect, rate_hz: int, tape: Tape) -> None:
        self._rig = rig
        self._dialect = dialect
        self._rate_hz = rate_hz
        self._tape = tape
        self._scenes: dict[tuple[int, int], Scene] = {}
        self._known_events = SPECS[dialect.packet_format].events

    def datagrams(self, acts: Sequence[Act]) -> Iterator[tuple[float, bytes]]:
        """(wall time, datagram), in the order the machine sends them."""
        for number, act in enumerate(acts):
            if not act.sends:
                continue
            if act.states and act.world is not None:
                yield from self._running(number, act, act.world)
            else:
                for cue in act.cues:
                    yield from self._cue(act, cue)

    def _running(self, number: int, act: Act, world: World) -> Iterator[tuple[float, bytes]]:
        scene = self._scene(act, world)
        trial = world.kind is Kind.TIME_TRIAL and self._rig.car_index is not None
        table = cadence.timetable(self._dialect.packet_format, self._rate_hz, time_trial=trial)
        cues = iter([*act.cues, None])
        cue = next(cues)
        for tick in range(act.ticks):
            at_s = act.at_s + tick / TICKS_PER_S
            while cue is not None and cue.tick <= tick:
                yield from self._cue(act, cue)
                cue = next(cues)
            due = cadence.due(table, act.clock + tick)
            if not due:
                continue
            session_ms = act.session_ms(tick)
            moment = Moment(world, session_ms)
            frame = (act.card.uid, session_ms / 1000, act.frame + tick, act.overall + tick)
            for packet_id in due:
                yield at_s, self._header(packet_id, *frame) + self._body(packet_id, number, act, tick, scene, moment)

    def _header(self, packet_id: int, uid: int, session_time_s: float, frame: int, overall: int) -> bytes:
        return _HEADER.pack(*self._packet_header(packet_id, uid, session_time_s, frame, overall))

    def _packet_header(self, packet_id: int, uid: int, session_time_s: float, frame: int, overall: int) -> PacketHeader:
        return self._dialect.header(packet_id, uid, session_time_s, frame, overall, self._rig.header_index)

    def _scene(self, act: Act, world: World) -> Scene:
        key = (id(world), act.card.uid)
        if key not in self._scenes:
            step_ms = 1000 / self._rate_hz
            self._scenes[key] = Scene(world, self._rig, network_game=act.card.network_game, step_ms=step_ms)
        return self._scenes[key]

    # --- state packets by cadence

    def _body(self, packet_id: int, number: int, act: Act, tick: int, scene: Scene, moment: Moment) -> bytes:
        make = _ROWS.get(packet_id)
        if make is not None:
            record = wire.cars_packet(self._dialect.packet_format, packet_id)
            cars = len(scene.world.cars)
            clock = act.clock + tick
            rows = self._tape.get(
                (number, tick, packet_id),
                lambda: wire.wide_struct(record.record, cars).pack(*make(scene, moment, clock)),
            )
            return record.body(rows, cars, self._tail(packet_id, scene))
        if packet_id == cadence.MOTION_EX:
            struct, select = wire.scalars_packet(self._dialect.packet_format, packet_id)
            slot = self._rig.car_index if self._rig.car_index is not None else self._rig.watched
            return struct.pack(*select(own_motion(scene.world, moment.state(slot))))
        return self._rare(packet_id, act, tick, scene, moment)

    def _tail(self, packet_id: int, scene: Scene) -> tuple[float, ...]:
        if packet_id == cadence.LAP_DATA:
            own, rival, *_ = [*scene.ghosts, _NO_GHOST, _NO_GHOST]
            return own, rival
        if packet_id == cadence.CAR_TELEMETRY:
            return _MFD_CLOSED, _MFD_CLOSED, 0
        return ()

    def _rare(self, packet_id: int, act: Act, tick: int, scene: Scene, moment: Moment) -> bytes:
        """A body that is kept until its key changes."""
        rig, world, session_ms = self._rig, scene.world, moment.session_ms
        clock = act.clock + tick
        header = self._packet_header(packet_id, 0, 0.0, 0, 0)
        if packet_id == cadence.SESSION:
            since_s = clock / TICKS_PER_S
            told = session_packet(
                header, self._dialect, act.card, rig, world, session_ms=session_ms, since_start_s=since_s
            )
            shown = (told.session_time_left, told.num_marshal_zones, told.gearbox_assist, told.track_temperature)
            return self._kept(scene, packet_id, (*shown, world.phase_at(session_ms)), lambda: told)
        if packet_id == cadence.TIME_TRIAL:
            return self._pack(time_trial_packet(header, self._dialect, world, rig.car_index or 0, session_ms))
        slot = clock // cadence.EVERY_TICKS[cadence.HISTORY] % len(world.cars)
        if packet_id == cadence.HISTORY:
            return self._history(scene, slot, moment.state(slot), session_ms)
        key: Hashable
        packet: Callable[[], Packet]
        if packet_id == cadence.TYRE_SETS:
            stint = world.stint_at(slot, session_ms)
            key, packet = (
                (slot, stint),
                lambda: tyre_sets_packet(header, world, slot, stint, hidden=slot in scene.hidden),
            )
        elif packet_id == cadence.PARTICIPANTS:
            key = (
                world.active_cars(session_ms),
                tuple(c.renamed is not None and session_ms >= c.renamed[1] * 1000 for c in world.cars),
            )
            packet = lambda: participants_packet(header, self._dialect, rig, world, session_ms)  # noqa: E731
        elif packet_id == cadence.CAR_SETUPS:
            key, packet = (), lambda: setups_packet(header, self._dialect, rig, act.card, world)
        else:
            key = laps_done(world, session_ms)
            packet = lambda: lap_positions_packet(header, world, session_ms, self._dialect.slots)  # noqa: E731
        return self._kept(scene, packet_id, key, packet)

    def _kept(self, scene: Scene, packet_id: int, key: Hashable, packet: Callable[[], Packet]) -> bytes:
        """The body for a key, encoded when it is first asked for."""
        found = scene.bodies.get((packet_id, key))
        if found is None:
            found = scene.bodies[packet_id, key] = self._pack(packet())
        return found

    def _history(self, scene: Scene, slot: int, state: CarNow, session_ms: float) -> bytes:
        """SessionHistory; its layout is the same in all formats."""
        key = (id(scene.world), cadence.HISTORY, slot, *history_key(scene.world, slot, state, session_ms))
        header = self._packet_header(cadence.HISTORY, 0, 0.0, 0, 0)
        return self._tape.get(key, lambda: self._pack(history_packet(header, scene.world, slot, state, session_ms)))

    def _pack(self, packet: Packet) -> bytes:
        """The bytes after the header, by the generic layout where it does not matter how long that takes."""
        header = packet.header
        if header.packet_id in _SPARSE:
            return wire.sparse_body(packet)
        return LAYOUTS[header.packet_format, header.packet_id].pack(packet)[HEADER_SIZE:]

    # --- packets outside the cadence

    def _cue(self, act: Act, cue: Cue) -> Iterator[tuple[float, bytes]]:
        session_s = act.session_ms(cue.tick) / 1000 if cue.session_time_s is None else cue.session_time_s
        frame, overall = cue.frames if cue.frames is not None else (act.frame + cue.tick, act.overall + cue.tick)
        uid = act.card.uid if cue.uid is None else cue.uid
        packet_id = _CUES[cue.packet]
        header = self._packet_header(packet_id, uid, session_s, frame, overall)
        at_s = act.at_s + cue.tick / TICKS_PER_S
        if cue.packet == "event":
            if cue.code in self._known_events and cue.details is not None:
                yield at_s, LAYOUTS[header.packet_format, packet_id].pack(EventPacket(header, cue.code, cue.details))
            return
        world = act.world
        if world is None or (header.packet_format, packet_id) not in LAYOUTS:
            return
        session_ms = act.last_ms
        if cue.packet == "history":
            state = world.now(session_ms)[cue.slot]
            yield at_s, write_header(header) + self._history(self._scene(act, world), cue.slot, state, session_ms)
        elif cue.packet == "classification":
            packet = classification_packet(header, world, session_ms, self._dialect.slots)
            yield at_s, LAYOUTS[header.packet_format, packet_id].pack(packet)
        elif cue.packet == "session":
            since_s = act.clock / TICKS_PER_S
            paused = session_packet(
                header,
                self._dialect,
                act.card,
                self._rig,
                world,
                session_ms=session_ms,
                since_start_s=since_s,
                paused=True,
            )
            yield at_s, LAYOUTS[header.packet_format, packet_id].pack(paused)
        else:
            yield (
                at_s,
                LAYOUTS[header.packet_format, packet_id].pack(lobby_packet(header, self._dialect, self._rig, world)),
            )


_CUES: Final = {
    "event": cadence.EVENT,
    "session": cadence.SESSION,
    "history": cadence.HISTORY,
    "classification": cadence.CLASSIFICATION,
    "lobby": cadence.LOBBY,
}
_ROWS: Final[dict[int, Callable[[Scene, Moment, int], list[float]]]] = {
    cadence.LAP_DATA: lambda scene, now, clock: scene.screen.rows(now.states, now.order, now.session_ms, clock),
    cadence.MOTION: lambda scene, now, clock: scene.panel.motion(now.states),
    cadence.CAR_TELEMETRY: lambda scene, now, clock: scene.panel.telemetry(now.states, now.gaps_ms, now.feet),
    cadence.CAR_STATUS: lambda scene, now, clock: scene.panel.status(now.states, now.gaps_ms, now.feet, now.session_ms),
    cadence.CAR_DAMAGE: lambda scene, now, clock: scene.panel.damage(now.states, now.session_ms),
    cadence.CAR_TELEMETRY_2: lambda scene, now, clock: scene.panel.active_aero(now.states, now.gaps_ms),
}
