"""`make truth`: every scenario × format × network, many seeds, as a table; exit code 1 when one lap is false."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from app.sim.scenarios import SCENARIOS
from tests.truth.matrix import FORMATS, Cell, cells


def _all_of(scenario: str, seeds: int) -> list[Cell]:
    return list(cells(scenario, FORMATS, range(1, seeds + 1)))


def _row(name: str, judged: Iterable[Cell]) -> tuple[str, bool]:
    told = list(judged)
    counts = [sum(len(getattr(cell.verdict, what)) for cell in told) for what in _WRONGS]
    laps = sum(cell.verdict.laps for cell in told)
    return f"| {name} | {len(told)} | {laps} | " + " | ".join(map(str, counts)) + " |", any(counts)


_WRONGS = ("false", "missed", "wrong", "doubled", "sessions")


def main() -> int:
    """Print the table, and every lap or session that was not told truly."""
    parser = argparse.ArgumentParser(prog="make truth", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("scenarios", nargs="*", default=list(SCENARIOS))
    options = parser.parse_args()
    began_s = time.monotonic()
    sys.stdout.write("| scenario | runs | laps | false | missed | wrong | doubled | sessions wrong |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- | --- | --- | --- |\n")
    everything: list[Cell] = []
    with ProcessPoolExecutor() as pool:
        for name, judged in zip(
            options.scenarios, pool.map(partial(_all_of, seeds=options.seeds), options.scenarios), strict=True
        ):
            everything += judged
            sys.stdout.write(_row(name, judged)[0] + "\n")
            sys.stdout.flush()
    row, bad = _row("**all**", everything)
    sys.stdout.write(f"{row}\n\n{options.seeds} seeds, {time.monotonic() - began_s:.0f} s\n")
    for cell in everything:
        for what in _WRONGS:
            for said in getattr(cell.verdict, what):
                sys.stdout.write(
                    f"{what}: {cell.scenario} {cell.packet_format} seed {cell.seed} {cell.impaired}: {said}\n"
                )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
