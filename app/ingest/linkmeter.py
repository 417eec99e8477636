"""What arrives from one rig, against what its game should send: packets a second by type, send rate, loss.

Theory. UDP has no sequence numbers, but the game counts frames, and sends CarTelemetry once every so many of them:
every third at 20 Hz of 60 frames/s, every one or two where the frame rate is no multiple. So a step between two frame
identifiers that is twice the usual one hides a lost datagram. Two things look like it and are none: a frame rate just
above the send rate, where some steps are two frames (then the session clock tells that no more was due), and a pause
in which frames go on (then the session clock has stood). Where the two explanations cannot be told apart, the
one without a loss is believed.

The hot path only keeps headers (`note`); all arithmetic waits for `tick`, four times a second.

Source:
    formats.md 1 and 3: send rates, frame identifiers, pause and flashback, as seen in real datagrams.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from statistics import fmean
from typing import Final, NamedTuple

from app.ingest.header import PacketHeader
from app.ingest.layouts import LAYOUTS, PACKET_NAMES

MENU_RATES_HZ: Final = (10, 20, 30, 60)
EVENT: Final = 3
CAR_TELEMETRY: Final = 6
_TIME_TRIAL: Final = 14
_LAP_POSITIONS: Final = 15
_MOTION_EX: Final = 13
_AT_MENU_RATE: Final = (0, 2, CAR_TELEMETRY, 7, _MOTION_EX, 16)
_FIXED_HZ: Final[Mapping[int, float]] = {
    1: 2.0, 4: 0.2, 5: 2.0, 10: 10.0, 11: 20.0, 12: 20.0, _TIME_TRIAL: 1.0, _LAP_POSITIONS: 1.0,
}  # fmt: skip

_REST_S: Final = 1.0
"""So long without any packet but events the stream rests: a pause. A game at 10 Hz sends ten times in it."""
_WINDOW_S: Final[Mapping[int, float]] = {1: 10.0, 4: 30.0, 5: 10.0, 9: 10.0, _TIME_TRIAL: 15.0, _LAP_POSITIONS: 15.0}
"""Over how long a rate is taken where five seconds hold too few packets."""
_USUAL_WINDOW_S: Final = 5.0
_TICK_S: Final = 0.25

_LOSS_WINDOW_S: Final = 10.0
_ENOUGH_STEPS: Final = 20
_ENOUGH_S: Final = 3.0
_SIGHTINGS: Final = 1024
"""Headers kept between two ticks: 17 s at 60 Hz, so what a gateway that hangs forgets is older than the window."""
_REMEMBERED_FRAMES: Final = 64
"""How far back a late datagram is told from a doubled one."""
_MOST_FRAMES: Final = 10_000
"""Frames that no game makes in the window."""
_STRAYS: Final = 3
"""So many frames in a row from far back mean that the counter went back, and not that a datagram came late."""
_COMMON: Final = 0.1
"""A step between frames is usual from this share on."""
_SCATTERED: Final = 0.08
"""From this share of longer steps on, datagrams are missing and the pace is no evidence of the send rate."""
_OTHER_PACE: Final = 1.4
"""Neighbouring menu rates differ by a half at least."""
_RATE_TOLERANCE: Final = 1.06
"""A few seconds hold a packet more or less, and arrivals are not even; menu rates are far apart."""
_SURE: Final = 0.995
"""The clock contradicts the frames when it allows fewer packets than this share."""
_UNSURE_LOSS: Final = 0.02
"""A loss below this, told by the session clock alone, may as well be the clock's own error."""
_UNSURE_LOSS_BY_ARRIVAL: Final = 0.05
"""The same where the session clock stands (grid, garage) and the times of arrival must do."""


class Traffic(NamedTuple):
    """One packet type: what should come, what comes (None where unknown), and how many came in all."""

    packet: str
    expected_hz: float | None
    seen_hz: float | None
    total: int


