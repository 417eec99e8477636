"""`python -m tests.reliability FILE...`: prints docs/reliability.md; exit code 1 when a row does not hold."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.reliability.report import failed, report
from tests.reliability.results import read


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    if not arguments:
        sys.stderr.write("python -m tests.reliability: name the files that `make reliability` makes\n")
        return 2
    runs = [read(Path(name)) for name in arguments]
    sys.stdout.write(report(runs))
    return 1 if failed(runs) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
