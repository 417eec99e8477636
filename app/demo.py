"""`make demo`: the gateway, two recorded rigs and an emulated org, with neither the game nor Salesforce.

Three processes, as on an event day: the org, the gateway, and a replay that sends the bundled captures as real UDP,
Catalunya into the first rig's port and Melbourne into the second's, round and round. The gateway logs in to the org,
exchanges tokens and uploads like to a real one. It reads no `.env` and keeps its outbox in a folder that goes with
it, so that no recorded lap ever reaches a real org or mixes with real rows.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final, NoReturn

from app.settings import BadSettings, Settings, load_settings

ROOT: Final = Path(__file__).resolve().parent.parent
CAPTURES: Final = ROOT / "tests" / "captures"
_FILES: Final = (
    ("f1_25-format2025-timetrial-catalunya.pcap.gz", "31.5", "50.5"),  # before, the car waits in the garage
    ("f1_25-format2026-race-melbourne.pcap.gz", "0", "18.5"),  # after, the recorder kept no lap data
)
_STOPS: Final = (signal.SIGTERM, signal.SIGINT, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []))
"""Ctrl-C, a service manager, and a terminal that is closed."""
_ORG: Final = ("--port", "0", "--print-env", "--strict", "--process-interval", "5")
"""The emulated org works rows off every five seconds; the real one takes three minutes."""
_KEPT: Final = (
    "port",
    "http_host",
    "udp_host",
    "udp_receive_buffer_bytes",
    "live_rate_hz",
    "stale_after_s",
    "display_event_name",
    "display_speed_unit",
    "display_temperature_unit",
    "log_level",
    "log_format",
)
_SMALL: Final = {"DATACLOUD_OUTBOX_MAX_MB": "16", "DATACLOUD_OUTBOX_MIN_FREE_MB": "0", "HISTORY_MAX_MB": "16"}
"""What goes with the demo needs no room: it runs in a container's 64 MB of /tmp too."""
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
    with tempfile.TemporaryDirectory(prefix="rig-gateway-demo-") as folder:
        try:
            return _run(settings, folder, children)
        except KeyboardInterrupt:
            return 0
        finally:
            _end(children)


def _run(settings: Settings, folder: str, children: list[subprocess.Popen[bytes]]) -> int:
    bare = _environment(settings)
    org = _spawn("app.datacloud.emulator", *_ORG, "--state-dir", folder, env=bare, cwd=folder, stdout=subprocess.PIPE)
    children.append(org)
    assert org.stdout is not None
    too_long = threading.Timer(_START_S, org.kill)
    too_long.start()
    told = os.read(org.stdout.fileno(), 65_536).decode()  # written at once, when it listens
    too_long.cancel()
    if not told:
        return _say("The emulated org did not start.", 1)
    gateway = _spawn("app", env=bare | dict(line.split("=", 1) for line in told.splitlines()), cwd=folder)
    children.append(gateway)
    if not _answers(f"http://127.0.0.1:{settings.port}/readyz", gateway):
        return gateway.poll() or _say("The gateway did not start.", 1)
    children.append(_spawn("app.ingest.replay", *_replay_arguments(settings), env=bare, cwd=folder))
    _say(
        f"\n  Rig Gateway demo: http://localhost:{settings.port}/\n"
        "  Two recorded rigs are driving, round and round, and their rows go to an emulated Data Cloud.\n"
        "  Stop with Ctrl-C.\n",
        0,
    )
    while all(child.poll() is None for child in children):
        time.sleep(0.2)
    return _say("The gateway, the replay or the emulated org has ended by itself.", 1)


def _environment(settings: Settings) -> dict[str, str]:
    """The demo's own environment: what of the settings concerns a demo, and nothing of anybody's org."""
    names = {name.upper() for name in Settings.model_fields}
    others = {name: value for name, value in os.environ.items() if name.upper() not in names}
    kept = {name.upper(): str(getattr(settings, name)) for name in _KEPT}
    rigs = json.dumps([rig.model_dump(exclude={"source", "forward_to"}) for rig in settings.rigs])
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**others, **kept, **_SMALL, "RIGS": rigs, "PYTHONPATH": path}


def _replay_arguments(settings: Settings) -> list[str]:
    arguments = [str(CAPTURES / name) for name, _, _ in _FILES]
    for rig, (_, start, until) in zip(settings.rigs, _FILES, strict=False):
        arguments += ["--to", f"127.0.0.1:{rig.udp_port}", "--from", start, "--until", until]
    return [*arguments, "--loop"]


def _spawn(
    module: str, *arguments: str, env: dict[str, str], cwd: str, stdout: int | None = None
) -> subprocess.Popen[bytes]:
    # In a group of its own, so that Ctrl-C reaches the child once, through us, and in order.
    apart = os.name == "posix"
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, env=env, cwd=cwd, stdout=stdout, start_new_session=apart)


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
    """The replay first, then the gateway, which sends its last rows, then the org."""
    for number in _STOPS:
        signal.signal(number, signal.SIG_IGN)
    for child in reversed(children):
        if child.poll() is None:
            child.terminate()
        try:
            child.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _stop(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _say(text: str, code: int) -> int:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
    return code


if __name__ == "__main__":
    sys.exit(main())
