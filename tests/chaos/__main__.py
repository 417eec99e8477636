"""`make chaos`: the long proofs as a table; exit code 1 when one of them fails.

python -m tests.chaos                        all of them, some three quarters of an hour
python -m tests.chaos L11 --minutes 3        one of them, shorter
python -m tests.chaos U1 --rounds 5          one of them
python -m tests.chaos U3 --whole             until the backlog of eight hours is gone
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.chaos.alerts import every_alert
from tests.chaos.canary import canaries
from tests.chaos.crowds import reconnecting, saying_nothing, too_many
from tests.chaos.ending import ended_under_load
from tests.chaos.endurance import MINUTES, endurance
from tests.chaos.faults import mixed_faults, storm
from tests.chaos.floods import flooded_by_a_stranger, flooded_in_its_name
from tests.chaos.hostile import hostile_datagrams
from tests.chaos.kills import crash_loop, kill_rounds, killed_while_gone
from tests.chaos.outage import eight_hours
from tests.chaos.soak import soak
from tests.chaos.verdict import HEAD, Check, Verdict
from tests.reliability.results import machine


def proofs(options: argparse.Namespace) -> Mapping[str, Callable[[Path], Verdict]]:
    """Every proof by the name of its row."""
    return {
        "U1": lambda folder: kill_rounds(folder, options.rounds, options.seed),
        "U3": lambda folder: eight_hours(folder, options.seconds, whole=options.whole),
        "A6": storm,
        "A7": lambda folder: mixed_faults(folder, seed=options.seed),
        "A8": killed_while_gone,
        "A13": canaries,
        "A16": soak,
        "S10": lambda folder: crash_loop(folder, options.starts, options.seed),
        "L4": ended_under_load,
        "I1": hostile_datagrams,
        "I4": flooded_by_a_stranger,
        "I5": flooded_in_its_name,
        "L11": lambda folder: endurance(folder, options.minutes, options.seed),
        "ALERTS": every_alert,
        "W3": reconnecting,
        "W4": too_many,
        "W16": saying_nothing,
    }


def main(arguments: list[str]) -> int:
    """Print a line for each proof as soon as it has ended."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=50, help="kills of U1")
    parser.add_argument("--starts", type=int, default=20, help="starts of S10")
    parser.add_argument("--seconds", type=float, default=75, help="how long U3 watches the drain")
    parser.add_argument("--whole", action="store_true", help="U3 watches the drain to its end")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long L11 drives")
    parser.add_argument("--seed", type=int, default=1, help="of all that is left to chance")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts as well, for make reliability")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="default: all")
    options = parser.parse_args(arguments)
    known = proofs(options)
    if unknown := set(options.rows) - set(known):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    _tell(HEAD)
    began_s = time.monotonic()
    verdicts = []
    for name in options.rows or known:
        verdicts.append(_proved(name, known[name]))
        if options.json is not None:  # after each: a run that is broken off has told what it knew
            _write(options.json, verdicts, arguments)
    failed = [verdict.row for verdict in verdicts if not verdict.ok]
    told = f"{', '.join(failed)} failed" if failed else "all hold"
    _tell(f"\n{len(verdicts)} proofs, {told}, seed {options.seed}, {time.monotonic() - began_s:.0f} s")
    return 1 if failed else 0


def _proved(name: str, prove: Callable[[Path], Verdict]) -> Verdict:
    """Run one proof in a folder of its own; one that breaks off has failed, and says with what."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        try:
            verdict = prove(Path(folder))
        except Exception as broken:
            traceback.print_exc()
            verdict = Verdict(name, "-", "-", [Check(f"broke off: {type(broken).__name__}: {broken}", False)])
    _tell(verdict.line())
    return verdict


def _write(path: Path, verdicts: list[Verdict], arguments: list[str]) -> None:
    words = [word for word in arguments if word not in ("--json", str(path))]
    body = {
        "command": " ".join(["python -m tests.chaos", *words]),
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": machine(),
        "verdicts": [
            {"row": each.row, "ok": each.ok, "checks": [check.told for check in each.checks]} for each in verdicts
        ],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
