"""What one machine does, as acts: stretches in which its frames, its game time and its sending run evenly.

A `Director` is told a story (begin, drive, flash back, pause, end) and writes the acts down; the encoder turns acts
into datagrams and the ledger into truth, each on its own. A tick is one game frame, 1/60 s.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Final, NamedTuple

from app.ingest import event_details as details
from app.sim.race_control import announcements

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.sim.world import World

TICKS_PER_S: Final = 60  # invented: a game that reaches 60 frames/s and keeps them
_TICK_MS: Final = 50 / 3
_BUTTON: Final = 0x200
_FLASHBACK_MENU_S: Final = 1.5  # wall time spent choosing the moment; nothing but buttons is sent


class Rig(NamedTuple):
    """One machine.

    Attributes:
        car_index: The slot its driver sits in; None for a spectator.
        header_index: What its headers claim; normally the same, 255 for a spectator.
        watched: The car a spectator looks at.
    """

    number: int
    car_index: int | None
    header_index: int
    watched: int = 255


class Card(NamedTuple):
    """What a session is called and set to, beyond its world."""

    uid: int
    network_game: bool = False
    game_mode: int = 4
    weather: int = 0
    track_temperature_c: int = 34
    air_temperature_c: int = 23
    link: int = 0
    time_of_day_min: int = 840


class Cue(NamedTuple):
    """A packet outside the cadence, at one tick of an act.

    Attributes:
        packet: "event", "session" (paused), "history" (of the car in `slot`), "classification" or "lobby".
        session_time_s, frames, uid: Instead of the tick's own.
    """

    tick: int
    packet: str = "event"
    code: str = ""
    details: details.EventDetails | None = None
    slot: int = 0
    session_time_s: float | None = None
    frames: tuple[int, int] | None = None
    uid: int | None = None


class Act(NamedTuple):
    """A stretch of one machine's life.

    Attributes:
        at_s: Wall time of tick 0.
        first: Number of tick 0 in the session's game time; only counts while `runs`.
        zero_ms: Session time of game tick 0.
        clock: Ticks since the session began, holds included, pauses not.
        runs: Session time goes on; else it stays.
        states: Packets are sent by cadence; else only cues.
        sends: The network is up; else nothing leaves the machine, though the game goes on.
        rewound: This act follows a flashback.
    """

    at_s: float
    ticks: int
    card: Card
    world: World | None
    first: int
    zero_ms: float
    frame: int
    overall: int
    clock: int
    runs: bool = True
    states: bool = True
    sends: bool = True
    rewound: bool = False
    ending: str = ""
    cues: tuple[Cue, ...] = ()

    def session_ms(self, tick: int) -> float:
        """Session time at a tick of this act."""
        return self.zero_ms + (self.first + (tick if self.runs else 0)) * _TICK_MS

    @property
    def last_ms(self) -> float:
        """Session time at the last tick."""
        return self.session_ms(self.ticks - 1)


class Director:
    """Writes down the acts of one machine, in order of wall time."""

    def __init__(self, rig: Rig, at_s: float = 0.0) -> None:
        self.rig = rig
        self.acts: list[Act] = []
        self.at_s = at_s
        self._card = Card(0)
        self._world: World | None = None
        self._next = 0  # game tick to come
        self._zero_ms = 0.0
        self._frame = 0
        self._overall = 0
        self._clock = 0

    @property
    def session_s(self) -> float:
        """Session time of the tick to come."""
        return (self._zero_ms + self._next * _TICK_MS) / 1000

    def begin(
        self,
        card: Card,
        world: World,
        *,
        hold_s: float,
        lights: bool = False,
        from_s: float = 0.0,
        announce: bool = True,
        zero_at_s: float | None = None,
    ) -> None:
        """Load a session: SSTA at frame 0, then game time stands for `hold_s`.

        Args:
            card: Its uid and settings.
            world: What is driven.
            hold_s: Wall time in the garage or on the grid.
            lights: Five start lights come on during the hold and go out at its end.
            from_s: Session time it starts with; above 0 for a loaded save.
            announce: Whether SSTA is sent.
            zero_at_s: Wall time at which session time starts to run on all machines of one online session.
        """
        self._card, self._world = card, world
        self._frame = self._overall = self._clock = 0
        ticks = max(1, round(hold_s * TICKS_PER_S))
        self._zero_ms = from_s * 1000
        if zero_at_s is not None:
            ticks = max(1, ceil((zero_at_s - self.at_s) * TICKS_PER_S))
            self._zero_ms += (self.at_s + ticks / TICKS_PER_S - zero_at_s) * 1000
        self._next = 0
        cues = [Cue(0, code="SSTA", details=details.SessionStartedDetails())] if announce else []
        if lights:
            step = ticks // 7
            lit = [Cue(step * (n + 1), code="STLG", details=details.StartLightsDetails(n)) for n in range(1, 6)]
            cues += [*lit, Cue(ticks - 1, code="LGOT", details=details.LightsOutDetails())]
        zero_ms, self._zero_ms = self._zero_ms, from_s * 1000  # the hold shows exactly the starting time
        self._act(ticks, runs=False, cues=cues)
        self._zero_ms = zero_ms

    def drive_to(
        self, session_s: float, *, sends: bool = True, rewound: bool = False, cues: Iterable[Cue] = ()
    ) -> None:
        """Let the game run until a session time, with all that race control announces on the way."""
        ticks = floor((session_s * 1000 - self._zero_ms) / _TICK_MS - self._next + 1e-6) + 1
        if ticks <= 0 or self._world is None:
            return
        first_ms = self.session_s * 1000
        last_ms = first_ms + (ticks - 1) * _TICK_MS
        before_ms = first_ms if rewound else first_ms - _TICK_MS
        told = []
        for announced in announcements(self._world, before_ms, last_ms):
            tick = max(0, ceil((announced.session_ms - first_ms) / _TICK_MS - 1e-6))
            # The game stamps a fastest lap one frame older than the state packets of the same frame.
            older = (first_ms + (tick - 1) * _TICK_MS) / 1000 if announced.code == "FTLP" else None
            told.append(Cue(tick, code=announced.code, details=announced.details, session_time_s=older))
        self._act(ticks, sends=sends, rewound=rewound, cues=[*cues, *told])

    def flashback(self, to_s: float, world: World, *, early_ticks: int = 0) -> None:
        """Go back to a session time and on in another world.

        Args:
            to_s: What FLBK names.
            world: The course of history that stands from there.
            early_ticks: How much before the named frame the game really goes on.
        """
        target = round((to_s * 1000 - self._zero_ms) / _TICK_MS)
        frame = self._frame - (self._next - target)
        last_s = self.session_s - 1 / TICKS_PER_S
        named = details.FlashbackDetails(frame, (self._zero_ms + target * _TICK_MS) / 1000)
        self._aside(
            Cue(0, code="FLBK", details=named, session_time_s=last_s, frames=(self._frame - 1, self._overall - 1))
        )
        self.at_s += _FLASHBACK_MENU_S
        self._frame = frame - early_ticks
        self._next = target - early_ticks
        self._world = world
        # Right after it, an event has the rewound frame, the unchanged overall frame and the old time.
        pressed = details.ButtonsDetails(_BUTTON)
        stale = Cue(0, code="BUTN", details=pressed, session_time_s=last_s, frames=(self._frame, self._overall - 1))
        self._aside(stale)

    def resume_after_flashback(self, session_s: float) -> None:
        """Drive on from where a flashback landed."""
        self.drive_to(session_s, rewound=True)

    def pause(self, seconds: float) -> None:
        """The pause menu, offline: silence but for some buttons."""
        last_s = self.session_s - 1 / TICKS_PER_S
        frames = (self._frame - 1, self._overall - 1)
        presses = [0.0, seconds * 0.4, seconds * 0.4 + 0.2, max(0.0, seconds - 0.5)]
        cues = [
            Cue(
                int(at_s * TICKS_PER_S),
                code="BUTN",
                details=details.ButtonsDetails(_BUTTON if index % 2 else 0),
                session_time_s=last_s,
                frames=frames,
            )
            for index, at_s in enumerate(presses)
        ]
        self._aside(*cues, seconds=seconds)

    def end(
        self,
        *,
        after_s: float = 0.0,
        paused: bool = False,
        send: bool = True,
        burst: str = "",
        burst_uid: int | None = None,
        classify_after_s: float | None = None,
        repeats: int = 1,
        next_uid: int | None = None,
    ) -> None:
        """The end of a session as the game tells it: frame ids 0, the last session time.

        Args:
            after_s: Session time between the last tick and the end.
            paused: A Session packet with game_paused comes first (leaving through the pause menu).
            send: SEND is sent.
            burst: "before" or "after" the classification, "both" or "": the final SessionHistory of every car.
            burst_uid: The session uid of the first burst, when it is not the session's (0 has been seen).
            classify_after_s: Wall time from SEND to FinalClassification; None: none comes.
            repeats: How often the classification is sent, every 5 s.
            next_uid: An SSTA of this uid comes between SEND and classification (the multiplayer bug).
        """
        self._next += round(after_s * TICKS_PER_S)
        last_s = self.session_s - 1 / TICKS_PER_S
        cars = 0 if self._world is None else len(self._world.cars)
        cues: list[Cue] = []
        if paused:
            cues.append(Cue(0, "session", frames=(self._frame - 1, self._overall - 1)))
        if burst in ("before", "both"):
            cues += [Cue(0, "history", slot=slot, uid=burst_uid, frames=(0, 0)) for slot in range(cars)]
        if send:
            cues.append(Cue(1, code="SEND", details=details.SessionEndedDetails(), frames=(0, 0)))
        tick = 1
        if classify_after_s is not None:
            tick = 2 + round(classify_after_s * TICKS_PER_S)
            if next_uid is not None:
                started = Cue(
                    max(2, tick - 20),
                    code="SSTA",
                    details=details.SessionStartedDetails(),
                    frames=(0, 0),
                    uid=next_uid,
                    session_time_s=0.0,
                )
                cues.append(started)
            for again in range(repeats):
                cues.append(Cue(tick + again * 5 * TICKS_PER_S, "classification", frames=(0, 0)))
            tick += (repeats - 1) * 5 * TICKS_PER_S
        if burst in ("after", "both"):
            cues += [Cue(tick + 1, "history", slot=slot, frames=(0, 0)) for slot in range(cars)]
        cues = [cue if cue.session_time_s is not None else cue._replace(session_time_s=last_s) for cue in cues]
        if cues:
            reason = "send" if send else "classification" if classify_after_s is not None else ""
            self._aside(*cues, seconds=(tick + 2) / TICKS_PER_S, ending=reason)

    def menu(self, seconds: float) -> None:
        """Out of the session: events with uid 0, frame ids 0 and the stale session time."""
        last_s = max(0.0, self.session_s - 1 / TICKS_PER_S)
        every = TICKS_PER_S // 2
        cues = [
            Cue(
                tick,
                code="BUTN",
                details=details.ButtonsDetails(_BUTTON if tick // every % 2 else 0),
                session_time_s=last_s,
                frames=(0, 0),
                uid=0,
            )
            for tick in range(every, round(seconds * TICKS_PER_S), every)
        ]
        self._aside(*cues, seconds=seconds)

    def lobby(self, seconds: float, world: World) -> None:
        """Waiting for an online race: LobbyInfo twice a second with uid 0."""
        self._world = world
        ticks = range(0, round(seconds * TICKS_PER_S), TICKS_PER_S // 2)
        cues = [Cue(tick, "lobby", session_time_s=0.0, frames=(0, 0), uid=0) for tick in ticks]
        self._aside(*cues, seconds=seconds)

    def away(self, seconds: float) -> None:
        """Wall time passes and nothing at all is sent."""
        self.at_s += seconds

    def _aside(self, *cues: Cue, seconds: float = 1 / TICKS_PER_S, ending: str = "") -> None:
        """Cues without states; frames and game time do not go on."""
        ticks = max(1, round(seconds * TICKS_PER_S))
        act = self._made(ticks, cues)._replace(runs=False, states=False, ending=ending, first=self._next - 1)
        self.acts.append(act)
        self.at_s += ticks / TICKS_PER_S

    def _act(
        self, ticks: int, *, runs: bool = True, sends: bool = True, rewound: bool = False, cues: Iterable[Cue] = ()
    ) -> None:
        self.acts.append(self._made(ticks, cues)._replace(runs=runs, sends=sends, rewound=rewound))
        self.at_s += ticks / TICKS_PER_S
        self._frame += ticks
        self._overall += ticks
        self._clock += ticks
        self._next += ticks if runs else 0

    def _made(self, ticks: int, cues: Iterable[Cue]) -> Act:
        return Act(
            self.at_s,
            ticks,
            self._card,
            self._world,
            self._next,
            self._zero_ms,
            self._frame,
            self._overall,
            self._clock,
            cues=tuple(sorted(cues, key=lambda cue: cue.tick)),
        )
