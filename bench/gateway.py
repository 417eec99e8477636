"""A real gateway to measure: `python -m app` as a process of its own, on free loopback ports, and an org for it."""

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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.machine import ROOT, pin

_START_S: Final = 20.0
_STOP_S: Final = 12.0


class GatewayProcess:
    """The running process, seen from outside.

    Args:
        process: It.
        http_port: Where it answers.
    """

    def __init__(self, process: subprocess.Popen[bytes], http_port: int) -> None:
        self._process = process
        self.http_port = http_port

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def udp_ports(self) -> list[int]:
        """The rigs' ports, in the order of the rigs."""
        return [rig["port"] for rig in self._rigs()]

    def received(self) -> int:
        """Datagrams used so far, over all rigs.

        Raises:
            RuntimeError: Some were refused; then the cost of refusing was measured.
        """
        rigs = self._rigs()
        if refused := sum(rig["packets_rejected"] for rig in rigs):
            raise RuntimeError(f"the gateway refused {refused} datagrams")
        return sum(rig["packets_received"] for rig in rigs)

    def cpu_s(self) -> float | None:
        """CPU seconds used so far, the kernel's part included; None where there is no /proc."""
        try:
            stat = Path(f"/proc/{self._process.pid}/stat").read_text()
        except OSError:
            return None
        after_name = stat.rpartition(")")[2].split()  # the name in parentheses may hold spaces
        user, system = int(after_name[11]), int(after_name[12])  # utime and stime, fields 14 and 15 of proc(5)
        return (user + system) / os.sysconf("SC_CLK_TCK")

    def waited_s(self) -> float | None:
        """Seconds for which it could have run but had no core, since others had it; None where nothing tells."""
        try:
            schedstat = Path(f"/proc/{self._process.pid}/schedstat").read_text()  # of its main thread
        except OSError:
            return None
        return int(schedstat.split()[1]) / 1e9

    def await_ready(self) -> None:
        """Return when it answers.

        Raises:
            RuntimeError: It ended, or did not answer in time.
        """
        deadline_s = time.monotonic() + _START_S
        while time.monotonic() < deadline_s and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/readyz", timeout=1):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise RuntimeError("the gateway did not start")

    def _rigs(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/health", timeout=10) as answer:
            return list(json.load(answer)["gateway"]["rigs"].values())


@contextmanager
def running_gateway(rig_ids: Sequence[str], core: int | None = None, **settings: str) -> Iterator[GatewayProcess]:
    """A gateway with these rigs, ready, and ended with the block.

    Args:
        rig_ids: One for each rig.
        core: The one it has to make do with; all of the machine's without.
        settings: Further ones, by name.
    """
    with launched(rig_ids, [0] * len(rig_ids), core, **settings) as gateway:
        gateway.await_ready()
        yield gateway


@contextmanager
def launched(
    rig_ids: Sequence[str], udp_ports: Sequence[int], core: int | None = None, **settings: str
) -> Iterator[GatewayProcess]:
    """A gateway that has just been started, and is ended with the block."""
    http_port = free_port()
    rigs = [{"rig_id": rig_id, "udp_port": port} for rig_id, port in zip(rig_ids, udp_ports, strict=True)]
    told = {
        "RIGS": json.dumps(rigs),
        "PORT": str(http_port),
        "HTTP_HOST": "127.0.0.1",
        "UDP_HOST": "127.0.0.1",
        "LOG_LEVEL": "ERROR",
        "UDP_MAX_DATAGRAMS_PER_S": "10000000",  # two rigs play a hundred
        "PYTHONPATH": str(ROOT),
    }
    # Elsewhere than in the checkout, so that nobody's .env is read.
    with tempfile.TemporaryDirectory() as elsewhere:
        process = subprocess.Popen([sys.executable, "-m", "app"], cwd=elsewhere, env=os.environ | told | settings)
        try:
            if core is not None:
                pin(process.pid, core)
            yield GatewayProcess(process, http_port)
        finally:
            _end(process)


@contextmanager
def emulated_org(core: int | None = None) -> Iterator[dict[str, str]]:
    """An emulated Salesforce org as a process, until the block ends; the settings that point a gateway to it."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--port", "0", "--print-env", "--state-dir", folder]
        command = [sys.executable, "-m", "app.datacloud.emulator", *options]
        pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
        with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=nowhere) as org:
            try:
                if core is not None:
                    pin(org.pid, core)
                if org.stdout is None:
                    raise RuntimeError("the emulator was started without a pipe")
                told = os.read(org.stdout.fileno(), 65_536).decode()
                yield dict(line.split("=", 1) for line in told.splitlines())
            finally:
                _end(org)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that nobody listens on right now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
