"""Takes people and secrets out of what leaves the house: texts, and JSON.

People are blanked twice: by the keys that hold them, and by their names wherever these stand, since a name may have
got into a sentence of the game's or the org's. Names are matched as whole words in any case, secrets as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

GUEST: Final = "[guest]"
SECRET: Final = "[secret]"
PERSONAL: Final = frozenset({"driver", "driver_name", "individual_id", "driver_individual_id"})
"""Keys whose values are people."""
_LEAST_NAME: Final = 2
_LEAST_SECRET: Final = 6
"""A shorter text stands everywhere by chance; no secret of ours is so short."""


class Scrubber:
    """Replaces what must not be seen.

    Args:
        guests: Names and ids of people.
        secrets: Keys, tokens, passphrases.
    """

    def __init__(self, guests: Iterable[str], secrets: Iterable[str] = ()) -> None:
        self._guests = _any_of((name for name in guests if len(name) >= _LEAST_NAME), r"(?<!\w)(?:{})(?!\w)")
        self._secrets = _any_of((each for each in secrets if len(each) >= _LEAST_SECRET), "{}")

    def text(self, text: str) -> str:
        """The text without them."""
        for pattern, put in ((self._secrets, SECRET), (self._guests, GUEST)):
            if pattern is not None:
                text = pattern.sub(put, text)
        return text

    # Any: JSON.
    def tree(self, value: Any) -> Any:
        """The JSON value without them, and without what stands under a person's key."""
        match value:
            case dict():
                return {key: self._under(str(key), each) for key, each in value.items()}
            case list() | tuple():
                return [self.tree(each) for each in value]
            case str():
                return self.text(value)
        return value

    def _under(self, key: str, value: Any) -> Any:
        return GUEST if key in PERSONAL and isinstance(value, str) and value else self.tree(value)


# Any: JSON.
def people_in(value: Any) -> set[str]:
    """The people that a JSON value names under their keys."""
    if isinstance(value, Mapping):
        own = {each for key, each in value.items() if key in PERSONAL and isinstance(each, str) and each}
        return own.union(*(people_in(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(people_in(each) for each in value))
    return set()


def forms_of(secret: str) -> set[str]:
    """The forms in which a secret may turn up: whole, and line by line as in a key."""
    unfolded = secret.replace("\\n", "\n")
    return {secret, unfolded, *(line.strip() for line in unfolded.splitlines() if "-----" not in line)}


def _any_of(texts: Iterable[str], shape: str) -> re.Pattern[str] | None:
    longest_first = sorted({re.escape(text) for text in texts}, key=len, reverse=True)
    return re.compile(shape.format("|".join(longest_first)), re.IGNORECASE) if longest_first else None
