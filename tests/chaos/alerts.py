"""Alerts against what they are about: a fault that is real, a real Prometheus, the rules as they are deployed.

Only their durations are divided by `FACTOR`, and Prometheus looks every second. Each fault has a Prometheus and a
gateway of its own, and is told by its own alerts and no other. A clean run is told by none.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

from app.datacloud.tables import Limits
from app.ingest.decoder import encode
from app.ingest.header import write_header
from tests.builders import make_header, make_packet
from tests.chaos.backlog import telemetry
from tests.chaos.stage import Stage, kill, until
from tests.chaos.verdict import Check, Verdict, exactly
from tests.gateway import ROOT, Running, free_port, history_path, running_gateway
from tests.monitoring.prometheus import RULES, Prometheus, alerts, running_prometheus, shortened

FACTOR: Final = 20
CLEAN_S: Final = 60.0
_PATIENCE_S: Final = 60.0
LOAD: Final = frozenset({"EventLoopLag", "FrameAgeHigh"})
"""These tell of a slow machine too: where other work runs beside a fault, they are told but not judged."""
_SECOND_SENDER: Final = "127.0.0.2"
_OLD_FORMAT: Final = 2020
_REFUSED_LOGIN: Final = json.dumps(
    {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
)
_LATER_S: Final = 120
"""How far the org's clock jumps."""


class Caught:
    """What has been caught so far."""

    def __init__(self, folder: Path) -> None:
        self.checks: list[Check] = []
        self.names: set[str] = set()
        self._folder = folder

    @contextmanager
    def watching(self, fault: str, gateway_port: int, *, windows: bool = True) -> Iterator[Prometheus]:
        """A Prometheus that has scraped a gateway a few times; `windows` as for `shortened`."""
        rules = shortened(RULES.read_text(encoding="utf-8"), FACTOR, windows=windows)
        with running_prometheus(self._folder / f"prometheus-{fault}", gateway_port, rules) as prometheus:
            prometheus.until("it is scraped", lambda: bool(prometheus.query("count_over_time(up[1m]) > 2")), 20)
            yield prometheus

    def caught(self, prometheus: Prometheus, *names: str, also: frozenset[str] = frozenset()) -> None:
        """Wait until these alerts have fired, and look that no other one has."""
        took_s = prometheus.until(f"{names} fire", lambda: set(names) <= prometheus.ever(), _PATIENCE_S)
        others = prometheus.ever() - set(names) - also
        self.names |= set(names)
        self.checks.append(Check(f"{', '.join(names)} within {took_s:.0f} s"))
        if told := others & LOAD:
            self.checks.append(Check(f"beside them, for want of a processor, {', '.join(sorted(told))}"))
        if others - LOAD:
            self.checks.append(exactly("alerts that nobody caused", sorted(others - LOAD), []))


def every_alert(folder: Path, clean_s: float = CLEAN_S) -> Verdict:
    """ALERTS: a clean run, then every fault in turn."""
    caught = Caught(folder)
    faults: Mapping[str, Callable[[Stage, Caught], None]] = {
        "clean": lambda stage, caught: clean(stage, caught, clean_s),
        "rigs": bad_rigs,
        "full": full_outbox,
        "disk": dead_disk,
        "org": refusing_org,
        "login": refused_login,
        "ends": restarts,
        "busy": busy_loop,
        "hung": hung_stage,
        "dead": dead_stage,
    }
    for name, play in faults.items():
        (folder / name).mkdir()
        play(Stage(folder / name), caught)
    return Verdict(
        "ALERTS",
        f"{len(faults) - 1} kinds of faults, and a clean run of {clean_s:g} s; rules {FACTOR} times as fast",
        "each fault is told by its alerts and by no other, the clean run by none",
        [
            *caught.checks,
            exactly("alerts never seen to fire", sorted({rule.name for rule in alerts()} - caught.names), []),
        ],
    )


def clean(stage: Stage, caught: Caught, seconds: float) -> None:
    """Two rigs drive, rows arrive, nothing is wrong."""
    with (
        stage.org("--strict"),
        stage.gateway(),
        caught.watching("clean", stage.port, windows=False) as prometheus,
        stage.rigs(),
    ):
        time.sleep(seconds)
        fired, load, processors = prometheus.ever(), os.getloadavg()[0], os.cpu_count() or 1
        if (
            load > processors and fired & LOAD
        ):  # others keep the machine busy, and so it is true that the gateway is late
            caught.checks.append(Check(f"{sorted(fired & LOAD)} at a load of {load:.0f} on {processors} processors"))
            fired -= LOAD
        caught.checks += [
            exactly(f"alerts in a clean run of {seconds:g} s", sorted(fired), []),
            exactly("rigs seen to drive", len(prometheus.query("f1_normalize_driving == 1")), 2),
            exactly("rows arrive", bool(prometheus.query("instance:f1_datacloud_rows_accepted:rate1m > 1")), True),
        ]


def bad_rigs(stage: Stage, caught: Caught) -> None:
    """A fifth of a rig's datagrams lost, a second sender with a game set wrong, then both cables out."""
    with stage.gateway(DATACLOUD_ENABLED="false"), caught.watching("rigs", stage.port) as prometheus:
        way_in = free_port(socket.SOCK_DGRAM)
        with ExitStack() as driving:
            driving.enter_context(stage.rigs(ports=(way_in, stage.rig_ports[1])))
            driving.enter_context(bad_network(way_in, stage.rig_ports[0], loss=0.2))
            until("both drive", lambda: len(prometheus.query("f1_normalize_driving == 1")) == 2, 30)
            with stranger(stage.rig_ports[1]), old_game(stage.rig_ports[1]):
                caught.caught(prometheus, "RigPacketLoss", "RigTwoSenders", "RigWrongFormat")
        caught.caught(
            prometheus,
            "RigSilentWhileRacing",
            also=frozenset({"RigPacketLoss", "RigTwoSenders", "RigWrongFormat"}),
        )


