"""`make demo`: two recorded rigs drive within seconds, their rows reach the emulated org, Ctrl-C ends everything."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from tests.gateway import ROOT, Running, environment, free_port, run_to_end

pytestmark = pytest.mark.live


def test_the_demo_prints_its_address_drives_both_rigs_and_stops_on_ctrl_c() -> None:
    port, rig_ports = free_port(), (free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM))
    demo = subprocess.Popen(
        [sys.executable, "-m", "app.demo"],
        cwd=ROOT,
        env=environment(port, rig_ports),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    too_long = threading.Timer(60, demo.terminate)  # readline knows no deadline
    too_long.start()
    try:
        assert demo.stdout is not None
        lines = iter(demo.stdout.readline, "")
        assert any(f"http://localhost:{port}/" in line for line in lines)
        printed_s = time.monotonic()
        gateway = Running(demo, port, rig_ports)
        while not all(rig["packets_received"] for rig in gateway.health()["gateway"]["rigs"].values()):
            time.sleep(0.1)
        took_s = time.monotonic() - printed_s
        deadline_s = time.monotonic() + 20
        while json.loads(gateway.get("/api/cloud")[1])["state"] != "connected" and time.monotonic() < deadline_s:
            time.sleep(0.1)
        cloud = json.loads(gateway.get("/api/cloud")[1])

        demo.send_signal(signal.SIGINT)
        demo.wait(15)
    finally:
        too_long.cancel()
        if demo.poll() is None:
            demo.terminate()  # its own children go with it, which kill would leave behind
            demo.wait(20)
        assert demo.stdout is not None
        demo.stdout.close()

    assert took_s < 5
    assert (cloud["state"], cloud["problems"], cloud["dead_letters"]["rows"]) == ("connected", [], 0)
    assert demo.returncode == 0


def test_the_demo_sends_nothing_to_a_gateway_that_runs_already() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = run_to_end(
            "-m", "app.demo", env=environment(port, (free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)))
        )

    assert ended.returncode == 3
    assert f"Something answers on port {port} already" in ended.stdout
