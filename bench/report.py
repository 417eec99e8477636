"""How the findings are printed: Markdown, numbers as people read them."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from bench.timing import CLOCK_NAME

_QUIET: Final = 0.5
_PACKAGES: Final = ("pydantic", "orjson", "uvicorn", "uvloop", "websockets")


def head() -> str:
    """Where and with what this run was made."""
    versions = ", ".join(f"{name} {found}" for name in _PACKAGES if (found := _version(name)) is not None)
    return (
        "# Benchmarks\n\n"
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC · {_processor()}, {os.cpu_count()} cores · "
        f"{platform.system()} {platform.release()} · {platform.python_implementation()} {platform.python_version()}\n"
        f"{versions}\n\n"
        f"{_others()}"
        f"µs are {CLOCK_NAME}, medians. Compare ratios, not µs: each is taken within one run, in which the contenders "
        "take turns.\n"
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [columns, ["---", *["---:"] * (len(columns) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def micros(us: float) -> str:
    """A duration with two or three digits that count."""
    return f"{us:.0f}" if us >= 100 else f"{us:.1f}" if us >= 10 else f"{us:.2f}"


def share(ratio: float) -> str:
    """A ratio as it is said: 1/52 for a small one, 1.3 for one around 1 or above."""
    if ratio >= 0.67:
        return f"{ratio:.1f}"
    parts = 1 / ratio
    return f"1/{parts:.0f}" if parts >= 10 else f"1/{parts:.1f}"


def thousands(number: float) -> str:
    """A count, rounded, in groups of three."""
    return f"{round(number):,}".replace(",", " ")


def say(text: str) -> None:
    """Print, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _others() -> str:
    """How busy the machine was with other things when the run began, where that can be told."""
    if not hasattr(os, "getloadavg"):
        return ""
    load = os.getloadavg()[0]
    judged = "others used the machine: believe no age and little else" if load > _QUIET else "quiet"
    return f"load average at the start {load:.1f} ({judged})\n\n"


def _processor() -> str:
    """The processor's name where Linux tells it, else its architecture."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
