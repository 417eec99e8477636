"""`python -m app.datacloud`: the operator's commands for what waits, for what was refused, and for the schema.

    python -m app.datacloud backlog
    python -m app.datacloud letters --object LapEvent
    python -m app.datacloud replay --all

They work on the outbox's file, also while a gateway runs on it; which file that is, the settings say, or `--outbox`.
They end with 0, with 1 when what was asked could not be done, with 2 when it was asked wrongly or there is no outbox.
No secret is ever printed; rows, and with them people's names, by `show` and `export` only.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from app.arguments import EXIT_USAGE, OneSentence
from app.datacloud.backlog import Surroundings, backlog, told
from app.datacloud.drift import drift
from app.datacloud.endpoints import destinations
from app.datacloud.field_tables import field_tables
from app.datacloud.holder import Holder, holder_of
from app.datacloud.letters import (
    MOST,
    Chosen,
    Told,
    exported,
    listed,
    purged,
    refused,
    replayed,
    shown,
)
from app.datacloud.schema import OBJECTS, ObjectSpec, schema_yaml
from app.datacloud.visit import Visit
from app.errors import OutboxUnavailable
from app.settings import ENV_FILE, BadSettings, Settings, load_settings

PROGRAM: Final = "python -m app.datacloud"
HEARD_WITHIN_S: Final = 5.0
"""A running gateway looks once a second for what it is asked."""

_NAMES: Final = tuple(spec.name for spec in OBJECTS)
_DEFAULT_LIMIT: Final = 100
_MOST_ID: Final = 2**63 - 1


# --- what is asked ---------------------------------------------------------------------------------------


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The command with its options.

    Raises:
        SystemExit: With code 2 and one sentence if an argument is wrong.
    """
    parser = OneSentence(PROGRAM, "What waits for Data Cloud, what it refused, and the schema it is given.")
    parser.epilog = "The connection is checked by python -m app.datacloud.doctor; docs/salesforce.md tells the rest."
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, says: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=says, description=says)
        place = added.add_mutually_exclusive_group()
        place.add_argument("--env-file", metavar="FILE", help=f"settings, beside the environment's; default {ENV_FILE}")
        if name in _ON_OUTBOX:
            place.add_argument("--outbox", type=Path, metavar="PATH", help="the outbox, in place of the settings'")
        return added

    _add_json(command("backlog", "What waits, was refused or lost, and what it costs."))
    letters = command("letters", "The dead letters: rows that the org refused; oldest first, one line each.")
    _add_object(letters)
    letters.add_argument("--limit", type=_count, default=_DEFAULT_LIMIT, metavar="N", help="at most so many lines")
    _add_json(letters)
    show = command("show", "One dead letter, whole: its row, which may hold a person's name, and the org's words.")
    show.add_argument("id", type=_id, metavar="ID")
    _add_choice(command("replay", "Lets dead letters wait for delivery again."))
    purge = command("purge", "Deletes dead letters for good.")
    _add_choice(purge)
    purge.add_argument("--yes", action="store_true", help="I mean it")
    export = command("export", "Writes dead letters, with their rows, to a new file as JSON lines.")
    export.add_argument("file", type=Path, metavar="FILE")
    _add_object(export)
    resume = command("resume", "Tells the running gateway that the cause is mended: it tries at once.")
    resume.add_argument("object", nargs="?", default="all", choices=(*_NAMES, "all"), metavar="OBJECT|all")
    schema = command("schema", "The schema file for the org.")
    schema.add_argument("--check", type=Path, metavar="FILE", help="compare the file that the org was given with ours")
    command("fields", "The fields of every object as Markdown.")
    options = parser.parse_args(arguments)
    if options.command in ("replay", "purge"):
        if bool(options.ids) == options.all:
            parser.error(f"{options.command} needs the numbers of dead letters, or --all")
        if options.ids and options.object:
            parser.error("--object goes with --all")
    return options


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def _add_object(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--object", choices=_NAMES, metavar="OBJECT", help=f"of one only: {', '.join(_NAMES)}")


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ids", nargs="*", type=_id, metavar="ID", help="numbers of dead letters")
    parser.add_argument("--all", action="store_true", help="all of them")
    _add_object(parser)


def _id(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _MOST_ID:
        raise argparse.ArgumentTypeError(f"{text} is no number of a dead letter")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to {MOST}")
    return int(text)


# --- on the outbox ---------------------------------------------------------------------------------------


def _backlog(options: argparse.Namespace, settings: Settings, path: Path) -> Told:
    with Visit(path) as visit:
        sizes = [file.stat().st_size for file in (path, path.with_name(f"{path.name}-wal")) if file.exists()]
        around = Surroundings(
            str(path), sum(sizes), holder_of(path), visit.wishes(), settings.datacloud_credits_per_million
        )
        answer = backlog(visit.backlog(), around, time.time())
    return Told(json.dumps(answer, indent=2) + "\n" if options.json else told(answer))


def _letters(options: argparse.Namespace, _: Settings, path: Path) -> Told:
    with Visit(path) as visit:
        return listed(visit, options.object, options.limit, options.json)


def _show(options: argparse.Namespace, _: Settings, path: Path) -> Told:
    with Visit(path) as visit:
        return shown(visit, options.id)


def _replay(options: argparse.Namespace, _: Settings, path: Path) -> Told:
    with Visit(path) as visit:
        return replayed(visit, _chosen(options), holder_of(path))


def _purge(options: argparse.Namespace, _: Settings, path: Path) -> Told:
    with Visit(path) as visit:
        return purged(visit, _chosen(options), options.yes)


def _export(options: argparse.Namespace, _: Settings, path: Path) -> Told:
    with Visit(path) as visit:
        return exported(visit, options.file, options.object)


def _chosen(options: argparse.Namespace) -> Chosen:
    return Chosen(None if options.all else options.ids, options.object)


def _resume(options: argparse.Namespace, _: Settings, path: Path) -> Told:
    holder = holder_of(path)
    if holder is None:
        return refused("No gateway runs on this outbox; at its next start it tries everything anew.")
    wish = f"resume {options.object}"
    with Visit(path) as visit:
        visit.wish(wish)
        return _heard(visit, wish, holder)


def _heard(visit: Visit, wish: str, holder: Holder) -> Told:
    """Wait until the gateway has taken the wish."""
    gives_up_s = time.monotonic() + HEARD_WITHIN_S
    while wish in visit.wishes():
        if time.monotonic() > gives_up_s:
            return refused(f"Asked, but the running gateway ({holder}) has not heard it yet.")
        time.sleep(0.05)
    what = "everything" if wish == "resume all" else wish.removeprefix("resume ")
    return Told(f"The running gateway ({holder}) has heard it: it tries {what} again.\n")


# --- on the schema ---------------------------------------------------------------------------------------


def _schema(options: argparse.Namespace, settings: Settings) -> Told:
    objects = _as_in_the_org(settings)
    return Told(schema_yaml(objects)) if options.check is None else _checked(options.check, objects)


def _as_in_the_org(settings: Settings) -> tuple[ObjectSpec, ...]:
    """Our objects under the names that the settings give them in the org."""
    targets = destinations(settings)
    return tuple(spec._replace(name=targets[spec.name].object) for spec in OBJECTS)


def _checked(file: Path, objects: tuple[ObjectSpec, ...]) -> Told:
    try:
        found = drift(file.read_text(encoding="utf-8"), objects)
    except OSError as refusal:
        return refused(f"{file} cannot be read: {refusal.strerror}.", EXIT_USAGE)
    except UnicodeDecodeError:
        return refused(f"{file} is not UTF-8 text.", EXIT_USAGE)
    except ValueError as wrong:
        return refused(f"{file} {wrong}.", EXIT_USAGE)
    text = "".join(
        [f"new in ours: {each}\n" for each in found.new]
        + [f"gone in ours: {each}\n" for each in found.gone]
        + [f"another type: {each}\n" for each in found.retyped]
    )
    if not found.is_possible:
        why = "The org cannot take ours: what it was given once can neither be removed nor retyped."
        return refused(why)._replace(text=text)
    if not text:
        return Told(f"{file} and ours agree; there is nothing to upload.\n")
    return Told(f"{text}The org can take ours: upload it to the connector, then add what is new to the data streams.\n")


def _fields(_: argparse.Namespace, settings: Settings) -> Told:
    return Told(field_tables(_as_in_the_org(settings)))


# --- the command -----------------------------------------------------------------------------------------

_ON_OUTBOX: Final[Mapping[str, Callable[[argparse.Namespace, Settings, Path], Told]]] = {
    "backlog": _backlog,
    "letters": _letters,
    "show": _show,
    "replay": _replay,
    "purge": _purge,
    "export": _export,
    "resume": _resume,
}
_ON_SCHEMA: Final[Mapping[str, Callable[[argparse.Namespace, Settings], Told]]] = {
    "schema": _schema,
    "fields": _fields,
}


def answered(options: argparse.Namespace) -> Told:
    """Do what is asked; whatever goes wrong is told."""
    if options.env_file is not None and not Path(options.env_file).exists():
        return refused(f"There is no file {options.env_file}.", EXIT_USAGE)
    try:
        settings = load_settings(options.env_file or ENV_FILE)
        if options.command in _ON_SCHEMA:
            return _ON_SCHEMA[options.command](options, settings)
        return _on_outbox(options, settings, options.outbox or Path(settings.datacloud_outbox_path))
    except BadSettings as wrong:
        return refused(f"The settings cannot be used: {'; '.join(str(wrong).splitlines())}.", EXIT_USAGE)


def _on_outbox(options: argparse.Namespace, settings: Settings, path: Path) -> Told:
    if not path.is_file():
        return refused(f"There is no outbox {path}; the gateway makes it when DATACLOUD_ENABLED is true.", EXIT_USAGE)
    try:
        return _ON_OUTBOX[options.command](options, settings, path)
    except OutboxUnavailable as unavailable:
        return refused(f"{unavailable}.")
    except (sqlite3.Error, OSError) as refusal:
        return refused(f"The outbox {path} cannot be used just now: {refusal}; try again.")


def main(arguments: list[str]) -> int:
    """The command; returns its exit code."""
    _show_what_cannot_be_shown()
    text, code, error = answered(parsed(arguments))
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever reads has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error:
        sys.stderr.write(f"{PROGRAM}: {error}\n")
    return code


def _show_what_cannot_be_shown() -> None:
    """A terminal that lacks a letter of somebody's name shows its number."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
