"""`python -m bench [ROW ...]`: measures all rows, or the named ones, and prints the report."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from bench import ceiling, decode, outbox, pipeline, report, upload

ROWS: Final[Mapping[str, Callable[[], str]]] = {
    "decode": decode.section,
    "pipeline": pipeline.section,
    "ceiling": ceiling.section,
    "outbox": outbox.section,
    "upload": upload.section,
}


def main() -> None:
    """Run the rows, printing each as it is there."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the gateway; Markdown.")
    parser.add_argument("rows", metavar="ROW", nargs="*", default=list(ROWS), help=f"of {', '.join(ROWS)}; default all")
    given = parser.parse_args()
    unknown = sorted(set(given.rows) - set(ROWS))
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are {', '.join(ROWS)}")
    report.say(report.head())
    for name in given.rows:
        report.say(ROWS[name]())


if __name__ == "__main__":
    main()
