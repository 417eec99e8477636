"""What goes wrong on purpose: a plan of rules, looked through in order for every request.

A rule that fires either changes the emulator and lets the request go on (`expire_tokens`, `revoke_tokens`,
`clock_jump`), or decides how the request ends; then later rules do not see it. Chance is drawn from a seeded source,
so a run can be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Literal, Protocol

from pydantic import TypeAdapter, ValidationError

from app.datacloud.emulator.messages import Head

Action = Literal[
    "status",
    "delay",
    "reset_before",
    "reset_mid_body",
    "commit_then_reset",
    "commit_then_delay",
    "truncate_response",
    "slow_drip",
    "expire_tokens",
    "revoke_tokens",
    "clock_jump",
    "refuse",
    "accepted_false",
]
EFFECTS: Final = frozenset({"expire_tokens", "revoke_tokens", "clock_jump"})
"""Actions after which the request goes on."""


class Chance(Protocol):
    """Where chance comes from: a seeded `random.Random`."""

    def random(self) -> float:
        """A number from 0 up to, but not, 1."""


@dataclass(frozen=True)
class Fault:
    """One rule. Every condition that is set must hold.

    Attributes:
        action: What happens.
        times: How often at most; None always.
        method: The request's.
        path_regex: Found in the path.
        object: The object of an ingestion request.
        nth: The n-th request that the conditions above let through, counted from 1.
        every: Each n-th of them.
        probability: Of firing.
        from_s: Seconds since the plan was set.
        until_s: Likewise; the end is not part of it.
        code: Status of `status`.
        headers: Further headers of `status`.
        body: Body of `status`; HTML when it begins with `<`.
        seconds: Of `delay`, `commit_then_delay`, `clock_jump`, `refuse`, and between two bytes of `slow_drip`.
    """

    action: Action
    times: int | None = None
    method: str | None = None
    path_regex: str | None = None
    object: str | None = None
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    from_s: float = 0
    until_s: float | None = None
    code: int = 503
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    seconds: float = 1.0

    def __post_init__(self) -> None:
        if self.path_regex is not None:
            try:
                re.compile(self.path_regex)
            except re.error as wrong:
                raise ValueError(f"path_regex: {wrong}") from None
        if not 200 <= self.code <= 599:
            raise ValueError(f"code: {self.code} is no status of an answer")
        if self.every is not None and self.every < 1:
            raise ValueError("every: must be at least 1")


# Any: rules as JSON, about to be checked.
def fault_of(rule: Mapping[str, Any]) -> Fault:
    """A rule out of JSON: `{"match": {...}, "times": 3, "action": {"kind": "status", "code": 500}}`.

    The action's name alone, or everything side by side, will do as well.

    Raises:
        ValueError: It cannot be understood; the message names what.
    """
    match, action = rule.get("match", {}), rule.get("action")
    if not isinstance(match, Mapping):
        raise ValueError("match: must be an object")
    flat = {**rule, **match}
    flat.pop("match", None)
    if isinstance(action, Mapping):
        flat = {**flat, **action, "action": action.get("kind")}
        flat.pop("kind", None)
    known = {spec.name for spec in fields(Fault)}
    for name in flat:
        if name not in known:
            raise ValueError(f"{name}: is nothing that a rule has")
    try:
        return _ADAPTER.validate_python(flat)
    except ValidationError as refused:
        lines = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in refused.errors(include_input=False))
        raise ValueError("; ".join(lines)) from None


_ADAPTER: Final = TypeAdapter(Fault)


@dataclass
class _Rule:
    fault: Fault
    seen: int = 0
    fired: int = 0


class Plan:
    """The rules in force.

    Args:
        faults: In order.
        chance: Where chance comes from.
        set_s: When the plan was set, in seconds.
    """

    def __init__(self, faults: Iterable[Fault], chance: Chance, set_s: float) -> None:
        self._rules = [_Rule(fault) for fault in faults]
        self._chance = chance
        self._set_s = set_s

    def decide(self, head: Head, now_s: float) -> list[Fault]:
        """The faults that a request meets: any number of effects, and at most one that ends it, which is the last.

        Args:
            head: The request.
            now_s: Seconds on the clock of `set_s`.
        """
        met = []
        for rule in self._rules:
            if self._fires(rule, head, now_s - self._set_s):
                met.append(rule.fault)
                if rule.fault.action not in EFFECTS:
                    break
        return met

    def state(self) -> list[dict[str, Any]]:
        """Each rule's action, and how many requests it saw and met."""
        return [{"action": rule.fault.action, "seen": rule.seen, "fired": rule.fired} for rule in self._rules]

    def _fires(self, rule: _Rule, head: Head, age_s: float) -> bool:
        fault = rule.fault
        if not _is_about(fault, head) or not _is_in_time(fault, age_s):
            return False
        if fault.times is not None and rule.fired >= fault.times:
            return False
        rule.seen += 1
        if fault.nth is not None and rule.seen != fault.nth:
            return False
        if fault.every is not None and rule.seen % fault.every:
            return False
        if fault.probability is not None and self._chance.random() >= fault.probability:
            return False
        rule.fired += 1
        return True


def _is_about(fault: Fault, head: Head) -> bool:
    return (
        fault.method in (None, head.method)
        and (fault.path_regex is None or re.search(fault.path_regex, head.path) is not None)
        and fault.object in (None, head.object)
    )


def _is_in_time(fault: Fault, age_s: float) -> bool:
    return fault.from_s <= age_s and (fault.until_s is None or age_s < fault.until_s)
