"""`make demo`: the gateway and two recorded rigs, with neither the game nor an org.

Two processes, as on an event day: the gateway, and a replay that sends the bundled captures as real UDP,
Catalunya into the first rig's port and Melbourne into the second's, round and round.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final, NoReturn

from app.settings import BadSettings, Settings, load_settings

CAPTURES: Final = Path(__file__).resolve().parent.parent / "tests" / "captures"
_FILES: Final = (
    ("f1_25-format2025-timetrial-catalunya.pcap.gz", "31.5", "50.5"),  # before, the car waits in the garage
    ("f1_25-format2026-race-melbourne.pcap.gz", "0", "18.5"),  # after, the recorder kept no lap data
)
_STOPS: Final = (signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Ctrl-C, a service manager, and a terminal that is closed."""
_START_S: Final = 20.0
_STOP_S: Final = 12.0


def main() -> int:
    """Run until Ctrl-C or until one of the two processes ends; the exit code."""
    for number in _STOPS:
        signal.signal(number, _stop)
    try:
        settings = load_settings()
    except BadSettings as refused:
        return _say(f"The configuration cannot be used:\n{refused}", 2)
    if len(settings.rigs) < len(_FILES):
        return _say("The demo needs two rigs: RIGS names fewer.", 2)
    if _taken(settings.port):
        return _say(f"Something answers on port {settings.port} already: stop it, or set PORT to another one.", 3)
    children: list[subprocess.Popen[bytes]] = []
    try:
        children.append(_spawn("app"))
        if not _answers(f"http://127.0.0.1:{settings.port}/readyz", children[0]):
            return children[0].poll() or _say("The gateway did not start.", 1)
        children.append(_spawn("app.ingest.replay", *_replay_arguments(settings)))
        _say(
            f"\n  Rig Gateway demo: http://localhost:{settings.port}/\n"
            "  Two recorded rigs are driving, round and round. Stop with Ctrl-C.\n",
            0,
        )
        while all(child.poll() is None for child in children):
            time.sleep(0.2)
        return _say("The gateway or the replay has ended by itself.", 1)
    except KeyboardInterrupt:
        return 0
    finally:
        _end(children)


def _replay_arguments(settings: Settings) -> list[str]:
    arguments = [str(CAPTURES / name) for name, _, _ in _FILES]
    for rig, (_, start, until) in zip(settings.rigs, _FILES, strict=False):
        arguments += ["--to", f"127.0.0.1:{rig.udp_port}", "--from", start, "--until", until]
    return [*arguments, "--loop"]


def _spawn(module: str, *arguments: str) -> subprocess.Popen[bytes]:
    # In a group of its own, so that Ctrl-C reaches the child once, through us, and in order.
    apart = {"start_new_session": True} if os.name == "posix" else {}
    return subprocess.Popen([sys.executable, "-m", module, *arguments], **apart)  # type: ignore[call-overload,no-any-return]  # one keyword by platform


def _taken(port: int) -> bool:
    """Whether somebody listens: a gateway of real rigs must not be sent recorded traffic."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(url: str, child: subprocess.Popen[bytes]) -> bool:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s and child.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _end(children: list[subprocess.Popen[bytes]]) -> None:
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    for child in reversed(children):
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()


def _stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _say(text: str, code: int) -> int:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
