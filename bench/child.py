"""Processes that are measured or make load: one command a line to them, one answer a line from them, all as JSON.

A child says `{"ready": ...}` first, and ends when its standard input does: none outlives the one who started it.
Nothing of the product is imported here: some children are to be without it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from bench.machine import ROOT, pin

PATIENCE_S: Final = 30.0
_END_S: Final = 5.0

# Any: JSON values.
Answer = dict[str, Any]


class Child:
    """A running one, from its parent's side."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.ready: Answer = {}
        """What it said first."""

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def tell(self, **command: Any) -> None:
        """Have it begin something; `hear` gets the answer."""
        if self._process.stdin is None:
            raise RuntimeError("the child was started without a pipe")
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()

    def hear(self, patience_s: float = PATIENCE_S) -> Answer:
        """Its next answer.

        Raises:
            RuntimeError: It ended, or did not answer in time and was ended.
        """
        late = threading.Timer(patience_s, self._process.kill)
        late.start()
        try:
            line = "" if self._process.stdout is None else self._process.stdout.readline()
        finally:
            late.cancel()
        if not line:
            raise RuntimeError(f"{' '.join(map(str, self._process.args[2:4]))} ended without an answer")  # type: ignore[index]  # a list, see below
        answer: Answer = json.loads(line)
        return answer

    def ask(self, **command: Any) -> Answer:
        """Tell, and hear."""
        self.tell(**command)
        return self.hear()


@contextmanager
def child(module: str, *arguments: object, core: int | None = None) -> Iterator[Child]:
    """`python -m MODULE ARGUMENTS`, ready, until the block ends."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            if core is not None:
                pin(process.pid, core)
            running = Child(process)
            running.ready = running.hear()
            yield running
        finally:
            _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended already
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- the child's side -----------------------------------------------------------------------------


def say(answer: Answer) -> None:
    """One answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def obey(work: Callable[[Answer], Answer], **ready: Any) -> None:
    """Say ready, and answer each command until there are no more."""
    say({"ready": True, **ready})
    for line in sys.stdin:
        say(work(json.loads(line)))


async def obey_on_loop(work: Callable[[Answer], Awaitable[Answer]], **ready: Any) -> None:
    """The same on an event loop, which goes on meanwhile."""
    say({"ready": True, **ready})
    while line := await asyncio.to_thread(sys.stdin.readline):
        say(await work(json.loads(line)))
