"""`python -m app.erase`: forgets a guest [edge].

    python -m app.erase --individual 003xx0000012345
    python -m app.erase --name "Ada Lovelace"
    python -m app.erase --individual 003xx0000012345 --yes

Without `--yes` it says what it would do and changes nothing. Laps of the board keep their times and become nobody's;
rows that wait for Data Cloud lose the guest. The gateway must be stopped, since it holds the day in memory. It ends
with 0, with 1 when it could not be done, with 2 when it was asked wrongly. What it cannot take out, in recordings and
in the org, it tells.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from app.arguments import OneSentence
from app.datacloud import erasure as of_rows
from app.datacloud.instance import InstanceLock
from app.errors import OutboxUnavailable
from app.history import erasure as of_laps
from app.runs import kept_from_running
from app.settings import ENV_FILE, BadSettings, Settings, load_settings

PROGRAM: Final = "python -m app.erase"
_LIVE: Final = ("", "-wal", "-shm", ".lock", ".ballast")
"""What belongs to a database that is in use; whatever else begins with its name was set aside."""


class Guest(NamedTuple):
    """Who is to be forgotten.

    Attributes:
        name: As shown on the wall, in any case; None to go by the id.
        individual: The id in Salesforce; None to go by the name.
    """

    name: str | None
    individual: str | None

    def is_theirs(self, name: str | None, individual: str | None) -> bool:
        """Whether a name and an id that stand together are theirs."""
        if self.individual is not None:
            return individual == self.individual
        return name is not None and self.name is not None and _folded(name) == _folded(self.name)


class Refused(Exception):
    """It cannot be done; the message is a sentence with the remedy."""


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = OneSentence(PROGRAM, "Forgets a guest; without --yes it only says what it would do.")
    whom = parser.add_mutually_exclusive_group(required=True)
    whom.add_argument("--individual", metavar="ID", help="by the id in Salesforce; the sure way")
    whom.add_argument("--name", metavar="NAME", help="by the name on the wall; of two with one name, both")
    parser.add_argument("--yes", action="store_true", help="I mean it")
    parser.add_argument("--env-file", default=ENV_FILE, metavar="FILE", help=f"the settings; default {ENV_FILE}")
    options = parser.parse_args(arguments)
    if not (options.individual or options.name or "").strip():
        parser.error("whom? The id or the name is empty")
    try:
        settings = load_settings(options.env_file)
    except BadSettings as wrong:
        parser.error(f"the settings cannot be used: {'; '.join(str(wrong).splitlines())}")
    try:
        sys.stdout.write(erased(settings, options))
    except Refused as why:
        sys.stderr.write(f"{PROGRAM}: {why}\n")
        return 1
    return 0


def erased(settings: Settings, options: argparse.Namespace) -> str:
    """Do it, or only look; what to tell.

    Raises:
        Refused: A gateway runs, or a file cannot be used.
    """
    guest = Guest(options.name, options.individual)
    history, outbox = Path(settings.history_path), Path(settings.datacloud_outbox_path)
    names = (options.name,) if options.name else ()
    with ExitStack() as alone:
        _alone(alone, history, outbox)
        try:
            laps = of_laps.erase(history, guest.is_theirs, really=options.yes)
            rows = of_rows.erase(outbox, guest.is_theirs, names, really=options.yes)
        except (sqlite3.Error, OutboxUnavailable, OSError) as refusal:
            raise Refused(f"it could not be done, or not wholly: {refusal}; mend that and do it again") from refusal
        except ValueError as other:
            raise Refused(str(other)) from other
    return "".join(f"{line}\n" for line in _told(settings, guest, laps, rows, options.yes))


def _alone(alone: ExitStack, history: Path, outbox: Path) -> None:
    """Keep gateways away as long as the stack stands."""
    stop = "stop the gateway first, since it holds the day in memory and would write it back"
    if history.parent.is_dir() and not alone.enter_context(kept_from_running(history.parent)):
        raise Refused(f"a gateway runs on {history}: {stop}")
    if outbox.is_file():
        lock = InstanceLock(outbox)
        try:
            lock.take(time.time())
        except OutboxUnavailable as held:
            raise Refused(f"{held}: {stop}") from held
        alone.callback(lock.release)


def _told(settings: Settings, guest: Guest, laps: of_laps.Laps, rows: of_rows.Rows, really: bool) -> Iterator[str]:
    done = "" if really else "would be "
    yield f"Laps of the board made nobody's: {done}{laps.laps} of {laps.days} days."
    yield (
        f"Rows for Data Cloud without the guest: {done}{rows.waiting} that wait, {rows.letters} dead letters, "
        f"{rows.told} remembered as told."
    )
    if rows.unreadable:
        yield f"{rows.unreadable} rows are damaged and cannot be read: the gateway drops them at its next start."
    yield ""
    yield from _left(settings, guest, laps.ids | rows.ids)
    if not really:
        yield "Nothing was changed: add --yes to do it."


def _left(settings: Settings, guest: Guest, ids: frozenset[str]) -> Iterator[str]:
    """What this command cannot take out."""
    if guest.name is not None and ids:
        told = ", ".join(sorted(ids))
        yield f"Rows that hold an id and no name were not looked for: do it by --individual too: {told}."
    for aside in (*_aside(Path(settings.history_path)), *_aside(Path(settings.datacloud_outbox_path))):
        yield f"{aside} was set aside after damage and may hold the guest: delete it."
    folder = Path(settings.record_dir) if settings.record_dir else None
    recordings = sorted(folder.glob("*.pcap*")) if folder is not None else []
    if recordings and not settings.record_blank_names:
        yield f"{len(recordings)} recordings in {folder} hold the game's names of its players: delete those of the day."
    if _is_configured(settings, guest):
        yield "The settings still name the guest: change DRIVER_A_NAME, DRIVER_B_NAME or RIGS before the next start."
    yield "What Data Cloud has already is erased there: by its consent or deletion request for the individual."


def _aside(file: Path) -> list[Path]:
    live = {file.name + suffix for suffix in _LIVE}
    return sorted(each for each in file.parent.glob(f"{file.name}*") if each.name not in live)


def _is_configured(settings: Settings, guest: Guest) -> bool:
    return any(guest.is_theirs(rig.driver_name, rig.individual_id) for rig in settings.rigs)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
