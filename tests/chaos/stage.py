"""The stage of a proof: a folder, ports that stay the same, and the processes that meet there.

stage = Stage(folder)
with stage.org("--strict"), stage.rigs("--short"):
    with stage.gateway() as gateway:
        kill(gateway.process)
    with stage.gateway() as gateway:  # the same ports, the same outbox
        ...
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from app.datacloud.emulator.throwaway import throwaway_app
from tests.gateway import ROOT, START_S, Running, free_port, running_gateway

# Any: JSON, and a rule of the emulator.
Json = Any
Rule = Mapping[str, Any]

INGEST: Final = "/api/v1/ingest/"
UNLIMITED: Final = {"DATACLOUD_TELEMETRY_HZ": "60"}


class Org:
    """An emulated org in a process of its own, steered over HTTP."""

    def __init__(self, port: int, process: subprocess.Popen[bytes]) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.process = process

    def faults(self, *rules: Rule) -> None:
        """Put these rules in force; those that do not name a path are about ingestion."""
        self._ask("PUT", "faults", [{"path_regex": INGEST, **rule} for rule in rules])

    def configure(self, **changes: Json) -> None:
        """Change settings of the emulator."""
        self._ask("PUT", "config", changes)

    def process_now(self) -> Json:
        """Let the org process what waits; its state afterwards."""
        return self._ask("POST", "process")

    def state(self) -> Json:
        """Counters, tokens by age, credits."""
        return self._ask("GET", "state")

    def requests(self) -> list[Json]:
        """The ingest requests that came, in the order in which they were answered."""
        return [seen for seen in self._ask("GET", "requests") if seen["path"].startswith(INGEST)]

    def rows(self, name: str) -> dict[str, Json]:
        """The rows of an object by its primary key alone."""
        listed = self._ask("GET", f"rows/{name}")
        return {row["key"][0] if isinstance(row["key"], list) else row["key"]: row["record"] for row in listed}

    def _ask(self, method: str, what: str, body: Json = None) -> Json:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}/__emulator__/{what}", data, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())


class Stage:
    """Where a proof is played.

    Args:
        folder: Takes the key, the outbox and the journal.
        settings: Of the gateway, on top of those that point it at the org; telemetry is not thinned out.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.outbox = folder / "outbox" / "outbox.sqlite3"
        self.journal = folder / "journal"
        self._folder = folder
        self._settings = {**UNLIMITED, "DATACLOUD_OUTBOX_PATH": str(self.outbox), **settings}
        self.port, self.org_port = free_port(), free_port()
        self.rig_ports = (free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM))
        self._app = throwaway_app(folder / "key")

    @contextmanager
    def org(self, *options: str, process_interval_s: float = 1e6) -> Iterator[Org]:
        """The org, ended by SIGTERM with the block.

        Args:
            options: Further ones of the emulator's command, such as `--strict`.
            process_interval_s: Between two processings; by default there is none.
        """
        command = [sys.executable, "-m", "app.datacloud.emulator", "--port", str(self.org_port)]
        command += ["--state-dir", str(self._folder / "key"), "--journal", str(self.journal)]
        with _process(*command, "--process-interval", str(process_interval_s), *options) as process:
            org = Org(self.org_port, process)
            until("the org answers", lambda: _answers(org.state), START_S)
            yield org

    def rigs(self, *options: str, ports: tuple[int, ...] | None = None) -> AbstractContextManager[object]:
        """Simulated rigs that drive until the block ends."""
        to = ports or self.rig_ports
        command = [sys.executable, "-m", "app.sim", "--scenario", "duel", "--rigs", str(len(to)), "--loop"]
        return _process(*command, "--ports", ",".join(map(str, to)), *options)

    def settings(self) -> dict[str, str]:
        """The gateway's settings by name, but for its ports."""
        return {**self._app.settings(f"http://127.0.0.1:{self.org_port}"), **self._settings}

    def gateway(self, **settings: str) -> AbstractContextManager[Running]:
        """The gateway on this stage's ports and outbox; killed with the block, if it has not ended by then."""
        given = {**self.settings(), **settings}
        return running_gateway(port=self.port, rig_ports=self.rig_ports, **given)  # type: ignore[arg-type]  # no setting is called "rigs"


def kill(process: subprocess.Popen[str]) -> float:
    """SIGKILL, and wait; the instant just before, in seconds since 1970 UTC."""
    at_s = time.time()
    process.kill()
    process.wait()
    return at_s


def cloud(gateway: Running) -> Json:
    """The body of `/api/cloud`."""
    return json.loads(gateway.get("/api/cloud")[1])


def metric(gateway: Running, name: str, **labels: str) -> float:
    """The sum over a metric's series that have these labels."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    lines = [line for line in gateway.get("/metrics")[1].splitlines() if line.split("{")[0].split(" ")[0] == name]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if all(label in line for label in wanted))


def until(what: str, holds: Callable[[], bool], patience_s: float, pause_s: float = 0.05) -> float:
    """Wait until something holds; how many seconds it took.

    Raises:
        TimeoutError: It did not in time.
    """
    began_s = time.monotonic()
    while not holds():
        if time.monotonic() - began_s > patience_s:
            raise TimeoutError(f"not within {patience_s:g} s: {what}")
        time.sleep(pause_s)
    return time.monotonic() - began_s


def is_drained(gateway: Running) -> bool:
    """Whether nothing waits any more, in memory or on disk."""
    return bool(cloud(gateway)["waiting"]["rows"] == 0)


def resident_mib(pid: int) -> float:
    """Memory of a process that is really there."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


def processor_s(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (urllib.error.URLError, OSError):
        return False
    return True
