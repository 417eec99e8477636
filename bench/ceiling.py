"""The whole gateway as a process of its own: the highest rate of datagrams that it takes without a loss.

`python -m app` with two rigs and ten dashboards, and the product's replay sending both captures faster and faster,
until datagrams are lost. Its states stay at 20 a second and rig, so they weigh less here than with many rigs.
A kernel's receive buffer hides an excess of some thousand datagrams; steps are long against that.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import takewhile
from typing import Final, NamedTuple

from app.ingest.replay import Replay
from app.ingest.schedule import Due
from bench import report
from bench.findings import Findings
from bench.gateway import GatewayProcess, running_gateway
from bench.traffic import Mix, catalunya, endless, melbourne
from bench.watchers import watching

CLIENTS: Final = 10
STEP_S: Final = 3.0
_RATES: Final = tuple(round(8_000 * 1.25**step) for step in range(10))
_BUDGET_S: Final = 36.0
_SETTLE_S: Final = 2.0
_SENDER_KEEPS_UP: Final = 0.95
"""A sender that reaches less than this share of its rate is the limit itself."""


class Step(NamedTuple):
    """One rate, tried."""

    sent: int
    sent_per_s: float
    lost: int
    cpu_s: float | None
    waited_s: float | None
    sender_kept_up: bool

    @property
    def cpu_us(self) -> float | None:
        """CPU of the gateway per datagram that reached it, its kernel's part included."""
        return None if self.cpu_s is None else self.cpu_s / (self.sent - self.lost) * 1e6

    def share(self, spent_s: float | None) -> float | None:
        """Seconds of the gateway as a share of those in which was sent."""
        return None if spent_s is None else spent_s / self.sent * self.sent_per_s


def climb(budget_s: float = _BUDGET_S) -> tuple[list[Step], int]:
    """The rates tried, rising, until one loses datagrams twice; and the messages that the dashboards got."""
    until_s = time.monotonic() + budget_s
    steps: list[Step] = []
    with running_gateway(["RIG_A", "RIG_B"]) as gateway:
        with watching(f"ws://127.0.0.1:{gateway.http_port}/ws", CLIENTS) as watchers, ExitStack() as stack:
            senders = [_sender(port, stack) for port in gateway.udp_ports]
            _step(gateway, senders, 2_000, passes_from=0)  # warm: a first session, caches, the sender
            for rate in _RATES:
                steps.append(_step(gateway, senders, rate, passes_from=1_000 * (len(steps) + 1)))
                if steps[-1].lost:  # others share the machine: once may be theirs
                    steps.append(_step(gateway, senders, rate, passes_from=1_000 * (len(steps) + 1)))
                if steps[-1].lost or not steps[-1].sender_kept_up or time.monotonic() > until_s:
                    break
        return steps, watchers.messages


def _sender(port: int, stack: ExitStack) -> Callable[[bytes], object]:
    sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sender.connect(("127.0.0.1", port))
    return sender.send


def _step(gateway: GatewayProcess, senders: Sequence[Callable[[bytes], object]], rate: float, passes_from: int) -> Step:
    mixes = (catalunya(), melbourne())
    speed = rate / sum(mix.per_s for mix in mixes)
    schedules = [list(_due(mix, speed, passes_from)) for mix in mixes]
    received, cpu_s, waited_s = gateway.received(), gateway.cpu_s(), gateway.waited_s()
    replay = Replay()
    began_s = time.monotonic()
    replay.run((iter(due), send) for due, send in zip(schedules, senders, strict=True))
    took_s = time.monotonic() - began_s
    lost = replay.sent - _settled(gateway, received + replay.sent) + received
    return Step(
        sent=replay.sent,
        sent_per_s=replay.sent / took_s,
        lost=lost,
        cpu_s=_since(cpu_s, gateway.cpu_s()),
        waited_s=_since(waited_s, gateway.waited_s()),
        sender_kept_up=STEP_S / took_s >= _SENDER_KEEPS_UP,
    )


def _since(before: float | None, now: float | None) -> float | None:
    return None if before is None or now is None else now - before


def _due(mix: Mix, speed: float, passes_from: int) -> Iterator[Due]:
    in_time = takewhile(lambda each: each[0] <= STEP_S * speed, endless(mix, passes_from))
    return (Due(at_s / speed, payload) for at_s, payload in in_time)


def _settled(gateway: GatewayProcess, expected: int) -> int:
    """What it has received when all is there, or when nothing comes any more."""
    until_s = time.monotonic() + _SETTLE_S
    received, before = gateway.received(), -1
    while received < expected and (received > before or time.monotonic() < until_s):
        time.sleep(0.2)
        received, before = gateway.received(), received
    return received


def run(budget_s: float = _BUDGET_S) -> Findings:
    """This row of the benchmarks."""
    steps, messages = climb(budget_s)
    held = [step for step in steps if not step.lost]
    best = f"**{report.thousands(max(step.sent_per_s for step in held))} datagrams/s**" if held else "no rate"
    limit = "" if steps[-1].sender_kept_up else " The sender reached its limit, so the gateway's may lie higher."
    columns = ("sent datagrams/s", "sent", "lost", "CPU µs per datagram", "of a core", "waited for a core")
    intro = (
        "## Whole gateway, as a process\n\n"
        f"`python -m app`, two rigs (Catalunya, Melbourne) by UDP, {CLIENTS} dashboards on WebSockets, {STEP_S:g} s a "
        "step. CPU of its process, the kernel's part included; it *waited* while others had the cores, the sender and "
        "the dashboards among them: losses after much waiting are the machine's, not the gateway's. A rate that loses "
        f"is tried once more. Without loss: {best}.{limit} The dashboards got {report.thousands(messages)} messages.\n"
    )
    figures = {"ceiling": max((step.sent_per_s for step in held), default=0.0)}
    return Findings(f"{intro}\n{report.table(columns, map(_cells, steps))}", figures)


def _cells(step: Step) -> list[str]:
    cpu_us = step.cpu_us
    return [
        report.thousands(step.sent_per_s),
        report.thousands(step.sent),
        report.thousands(step.lost),
        "not measured" if cpu_us is None else report.micros(cpu_us),
        _percent(step.share(step.cpu_s)),
        _percent(step.share(step.waited_s)),
    ]


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{share:.0%}"


if __name__ == "__main__":
    report.say(run().section)
