"""L11: half an hour of an event day on the clock, with something always going wrong, and nothing that grows.

A minute has a plan: the org is well, then slow, then angry; all the while browsers come and go and strangers send
nonsense to the rigs' ports. In its last part the rigs are switched off and everything comes to rest; there memory,
descriptors and tasks are counted, since only at rest the same things are open each time.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.chaos.evidence import Books, Journal, snapshot
from tests.chaos.stage import Org, Rule, Stage, cloud, is_drained, metric, resident_mib, until
from tests.chaos.verdict import Check, Verdict, at_least, at_most, exactly, thousands
from tests.gateway import Running

MINUTES: Final = 30.0
WARM_MINUTES: Final = 5.0
MOST_MIB: Final = 1.0
"""In ten minutes, after the warm-up."""
_LEAST_POINTS: Final = 10
"""Below, a line through the memory says nothing."""
_REST_S: Final = 18.0
_CLIENTS: Final = 4
_NONSENSE: Final = 100
"""Datagrams at a time."""
_GONE: Final[Rule] = {"action": "status", "code": 503, "every": 4}
_PLAN: Final[tuple[tuple[float, tuple[Rule, ...]], ...]] = (
    (12.0, ()),
    (10.0, ({"action": "delay", "seconds": 0.5, "probability": 0.5}, {"action": "commit_then_reset", "every": 7})),
    (10.0, ({"action": "status", "code": 429, "headers": {"Retry-After": "1"}, "every": 3}, _GONE)),
    (10.0, ({"action": "revoke_tokens", "every": 20}, {"action": "reset_mid_body", "every": 9})),
)
"""How long, and which faults of the org; then comes the rest."""
_LOSSES: Final = (
    ("f1_bus_dropped_total", {}),
    ("f1_history_dropped_total", {}),
    ("f1_gateway_log_lost_total", {}),
    *(("f1_datacloud_rows_total", {"outcome": outcome}) for outcome in ("evicted", "damaged", "not_stored", "unfit")),
)


class Rest(NamedTuple):
    """What is counted at rest; without the connections to the org, of which up to five are kept for the next call."""

    at_minute: float
    resident_mib: float
    descriptors: int
    tasks: int


def endurance(folder: Path, minutes: float = MINUTES, seed: int = 1) -> Verdict:
    """L11: two rigs at 60 Hz, faults, restarts of rigs, clients that come and go, nonsense from strangers."""
    stage, books, chance = Stage(folder), Books(), random.Random(seed)
    journal, rests = Journal(stage.journal), list[Rest]()
    nonsense = clients = 0
    began_s = time.monotonic()
    ends_s = began_s + 60 * minutes
    with stage.org("--strict") as org, stage.gateway() as gateway:
        org.configure(keep_deliveries=1000, keep_requests=1000)
        while time.monotonic() < ends_s or not rests:
            # Another seed is another session: the same one driven anew would be the same rows with other times.
            driving = stage.rigs("--short", "--rate", "60", "--seed", str(seed + 1000 * len(rests)))
            with driving, _churn(gateway) as churned:
                nonsense += _a_minute(org, gateway, chance)
            clients += churned()
            org.faults()
            rests.append(_at_rest(gateway, stage.org_port, (time.monotonic() - began_s) / 60))
        checks = [*_counted(gateway, nonsense), *_kernel_drops(gateway)]
        code = (gateway.terminate(20.0), gateway.process.returncode)[1]
    books.came(journal.more())
    last = snapshot(stage.outbox)
    return Verdict(
        "L11" if len(_warm(rests)) >= _LEAST_POINTS else "L11 shortened",
        f"{minutes:g} min, 2 rigs × 60 Hz restarted each minute; 429, 503, resets, lost answers, revoked tokens; "
        f"{thousands(clients)} clients came and went; {thousands(nonsense)} datagrams of nonsense",
        f"memory ≤ +{MOST_MIB:g} MiB in 10 min, descriptors and tasks constant, every loss explained",
        [
            *_flat(rests),
            *checks,
            *books.verdicts(last),
            at_least("rows at the org", len(books.delivered), 1),
            at_least("clients that were let in", clients, 10 * minutes),
            exactly("exit code", code, 0),
        ],
    )


def _a_minute(org: Org, gateway: Running, chance: random.Random) -> int:
    """Play the plan; how much nonsense was sent."""
    sent = 0
    for seconds, faults in _PLAN:
        org.faults(*faults)
        until_s = time.monotonic() + seconds
        while (left_s := until_s - time.monotonic()) > 0:
            sent += _nonsense(gateway, chance)
            time.sleep(min(1.0, max(0.0, left_s)))
    return sent


def _nonsense(gateway: Running, chance: random.Random) -> int:
    """Datagrams that are no game's, to every rig; how many."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for port in gateway.rig_ports:
            for _ in range(_NONSENSE):
                stranger.sendto(chance.randbytes(chance.randrange(1, 1400)), ("127.0.0.1", port))
    return _NONSENSE * len(gateway.rig_ports)


