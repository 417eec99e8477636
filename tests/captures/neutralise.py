"""`python -m tests.captures.neutralise SOURCE TARGET`: a capture without the names of people.

`app.ingest.names` says which names are a person's and what they become. Checksums are made anew; nothing else changes.

Then every datagram is searched for each id, in any case of letters; one found anywhere is an error, not a repair.
(An id of one or two letters is found by chance: look at such a file by hand.)
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from app.errors import CaptureError, DecodeError
from app.ingest.capture import CapturedDatagram, CaptureWriter, read_capture
from app.ingest.names import NeutralNames, is_of_the_game, named_records

__all__ = ["is_of_the_game", "main", "named_records", "neutralised"]


def neutralised(datagrams: Iterable[CapturedDatagram]) -> list[CapturedDatagram]:
    """The datagrams with people's names replaced.

    Raises:
        CaptureError: A name stands where none belongs.
        DecodeError: A datagram is not the game's; it could hide a name.
    """
    names = NeutralNames()
    changed = [datagram._replace(payload=names.renamed(datagram.payload)) for datagram in datagrams]
    ids = [name.encode().lower() for name in names.replaced]
    for number, datagram in enumerate(changed, start=1):
        if any(name in datagram.payload.lower() for name in ids):
            raise CaptureError(f"datagram {number} still holds a person's name")
    return changed


def main(arguments: list[str]) -> int:
    """Run the command; the exit code."""
    if len(arguments) != 2:
        sys.stderr.write("usage: python -m tests.captures.neutralise SOURCE TARGET\n")
        return 2
    source, target = map(Path, arguments)
    try:
        before = list(read_capture(source, strict=True))
        after = neutralised(before)
        with CaptureWriter(target) as writer:
            for datagram in after:
                writer.append(datagram)
    except (CaptureError, DecodeError) as exc:
        sys.stderr.write(f"neutralise: {exc}\n")
        return 1
    changed = sum(old.payload != new.payload for old, new in zip(before, after, strict=True))
    sys.stdout.write(f"{target.name}: {changed} of {len(after)} datagrams changed, {target.stat().st_size} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
