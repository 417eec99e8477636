"""Kill -9: at any moment, again and again; while the org is gone; with a full outbox."""

from __future__ import annotations

import os
import random
import time
from datetime import datetime
from pathlib import Path
from typing import Final

from app.datacloud.quarantine import examine
from app.datacloud.tables import Limits
from tests.chaos.backlog import EIGHT_HOURS, finished_laps, telemetry
from tests.chaos.driving import Driving
from tests.chaos.evidence import TOLD_AGAIN, Books, Journal, Told, snapshot, stale_rows
from tests.chaos.stage import Org, Stage, cloud, is_drained, kill, until
from tests.chaos.verdict import Check, Verdict, at_least, at_most, exactly, thousands
from tests.gateway import Running

SLOW: Final = (
    {"action": "commit_then_delay", "seconds": 0.4, "probability": 0.3},
    {"action": "delay", "seconds": 0.2, "probability": 0.5},
)
"""Requests that take their time, so that kills find some under way, and some that have arrived already."""
MOST_ROWS: Final = 541
"""Of one call."""
MOST_UNDER_WAY: Final = 4 * MOST_ROWS
LOSS_MS: Final = 250.0
READY_S: Final = 3.0
_DRAIN_S: Final = 120.0
_LAPS: Final = 4


def kill_rounds(folder: Path, rounds: int = 50, seed: int = 1, longest_s: float = 3.0) -> Verdict:
    """U1: the gateway is killed while two rigs drive and rows are on their way."""
    stage, chance, books = Stage(folder), random.Random(seed), Books()
    journal, losses_ms, waited = Journal(stage.journal), [], 0
    with stage.org("--strict") as org, Driving(stage.rig_ports) as rigs:
        org.faults(*SLOW)
        for _ in range(rounds):
            with stage.gateway() as gateway:
                ready_s = time.time()
                time.sleep(chance.uniform(0.1, longest_s))
                sent_s = dict(rigs.last_sent_s)
                kill(gateway.process)
            left = snapshot(stage.outbox)
            books.saw(left.rows)
            books.came(journal.more())
            waited += bool(left.rows)
            losses_ms += _losses_ms(books, sent_s, ready_s)
        rigs.stop()
        org.faults()
        last = drained(stage, journal, books)
        checks = [*last, exactly("rows at the org that are not the newest telling", _stale(org, books), 0)]
    most = rounds * MOST_UNDER_WAY
    checks += [
        Check(f"{waited} of {rounds} kills left rows waiting"),
        at_least("duplicates", books.duplicates, 1 if rounds >= 20 else 0),
        at_most("duplicates", books.duplicates, most),
        Check(f"lost before the commit: median {sorted(losses_ms)[len(losses_ms) // 2]:.0f} ms a rig and kill"),
        at_most("lost before the commit, worst:", max(losses_ms), LOSS_MS, " ms"),
    ]
    return Verdict(
        "U1",
        f"kill -9 at random moments, {rounds} rounds, 2 rigs × 60 Hz, slow org",
        "every committed row arrives, with the same bytes",
        checks,
    )


def _losses_ms(books: Books, sent_s: dict[int, float], ready_s: float) -> list[float]:
    """Per rig, how much of what it had sent before the kill was not committed; milliseconds of driving."""
    newest_s = dict.fromkeys(sent_s, ready_s)  # what was sent to a gateway that was not there yet is no loss of it
    for told in [*books.in_file, *books.delivered]:
        if told.object == "TelemetryEvent":
            values = told.values
            rig = ord(str(values["device_id"])[-1]) - ord("A")
            newest_s[rig] = max(newest_s[rig], _instant_s(values["event_time"]))
    return [max(0.0, sent_s[rig] - newest_s[rig]) * 1000 for rig in sent_s]