def expected_hz(
    packet_format: int, send_rate_hz: int | None, session_type: str | None, *, own_car: bool
) -> dict[int, float]:
    """How often a game in a session sends each packet id; an id is not there when that depends, or is unknown.

    Args:
        packet_format: Decides which types there are at all.
        send_rate_hz: The menu's, None when unknown.
        session_type: The session's name in words.
        own_car: Whether the machine drives; what a spectator's sends of the own car was never seen.
    """
    expected = dict(_FIXED_HZ)
    if session_type != "Time Trial":
        del expected[_TIME_TRIAL]
    if session_type is None or not session_type.startswith("Race"):
        del expected[_LAP_POSITIONS]
    if send_rate_hz is not None:
        expected |= dict.fromkeys(_AT_MENU_RATE, float(send_rate_hz))
    if not own_car:
        expected.pop(_MOTION_EX, None)
    return {packet_id: hz for packet_id, hz in expected.items() if (packet_format, packet_id) in LAYOUTS}


class LinkMeter:
    """One rig's link.

    Attributes:
        note: Takes a CarTelemetry header and when it arrived (`now_s`); costs what appending to a deque costs.
        loss_ratio: Lost share of the last ten seconds, 0 to 1; None while the stream rests or too little was seen.
        send_rate_hz: The menu's send rate as inferred last; None when unclear.
    """

    def __init__(self) -> None:
        self._sightings: deque[tuple[PacketHeader, float]] = deque(maxlen=_SIGHTINGS)
        self.note: Callable[[tuple[PacketHeader, float]], None] = self._sightings.append
        self.loss_ratio: float | None = None
        self.send_rate_hz: int | None = None
        self._steps = _Steps()
        self._pace = _Pace()
        self._judged_s = 0.0

    def seen_hz(self, packet_id: int) -> float | None:
        """How often packets of the type come; None while the stream rests or too little was seen."""
        return self._pace.seen_hz(packet_id)

    def tick(self, now_s: float, totals: Mapping[int, int], session_uid: str | None) -> None:
        """Take in what came since the last call; to be called about four times a second.

        Args:
            now_s: On the clock of `note`.
            totals: Valid datagrams by packet id, since the start.
            session_uid: Of the open session; another one sends other packets.
        """
        while self._sightings:
            self._steps.take(*self._sightings.popleft())
        self._pace.take(now_s, totals, session_uid)
        if not self._pace.flowing:
            self.loss_ratio = None
        elif now_s - self._judged_s >= _REST_S:
            self._judged_s = now_s
            self._judge(now_s)

    def traffic(
        self, totals: Mapping[int, int], expected: Mapping[int, float], packet_format: int | None
    ) -> list[Traffic]:
        """Every packet type of a format, in the order of their ids.

        Args:
            totals: Valid datagrams by packet id, since the start.
            expected: By packet id, see `expected_hz`.
            packet_format: None for all types of all formats.
        """
        return [
            Traffic(PACKET_NAMES[packet_id], expected.get(packet_id), self.seen_hz(packet_id), totals.get(packet_id, 0))
            for packet_id in sorted(PACKET_NAMES)
            if packet_format is None or (packet_format, packet_id) in LAYOUTS
        ]

    def _judge(self, now_s: float) -> None:
        found = self._steps.judged(now_s)
        self.loss_ratio = None
        if found is not None:
            self.send_rate_hz, self.loss_ratio = found


