"""Fan-out: CPU per message that a client gets, beside one `os.write` a client, and beside serialising for each.

Each server is a process of its own with as many clients; all are up, and they send in turns. See `broadcasting`.
"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import Final

from bench import report
from bench.broadcasting import KINDS, Broadcast, broadcasting
from bench.dashboards import dashboards
from bench.findings import Findings

_WORDS: Final = {
    "product": "**the gateway's hub** under uvicorn, as it runs",
    "write": "one `os.write` a client of a ready frame",
    "dumps": "`json.dumps` for each client, under uvicorn",
}


def run(rounds: int = 5, seconds: float = 1.5, clients: int = 200) -> Findings:
    """This row of the benchmarks."""
    found: dict[str, list[Broadcast]] = {kind: [] for kind in KINDS}
    read: dict[str, int] = {}
    with ExitStack() as stack:
        servers = {kind: stack.enter_context(broadcasting(kind)) for kind in KINDS}
        crowds = {kind: stack.enter_context(dashboards(servers[kind].port)) for kind in KINDS}
        for kind, crowd in crowds.items():
            crowd.add(clients, look_at_every=clients)
            servers[kind].run(0.3)  # what a new client gets is on its way by then
            crowd.mark()
        for number in range(rounds):
            for at in range(len(KINDS)):
                kind = KINDS[(number + at) % len(KINDS)]
                found[kind].append(servers[kind].run(seconds))
        read = {kind: crowd.tell().messages for kind, crowd in crowds.items()}
    to_write, to_dumps = _ratio(found, "product", "write"), _ratio(found, "product", "dumps")
    rows = [
        [
            _WORDS[kind],
            report.micros(median(each.us for each in found[kind])),
            f"{_ratio(found, kind, 'write'):.1f}",
            report.share(_ratio(found, kind, "dumps")),
            report.thousands(sum(each.messages for each in found[kind])),
            report.thousands(read[kind]),
        ]
        for kind in KINDS
    ]
    intro = (
        "## Fan-out, per message and client\n\n"
        f"{clients} clients, two rigs at 20 Hz, a real state of a race; process CPU, the kernel's sending included; "
        f"medians of {rounds} rounds of {seconds:g} s in turns.\n"
    )
    columns = ("sends", "CPU µs per message", "to one write", "to serialising for each", "sent", "read")
    return Findings(f"{intro}\n{report.table(columns, rows)}", {"fanout.write": to_write, "fanout.dumps": to_dumps})


def _ratio(found: dict[str, list[Broadcast]], kind: str, to: str) -> float:
    return median(one.us / other.us for one, other in zip(found[kind], found[to], strict=True))


if __name__ == "__main__":
    report.say(run().section)
