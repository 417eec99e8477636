"""The composition root: what is built is wired, and a stage that dies takes the process with it."""

from __future__ import annotations

import asyncio
import resource
import socket

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

import app.main
from app.__main__ import DESCRIPTORS, allow_descriptors, server
from app.ingest.decoder import encode
from app.main import Gateway, create_app
from app.settings import RigSettings, Settings
from tests.builders import make_packet
from tests.gateway import OPERATOR_TOKEN, environment, free_port, history_path, run_to_end

RIGS = (RigSettings(rig_id="RIG_A", udp_port=0), RigSettings(rig_id="RIG_B", udp_port=0))


def make_settings(rigs: tuple[RigSettings, ...] = RIGS) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' documented parameter
        rigs=rigs,
        udp_host="127.0.0.1",
        http_host="127.0.0.1",
        port=0,
        history_path=history_path(),
        sources_path=history_path() + ".sources",
        operator_token=SecretStr(OPERATOR_TOKEN),
    )


async def test_a_started_gateway_listens_for_every_rig_and_is_ready() -> None:
    gateway = Gateway(make_settings())

    await gateway.start()
    ports = [rig.port for rig in gateway.rigs()]
    stages = dict(gateway.stages())
    await gateway.stop()

    assert all(ports)
    assert stages == {"live": True, "referee": True, "history": True, "clock": True}


async def test_an_operator_rebinds_and_claims_known_rigs_only() -> None:
    gateway = Gateway(make_settings())
    await gateway.start()

    gateway.claim("RIG_A", "192.0.2.8")
    with pytest.raises(ValueError, match="belongs to RIG_A"):
        gateway.claim("RIG_B", "192.0.2.8")
    rebound = [gateway.rebind(rig_id) for rig_id in ("RIG_A", "RIG_Z")]
    gateway.claim("RIG_B", "192.0.2.8")
    await gateway.stop()

    assert rebound == [True, False]
    assert [figures.port for figures in gateway.port_figures()] == [rig.port for rig in gateway.rigs()]


async def test_rigs_share_a_port_by_their_sources_and_what_they_send_is_passed_on() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as overlay:
        overlay.bind(("127.0.0.1", 0))
        overlay.settimeout(5)
        shared = free_port(socket.SOCK_DGRAM)
        forward = f"127.0.0.1:{overlay.getsockname()[1]}"
        gateway = Gateway(
            make_settings(
                (
                    RigSettings.model_validate({"rig_id": "A", "udp_port": shared, "source": "127.0.0.2"}),
                    RigSettings.model_validate(
                        {"rig_id": "B", "udp_port": shared, "source": "127.0.0.3", "forward_to": forward}
                    ),
                )
            )
        )
        await gateway.start()
        datagram = encode(make_packet(1))
        for sender, count in (("127.0.0.2", 3), ("127.0.0.3", 5), ("127.0.0.4", 7)):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as rig:
                rig.bind((sender, 0))
                for _ in range(count):
                    rig.sendto(datagram, ("127.0.0.1", shared))
        received = [0, 0]
        async with asyncio.timeout(5):
            while received != [3, 5]:
                await asyncio.sleep(0.01)
                received = [rig.packets_received for rig in gateway.rigs()]
        passed_on = [overlay.recv(2048) for _ in range(5)]
        await gateway.stop()

    assert passed_on == [datagram] * 5
    accepted = {sender.rig_id: sender.address for sender in gateway.sender_figures() if sender.state == "accepted"}
    assert accepted == {"A": "127.0.0.2", "B": "127.0.0.3"}


async def test_every_reading_is_of_a_declared_metric() -> None:
    application = create_app(make_settings())
    gateway: Gateway = application.state.gateway
    await gateway.start()

    async with httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://localhost") as browser:
        text = (await browser.get("/metrics")).text
    await gateway.stop()

    assert 'f1_packets_received_total{rig="RIG_B"} 0.0' in text
    assert 'f1_stage_up{stage="live"} 1.0' in text
    assert "process_resident_memory_bytes" in text


def test_the_application_is_made_when_it_is_asked_for() -> None:
    assert isinstance(app.main.app, FastAPI)
    with pytest.raises(AttributeError):
        _ = app.main.nothing


def test_the_server_compresses_nothing_and_names_no_server() -> None:
    config = server(create_app(make_settings())).config

    assert (config.ws_per_message_deflate, config.ws_max_size, config.server_header) == (False, 65_536, False)
    assert (config.ws_max_queue, config.ws_ping_interval, config.ws_ping_timeout) == (16, 20, 20)
    assert (config.proxy_headers, config.timeout_keep_alive) == (False, 5)


def test_the_process_may_open_as_many_files_as_screens_may_come() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        allow_descriptors()
        raised = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert raised == (min(DESCRIPTORS, hard) if hard != resource.RLIM_INFINITY else DESCRIPTORS, hard)


def test_a_stage_that_dies_ends_the_process_with_code_1() -> None:
    script = (
        "import sys\n"
        "from app.publish.live import LiveView\n"
        "async def die(self, sink): raise RuntimeError('a fault of ours')\n"
        "LiveView.run = die\n"
        "from app.__main__ import main\n"
        "sys.exit(main())\n"
    )
    ended = run_to_end("-c", script, env=environment(0, (0, 0)))

    assert ended.returncode == 1
    assert "stage live has died" in ended.stderr