class _Pace:
    """Counters sampled at each tick, kept where they changed: a rate is taken from change to change.

    So a packet that comes every five seconds has a rate that does not depend on where a window happens to begin.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._marks: dict[int, deque[tuple[float, int]]] = {}
        self._since_s = 0.0
        self._moved_s: float | None = None
        self._now_s = 0.0
        self._uid: str | None = None

    @property
    def flowing(self) -> bool:
        return self._moved_s is not None and self._now_s - self._moved_s <= _REST_S

    def take(self, now_s: float, totals: Mapping[int, int], uid: str | None) -> None:
        changed = [(kind, count) for kind, count in totals.items() if count != self._counts.get(kind)]
        moves = any(kind != EVENT for kind, _ in changed)
        rested = moves and not (self._moved_s is not None and now_s - self._moved_s <= _REST_S)
        if rested or uid != self._uid:
            self._marks.clear()
            self._since_s, self._uid = now_s, uid
        if moves:
            self._moved_s = now_s
        self._now_s = now_s
        for kind, count in changed:
            self._counts[kind] = count
            if kind not in self._marks:
                self._marks[kind] = deque(maxlen=round(_window_s(kind) / _TICK_S) + 1)
            self._marks[kind].append((now_s, count))

    def seen_hz(self, kind: int) -> float | None:
        if not self.flowing:
            return None
        window_s = _window_s(kind)
        marks = [mark for mark in self._marks.get(kind, ()) if self._now_s - mark[0] <= window_s]
        if len(marks) < 2:
            return len(marks) / window_s if self._now_s - self._since_s >= window_s else None
        (began_s, before), (ended_s, after) = marks[0], marks[-1]
        between_s = (ended_s - began_s) / (len(marks) - 1)
        if self._now_s - ended_s > max(_REST_S, 1.5 * between_s) + _TICK_S:
            ended_s = self._now_s  # it has stopped, or slowed down
        return (after - before) / (ended_s - began_s) if ended_s - began_s >= window_s / 2 else None


def _window_s(kind: int) -> float:
    return _WINDOW_S.get(kind, _USUAL_WINDOW_S)


class _Step(NamedTuple):
    """One CarTelemetry datagram that arrived: frames and seconds since the one before; late ones have none."""

    now_s: float
    frames: int
    seconds: float
    by_session_clock: bool


class _Steps:
    """The steps between frames of the last ten seconds."""

    def __init__(self) -> None:
        self._steps: deque[_Step] = deque()
        self._last: PacketHeader | None = None
        self._last_s = 0.0
        self._seen = 0
        """Bit n is set when the frame n before the newest has arrived."""
        self._strays = 0

    def begin_anew(self) -> None:
        """Forget everything: what comes next has nothing to do with what came before."""
        self._steps.clear()
        self._last = None

    def take(self, header: PacketHeader, now_s: float) -> None:
        """Take the next CarTelemetry datagram."""
        last = self._last
        if last is None or header.session_uid != last.session_uid:
            self.begin_anew()
            self._continue_from(header, now_s)
            return
        frames = _frame(header) - _frame(last)
        if frames <= 0:
            self._take_late(-frames, header, now_s)
            return
        passed_s, gap_s = header.session_time - last.session_time, now_s - self._last_s
        if gap_s > _REST_S and passed_s < gap_s / 2:
            self._steps.clear()  # a pause: nothing was sent, whatever the frames say
        elif 0 <= passed_s <= _LOSS_WINDOW_S and frames <= _MOST_FRAMES:
            # Else a flashback, in which the clock falls and frames pass of which nothing is known, or nonsense.
            self._steps.append(_Step(now_s, frames, passed_s or gap_s, passed_s > 0))
        self._continue_from(header, now_s, frames)

    def _continue_from(self, header: PacketHeader, now_s: float, frames: int = _REMEMBERED_FRAMES) -> None:
        remembered = self._seen << frames if frames < _REMEMBERED_FRAMES else 0
        self._seen = (remembered | 1) & ((1 << _REMEMBERED_FRAMES) - 1)
        self._last, self._last_s, self._strays = header, now_s, 0

    def _take_late(self, frames_ago: int, header: PacketHeader, now_s: float) -> None:
        if frames_ago >= _REMEMBERED_FRAMES:
            self._strays += 1
            if self._strays == _STRAYS:  # a flashback, where the game counts no overall frames
                self._continue_from(header, now_s)
        elif not self._seen >> frames_ago & 1:
            self._seen |= 1 << frames_ago
            self._steps.append(_Step(now_s, 0, 0.0, by_session_clock=False))

    def judged(self, now_s: float) -> tuple[int | None, float] | None:
        """Send rate in Hz (None when unclear) and lost share; None when not enough was seen."""
        steps = self._steps
        while steps and now_s - steps[0].now_s > _LOSS_WINDOW_S:
            steps.popleft()
        if not _enough(steps):
            return None
        if _changed_pace(steps):
            self._steps = deque(islice(steps, len(steps) - _ENOUGH_STEPS, None))
            return None
        return _judged(steps)


def _frame(header: PacketHeader) -> int:
    """The counter that survives flashbacks, where the game keeps it."""
    return header.overall_frame_identifier or header.frame_identifier


def _enough(steps: deque[_Step]) -> bool:
    return len(steps) >= _ENOUGH_STEPS and sum(step.seconds for step in steps) >= _ENOUGH_S


def _changed_pace(steps: deque[_Step]) -> bool:
    """Whether the menu's rate was changed: the newest steps last much longer, or shorter, than those before."""
    seconds = [step.seconds for step in steps if step.frames]
    if len(seconds) < 2 * _ENOUGH_STEPS:
        return False
    before_s, newest_s = _middle(seconds[:-_ENOUGH_STEPS]), _middle(seconds[-_ENOUGH_STEPS:])
    return newest_s > _OTHER_PACE * before_s or before_s > _OTHER_PACE * newest_s


