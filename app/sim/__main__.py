"""`python -m app.sim`: send a simulated scenario over UDP."""

from __future__ import annotations

import sys

from app.arguments import OneSentence
from app.sim.cadence import RATES_HZ
from app.sim.dialects import dialect
from app.sim.scenarios import SCENARIOS
from app.sim.sender import Order, send, stopped_by_signals

_MOST_RIGS = 8
_DEFAULT_PORT = 20_777


def parsed(arguments: list[str]) -> Order | None:
    """The order, or None if only the list of scenarios was asked for.

    Raises:
        SystemExit: With code 2 and one sentence if an argument is wrong.
    """
    parser = OneSentence("python -m app.sim", "Send a simulated scenario over UDP.")
    parser.add_argument("--scenario", default="duel", help="see --list")
    parser.add_argument("--list", action="store_true", help="print the scenarios and leave")
    parser.add_argument("--rigs", type=int, default=None, help="machines; default: as the scenario has")
    parser.add_argument("--speed", type=float, default=1.0, help="times real time")
    parser.add_argument("--format", type=int, default=2025, help="2023, 2024, 2025 or 2026")
    parser.add_argument("--f1-23", action="store_true", help="format 2023 as the F1 23 game sends it")
    parser.add_argument("--rate", type=int, default=60, help="packets a second in the game's menu")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", default="127.0.0.1", help="host to send to")
    parser.add_argument("--ports", default="", help="one port per rig, with commas; default 20777, 20778, ...")
    parser.add_argument("--track", type=int, default=None, help="track id; default: the scenario's own")
    parser.add_argument("--short", action="store_true", help="laps of 20 s and few of them, as in tests")
    parser.add_argument("--loop", action="store_true", help="again and again, each time with another seed")
    options = parser.parse_args(arguments)
    if options.list:
        return None
    if options.scenario not in SCENARIOS:
        parser.error(f"no scenario {options.scenario!r}; --list names them all")
    if options.rigs is not None and not 1 <= options.rigs <= _MOST_RIGS:
        parser.error(f"--rigs must be 1 to {_MOST_RIGS}")
    if options.speed <= 0.0:
        parser.error("--speed must be above 0")
    if options.rate not in RATES_HZ:
        parser.error(f"--rate must be one of {', '.join(map(str, RATES_HZ))}")
    try:
        dialect(options.format, real_f1_23=options.f1_23)
    except ValueError as problem:
        parser.error(str(problem))
    named = [port for port in options.ports.split(",") if port]
    if not all(port.isdecimal() and 0 < int(port) < 65_536 for port in named):
        parser.error("--ports must be numbers between 1 and 65535, with commas")
    ports = [int(port) for port in named]
    if ports and options.rigs is not None and len(ports) < options.rigs:
        parser.error(f"{options.rigs} rigs need {options.rigs} ports, not {len(ports)}")
    base = ports or [_DEFAULT_PORT]
    ports = base + [base[-1] + n for n in range(1, _MOST_RIGS + 1)]
    return Order(
        options.scenario,
        options.rigs,
        options.speed,
        options.format,
        options.rate,
        options.seed,
        options.to,
        ports,
        options.loop,
        not options.short,
        options.track,
        options.f1_23,
    )


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    order = parsed(arguments)
    if order is None:
        for name, scenario in SCENARIOS.items():
            sys.stdout.write(f"{name:28} {(scenario.__doc__ or '').splitlines()[0]}\n")
        return 0
    try:
        with stopped_by_signals() as stop:
            sent = send(order, _tell, stop)
    except OSError as problem:
        sys.stderr.write(f"python -m app.sim: cannot send to {order.host}: {problem.strerror or problem}\n")
        return 2
    sys.stdout.write(f"{sent} datagrams sent\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
