"""The canonical events: frozen pydantic models, the contract for everything downstream.

Here lives what we say about a rig, in our own names and units. What the game says, and in which
bytes, lives in `ingest`; how one becomes the other lives in `normalizer`.

Two families. A *sample* (a noun) is a state that the next sample replaces: screens may skip some.
A *fact* (past tense or a noun of race control) happened once: nobody may lose one silently.

Identity: `event_id` is computed from the event's own fields and holds no clock of ours, so that
the same datagram gives the same id after a restart, a replay or a second upload. (Facts about the
link, `RigOnline` and `RigSilent`, have no game clock to be named by.) Samples and most
facts are named by the game's overall frame counter, which does not go back on a flashback; facts
that have a natural key (a lap is closed once per car and lap number) are named by that key alone.
A corrected lap therefore carries the id of the lap it corrects.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    computed_field,
)

Percent = Annotated[float, Field(ge=0, le=100)]
Ratio = Annotated[float, Field(ge=0, le=1)]
SignedRatio = Annotated[float, Field(ge=-1, le=1)]
Milliseconds = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]

# One value per wheel, in the house's order: rear left, rear right, front left, front right.
WheelInts = tuple[int, int, int, int]
WheelFloats = tuple[float, float, float, float]
WheelPercents = tuple[Percent, Percent, Percent, Percent]
_WholePercent = Annotated[int, Field(ge=0, le=100)]
WheelWholePercents = tuple[_WholePercent, _WholePercent, _WholePercent, _WholePercent]

# One value per sector of a lap.
SectorMark = Literal["session_best", "personal_best", "slower"]
SectorTimes = tuple[Milliseconds | None, Milliseconds | None, Milliseconds | None]
SectorMarks = tuple[SectorMark | None, SectorMark | None, SectorMark | None]


def utc_text(instant: datetime) -> str:
    """Write an instant as `2026-03-01T10:00:00.123Z`: UTC, three millisecond digits, literal Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


UtcInstant = Annotated[datetime, PlainSerializer(utc_text, return_type=str, when_used="json")]


class Event(BaseModel):
    """What every canonical event carries.

    Attributes:
        rig_id: The receiver; two rigs in one lobby share a `session_uid` but never a `rig_id`.
        session_uid: The game's session id as text (64 bits overflow a JavaScript number); None in menus.
        session_key: `{device_id}:{session_uid}`, the id of the session as this rig lived it.
        session_time_s: The game's session clock; goes back on a flashback.
        overall_frame: The game's frame counter that never goes back; None where the game sends none.
        car_index: The car that the event is about; None when it is about no single car.
        received_at: When the datagram reached us, UTC.
        driver_name: The driver bound to that car at that moment; None when unknown.
        individual_id: The guest's id in Salesforce; only ever set for the rig's own car.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="null")

    natural_key: ClassVar[tuple[str, ...] | None] = None
    """Fields that name the event within its session, instead of frame and car."""
    detail_key: ClassVar[tuple[str, ...]] = ()
    """Fields that tell apart events of one kind in one frame about one car."""

    rig_id: str
    source_type: Literal["f1_25"] = "f1_25"
    session_uid: str | None
    session_key: str | None
    session_time_s: float | None
    overall_frame: int | None
    car_index: int | None
    received_at: UtcInstant
    driver_name: str | None
    individual_id: str | None

    @computed_field  # type: ignore[prop-decorator]  # pydantic's documented way; mypy cannot see through it
    @property
    def kind(self) -> str:
        """The class's name, e.g. `LapCompleted`."""
        return type(self).__name__

    @computed_field  # type: ignore[prop-decorator]  # as above
    @property
    def event_id(self) -> str:
        """A deterministic id; equal for equal facts, whenever and however often they are received."""
        kind = type(self)
        session = f"{self.rig_id}:{self.session_uid or 0}:{kind.__name__}"
        if kind.natural_key is not None:
            return ":".join([session, *(str(getattr(self, name)) for name in kind.natural_key)])
        frame = self.overall_frame if self.overall_frame else f"t{self.session_time_s}"
        car = "-" if self.car_index is None else self.car_index
        return ":".join([session, str(frame), str(car), *(str(getattr(self, name)) for name in kind.detail_key)])


