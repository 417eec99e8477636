"""What the check does from outside the container, as rigs and screens do: UDP in, page and WebSocket out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.gateway import ROOT

_SENT: Final = re.compile(r"^(\d+) datagrams sent$", re.MULTILINE)
_COUNTED: Final = re.compile(r'^f1_packets_received_total\{rig="[^"]+"\} (\S+)$', re.MULTILINE)
_PATIENCE_S: Final = 10.0


class Site(NamedTuple):
    """A gateway's published ports on this machine."""

    http: int
    rigs: tuple[int, ...]

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.http}"

    def get(self, path: str) -> str:
        """The body of a GET that is answered by 200.

        Raises:
            OSError: It is not.
        """
        with urllib.request.urlopen(self.url + path, timeout=_PATIENCE_S) as answer:
            body: str = answer.read().decode()
            return body

    def json(self, path: str) -> Any:
        """The same as JSON; Any: it is whatever stands there."""
        return json.loads(self.get(path))

    def received(self) -> int:
        """Valid datagrams of all rigs, as `/metrics` counts them."""
        return round(sum(float(text) for text in _COUNTED.findall(self.get("/metrics"))))

    def laps(self) -> set[tuple[str, int]]:
        """The laps of the day: id and time."""
        day = self.json("/api/day")
        return {(lap["lap_id"], lap["lap_time_ms"]) for track in day["tracks"] for lap in track["board"]}

    def wait_for_laps(self, count: int, within_s: float = _PATIENCE_S) -> set[tuple[str, int]]:
        """The laps of the day as soon as there are so many, or as many as there are in the end."""
        deadline_s = time.monotonic() + within_s
        while len(laps := self.laps()) < count and time.monotonic() < deadline_s:
            time.sleep(0.1)
        return laps


class Drive(NamedTuple):
    """What simulated rigs did before they were stopped."""

    sent: int
    laps: set[tuple[str, int]]


def drive(site: Site, speed: float, laps: int) -> Drive:
    """Two simulated rigs drive until so many laps of theirs are on the board."""
    with driving(site, "--speed", str(speed)) as process:
        completed = site.wait_for_laps(laps, 60)
        process.terminate()
        told, _ = process.communicate(timeout=_PATIENCE_S)
    matched = _SENT.search(told)
    return Drive(int(matched[1]) if matched else 0, completed)


@contextmanager
def driving(site: Site, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Two simulated rigs drive as long as the block lasts."""
    ports = ",".join(map(str, site.rigs))
    command = [sys.executable, "-m", "app.sim", "--short", "--rigs", str(len(site.rigs)), "--ports", ports, *more]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=_PATIENCE_S)


@contextmanager
def watching(site: Site) -> Iterator[ClientConnection]:
    """A screen that shows all rigs, from the gateway's own page as far as the gateway can tell."""
    # What a browser on this page would say; the library's own default is to say nothing.
    said = {"Origin": site.url}
    with connect(f"ws://127.0.0.1:{site.http}/ws", additional_headers=said, compression=None) as screen:
        screen.send(json.dumps({"type": "subscribe_rig", "rig_id": "all"}))
        yield screen


def live_rigs(screen: ClientConnection, wanted: Sequence[str], within_s: float = _PATIENCE_S) -> dict[str, int]:
    """The speed of each rig that is shown as live, in km/h, as soon as all that are wanted are."""
    seen: dict[str, int] = {}
    deadline_s = time.monotonic() + within_s
    while set(wanted) - set(seen) and time.monotonic() < deadline_s:
        match json.loads(screen.recv(timeout=within_s)):
            case {"type": "telemetry_update", "rig_id": str(rig), "data": {"link": "live", "speed_kph": int(speed)}}:
                seen[rig] = speed
    return seen


def farewell(screen: ClientConnection) -> int | None:
    """With which code a screen was told to go; None when it was cut without one."""
    try:
        while True:
            screen.recv(timeout=_PATIENCE_S)
    except ConnectionClosed as closed:
        return None if closed.rcvd is None else closed.rcvd.code
    except TimeoutError:
        return None