def _instant_s(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def drained(stage: Stage, journal: Journal, books: Books, **settings: str) -> list[Check]:
    """Start the gateway once more, let it deliver all, end it in order; then what the witnesses say."""
    for _ in range(3):  # ending can tell a row more, which the next start delivers
        with stage.gateway(**settings) as gateway:
            until("all is delivered", lambda: is_drained(gateway), _DRAIN_S)
            gateway.terminate()
            code = gateway.process.returncode
        books.came(journal.more())
        last = snapshot(stage.outbox)
        if not last.total("rows"):
            break
    return [*books.verdicts(last), exactly("exit code", code, 0)]


def _stale(org: Org, books: Books) -> int:
    org.process_now()
    return stale_rows(books, {name: org.rows(name) for name in TOLD_AGAIN})


def killed_while_gone(
    folder: Path, backlog_rows: int = 60_000, driven_s: tuple[float, float] = (26.0, 12.0)
) -> Verdict:
    """A8: the org is gone, and the gateway is killed twice meanwhile; then the org comes back."""
    most_rps = 10
    stage, books = Stage(folder, DATACLOUD_MAX_RPS=str(most_rps)), Books()
    journal = Journal(stage.journal)
    telemetry(stage.outbox, Limits(), backlog_rows)
    finished_laps(stage.outbox, Limits(), _LAPS)
    with stage.rigs("--short", "--rate", "60"):
        for seconds in driven_s:
            with stage.gateway() as gateway:
                time.sleep(seconds)
                kill(gateway.process)
            books.saw(snapshot(stage.outbox).rows)
        laps = {told for told in books.in_file if told.object == "LapEvent"}
        with stage.gateway() as gateway:
            time.sleep(2.0)
            with stage.org("--strict") as org:
                took_s = until("the backlog is delivered", lambda: _few_wait(gateway), _DRAIN_S)
                requests = org.requests()
                kill(gateway.process)
    with stage.org("--strict"):
        checks = drained(stage, journal, books)
    return Verdict(
        "A8",
        "org gone, gateway killed twice meanwhile, org back",
        "nothing lost, laps before telemetry but for one probe, below the rate limit",
        [
            *checks,
            *_laps_first(laps, books.delivered),
            Check(f"{thousands(backlog_rows)} rows and two driving rigs drained in {took_s:.0f} s"),
            # One more: the very first call has its turn, and leaves only when the login is done.
            at_most("requests in the busiest second", busiest([seen["at_s"] for seen in requests]), most_rps + 1),
            at_most("requests a second", _mean_rate([seen["at_s"] for seen in requests]), most_rps),
        ],
    )


def _few_wait(gateway: Running) -> bool:
    """Whether the backlog is gone; two driving rigs always have the last moment's rows on the way."""
    return bool(cloud(gateway)["waiting"]["rows"] < 500)


def _laps_first(laps: set[Told], delivered: list[Told]) -> list[Check]:
    """Whether the laps that waited came before the telemetry, but for one call: the probe that finds the org again."""
    places = [place for place, told in enumerate(delivered) if told in laps]
    before = sum(told.object == "TelemetryEvent" for told in delivered[: max(places, default=0)])
    return [
        at_least("laps that waited", len(laps), _LAPS),
        exactly("of them delivered", len({delivered[place] for place in places}), len(laps)),
        at_most("telemetry rows before the last of them", before, MOST_ROWS),
    ]


def busiest(instants_s: list[float]) -> int:
    """The most of them within one second."""
    ordered = sorted(instants_s)
    start = most = 0
    for end, instant_s in enumerate(ordered):
        while instant_s - ordered[start] >= 1.0:
            start += 1
        most = max(most, end - start + 1)
    return most


def _mean_rate(instants_s: list[float]) -> float:
    """How many a second, without the first, which waits for the login after its turn: the gaps, one less than calls."""
    calls_s = sorted(instants_s)[1:]
    return (len(calls_s) - 1) / max(1.0, calls_s[-1] - calls_s[0])


def crash_loop(folder: Path, rounds: int = 20, seed: int = 1) -> Verdict:
    """S10, L10: starts on an outbox that is nearly at its budget, killed a moment later each time."""
    stage, chance = Stage(folder), random.Random(seed)
    made = telemetry(stage.outbox, Limits(), EIGHT_HOURS, packed=False, most_bytes=int(1.95 * 1024**3))
    took_s = []
    for _ in range(rounds):
        began_s = time.monotonic()
        with stage.gateway() as gateway:
            took_s.append(time.monotonic() - began_s)
            time.sleep(chance.uniform(0.0, 1.0))
            kill(gateway.process)
    with stage.gateway() as gateway:
        waiting = cloud(gateway)["waiting"]["rows"]
    return Verdict(
        "S10, L10",
        f"{rounds} starts on an outbox of {made.file_bytes / 1024**3:.2f} GiB, each killed",
        f"ready ≤ {READY_S:g} s each time, nothing gone",
        [
            exactly("in time", sum(seconds <= READY_S for seconds in took_s), rounds),
            Check(f"median {sorted(took_s)[rounds // 2]:.2f} s"),
            at_most("slowest", max(took_s), READY_S, " s"),
            exactly("rows that wait afterwards", waiting, made.rows),
            Check(f"not judged: after a reboot the check of the file alone takes {_cold_check_s(stage.outbox):.0f} s"),
        ],
    )


def _cold_check_s(outbox: Path) -> float:
    """How long the start looks at a file of which the operating system has nothing in memory."""
    forget(outbox)
    began_s = time.monotonic()
    assert examine(outbox) is None
    return time.monotonic() - began_s


def forget(outbox: Path) -> None:
    """Let the operating system keep nothing of the file in memory, as after a night."""
    with outbox.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