class Sample(Event):
    """A state; the next one of its kind for this rig replaces it."""


class Fact(Event):
    """Something that happened; kept in order, never conflated away."""


# --- samples ------------------------------------------------------------------------------------


class CarTelemetry(Sample):
    """The own car's pedals, gearbox, engine and temperatures. Up to 60 Hz."""

    speed_kph: Annotated[int, Field(ge=0, le=600)] | None
    throttle: Ratio | None
    brake: Ratio | None
    steer: SignedRatio | None
    clutch: Ratio | None
    gear: Annotated[int, Field(ge=-1, le=9)] | None
    suggested_gear: Annotated[int, Field(ge=1, le=9)] | None
    engine_rpm: Annotated[int, Field(ge=0, le=30_000)] | None
    drs: bool | None
    rev_lights_percent: Annotated[int, Field(ge=0, le=100)] | None
    rev_lights_bits: int | None
    brake_temperature_c: WheelInts | None
    tyre_surface_temperature_c: WheelInts | None
    tyre_inner_temperature_c: WheelInts | None
    tyre_pressure_psi: WheelFloats | None
    engine_temperature_c: int | None
    surface: tuple[str, str, str, str] | None


class CarStatus(Sample):
    """The own car's fuel, ERS, tyres fitted, flags and limits. Up to 60 Hz."""

    fuel_mix: str | None
    front_brake_bias_percent: Percent | None
    pit_limiter: bool | None
    fuel_kg: Annotated[float, Field(ge=0)] | None
    fuel_capacity_kg: Annotated[float, Field(ge=0)] | None
    fuel_remaining_laps: float | None
    max_rpm: int | None
    idle_rpm: int | None
    max_gears: int | None
    drs_allowed: bool | None
    drs_activation_distance_m: int | None
    tyre_compound_actual: str | None
    tyre_compound: str | None
    tyre_age_laps: Count | None
    fia_flag: str | None
    engine_power_ice_w: float | None
    engine_power_mguk_w: float | None
    ers_store_energy_j: float | None
    ers_deploy_mode: str | None
    ers_harvested_this_lap_mguk_j: float | None
    ers_harvested_this_lap_mguh_j: float | None
    ers_harvest_limit_per_lap_j: float | None
    ers_deployed_this_lap_j: float | None
    traction_control: str | None
    anti_lock_brakes: bool | None
    network_paused: bool | None


class CarAero(Sample):
    """Active aero and overtake mode of the own car (2026 rules). Up to 60 Hz, format 2026 only."""

    regulations_2026: bool | None
    active_aero: str | None
    active_aero_available: bool | None
    active_aero_activation_distance_m: int | None
    overtake_available: bool | None
    overtake_active: bool | None
    overtake_activation_distance_m: int | None
    driving_wrong_way: bool | None


class CarDamage(Sample):
    """The own car's wear and damage, in percent. About 10 Hz."""

    tyre_wear_percent: WheelPercents | None
    tyre_damage_percent: WheelWholePercents | None
    tyre_blisters_percent: WheelWholePercents | None
    brake_damage_percent: WheelWholePercents | None
    front_left_wing_percent: Percent | None
    front_right_wing_percent: Percent | None
    rear_wing_percent: Percent | None
    floor_percent: Percent | None
    diffuser_percent: Percent | None
    sidepod_percent: Percent | None
    gearbox_percent: Percent | None
    engine_percent: Percent | None
    engine_mguh_wear_percent: Percent | None
    engine_es_wear_percent: Percent | None
    engine_ce_wear_percent: Percent | None
    engine_ice_wear_percent: Percent | None
    engine_mguk_wear_percent: Percent | None
    engine_tc_wear_percent: Percent | None
    drs_fault: bool | None
    ers_fault: bool | None
    engine_blown: bool | None
    engine_seized: bool | None


