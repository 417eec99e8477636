"""A real gateway process on free loopback ports, and what tests need to talk to it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CAPTURES = ROOT / "tests" / "captures"
CATALUNYA = CAPTURES / "f1_25-format2025-timetrial-catalunya.pcap.gz"
MELBOURNE = CAPTURES / "f1_25-format2026-race-melbourne.pcap.gz"
START_S = 20.0
OPERATOR_TOKEN = "the-operator-of-the-tests-and-nobody-else"
_SCRATCH = tempfile.TemporaryDirectory(prefix="rig-gateway-tests-")


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody listens on right now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Running(NamedTuple):
    """A gateway that runs."""

    process: subprocess.Popen[str]
    port: int
    rig_ports: tuple[int, ...]

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        """Where its WebSocket is."""
        return f"ws://127.0.0.1:{self.port}/ws"

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of one HTTP GET."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()

    def health(self) -> dict[str, Any]:
        """The body of `/health`."""
        body: dict[str, Any] = json.loads(self.get("/health")[1])
        return body

    def send(self, rig: int, *datagrams: bytes) -> None:
        """Send datagrams to the rig's UDP port."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in datagrams:
                sender.sendto(datagram, ("127.0.0.1", self.rig_ports[rig]))

    def terminate(self, patience_s: float = 10.0) -> float:
        """SIGTERM; the seconds it took to end."""
        began_s = time.monotonic()
        self.process.terminate()
        self.process.wait(patience_s)
        return time.monotonic() - began_s


def history_path() -> str:
    """A file that nobody has: the laps of one test are no other's. It goes with the test run."""
    return tempfile.mkdtemp(dir=_SCRATCH.name) + "/history.sqlite3"


def environment(port: int, rig_ports: tuple[int, ...], **settings: str) -> dict[str, str]:
    """The environment of a gateway with one rig per port, RIG_A, RIG_B, ..."""
    rigs = [
        {"rig_id": f"RIG_{chr(ord('A') + n)}", "udp_port": rig_port, "device_id": f"SIM_{chr(ord('A') + n)}"}
        for n, rig_port in enumerate(rig_ports)
    ]
    own = {
        "PORT": str(port),
        "HTTP_HOST": "127.0.0.1",
        "UDP_HOST": "127.0.0.1",
        "RIGS": json.dumps(rigs),
        "HISTORY_PATH": (history := history_path()),
        "SOURCES_PATH": str(Path(history).with_name("sources.json")),
        "OPERATOR_TOKEN": OPERATOR_TOKEN,
        "UDP_MAX_DATAGRAMS_PER_S": "100000",  # simulated rigs may drive much faster than real ones
    }
    return {**os.environ, "PYTHONUNBUFFERED": "1", **own, **settings}


@contextmanager
def running_gateway(
    *command: str,
    rigs: int = 2,
    port: int | None = None,
    rig_ports: tuple[int, ...] = (),
    log: Path | None = None,
    **settings: str,
) -> Iterator[Running]:
    """A gateway process that answers; ended with the block, if it has not ended by then.

    Args:
        command: What to run instead of `python -m app`.
        rigs: How many rigs, on free ports.
        port: HTTP port, for a gateway that takes another one's place.
        rig_ports: UDP ports, likewise.
        log: Takes what it says; nothing does without.
        settings: Further settings, by name.
    """
    port = port or free_port()
    rig_ports = rig_ports or tuple(free_port(socket.SOCK_DGRAM) for _ in range(rigs))
    arguments = command or (sys.executable, "-m", "app")
    with open(log or os.devnull, "ab") as said:
        process = subprocess.Popen(
            [argument.replace("{port}", str(port)) for argument in arguments],
            cwd=ROOT,
            env=environment(port, rig_ports, **settings),
            stdout=subprocess.DEVNULL,
            stderr=said,
            text=True,
        )
    gateway = Running(process, port, rig_ports)
    try:
        wait_until_ready(gateway)
        yield gateway
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def run_to_end(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A Python process that is expected to end by itself, with what it said."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, timeout=20, check=False
    )


def wait_until_ready(gateway: Running) -> None:
    """Return when `/readyz` says so."""
    deadline_s = time.monotonic() + START_S
    while time.monotonic() < deadline_s:
        assert gateway.process.poll() is None, f"the gateway ended with {gateway.process.returncode}"
        try:
            if gateway.get("/readyz")[0] == 200:
                return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.05)
    raise AssertionError("the gateway did not start")


@contextmanager
def replaying(*plays: tuple[Path, int, float, float]) -> Iterator[subprocess.Popen[bytes]]:
    """Captures sent in a loop as real UDP: file, port, from and until in seconds."""
    files = [str(path) for path, *_ in plays]
    options = [
        text
        for _, port, start_s, until_s in plays
        for text in ("--to", f"127.0.0.1:{port}", "--from", str(start_s), "--until", str(until_s))
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "app.ingest.replay", *files, *options, "--loop"],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def both_rigs(gateway: Running) -> tuple[tuple[Path, int, float, float], ...]:
    """Two rigs that drive: the plays of the demo."""
    return (CATALUNYA, gateway.rig_ports[0], 31.5, 50.5), (MELBOURNE, gateway.rig_ports[1], 0.0, 18.5)