def full_outbox(stage: Stage, caught: Caught) -> None:
    """Rows of long ago fill the outbox's budget, and the org is not there."""
    telemetry(stage.outbox, Limits(), 40_000, packed=False, most_bytes=12 * 1024**2)
    settings = {"DATACLOUD_OUTBOX_MAX_MB": "8"}
    with stage.gateway(**settings), caught.watching("full", stage.port) as prometheus, stage.rigs():
        caught.caught(prometheus, "OutboxOld", "OutboxDiskLow", "OutboxRowsLost")


def dead_disk(stage: Stage, caught: Caught) -> None:
    """From one moment on the kernel lets the gateway write to no file."""
    with stage.gateway() as gateway, caught.watching("disk", stage.port) as prometheus, stage.rigs("--short"):
        until("rows are kept", lambda: bool(prometheus.query("sum(f1_datacloud_waiting_rows) > 10")), 30)
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        caught.caught(prometheus, "OutboxFailing", "HistoryFailing", also=frozenset({"OutboxRowsLost"}))


def refusing_org(stage: Stage, caught: Caught) -> None:
    """The org refuses every session, which come alone, and all telemetry, and lives in the future."""
    with stage.org() as org, stage.gateway(), caught.watching("org", stage.port) as prometheus:
        org.faults(
            {"action": "clock_jump", "seconds": _LATER_S, "times": 1},
            {"action": "status", "code": 400, "object": "SessionEvent"},
            {"action": "status", "code": 400, "object": "TelemetryEvent"},
        )
        with stage.rigs():
            caught.caught(prometheus, "DeadLetters", "DataCloudParked", "ClockSkew")


def refused_login(stage: Stage, caught: Caught) -> None:
    """The org does not let us in."""
    with stage.org() as org, stage.gateway(), caught.watching("login", stage.port) as prometheus:
        org.faults({"action": "status", "code": 400, "body": _REFUSED_LOGIN, "path_regex": "/services/oauth2/token"})
        with stage.rigs():
            caught.caught(prometheus, "DataCloudLoginFailing")


def restarts(stage: Stage, caught: Caught) -> None:
    """The gateway is killed, is away, comes back, and is killed again."""
    with ExitStack() as running:
        first = running.enter_context(stage.gateway(DATACLOUD_ENABLED="false"))
        prometheus = running.enter_context(caught.watching("ends", stage.port))
        kill(first.process)
        caught.caught(prometheus, "GatewayDown")
        for starts in (1, 2):
            with stage.gateway(DATACLOUD_ENABLED="false") as again:
                seen = f"changes(process_start_time_seconds[1m]) >= {starts}"
                prometheus.until("the start is seen", lambda seen=seen: bool(prometheus.query(seen)), 20)  # type: ignore[misc]  # default binds it
                if starts == 2:
                    caught.caught(prometheus, "GatewayRestarting", also=frozenset({"GatewayDown"}))
                kill(again.process)


def busy_loop(stage: Stage, caught: Caught) -> None:
    """Something holds the event loop for 120 ms again and again."""
    with injected(stage, "busy-0.12"), caught.watching("busy", stage.port) as prometheus, stage.rigs():
        caught.caught(prometheus, "EventLoopLag", "FrameAgeHigh", also=frozenset({"RigPacketLoss"}))


def hung_stage(stage: Stage, caught: Caught) -> None:
    """A stage takes nothing off its inbox."""
    with injected(stage, "hung-history"), caught.watching("hung", stage.port) as prometheus:
        with stage.rigs("--speed", "4"):
            caught.caught(prometheus, "QueueDropping", also=frozenset({"RigPacketLoss"}))


def dead_stage(stage: Stage, caught: Caught) -> None:
    """A stage dies, and the process does not manage to end."""
    with injected(stage, "dead-referee"), caught.watching("dead", stage.port) as prometheus:
        caught.caught(prometheus, "StageDown")


def injected(stage: Stage, fault: str) -> AbstractContextManager[Running]:
    """A gateway with a fault of `injected`; nothing is uploaded."""
    command = (sys.executable, "-m", "tests.chaos.injected", fault)
    return running_gateway(*command, port=stage.port, rig_ports=stage.rig_ports, HISTORY_PATH=history_path())


@contextmanager
def bad_network(listen: int, to: int, loss: float) -> Iterator[None]:
    """Pass on what arrives at one port to another one, but for a share of it."""
    command = [sys.executable, "-m", "app.sim.relay", "--listen", str(listen), "--to", f"127.0.0.1:{to}"]
    process = subprocess.Popen(
        [*command, "--loss", str(loss)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def stranger(port: int) -> Iterator[None]:
    """Another machine that sends to a rig's port."""
    with _sending(encode(make_packet(1)), _SECOND_SENDER, port):
        yield


@contextmanager
def old_game(port: int) -> Iterator[None]:
    """A game on the rig's own machine that is set to a format of long ago."""
    with _sending(write_header(make_header(6, _OLD_FORMAT)), "127.0.0.1", port):
        yield


@contextmanager
def _sending(datagram: bytes, source: str, port: int) -> Iterator[None]:
    """One datagram, 50 times a second."""
    stop = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind((source, 0))
            while not stop.wait(0.02):
                sender.sendto(datagram, ("127.0.0.1", port))

    thread = threading.Thread(target=send, name="stranger", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