class CarMotion(Sample):
    """Where the own car is and how it moves, in the game's world frame. Up to 60 Hz."""

    world_position_m: tuple[float, float, float] | None
    world_velocity_mps: tuple[float, float, float] | None
    g_force_lateral: float | None
    g_force_longitudinal: float | None
    g_force_vertical: float | None
    yaw_rad: float | None
    pitch_rad: float | None
    roll_rad: float | None


class FieldMotion(Sample):
    """Where the other cars that take part are, in the game's world frame. At most 10 Hz.

    `cars` are `(car_index, x, z)` in metres: no ghost, no empty slot, and no car whose place is no number.
    """

    cars: tuple[tuple[int, float, float], ...]


class LapProgress(Sample):
    """Where the own car is in its lap and in the race. Up to 60 Hz.

    `laps_known` says of whom no lap of this session can have been driven unheard: of `all` cars, of the `own` one, or
    None, as long as a gateway that came late has not heard the histories.
    """

    position: Annotated[int, Field(ge=1, le=24)] | None
    grid_position: Annotated[int, Field(ge=1, le=24)] | None
    cars: Count | None
    lap_number: Count | None
    lap_distance_m: float | None
    total_distance_m: float | None
    sector: Annotated[int, Field(ge=1, le=3)] | None
    current_lap_time_ms: Milliseconds | None
    last_lap_time_ms: Milliseconds | None
    last_lap_valid: bool | None
    best_lap_time_ms: Milliseconds | None
    sector1_time_ms: Milliseconds | None
    sector2_time_ms: Milliseconds | None
    lap_invalid: bool | None
    gap_to_leader_ms: Milliseconds | None
    interval_ms: Milliseconds | None
    pit_status: str | None
    pit_stops: Count | None
    driver_status: str | None
    result_status: str | None
    penalties_s: Count | None
    warnings: Count | None
    unserved_drive_through_penalties: Count | None
    unserved_stop_go_penalties: Count | None
    speed_trap_best_kph: float | None
    laps_known: Literal["all", "own"] | None


class SessionState(Sample):
    """The session's frame: track, weather, clock, race control. About 2 Hz, and in menus once.

    `mode` says what the rig is doing: `menu` (no session), `driving`, `spectating`, or `no_car` when
    the game names an own car that has no data. `telemetry_public` is the own driver's "Your Telemetry".
    """

    detail_key = ("mode",)
    mode: Literal["menu", "driving", "spectating", "no_car"]
    packet_format: int
    game_version: str
    session_type: str | None
    track: str | None
    track_length_m: Count | None
    formula: str | None
    game_mode: str | None
    weather: str | None
    track_temperature_c: int | None
    air_temperature_c: int | None
    total_laps: Count | None
    session_time_left_s: Count | None
    session_duration_s: Count | None
    safety_car: str | None
    game_paused: bool | None
    network_game: bool | None
    spectator_car_index: int | None
    sector2_start_m: float | None
    sector3_start_m: float | None
    team: str | None
    race_number: int | None
    nationality: str | None
    telemetry_public: bool | None


class DuelState(Sample):
    """Where the rig stands against itself, its session and another rig; positive is slower, or behind. Up to 60 Hz.

    A delta compares lap times at equal lap distance, so it needs only the same track; a gap compares cars in
    one race, so it is None when the two rigs run separate sessions.

    `chasing` is True for the one of two rigs that comes to each place of the lap after the other (in one race: the one
    behind), whose numbers therefore speak for both, and False for the other. It is None without another rig, where that
    one is compared with a third, and while neither of the two can be compared.

    The sectors are those of the lap that runs, once its first one is done, and of the last completed lap before that.
    """

    other_rig_id: str | None
    same_race: bool
    delta_to_best_ms: int | None
    delta_to_other_ms: int | None
    gap_to_other_ms: int | None
    chasing: bool | None
    sectors_lap_number: Count | None
    sector_times_ms: SectorTimes
    sector_marks: SectorMarks


# --- facts: sessions and people -----------------------------------------------------------------


class SessionAnnounced(Fact):
    """The game said SSTA. It may say so again shortly before a classification; the uid decides."""


