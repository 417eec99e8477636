"""What the commands share in reading their arguments: a mistake is one sentence and exit code 2."""

from __future__ import annotations

import argparse
from math import isfinite
from typing import Final, NoReturn

EXIT_USAGE: Final = 2


class OneSentence(argparse.ArgumentParser):
    """A parser that says what is wrong in one sentence, without the usage lines.

    Args:
        prog: The command as it is typed.
        description: What it does.
        speaker: Who says that something is wrong; `prog` without it.
    """

    def __init__(self, prog: str, description: str, speaker: str | None = None) -> None:
        super().__init__(prog=prog, description=description)
        self._speaker = speaker or prog

    def error(self, message: str) -> NoReturn:
        """Leave with exit code 2."""
        self.exit(EXIT_USAGE, f"{self._speaker}: {message}\n")


def number_from(least: float, option: str, text: str) -> float:
    """The number that an option was given, finite and not below `least`.

    Raises:
        ValueError: It is not such a number; the message names the option.
    """
    try:
        value = float(text)
    except ValueError:
        value = least - 1.0
    if not isfinite(value) or value < least:
        raise ValueError(f"{option} {text} is not a number from {least:g} up")
    return value
