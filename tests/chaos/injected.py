"""`python -m tests.chaos.injected FAULT`: the gateway, as `python -m app` runs it, with a fault of its own making.

busy-SECONDS   something else holds the event loop for so long, ten times a second and a half
hung-history   the historian takes nothing off its inbox any more
dead-referee   a stage dies after a few seconds, and the end of the process hangs
"""

from __future__ import annotations

import asyncio
import sys
import time

from app.__main__ import main
from app.duel.referee import Referee
from app.history.historian import Historian
from app.main import Gateway

_PAUSE_S = 0.03
_LIVES_S = 3.0


def inject(fault: str) -> None:
    """Put the fault into the product's classes."""
    name, _, value = fault.partition("-")
    match name, value:
        case "busy", seconds:
            _make_busy(float(seconds))
        case "hung", "history":
            Historian.run = _hang  # type: ignore[method-assign,assignment]  # the fault itself
        case "dead", "referee":
            Referee.run = _die  # type: ignore[method-assign,assignment]  # likewise
            Gateway._end_process = _do_nothing  # type: ignore[method-assign,assignment]  # likewise
        case _:
            raise SystemExit(f"no fault {fault}")


def _make_busy(seconds: float) -> None:
    start = Gateway.start

    async def start_and_be_busy(gateway: Gateway) -> None:
        await start(gateway)
        gateway._supervisor.start("clock", _hold_the_loop(seconds))

    Gateway.start = start_and_be_busy  # type: ignore[method-assign,assignment]  # the fault itself


async def _hold_the_loop(seconds: float) -> None:
    while True:
        await asyncio.sleep(_PAUSE_S)
        time.sleep(seconds)  # noqa: ASYNC251  # the fault itself


async def _hang(historian: Historian) -> None:
    await asyncio.Event().wait()


async def _die(referee: Referee) -> None:
    await asyncio.sleep(_LIVES_S)
    raise RuntimeError("a fault of ours")


def _do_nothing(gateway: Gateway, stage: str) -> None:
    return


if __name__ == "__main__":
    inject(sys.argv[1])
    sys.exit(main())
