"""`python -m app.datacloud.emulator`: an emulated org on this machine, for the demo and for trying things out."""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from app.arguments import OneSentence
from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.emulator import Emulator
from app.datacloud.emulator.schema_file import objects_of
from app.datacloud.emulator.throwaway import ThrowawayApp, throwaway_app
from app.log import configure

PROGRAM: Final = "python -m app.datacloud.emulator"
PORT: Final = 8990
SOURCE: Final = "F1Telemetry"
WRONG, PORT_TAKEN = 2, 3


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The command's options.

    Raises:
        SystemExit: With code 2 and one sentence if an argument is wrong.
    """
    parser = OneSentence(PROGRAM, "An emulated Salesforce org with Data Cloud, on this machine.")
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--schema", type=Path, help="schema file, in place of our own")
    parser.add_argument("--state-dir", type=Path, help="keeps the throw-away key; default: gone at the end")
    parser.add_argument("--strict", action="store_true", help="refuse bad rows at once, with a report")
    parser.add_argument("--process-interval", type=float, default=180.0, metavar="S", help="seconds; default 180")
    parser.add_argument("--journal", type=Path, help="append each accepted record to this file")
    parser.add_argument("--print-env", action="store_true", help="print the settings that point the gateway here")
    options = parser.parse_args(arguments)
    if not 0 <= options.port <= 65_535:
        parser.error("--port must be 0 to 65535")
    if options.process_interval <= 0:
        parser.error("--process-interval must be above 0")
    return options


def config_of(options: argparse.Namespace, app: ThrowawayApp) -> EmulatorConfig:
    """The emulator's configuration that the options ask for.

    Raises:
        OSError: The schema file cannot be read.
        ValueError: It cannot be used.
    """
    given = EmulatorConfig(
        host=options.host,
        port=options.port,
        apps=app.apps,
        users=app.users,
        validation="strict" if options.strict else "lenient",
        process_interval_s=options.process_interval,
        journal=options.journal,
    )
    if options.schema is None:
        return given
    objects = objects_of(options.schema.read_text(encoding="utf-8"))
    return EmulatorConfig(**{**vars(given), "sources": {SOURCE: objects}})


async def run(config: EmulatorConfig, app: ThrowawayApp, print_env: bool) -> None:
    """Play the org until SIGTERM or Ctrl-C.

    Raises:
        OSError: The port is taken, or the journal cannot be written.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    async with Emulator(config) as emulator:
        if print_env:
            _tell("\n".join(f"{name}={value}" for name, value in app.settings(emulator.base_url).items()))
        else:
            _tell(f"An emulated org listens on {emulator.base_url}; stop it with Ctrl-C.")
        await stop.wait()


def main(arguments: list[str]) -> int:
    """The command; returns its exit code: 0 told to stop, 2 something given is wrong, 3 the port is taken."""
    options = parsed(arguments)
    configure("INFO", "auto")
    with ExitStack() as stack:
        try:
            directory = options.state_dir or Path(stack.enter_context(tempfile.TemporaryDirectory()))
            app = throwaway_app(directory)
            asyncio.run(run(config_of(options, app), app, options.print_env))
        except (OSError, ValueError) as refused:
            is_taken = isinstance(refused, OSError) and refused.errno == errno.EADDRINUSE
            told = f"port {options.port} is taken" if is_taken else str(refused)
            sys.stderr.write(f"{PROGRAM}: {told}\n")
            return PORT_TAKEN if is_taken else WRONG
    return 0


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
