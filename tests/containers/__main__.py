"""`make container-check`: image, Compose files and demo proven on a machine without a container engine's daemon.

python -m tests.containers                     all of it, some two minutes
python -m tests.containers --json FILE         and its verdicts as JSON, for docs/reliability.md

It needs root on Debian, installs what is missing, works in a folder of its own and leaves nothing behind but its
downloads in `.cache/containers`. docs/containers.md says what it cannot show.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from tests.chaos.verdict import Check, Verdict
from tests.containers import steps
from tests.containers.base import base_archive, base_name, python_of, release_of
from tests.containers.composing import Composer
from tests.containers.engine import own_engine
from tests.containers.tools import NotHere, fetch_wheels, install_packages, install_tools

NOT_HERE: Final = 2


class Report:
    """Runs steps, says a line about each, and keeps what they measured."""

    def __init__(self) -> None:
        self.verdicts: list[Verdict] = []

    def step(self, row: str, injected: str, expected: str, prove: Callable[[], Sequence[Check]]) -> bool:
        """Run one step; one that breaks off has failed, and says with what."""
        began_s = time.monotonic()
        try:
            checks = prove()
        except NotHere:
            raise
        except Exception as broke:
            traceback.print_exc()
            checks = [Check(f"broke off: {type(broke).__name__}: {broke}", ok=False)]
        verdict = Verdict(row, injected, expected, checks)
        self.verdicts.append(verdict)
        told = "; ".join(check.told if check.ok else f"NOT SO: {check.told}" for check in checks)
        _tell(f"{'ok  ' if verdict.ok else 'FAIL'} {time.monotonic() - began_s:6.1f} s  {injected}: {told}")
        return verdict.ok


def main(arguments: list[str]) -> int:
    """The command; 0 all holds, 1 something does not, 2 it cannot be tried here."""
    parser = argparse.ArgumentParser(prog="make container-check", description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there")
    options = parser.parse_args(arguments)
    began_s = time.monotonic()
    report = Report()
    try:
        installed = install_packages()
        took_s = time.monotonic() - began_s
        _tell(f"ok   {took_s:6.1f} s  packages: {', '.join(installed) or 'all there'}")
        began_s = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="rig-gateway-containers-") as folder:
            _check(report, Path(folder))
    except NotHere as missing:
        sys.stderr.write(f"container-check: {missing}\n")
        return NOT_HERE
    failed = [verdict.injected for verdict in report.verdicts if not verdict.ok]
    told = f"failed: {', '.join(failed)}" if failed else "all hold"
    _tell(f"{len(report.verdicts)} steps, {told}, {time.monotonic() - began_s:.0f} s after the packages")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(as_json(report.verdicts, datetime.now(UTC)), encoding="utf-8")
    return 1 if failed else 0


def as_json(verdicts: Sequence[Verdict], at: datetime) -> str:
    """The verdicts for a machine to read, in the form that `python -m tests.chaos --json` has."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    body = {
        "command": "make container-check",
        "at": f"{at:%Y-%m-%d %H:%M} UTC",
        "machine": machine,
        "verdicts": [
            {"row": each.row, "ok": each.ok, "checks": [check.told for check in each.checks]} for each in verdicts
        ],
    }
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def _check(report: Report, folder: Path) -> None:
    """All steps; those that build on one that failed are not tried."""
    base, wheels = base_name(), folder / "wheels"
    with ThreadPoolExecutor(2) as pool, own_engine(folder) as engine:
        # The one long wait, for a mirror mostly: everything that needs no base goes on meanwhile.
        made: Future[Path] = pool.submit(base_archive, release_of(base))
        fetched = pool.submit(fetch_wheels, wheels, python_of(base))
        tools = install_tools()
        ground = steps.Ground(tools, engine, Composer(tools.compose, folder / "project"))
        report.step("lint", "hadolint on the Dockerfile", "0 findings", lambda: steps.linted(ground))
        report.step("compose", "Compose reads the files", "accepted", lambda: steps.composed(ground))

        def based() -> Sequence[Check]:
            return [*steps.based(ground, made.result()), Check(f"{fetched.result()} wheels")]

        whole = report.step("base", "base system from apt", "in the store", based) and report.step(
            "build", "buildah builds the image", "only what it needs", lambda: steps.built(ground, wheels)
        )
        if whole:
            report.step("harden", "podman runs it", "no right too many", lambda: steps.hardened(ground, folder))
            report.step("L7", "SIGTERM under load", "exit 0 ≤ 10 s; volume intact", lambda: steps.lived(ground))
            report.step("demo", "the demo by Compose", "rows arrive in the org", lambda: steps.demonstrated(ground))
            report.step("captures", "the demo in one container", "both rigs drive", lambda: steps.played(ground))


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