def _middle(seconds: Sequence[float]) -> float:
    """The mean of the middle half: neither a gap nor two usual lengths that take turns move it far."""
    quarter = len(seconds) // 4
    return fmean(sorted(seconds)[quarter:-quarter])


def _base(tally: Counter[int]) -> int:
    """The smallest usual step: what is longer may hide a loss."""
    enough = _COMMON * tally.total()
    return min((frames for frames, count in tally.items() if count >= enough), default=tally.most_common(1)[0][0])


def _usual(tally: Counter[int], base: int, *, scattered: bool) -> float:
    """Frames from one datagram to the next as sent: a frame rate that is no multiple makes steps of two lengths."""
    if base == 1 and (scattered or 3 * tally[2] < tally[1]):
        return 1.0  # steps of two are losses, unless the clock says otherwise
    return (base * tally[base] + (base + 1) * tally[base + 1]) / (tally[base] + tally[base + 1])


def _judged(steps: deque[_Step]) -> tuple[int | None, float]:
    tally = Counter(step.frames for step in steps if step.frames)
    base = _base(tally)
    seconds = sum(step.seconds for step in steps)
    frames_per_s = sum(step.frames for step in steps) / seconds
    longer = sum(count for frames, count in tally.items() if frames > base + 1)
    scattered = longer >= _SCATTERED * tally.total() and tally[base] >= tally[base + 1]  # as chance leaves them
    usual = _usual(tally, base, scattered=scattered)
    rate_hz = _menu_rate_hz(len(steps) / seconds, frames_per_s / base, scattered=scattered)
    sent = float(sum(max(1, round(step.frames / usual)) for step in steps if step.frames))
    due = sent if rate_hz is None else rate_hz * seconds
    if due >= _SURE * sent:
        return rate_hz, max(0.0, 1 - len(steps) / sent)
    lost = due - len(steps)
    by_session_clock = sum(step.seconds for step in steps if step.by_session_clock) >= seconds / 2
    # A window may begin and end in the middle of a period: one packet more or less says nothing.
    unsure = max(1.0, due * (_UNSURE_LOSS if by_session_clock else _UNSURE_LOSS_BY_ARRIVAL))
    return rate_hz, lost / due if lost > unsure else 0.0


def _menu_rate_hz(seen_hz: float, most_hz: float, *, scattered: bool) -> int | None:
    """The send rate that explains what was seen; None when several do.

    Args:
        seen_hz: Datagrams that arrived, a second.
        most_hz: Datagrams that there would be if every step were the usual one.
        scattered: Whether so many are missing that the pace says little.
    """
    possible = [rate for rate in MENU_RATES_HZ if rate * _RATE_TOLERANCE >= seen_hz]
    fitting = [rate for rate in possible if rate <= most_hz * _RATE_TOLERANCE]
    if fitting:
        return fitting[-1] if scattered else fitting[0]
    return possible[0] if len(possible) == 1 else None  # the game makes fewer frames than the menu asks for
