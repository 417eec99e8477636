"""SIGTERM while two rigs drive and the org is slow: an end in order, and nothing lost."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from app.datacloud.tables import Limits
from tests.chaos.backlog import telemetry
from tests.chaos.evidence import Books, Journal, snapshot
from tests.chaos.kills import drained
from tests.chaos.stage import Stage
from tests.chaos.verdict import Check, Verdict, at_least, at_most, exactly
from tests.gateway import START_S

ENDS_S: Final = 10.0


def ended_under_load(folder: Path, rounds: int = 3, answer_s: float = 4.0, backlog_rows: int = 20_000) -> Verdict:
    """L4: told to stop in the middle of a batch, with more waiting than can be sent in time.

    Args:
        folder: To play in.
        rounds: How often.
        answer_s: How long the org takes for an answer.
        backlog_rows: That wait from the start.
    """
    stage, books = Stage(folder), Books()
    journal, took_s, codes, left = Journal(stage.journal), [], [], []
    telemetry(stage.outbox, Limits(), backlog_rows)
    with stage.org("--strict") as org:
        with stage.rigs("--short"):
            for _ in range(rounds):
                org.faults({"action": "commit_then_delay", "seconds": answer_s})
                with stage.gateway() as gateway:
                    time.sleep(2.0)
                    took_s.append(gateway.terminate(START_S))
                    codes.append(gateway.process.returncode)
                waits = snapshot(stage.outbox)
                left.append(waits.total("rows"))
                books.saw(waits.rows)
                books.came(journal.more())
        org.faults()
        checks = drained(stage, journal, books)
    return Verdict(
        "L4",
        f"SIGTERM under load, {rounds} times, an answer takes {answer_s:g} s, {backlog_rows} rows wait",
        f"exit 0 within {ENDS_S:g} s, nothing lost, the next start delivers",
        [
            exactly("exit codes", sorted(set(codes)), [0]),
            at_most("slowest end", max(took_s), ENDS_S, " s"),
            at_least("rows left on disk", min(left), 1),
            *checks,
            Check(f"{books.duplicates} duplicates"),
        ],
    )