class SessionStarted(Fact):
    """The first Session packet of a new uid came."""

    natural_key = ()
    track: str | None
    session_type: str | None
    total_laps: Count | None
    track_length_m: Count | None
    packet_format: int
    network_game: bool | None


class SessionEnded(Fact):
    """A session is over: `send` (the game said so), `classification`, `new_session`, `silence`."""

    natural_key = ()
    reason: Literal["send", "classification", "new_session", "silence"]


class Participant(BaseModel):
    """One car's driver as the game tells it; `name` is cleaned text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    car_index: int
    name: str | None
    ai: bool
    team: str | None
    race_number: int | None
    nationality: str | None
    platform: str | None
    telemetry_public: bool


class ParticipantsChanged(Fact):
    """Who sits in which car; sent when it differs from what was known."""

    detail_key = ("num_active_cars",)
    num_active_cars: Count
    participants: tuple[Participant, ...]


# --- facts: laps; `own` tells the rig's car from the others -----------------------------------------


class LapStarted(Fact):
    """A car began a lap."""

    natural_key = ("car_index", "lap_number", "attempt")
    own: bool
    lap_number: Count
    attempt: Count
    """How often this lap number was begun before: a flashback over the line begins it again."""


class SectorCompleted(Fact):
    """A car finished sector 1, 2 or 3 of a lap; `lap_valid` says whether that lap still counted then."""

    natural_key = ("car_index", "lap_number", "attempt", "sector")
    own: bool
    lap_number: Count
    attempt: Count
    sector: Annotated[int, Field(ge=1, le=3)]
    sector_time_ms: Milliseconds
    lap_valid: bool


class LapCompleted(Fact):
    """A car finished a timed lap.

    `status` is `provisional` when read off the line, `confirmed` when the game's session history
    says the same, `corrected` when the history differs and wins. The id stays the same throughout.

    `pit_lap`, `position` and `tyre_compound` are None where this telling does not know them, as for a lap that only the
    history tells: a None takes nothing back that an earlier telling of the same id knew.
    """

    natural_key = ("car_index", "lap_number")
    own: bool
    lap_number: Count
    lap_time_ms: Annotated[int, Field(gt=0)]
    sector1_time_ms: Milliseconds | None
    sector2_time_ms: Milliseconds | None
    sector3_time_ms: Milliseconds | None
    valid: bool
    pit_lap: bool | None
    position: int | None
    personal_best: bool
    session_best: bool
    tyre_compound: str | None
    status: Literal["provisional", "confirmed", "corrected"]


class LapWithdrawn(Fact):
    """A completed lap was undone by a flashback: it no longer stands. Driving it again gives it back its id."""

    natural_key = ("car_index", "lap_number", "attempt")
    own: bool
    lap_number: Count
    attempt: Count


class LapInvalidated(Fact):
    """The lap being driven will not count."""

    natural_key = ("car_index", "lap_number", "attempt")
    own: bool
    lap_number: Count
    attempt: Count


class FlashbackUsed(Fact):
    """The player went back in time; what lay after `to_session_time_s` is undone."""

    detail_key = ("to_frame",)
    to_frame: int
    to_session_time_s: float | None


class ClassifiedCar(BaseModel):
    """One line of the result table."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    car_index: int
    name: str | None
    position: int | None
    grid_position: int | None
    laps: int
    points: int
    pit_stops: int
    result_status: str
    result_reason: str | None
    best_lap_time_ms: int | None
    total_race_time_ms: int | None
    penalties_s: int
    penalties: int


class FinalClassification(Fact):
    """The result table; the game may send it several times, we say it once a session."""

    natural_key = ()
    cars: tuple[ClassifiedCar, ...]


# --- facts: race control and the cars ------------------------------------------------------------


class FastestLap(Fact):
    """A car set the fastest lap of the session."""

    lap_time_ms: Annotated[int, Field(gt=0)] | None


class SpeedTrap(Fact):
    """A car passed the speed trap fast enough to report."""

    speed_kph: float | None
    session_best: bool
    personal_best: bool
    session_best_car_index: int | None
    session_best_kph: float | None


