"""`python -m app.support`: one zip file for whoever helps.

    python -m app.support
    python -m app.support --to /media/stick
    docker compose exec gateway python -m app.support --to - > support.zip

It holds the configuration, what the running gateway says of itself, the last lines of the log, the versions of
everything, and what is on the disk. It holds no secret, no guest's name and no lap. It works while the gateway is down,
and says so. It ends with 0, with 1 when the file cannot be written, with 2 when it was asked wrongly.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
import sys
import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from app.arguments import OneSentence
from app.logfile import last_lines
from app.preflight import mistakes
from app.runs import NAME as RUNS
from app.runs import is_running
from app.settings import ENV_FILE, Settings
from app.support.answers import ask, url_of
from app.support.configuration import changed, guests_of, secrets_of, shown
from app.support.machine import databases, kernel, machine, places
from app.support.scrub import Scrubber, people_in

PROGRAM: Final = "python -m app.support"
LINES: Final = 1_000
_README: Final = """Rig Gateway, support bundle of {at}

{contents}

In it is no key, no token, no passphrase, no guest's name or Salesforce id, no lap and no row. Names and ids of guests
are replaced by [guest], secrets by [secret]. Addresses on your network, folders and the org's My Domain are in it.
Look through it before you send it: every file is plain text.
"""
_WHAT: Final = {
    "configuration.json": "every setting, secrets masked; and what is wrong with them",
    "machine.json": "operating system, Python, packages, clock, kernel buffers",
    "files.json": "names, sizes and forms of the files; room on the disks; runs so far",
    "log.jsonl": f"the last {LINES} lines of the log",
}


def main(arguments: list[str]) -> int:
    """The command; its exit code."""
    parser = OneSentence(PROGRAM, "Collects what somebody who helps needs to see, without secrets and names.")
    parser.add_argument("--to", default=".", metavar="FOLDER|FILE|-", help="where the zip goes; default: here")
    parser.add_argument("--env-file", default=ENV_FILE, metavar="FILE", help=f"the settings; default {ENV_FILE}")
    options = parser.parse_args(arguments)
    at = datetime.now(UTC)
    files, is_up = collected(options.env_file, at)
    bundle = zipped(files)
    if options.to == "-":
        sys.stdout.buffer.write(bundle)
        return 0
    path = Path(options.to)
    if path.is_dir():
        path /= f"rig-gateway-support-{at:%Y%m%d-%H%M%S}.zip"
    try:
        _write(path, bundle)
    except OSError as refusal:
        sys.stderr.write(f"{PROGRAM}: {path} cannot be written: {refusal.strerror}; name another place by --to\n")
        return 1
    up = "asked" if is_up else "it does not answer, so what it says of itself is missing"
    sys.stdout.write(f"{path.absolute()}\n\nThe gateway: {up}.\n\n{files['README.txt']}")
    return 0


def collected(env_file: str, at: datetime) -> tuple[Mapping[str, str], bool]:
    """The bundle's files by name, and whether the gateway answered."""
    settings, wrong = mistakes(env_file)
    heard = ask(url_of(settings.http_host, settings.port), settings.metrics_token.get_secret_value())
    is_up = heard[0].status is not None
    people = guests_of(settings) | _people_of(Path(settings.history_path))
    people = people.union(*(people_in(answer.body) for answer in heard))
    scrub = Scrubber(people, secrets_of(settings))
    files = {
        "configuration.json": _json(
            scrub.tree({"mistakes": wrong, "changed": changed(settings), "settings": shown(settings)})
        ),
        "machine.json": _json({**machine(), "kernel": kernel()}),
        "files.json": _json(scrub.tree(_files(settings))),
        "log.jsonl": "".join(f"{_scrubbed(line, scrub)}\n" for line in last_lines(settings.log_folder, LINES)),
    }
    for answer in heard:
        name = f"gateway{answer.path.replace('/', '_')}.{'txt' if answer.body is None else 'json'}"
        text = scrub.text(answer.text) if answer.body is None else _json(scrub.tree(answer.body))
        files[name] = f"# no answer: {text}\n" if answer.status is None else text
    contents = "\n".join(f"  {name:<24} {_WHAT.get(name, 'what the running gateway says of itself')}" for name in files)
    return {"README.txt": _README.format(at=f"{at:%Y-%m-%d %H:%M:%S} UTC", contents=contents), **files}, is_up


def zipped(files: Mapping[str, str]) -> bytes:
    """The files as a zip."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in files.items():
            bundle.writestr(name, text)
    return packed.getvalue()


# Any: JSON.
def _files(settings: Settings) -> dict[str, Any]:
    history, outbox = Path(settings.history_path), Path(settings.datacloud_outbox_path)
    folders = {"HISTORY_PATH": history.parent, "LOG_DIR": settings.log_folder}
    if outbox.parent != history.parent:
        folders["DATACLOUD_OUTBOX_PATH"] = outbox.parent
    if settings.record_dir:
        folders["RECORD_DIR"] = Path(settings.record_dir)
    try:
        runs = json.loads((history.parent / RUNS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        runs = None
    return {
        "is_running": is_running(history.parent),
        "runs": runs,
        "folders": places(folders),
        "databases": databases({"HISTORY_PATH": history, "DATACLOUD_OUTBOX_PATH": outbox}),
    }


def _people_of(history: Path) -> set[str]:
    """Everybody whose laps are kept; only to know whom to blank."""
    if not history.exists():
        return set()
    try:
        with closing(sqlite3.connect(f"{history.absolute().as_uri()}?mode=ro", uri=True, timeout=1)) as db:
            rows = db.execute("SELECT DISTINCT driver_name, individual_id FROM laps").fetchall()
    except sqlite3.Error:
        return set()
    return {each for row in rows for each in row if isinstance(each, str) and each}


def _scrubbed(line: str, scrub: Scrubber) -> str:
    """A line of the log, its facts by their keys too."""
    try:
        return json.dumps(scrub.tree(json.loads(line)), ensure_ascii=False)
    except ValueError:
        return scrub.text(line)


# Any: JSON.
def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n"


def _write(path: Path, data: bytes) -> None:
    """For its owner only: it tells of a network."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600), "wb") as f:
        f.write(data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