@contextmanager
def _churn(gateway: Running) -> Iterator[Callable[[], int]]:
    """Browsers that come, look for a moment, and go, until the block ends; how many there were."""
    stop, came = threading.Event(), [0]

    def run() -> None:
        while not stop.wait(0.5):
            came[0] += asyncio.run(_visit(gateway.socket_url))

    thread = threading.Thread(target=run, name="churn", daemon=True)
    thread.start()
    try:
        yield lambda: came[0]
    finally:
        stop.set()
        thread.join(20)


async def _visit(url: str) -> int:
    """Some clients at once, of which every second one goes without a word; how many were let in."""
    came = 0

    async def one(number: int) -> None:
        nonlocal came
        with suppress(OSError, WebSocketException, TimeoutError):
            async with asyncio.timeout(3), connect(url) as client:
                await client.send(json.dumps({"type": "subscribe_rig", "rig_id": "all"}))
                await asyncio.sleep(0.5)
                await client.recv()
                came += 1
                if number % 2:
                    client.transport.abort()

    await asyncio.gather(*(one(number) for number in range(_CLIENTS)))
    return came


def _at_rest(gateway: Running, org_port: int, at_minute: float) -> Rest:
    """Wait until all is delivered and every browser has gone; then count."""
    began_s = time.monotonic()
    until("all is delivered", lambda: is_drained(gateway), 60)
    time.sleep(max(0.0, _REST_S - (time.monotonic() - began_s)))
    pid = gateway.process.pid
    return Rest(at_minute, resident_mib(pid), _descriptors(pid, org_port), round(metric(gateway, "f1_gateway_tasks")))


def _descriptors(pid: int, org_port: int) -> int:
    """How many are open, but for connections to the org."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    to_org = {f"socket:[{line[9]}]" for line in lines if line[2].endswith(f":{org_port:04X}")}
    links = []
    for number in os.listdir(f"/proc/{pid}/fd"):
        with suppress(OSError):  # closed this moment
            links.append(os.readlink(f"/proc/{pid}/fd/{number}"))
    return sum(link not in to_org for link in links)


def _warm(rests: list[Rest]) -> list[Rest]:
    """What is judged: caches have filled by then, and the allocator has found its size."""
    return [rest for rest in rests if rest.at_minute >= WARM_MINUTES]


def _flat(rests: list[Rest]) -> list[Check]:
    """Whether nothing grows from one rest to the next."""
    warm = _warm(rests)
    first, last = rests[0], rests[-1]
    told = f"{first.resident_mib:.0f} MiB at first, {last.resident_mib:.0f} at last"
    if len(warm) < _LEAST_POINTS:
        memory = Check(f"memory {told}; not judged: too short for a trend")
    else:
        memory = at_most(f"memory ({told}) grows by", 10 * slope(warm), MOST_MIB, " MiB in 10 min")
    settled = rests[1:] or rests
    return [
        memory,
        exactly("descriptors at rest", sorted({rest.descriptors for rest in settled}), [settled[0].descriptors]),
        exactly("tasks at rest", sorted({rest.tasks for rest in settled}), [settled[0].tasks]),
        at_least("rests", len(rests), 1),
    ]


def slope(rests: list[Rest]) -> float:
    """MiB a minute: the line of least squares through the rests."""
    minute = sum(rest.at_minute for rest in rests) / len(rests)
    mean = sum(rest.resident_mib for rest in rests) / len(rests)
    rise = sum((rest.at_minute - minute) * (rest.resident_mib - mean) for rest in rests)
    return rise / sum((rest.at_minute - minute) ** 2 for rest in rests)


def _counted(gateway: Running, nonsense: int) -> list[Check]:
    """Whether every datagram and every row is accounted for."""
    losses = {name + str(labels or ""): metric(gateway, name, **labels) for name, labels in _LOSSES}
    rejected = metric(gateway, "f1_ingest_rejected_total")
    return [
        exactly("losses", {name: value for name, value in losses.items() if value}, {}),
        exactly("nonsense counted as such", round(rejected), nonsense),
        exactly("problems told at the end", gateway.health()["problems"], []),
        Check(f"cloud {cloud(gateway)['state']}"),
    ]


def _kernel_drops(gateway: Running) -> list[Check]:
    """What Linux dropped before the gateway could read it."""
    ports = {f"{port:04X}" for port in gateway.rig_ports}
    lines = Path("/proc/net/udp").read_text(encoding="ascii").splitlines()[1:]
    drops = sum(int(line.split()[-1]) for line in lines if line.split()[1].rpartition(":")[2] in ports)
    return [exactly("datagrams dropped by the kernel", drops, 0)]