class PenaltyIssued(Fact):
    """A penalty or warning."""

    detail_key = ("penalty", "infringement", "lap_number", "other_car_index", "time_s", "places_gained")
    penalty: str
    infringement: str
    other_car_index: int | None
    other_driver_name: str | None
    time_s: int | None
    lap_number: int | None
    places_gained: int | None


class PenaltyServed(Fact):
    """A drive-through or stop-go was served."""

    detail_key = ("penalty",)
    penalty: Literal["Drive through", "Stop Go"]
    stop_time_s: float | None


class Overtake(Fact):
    """`car_index` went past `overtaken_car_index`."""

    detail_key = ("overtaken_car_index",)
    overtaken_car_index: int | None
    overtaken_driver_name: str | None


class Collision(Fact):
    """Two cars touched."""

    detail_key = ("other_car_index",)
    other_car_index: int | None
    other_driver_name: str | None
    severity: str | None


class Retirement(Fact):
    """A car has retired."""

    reason: str | None


class TeamMateInPits(Fact):
    """The team-mate has entered the pits."""


class StartLights(Fact):
    """`lights` red lights are lit."""

    detail_key = ("lights",)
    lights: Count


class LightsOut(Fact):
    """The race is on."""


class ChequeredFlag(Fact):
    """The chequered flag is out."""


class RaceWinner(Fact):
    """The winner is announced."""


class RedFlag(Fact):
    """The red flag is shown."""


class SafetyCar(Fact):
    """Safety car, virtual safety car or formation lap changed."""

    detail_key = ("safety_car", "action")
    safety_car: str
    action: str


class DrsChanged(Fact):
    """Race control enabled or disabled DRS."""

    detail_key = ("enabled",)
    enabled: bool
    reason: str | None


class ButtonsChanged(Fact):
    """A button was pressed or released; `buttons` are those now held."""

    detail_key = ("bits", "session_time_s")
    bits: int
    buttons: tuple[str, ...]


class UnknownGameEvent(Fact):
    """An event code that no document lists; kept, counted, shown to engineers only."""

    detail_key = ("code", "details_hex")
    code: str
    details_hex: str


# --- facts: the rig ------------------------------------------------------------------------------


class RigOnline(Fact):
    """Valid datagrams arrive from a rig that was silent or new."""

    natural_key = ("received_at",)
    source_address: str | None
    silent_s: float | None


class RigSilent(Fact):
    """No valid datagram for the stale time."""

    natural_key = ("last_packet_at",)
    last_packet_at: UtcInstant


class SharedRace(Fact):
    """Two rigs are in one session. With `same_car` both ports get one game's stream: a mistake of the set-up."""

    natural_key = ("other_rig_id",)
    other_rig_id: str
    other_car_index: int
    same_car: bool


class LapDisputed(Fact):
    """Another rig of the same session tells this lap with another time."""

    natural_key = ("car_index", "lap_number")
    lap_number: Count
    lap_time_ms: Milliseconds
    other_lap_time_ms: Milliseconds


SAMPLES: tuple[type[Sample], ...] = (
    CarTelemetry,
    CarStatus,
    CarAero,
    CarDamage,
    CarMotion,
    FieldMotion,
    LapProgress,
    SessionState,
    DuelState,
)
FACTS: tuple[type[Fact], ...] = (
    SessionAnnounced,
    SessionStarted,
    SessionEnded,
    ParticipantsChanged,
    LapStarted,
    SectorCompleted,
    LapCompleted,
    LapWithdrawn,
    LapInvalidated,
    FlashbackUsed,
    FinalClassification,
    FastestLap,
    SpeedTrap,
    PenaltyIssued,
    PenaltyServed,
    Overtake,
    Collision,
    Retirement,
    TeamMateInPits,
    StartLights,
    LightsOut,
    ChequeredFlag,
    RaceWinner,
    RedFlag,
    SafetyCar,
    DrsChanged,
    ButtonsChanged,
    UnknownGameEvent,
    RigOnline,
    RigSilent,
    SharedRace,
    LapDisputed,
)
