"""The truth about a simulated run, as plain values: what a gateway must have found out in the end.

Read from the acts and the worlds, never from the datagrams, so that it can judge them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.ingest.event_details import EventDetails
    from app.sim.traces import Traces


class SessionTruth(NamedTuple):
    """One session of one rig.

    Attributes:
        own_car: The slot of the rig's driver as a gateway can know it; None for a spectator, and where the headers
            name a slot without data.
        header_car: What the headers claim.
        started_at_s, ended_at_s: Wall time of the first datagram and of the last one that carries this uid.
        end_reason: "send", "classification", "new_session" or "silence": the first sign of the end that the game gives.
        restored: Loaded from a save; it begins in the middle.
    """

    rig: int
    session_uid: int
    session_type: str
    track_id: int
    own_car: int | None
    header_car: int
    started_at_s: float
    ended_at_s: float
    end_reason: str
    restored: bool


class LapTruth(NamedTuple):
    """One completed lap of one car in one session of one rig.

    Attributes:
        position: At the line.
        completed_session_time_s: Session time at the line.
        completed_at_s: Wall time at the line.
        line_seen: State packets of this rig were sent shortly before and shortly after the line.
        whole_seen: The network was up during the entire lap.

    A lap with `line_seen` must be found in LapData; any other is only in SessionHistory or FinalClassification.
    """

    rig: int
    session_uid: int
    car_index: int
    lap_number: int
    lap_time_ms: int
    sector1_ms: int
    sector2_ms: int
    sector3_ms: int
    valid: bool
    pit_lap: bool
    position: int
    completed_session_time_s: float
    completed_at_s: float
    line_seen: bool
    whole_seen: bool


class FlashbackTruth(NamedTuple):
    """One flashback.

    Attributes:
        to_session_time_s, to_frame: What FLBK names.
        landed_session_time_s: Where the game goes on; not later.
    """

    rig: int
    session_uid: int
    at_s: float
    from_session_time_s: float
    to_session_time_s: float
    to_frame: int
    landed_session_time_s: float


class PenaltyTruth(NamedTuple):
    """One PENA that was sent."""

    rig: int
    session_uid: int
    session_time_s: float
    car_index: int
    lap_number: int
    penalty_type: int
    infringement_type: int
    seconds: int | None


class OvertakeTruth(NamedTuple):
    """One OVTK that was sent."""

    rig: int
    session_uid: int
    session_time_s: float
    overtaking: int
    overtaken: int


class ExpectedEvent(NamedTuple):
    """One Event packet that left a machine; formats that lack the code do not send it."""

    rig: int
    at_s: float
    session_uid: int
    session_time_s: float
    code: str
    details: EventDetails


class LiveState(NamedTuple):
    """The own car (or the watched one) in one frame with state packets."""

    at_s: float
    session_uid: int
    session_time_s: float
    frame: int
    overall_frame: int
    car_index: int
    lap_number: int
    lap_distance_m: float
    current_lap_time_ms: int
    last_lap_time_ms: int
    speed_kph: int
    gear: int
    position: int


class Ledger(NamedTuple):
    """All truth about a run.

    Attributes:
        laps: Laps that finally stand, of all cars but ghosts, by rig, session, car and number.
        undone_laps: Laps that were completed and then undone by a flashback. Another car may then complete the very
            same lap again, with the same time; so compare what stands with `laps`, not with these.
        inherited_laps: Laps that a restored session shows as done although they were driven under another uid.
        traces: Times along laps, deltas and gaps between rigs.
    """

    sessions: Sequence[SessionTruth]
    laps: Sequence[LapTruth]
    undone_laps: Sequence[LapTruth]
    inherited_laps: Sequence[LapTruth]
    flashbacks: Sequence[FlashbackTruth]
    penalties: Sequence[PenaltyTruth]
    overtakes: Sequence[OvertakeTruth]
    expected_events: Sequence[ExpectedEvent]
    traces: Traces

    def own_laps(self, rig: int) -> list[LapTruth]:
        """The standing laps of a rig's own driver, in the order of driving."""
        own = {session.session_uid: session.own_car for session in self.sessions if session.rig == rig}
        laps = [lap for lap in self.laps if lap.rig == rig and lap.car_index == own[lap.session_uid]]
        return sorted(laps, key=lambda lap: lap.completed_at_s)
