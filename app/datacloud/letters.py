"""Dead letters, as the operator's commands read and move them [edge]: each returns what to print and the exit code.

A row itself, and with it a person's name, is told by `shown` and `exported` only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from app.arguments import EXIT_USAGE
from app.datacloud.backlog import aligned
from app.datacloud.holder import Holder
from app.datacloud.tables import Letter
from app.datacloud.visit import Visit

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1

MOST: Final = 1_000_000
"""More letters than any outbox keeps."""
_REASON: Final = 120
_LAST_INSTANT_S: Final = 253_402_300_799.0  # 9999: a clock that has gone mad must not hide a letter


class Told(NamedTuple):
    """What a command says.

    Attributes:
        text: Whole lines for standard output; may be empty.
        code: The exit code.
        error: A sentence for standard error; empty when all went well.
    """

    text: str
    code: int = EXIT_OK
    error: str = ""


def refused(error: str, code: int = EXIT_FAILED) -> Told:
    """What a command says that did nothing."""
    return Told("", code, error)


class Chosen(NamedTuple):
    """Which dead letters are meant.

    Attributes:
        ids: Their numbers; None for all.
        object: Of all, those of this object only; None for those of every object.
    """

    ids: Sequence[int] | None
    object: str | None = None


def listed(visit: Visit, object_name: str | None, limit: int, as_json: bool) -> Told:
    """A line for each of the oldest letters; as JSON, a list of them without their rows."""
    letters = visit.letters(object_name, limit)
    if as_json:
        return Told(json.dumps([_facts(letter) for letter in letters], indent=2) + "\n")
    if not letters:
        return Told(f"There are no dead letters{_of(object_name)}.\n")
    rows = [(letter.object, _instant(letter), str(letter.status)) for letter in letters]
    facts = aligned([[each, *others] for each, *others in (("object", "refused at", "status"), *rows)])
    ids = _right(["id", *(str(letter.id) for letter in letters)])
    reasons = ["the org's words", *(_short(letter.reason) for letter in letters)]
    lines = [f"{number}  {fact}  {reason}" for number, fact, reason in zip(ids, facts, reasons, strict=True)]
    lanes = visit.backlog()
    more = sum(lane.letters for name, lane in lanes.items() if object_name in (None, name)) - len(letters)
    if more > 0:
        lines.append(f"… and {more} more; --limit shows them")
    return Told("\n".join(lines) + "\n")


def shown(visit: Visit, letter_id: int) -> Told:
    """One letter, whole."""
    letter = visit.letter(letter_id)
    if letter is None:
        return _missing([letter_id])
    what = f"a row of {letter.object}, refused at {_instant(letter)} with status {letter.status}"
    lines = [
        f"Dead letter {letter.id}: {what}.",
        f"The org's words: {printable(letter.reason)}",
        "The row, which may hold a person's name:",
        *(printable(line) for line in _pretty(letter.body).splitlines()),
    ]
    return Told("\n".join(lines) + "\n")


def replayed(visit: Visit, chosen: Chosen, holder: Holder | None) -> Told:
    """Letters wait for delivery again; what happens to them next is said."""
    ids, missing = _existing(visit, chosen)
    moved = visit.replay(ids)
    if not moved:
        return _none(chosen, missing)
    what, them = ("1 row waits", "it") if moved == 1 else (f"{moved} rows wait", "them")
    who = "the gateway sends" if holder is None else f"the running gateway ({holder}) sends"
    when = "when it starts next" if holder is None else "by itself"
    return _with_missing(f"{what} for delivery again; {who} {them} {when}.\n", missing)


def purged(visit: Visit, chosen: Chosen, is_confirmed: bool) -> Told:
    """Letters are deleted for good, when the operator means it."""
    ids, missing = _existing(visit, chosen)
    if ids and not is_confirmed:
        return refused(f"This deletes {_letters(len(ids))} for good; add --yes if you mean it.", EXIT_USAGE)
    gone = visit.purge(ids)
    return _with_missing(f"{_letters(gone)} deleted for good.\n", missing) if gone else _none(chosen, missing)


def exported(visit: Visit, file: Path, object_name: str | None) -> Told:
    """Letters are written to a new file, one line of JSON each, readable by its owner only; they stay in the outbox."""
    letters = visit.letters(object_name, MOST)
    try:
        with _new_file(file) as out:
            out.writelines(_lines(letters))
    except FileExistsError:
        return refused(f"{file} exists already; name another file.", EXIT_USAGE)
    except OSError as refusal:
        return refused(f"{file} cannot be written: {refusal.strerror}.")
    return Told(f"{_letters(len(letters))} written to {file}; the rows may hold people's names.\n")


def printable(text: str) -> str:
    """The text on one line, without anything that steers a terminal."""
    return "".join(
        letter if letter.isprintable() else f"\\u{ord(letter):04x}" for letter in text.replace("\n", " ").rstrip("\r")
    )


# --- which -----------------------------------------------------------------------------------------------


def _existing(visit: Visit, chosen: Chosen) -> tuple[list[int], list[int]]:
    """The ids to act on, and those among the given that there are not."""
    if chosen.ids is None:
        return [letter.id for letter in visit.letters(chosen.object, MOST)], []
    wanted = list(dict.fromkeys(chosen.ids))
    missing = [each for each in wanted if visit.letter(each) is None]
    return [each for each in wanted if each not in missing], missing


def _none(chosen: Chosen, missing: Sequence[int]) -> Told:
    return _missing(missing) if missing else Told(f"There are no dead letters{_of(chosen.object)}.\n")


def _with_missing(text: str, missing: Sequence[int]) -> Told:
    """What was done, and what was not since it is not there."""
    return _missing(missing)._replace(text=text) if missing else Told(text)


def _missing(ids: Sequence[int]) -> Told:
    return refused(f"There is no dead letter {', '.join(map(str, ids))}.")


def _of(object_name: str | None) -> str:
    return "" if object_name is None else f" of {object_name}"


# --- how it is told --------------------------------------------------------------------------------------


def _facts(letter: Letter) -> dict[str, Any]:  # Any: JSON values
    return {
        "id": letter.id,
        "object": letter.object,
        "at": _instant(letter),
        "status": letter.status,
        "reason": letter.reason,
    }


def _instant(letter: Letter) -> str:
    at = datetime.fromtimestamp(min(max(letter.at_s, 0.0), _LAST_INSTANT_S), UTC)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _short(reason: str) -> str:
    text = printable(reason)
    return text if len(text) <= _REASON else text[: _REASON - 1] + "…"


def _pretty(body: bytes) -> str:
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body.decode(errors="replace")


def _right(texts: Sequence[str]) -> list[str]:
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts]


def _letters(number: int) -> str:
    return "1 dead letter" if number == 1 else f"{number} dead letters"


# --- files -----------------------------------------------------------------------------------------------


def _new_file(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    return os.fdopen(descriptor, "wb")


def _lines(letters: Iterable[Letter]) -> Iterable[bytes]:
    """A line for each letter; a row stands in it byte by byte as it was refused."""
    for letter in letters:
        facts = json.dumps(_facts(letter), ensure_ascii=False).encode(errors="replace")
        yield facts[:-1] + b', "row": ' + _row(letter.body) + b"}\n"


def _row(body: bytes) -> bytes:
    """The row as it is; as JSON text, should it be no JSON."""
    try:
        json.loads(body)
    except ValueError:
        return json.dumps(body.decode(errors="replace")).encode()
    return body
