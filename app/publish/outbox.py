"""What waits to be sent to one client: every fact in order, of each rig's state only the newest.

Pure and bounded. A client that reads slowly skips states. Facts may not be skipped: when one would
not fit, the outbox is `overflowed` for good, nothing more is handed out, and the client has to be
closed (1013) rather than shown a timeline with a hole in it.

Texts are shared between all outboxes, so a waiting one costs a reference, not a copy.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

FACTS_LIMIT = 512
"""Facts that may wait: minutes of a wild race; a client so far behind does better to reconnect."""


class Kind(Enum):
    """What a text is, for whoever counts."""

    STATE = auto()
    FACT = auto()
    REPLY = auto()
    """The hello, a snapshot, an error: meant for this client alone."""


class Letter(NamedTuple):
    """One text on its way to a client."""

    kind: Kind
    rig_id: str | None
    text: str


class Outbox:
    """One client's texts. They leave in this order: what must stay in order, then states.

    Bounds: `facts_limit` facts and replies, one state a rig, and one snapshot a rig.

    Attributes:
        overflowed: A fact did not fit; the client must be closed.
        skipped: States that a newer one replaced before they were sent.
    """

    def __init__(self, facts_limit: int = FACTS_LIMIT) -> None:
        self.overflowed = False
        self.skipped = 0
        self._facts_limit = facts_limit
        self._facts = 0
        self._in_order: deque[Letter] = deque()
        self._greeting: dict[str, int] = {}
        self._states: dict[str, str] = {}

    def __len__(self) -> int:
        """How many texts wait."""
        return len(self._in_order) + len(self._states)

    def reply(self, text: str) -> None:
        """Keep a text for this client alone, in order with the facts."""
        self._keep_in_order(Letter(Kind.REPLY, None, text))

    def greet(self, rig_id: str, snapshot: Sequence[str]) -> None:
        """Keep what a new subscriber of a rig gets first: its state, then its latest events.

        While an earlier snapshot of the rig still waits, that one will do: the facts that came since
        wait behind it. So clients cannot pile up snapshots by subscribing again and again.
        """
        if self.overflowed or not snapshot or self._greeting.get(rig_id):
            return
        self._greeting[rig_id] = len(snapshot)
        self._in_order.extend(Letter(Kind.REPLY, rig_id, text) for text in snapshot)

    def push_state(self, rig_id: str, text: str) -> None:
        """Keep a rig's newest state, instead of one that still waits."""
        if self.overflowed:
            return
        if rig_id in self._states:
            self.skipped += 1
        # A slot keeps its turn when it is filled anew, so no rig can starve another.
        self._states[rig_id] = text

    def push_fact(self, rig_id: str, text: str) -> None:
        """Keep a fact behind all others, or overflow."""
        self._keep_in_order(Letter(Kind.FACT, rig_id, text))

    def forget(self, rig_id: str) -> None:
        """Throw away what waits of a rig that the client has just given up."""
        self._states.pop(rig_id, None)
        self._greeting.pop(rig_id, None)
        self._in_order = deque(letter for letter in self._in_order if letter.rig_id != rig_id)
        self._facts = len(self._in_order) - sum(self._greeting.values())

    def take(self) -> Letter | None:
        """The next text to send, None when nothing waits.

        One at a time, so that a state stays replaceable until the moment it is sent.
        """
        if self._in_order:
            letter = self._in_order.popleft()
            if letter.kind is Kind.REPLY and letter.rig_id is not None:
                self._greeting[letter.rig_id] -= 1
            else:
                self._facts -= 1
            return letter
        if self._states:
            rig_id = next(iter(self._states))
            return Letter(Kind.STATE, rig_id, self._states.pop(rig_id))
        return None

    def _keep_in_order(self, letter: Letter) -> None:
        if self.overflowed:
            return
        if self._facts >= self._facts_limit:
            self.overflowed = True
            self._in_order.clear()
            self._states.clear()
            return
        self._facts += 1
        self._in_order.append(letter)
