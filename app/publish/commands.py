"""What a client may say on `/ws`: which messages, how long, how often. The contract is docs/websocket.md.

Pure: a text in, a value out. Whether a rig exists is the hub's knowledge, not the parser's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Literal

from app.publish.access import MESSAGES, Access

MAX_MESSAGE_BYTES = 4096
"""The longest message read; the longest meaningful one has under 100."""

BURST = 20
"""Messages a client may send at once: a page that subscribes to every rig of a large venue."""

REFILL_PER_S = 2.0
"""Messages a second it may send for good."""

PATIENCE = 20
"""Messages in a row that are ignored as too fast before the client is told to leave."""

ALL_RIGS = "all"
"""The rig id that means every rig, also those added later."""

SHOWN_CHARACTERS = 64
"""How much of a client's own text an answer repeats."""

ErrorCode = Literal["bad_json", "bad_message", "unknown_type", "unknown_rig", "too_fast"]


@dataclass(frozen=True, slots=True)
class Command:
    """What a client wants: start (`subscribe`) or stop receiving a rig, or `ALL_RIGS`."""

    subscribe: bool
    rig_id: str


@dataclass(frozen=True, slots=True)
class CommandError:
    """Why a message was refused; it changed nothing."""

    code: ErrorCode
    message: str

    def text(self) -> str:
        """The answer as it is sent."""
        return json.dumps({"type": "error", "code": self.code, "message": self.message})


TOO_FAST = CommandError("too_fast", f"at most {BURST} messages at once and {REFILL_PER_S:g} a second; this was ignored")

TYPES = {"subscribe_rig": True, "unsubscribe_rig": False}
"""What each message that we know does: start, or stop."""
_HEARD = [name for name in TYPES if MESSAGES.get(name) is Access.VIEW]


def parse_command(text: str) -> Command | CommandError:
    """Read one message of a client. Keys that are not ours are passed over."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        # RecursionError: 4 096 bytes are enough for brackets deeper than the parser goes.
        return CommandError("bad_json", "this is not JSON")
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return CommandError("bad_message", 'a message is an object with a text "type"')
    if message["type"] not in _HEARD:
        return CommandError("unknown_type", f"no message type {shown(message['type'])}; there is {', '.join(_HEARD)}")
    rig_id = message.get("rig_id")
    if not isinstance(rig_id, str):
        return CommandError("bad_message", f'{message["type"]} needs a text "rig_id"')
    return Command(TYPES[message["type"]], rig_id)


def shown(words: str) -> str:
    """A client's own words, short enough to repeat to it."""
    return words if len(words) <= SHOWN_CHARACTERS else words[:SHOWN_CHARACTERS] + "…"


class Verdict(Enum):
    """What to do with a message, judged by its pace alone."""

    READ = auto()
    REFUSE = auto()
    """Answer `too_fast`."""
    IGNORE = auto()
    """Say nothing: the last ones were refused too, and an answer each would feed the flood."""
    LEAVE = auto()
    """Close the connection."""


class Pace:
    """Judges one client's pace: a token bucket, and patience with those who empty it."""

    def __init__(self, now_s: float) -> None:
        self._tokens = float(BURST)
        self._at_s = now_s
        self._ignored = 0

    def judge(self, now_s: float) -> Verdict:
        """Say what to do with a message that came at `now_s`."""
        self._tokens = min(BURST, self._tokens + (now_s - self._at_s) * REFILL_PER_S)
        self._at_s = now_s
        if self._tokens >= 1:
            self._tokens -= 1
            self._ignored = 0
            return Verdict.READ
        self._ignored += 1
        if self._ignored == 1:
            return Verdict.REFUSE
        return Verdict.IGNORE if self._ignored <= PATIENCE + 1 else Verdict.LEAVE


@dataclass(slots=True)
class Wishes:
    """Which rigs a client asked for."""

    _all: bool = False
    _but: set[str] = field(default_factory=set)
    """The rigs to which `_all` does not apply: those asked for one by one, or those given up."""

    def want(self, rig_id: str) -> bool:
        """Whether the client receives this rig."""
        return self._all != (rig_id in self._but)

    def note(self, command: Command) -> None:
        """Remember what the client asked for."""
        if command.rig_id == ALL_RIGS:
            self._all = command.subscribe
            self._but.clear()
        elif self.want(command.rig_id) != command.subscribe:
            self._but ^= {command.rig_id}
