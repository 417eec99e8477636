"""`python -m bench [ROW ...]`: measures all rows, or the named ones, and prints the report.

`--quick` takes the cheap rows, shortened; `--check` holds them against `bounds.toml` and ends with 1 when one is
beyond. `--write` puts the report into docs/benchmarks.md, and the curve of the rigs into docs/scaling.md. Every row's
options (rounds, seconds, ...) can be given: `--set start.minutes=10 --set rigs.steps=1,8,64`.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from bench import (
    bounds,
    ceiling,
    clients,
    collector,
    decode,
    fanout,
    freshness,
    outbox,
    pipeline,
    receive,
    report,
    rigs,
    stall,
    start,
    upload,
    whole,
)
from bench.findings import Findings
from bench.goals import summary
from bench.machine import ROOT

Value = int | float | tuple[int, ...]
Options = Mapping[str, Value]


class Plan(NamedTuple):
    """A row: what measures it, and with which options in a quick run; None leaves it out there."""

    run: Callable[..., Findings]
    quick: Options | None
    full: Options


ROWS: Final[Mapping[str, Plan]] = {
    "decode": Plan(decode.run, {"rounds": 3}, {"rounds": 9}),
    "receive": Plan(receive.run, {"rounds": 2, "seconds": 0.4}, {"rounds": 3, "seconds": 1.2}),
    "stall": Plan(stall.run, {"rounds": 1, "halvings": 4}, {"rounds": 2}),
    "fanout": Plan(fanout.run, {"rounds": 3, "seconds": 0.7, "clients": 100}, {"seconds": 1.2}),
    "clients": Plan(clients.run, None, {}),
    "outbox": Plan(outbox.run, {"rounds": 1}, {"rounds": 3}),
    "upload": Plan(upload.run, {"rounds": 5, "paced_s": 0}, {"paced_s": 6.0, "backlog": 20_000}),
    "freshness": Plan(freshness.run, None, {}),
    "whole": Plan(whole.run, None, {"seconds": 3.0}),
    "collector": Plan(collector.run, {"rounds": 1, "events": 20_000}, {"rounds": 2}),
    "rigs": Plan(rigs.run, None, {}),
    "start": Plan(start.run, None, {}),
    "pipeline": Plan(pipeline.run, None, {"rounds": 4}),
    "ceiling": Plan(ceiling.run, None, {"budget_s": 20.0}),
}
_REPORT: Final = ROOT / "docs" / "benchmarks.md"
_SCALING: Final = ROOT / "docs" / "scaling.md"
_NOTE: Final = "Written by `make bench`, which measures all of it anew; CONTRIBUTING.md tells how to read it.\n"


def main() -> int:
    """Run the rows, printing each as it is there; the exit code."""
    given = _arguments()
    sections: dict[str, str] = {}
    figures: dict[str, float] = {}
    failed: list[str] = []
    head = report.head()
    report.say(head)
    for name in given.rows:
        began_s = time.monotonic()
        try:
            found = ROWS[name].run(**_options(name, given))
        except Exception:  # one row that cannot be measured must not cost the others
            traceback.print_exc()
            failed.append(name)
            continue
        sections[name] = found.section
        figures |= found.figures
        report.say(found.section)
        sys.stderr.write(f"{name}: {time.monotonic() - began_s:.0f} s\n")
    table = summary(figures)
    report.say(f"## Summary\n\n{table}")
    if given.write:
        _REPORT.write_text("\n".join([head, _NOTE, table, *sections.values()]), encoding="utf-8")
        if "rigs" in sections:
            rigs.write_curve(_SCALING, sections["rigs"])
    sentences = [f"{name}: could not be measured; the reason is above" for name in failed]
    if given.check:
        sentences += bounds.broken(bounds.committed(), figures)
    for sentence in sentences:
        sys.stderr.write(f"{sentence}\n")
    return 1 if sentences else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the gateway; Markdown.")
    parser.add_argument("rows", metavar="ROW", nargs="*", help=f"of {', '.join(ROWS)}; default all")
    parser.add_argument("--quick", action="store_true", help="only the cheap rows, shortened")
    parser.add_argument("--check", action="store_true", help="quick, and held against bench/bounds.toml")
    parser.add_argument(
        "--write", action="store_true", help="write docs/benchmarks.md and the curve of docs/scaling.md"
    )
    parser.add_argument("--set", metavar="ROW.OPTION=VALUE", action="append", default=[], help="an option of a row")
    given = parser.parse_args()
    given.quick = given.quick or given.check
    if unknown := sorted(set(given.rows) - set(ROWS)):
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    given.rows = given.rows or [name for name, plan in ROWS.items() if not given.quick or plan.quick is not None]
    try:
        given.set = _settings(given.set)
    except ValueError as wrong:
        parser.error(str(wrong))
    return given


def _settings(told: Sequence[str]) -> dict[str, dict[str, Value]]:
    """What `--set` says, by row.

    Raises:
        ValueError: It cannot be understood.
    """
    found: dict[str, dict[str, Value]] = {}
    for each in told:
        name, _, value = each.partition("=")
        row, _, option = name.partition(".")
        if row not in ROWS or not option or not value:
            raise ValueError(f"--set {each}: write ROW.OPTION=VALUE, as start.minutes=10")
        numbers = [float(part) for part in value.split(",")]
        whole_numbers = [int(number) for number in numbers if number.is_integer()]
        if "," in value or option == "steps":
            found.setdefault(row, {})[option] = tuple(whole_numbers)
        else:
            found.setdefault(row, {})[option] = whole_numbers[0] if whole_numbers else numbers[0]
    return found


def _options(name: str, given: argparse.Namespace) -> dict[str, Value]:
    plan = ROWS[name]
    return {**((plan.quick or {}) if given.quick else plan.full), **given.set.get(name, {})}


if __name__ == "__main__":
    sys.exit(main())
