"""A capture goes in as UDP; WebSocket frames come out. Real processes, real sockets."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from app.datacloud.emulator.throwaway import throwaway_app
from app.ingest.capture import read_capture
from tests.chaos.evidence import snapshot
from tests.chaos.stage import Stage, metric, until
from tests.chaos.verdict import at_least, at_most, exactly
from tests.conftest import Reached
from tests.gateway import (
    MELBOURNE,
    Running,
    both_rigs,
    environment,
    free_port,
    replaying,
    run_to_end,
    running_gateway,
)

pytestmark = pytest.mark.live

LISTENED_S = 6.0


@pytest.fixture(scope="module")
def gateway() -> Iterator[Running]:
    with running_gateway() as running, replaying(*both_rigs(running)):
        yield running


@asynccontextmanager
async def subscriber(gateway: Running, rig_id: str = "all") -> AsyncIterator[ClientConnection]:
    async with connect(gateway.socket_url) as client:
        await client.send(json.dumps({"type": "subscribe_rig", "rig_id": rig_id}))
        yield client


async def listen(client: ClientConnection, seconds: float) -> list[tuple[float, dict[str, Any]]]:
    """Every message of the next seconds, with the instant at which it came."""
    heard = []
    deadline_s = time.monotonic() + seconds
    while (left_s := deadline_s - time.monotonic()) > 0:
        try:
            message = json.loads(await asyncio.wait_for(client.recv(), left_s))
        except TimeoutError:
            break
        heard.append((time.monotonic(), message))
    return heard


async def test_both_rigs_numbers_come_out_as_they_went_in(gateway: Running) -> None:
    async with subscriber(gateway) as client:
        heard = await listen(client, 3)

    latest = {m["rig_id"]: m["data"] for _, m in heard if m["type"] == "telemetry_update"}
    assert (latest["RIG_A"]["track"], latest["RIG_A"]["session_type"]) == ("Catalunya", "Time Trial")
    assert (latest["RIG_B"]["track"], latest["RIG_B"]["session_type"]) == ("Melbourne", "Race")
    assert (latest["RIG_A"]["packet_format"], latest["RIG_B"]["packet_format"]) == (2025, 2026)
    assert latest["RIG_A"]["speed_kph"] > 0
    assert latest["RIG_A"]["session_uid"] != latest["RIG_B"]["session_uid"]


async def test_states_come_at_twenty_hertz_at_most_and_hardly_less(gateway: Running) -> None:
    async with subscriber(gateway) as client:
        await listen(client, 1)
        heard = await listen(client, LISTENED_S)

    sent_at: dict[str, list[str]] = defaultdict(list)
    for _, message in heard:
        if message["type"] == "telemetry_update":
            sent_at[message["rig_id"]].append(message["sent_at"])
    in_a_second = {rig: max(map(len, _by_second(instants).values())) for rig, instants in sent_at.items()}
    assert in_a_second["RIG_A"] <= 20
    assert in_a_second["RIG_B"] <= 20
    # The replay's own stalls on a busy machine are not the gateway's; CI asks for 18 where the goal is 19.
    assert len(sent_at["RIG_B"]) / LISTENED_S >= 18


def _by_second(instants: list[str]) -> dict[str, list[str]]:
    seconds: dict[str, list[str]] = defaultdict(list)
    for instant in instants:
        seconds[instant[:19]].append(instant)
    return seconds


async def test_facts_come_in_order_without_holes_even_across_a_resubscription(gateway: Running) -> None:
    async with subscriber(gateway, "RIG_B") as client:
        heard = await listen(client, 4)

    live = [m["seq"] for _, m in heard if m["type"] == "event" and not m["replay"]]
    assert live
    assert all(later == earlier + 1 for earlier, later in pairwise(live))


async def test_a_lap_at_the_line_is_told_once_and_then_confirmed_under_the_same_id(gateway: Running) -> None:
    async with subscriber(gateway, "RIG_B") as client:
        heard = await listen(client, 12)  # half a pass of the capture, in which some ten cars cross the line

    told = [m["event"] for _, m in heard if m["type"] == "event" and m["event"]["kind"] == "LapCompleted"]
    first_told = [event["event_id"] for event in told if event["status"] == "provisional"]
    confirmed = [event["event_id"] for event in told if event["status"] == "confirmed"]
    assert len(first_told) > 3
    assert len(first_told) == len(set(first_told))
    assert set(first_told) & set(confirmed)


async def test_an_unsubscribed_rig_falls_silent_and_the_other_goes_on(gateway: Running) -> None:
    async with subscriber(gateway) as client:
        await listen(client, 1)
        await client.send(json.dumps({"type": "unsubscribe_rig", "rig_id": "RIG_A"}))
        await listen(client, 0.5)
        heard = await listen(client, 1)

    assert {m["rig_id"] for _, m in heard} == {"RIG_B"}


async def test_a_client_that_never_reads_delays_nobody(gateway: Running) -> None:
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.connect(("127.0.0.1", gateway.port))
    deaf.sendall(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    wish = b'{"type": "subscribe_rig", "rig_id": "all"}'
    deaf.sendall(bytes([0x81, 0x80 | len(wish), 0, 0, 0, 0]) + wish)

    async with subscriber(gateway, "RIG_B") as client:
        await listen(client, 0.5)
        heard = await listen(client, 8)
    deaf.close()

    instants = [at for at, m in heard if m["type"] == "telemetry_update"]
    assert max(later - earlier for earlier, later in pairwise(instants)) < 0.25


def test_health_and_metrics_have_the_contracts_names(gateway: Running) -> None:
    health = gateway.health()
    metrics = gateway.get("/metrics")[1]

    assert (health["status"], health["gateway"]["running"]) == ("ok", True)
    assert health["gateway"]["rigs"]["RIG_A"]["packets_received"] > 0
    for name in ("packets_received_total", "event_queue_size", "datacloud_uploaded_total", "datacloud_failed_total"):
        assert re.search(rf"^f1_{name}(\{{| )", metrics, re.MULTILINE)


def test_not_one_real_datagram_is_rejected(gateway: Running) -> None:
    metrics = gateway.get("/metrics")[1]

    rejected = re.findall(r"^f1_ingest_rejected_total\{.*\} (\S+)$", metrics, re.MULTILINE)
    assert rejected
    assert sum(map(float, rejected)) == 0


def test_sigterm_ends_it_in_order_with_exit_code_0() -> None:
    with running_gateway() as gateway, replaying(*both_rigs(gateway)):
        took_s = gateway.terminate()

    assert took_s < 10
    assert gateway.process.returncode == 0


@pytest.mark.row("L5")
async def test_sigterm_ends_it_although_a_client_never_reads_and_tells_the_others(reached: Reached) -> None:
    with running_gateway() as gateway, replaying(*both_rigs(gateway)):
        async with subscriber(gateway) as client, connect(gateway.socket_url, max_queue=1) as lazy:
            await lazy.send('{"type": "subscribe_rig", "rig_id": "all"}')
            await listen(client, 2)
            began_s = time.monotonic()
            gateway.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                await listen(client, 9)
            await asyncio.to_thread(gateway.process.wait, 20)
            reached(at_most("ended with a hung browser after", time.monotonic() - began_s, 10, " s"))

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert gateway.process.returncode == 0


def test_plain_uvicorn_runs_it_too() -> None:
    command = (sys.executable, "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", "{port}")
    with running_gateway(*command) as gateway:
        status, _ = gateway.get("/health")
        took_s = gateway.terminate()

    assert status == 200
    assert took_s < 10
    assert gateway.process.returncode in (0, -signal.SIGTERM)


def test_with_a_folder_set_every_datagram_is_recorded_as_it_came(tmp_path: Path) -> None:
    sent = [b"noise", *(captured.payload for captured in islice(read_capture(MELBOURNE), 50))]
    with running_gateway(RECORD_DIR=str(tmp_path)) as gateway:
        gateway.send(1, *sent)
        gateway.terminate()

    (recording,) = tmp_path.glob("RIG_B-*.pcap")
    assert [captured.payload for captured in read_capture(recording)] == sent


@pytest.mark.row("L8")
@pytest.mark.parametrize("reuse", [False, True], ids=["plain", "by one that would share it"])
@pytest.mark.parametrize(
    "command",
    [("-m", "app"), ("-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", "0")],
    ids=["app", "uvicorn"],
)
def test_a_taken_udp_port_ends_the_start_with_rig_and_port_and_code_3(
    command: tuple[str, ...], reuse: bool, reached: Reached
) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT) if reuse else ():
            taken.setsockopt(socket.SOL_SOCKET, option, 1)
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        began_s = time.monotonic()
        ended = run_to_end(*command, env=environment(free_port(), (free_port(socket.SOCK_DGRAM), port)))

    reached(at_most("UDP port taken: ended after", time.monotonic() - began_s, 2, " s"))
    reached(exactly("exit code", ended.returncode, 3))
    assert f"RIG_B: UDP port {port} on 127.0.0.1 cannot be opened" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.row("L8")
def test_a_taken_http_port_ends_the_start_with_one_sentence_and_code_3(reached: Reached) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        began_s = time.monotonic()
        ended = run_to_end("-m", "app", env=environment(port, (free_port(socket.SOCK_DGRAM),)))

    reached(at_most("HTTP port taken: ended after", time.monotonic() - began_s, 2, " s"))
    reached(exactly("exit code", ended.returncode, 3))
    assert f"HTTP port {port} on 127.0.0.1 cannot be opened" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.row("L6")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: signal.Signals(number).name)
def test_a_second_signal_ends_it_at_once_and_nothing_committed_is_lost(
    number: signal.Signals, tmp_path: Path, reached: Reached
) -> None:
    stage = Stage(tmp_path)
    with stage.org() as org, stage.rigs("--short"), stage.gateway() as gateway:
        org.faults({"action": "delay", "seconds": 30})
        until("rows are under way", lambda: metric(gateway, "f1_datacloud_in_flight") > 0, 10)
        gateway.process.send_signal(number)
        time.sleep(1.0)
        assert gateway.process.poll() is None, "it did not try to deliver what waits"
        began_s = time.monotonic()
        gateway.process.send_signal(number)
        code = gateway.process.wait(20)
        took_s = time.monotonic() - began_s

    left = snapshot(stage.outbox)
    reached(at_most(f"second {number.name}: ended after", took_s, 2, " s"))
    reached(exactly("exit code", code, 0))
    reached(at_least("rows committed and kept for the next start", left.total("rows"), 1))
    assert left.is_balanced()


@pytest.mark.row("L6")
def test_a_closed_terminal_ends_it_in_order_unless_it_was_started_to_outlive_it(reached: Reached) -> None:
    with running_gateway(rigs=1) as gateway:
        gateway.process.send_signal(signal.SIGHUP)
        reached(exactly("SIGHUP: exit code", gateway.process.wait(10), 0))
    with running_gateway("nohup", sys.executable, "-m", "app", rigs=1) as gateway:
        gateway.process.send_signal(signal.SIGHUP)
        time.sleep(1.0)
        reached(exactly("SIGHUP under nohup: exit code", gateway.process.poll(), None))
        gateway.terminate()


def test_a_wrong_configuration_ends_the_start_with_every_mistake_and_code_2() -> None:
    ended = run_to_end("-m", "app", env={**environment(0, (20777,)), "PORT": "none", "STALE_AFTER_S": "-1"})

    assert ended.returncode == 2
    assert "PORT: " in ended.stderr
    assert "STALE_AFTER_S: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_data_cloud_without_its_settings_ends_the_start_with_every_mistake_and_code_2() -> None:
    ended = run_to_end("-m", "app", env=environment(0, (0,), DATACLOUD_ENABLED="true", SF_USERNAME="somebody"))

    assert ended.returncode == 2
    assert [line.split(":")[0] for line in ended.stderr.splitlines()[1:]] == [
        "SALESFORCE_DOMAIN",
        "SF_PRIVATE_KEY_PATH",
        "SF_CLIENT_ID",
    ]


def test_a_place_for_the_outbox_that_is_none_ends_the_start_with_one_sentence_and_code_2(tmp_path: Path) -> None:
    app = throwaway_app(tmp_path)
    in_the_way = tmp_path / "file"
    in_the_way.write_text("not a directory")
    cloud = app.settings("http://127.0.0.1:9") | {"DATACLOUD_OUTBOX_PATH": str(in_the_way / "outbox.sqlite3")}

    ended = run_to_end("-m", "app", env=environment(free_port(), (free_port(socket.SOCK_DGRAM),), **cloud))

    assert ended.returncode == 2
    assert f"DATACLOUD_OUTBOX_PATH: {in_the_way} is no folder" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_gateway_on_one_outbox_is_told_who_holds_it(tmp_path: Path) -> None:
    cloud: dict[str, Any] = dict(throwaway_app(tmp_path).settings("http://127.0.0.1:9"))
    cloud |= {"DATACLOUD_OUTBOX_PATH": str(tmp_path / "outbox.sqlite3")}
    with running_gateway(rigs=1, **cloud) as gateway:
        ended = run_to_end("-m", "app", env=environment(free_port(), (free_port(socket.SOCK_DGRAM),), **cloud))

    assert ended.returncode == 3
    assert str(gateway.process.pid) in ended.stderr


@pytest.mark.row("I3")
def test_a_rig_of_an_older_format_is_told_what_to_do(reached: Reached) -> None:
    datagram = next(read_capture(MELBOURNE)).payload
    old = (2020).to_bytes(2, "little") + datagram[2:]
    with running_gateway() as gateway:
        sent_s = time.monotonic()
        gateway.send(1, *[old] * 5)
        deadline_s = sent_s + 5
        while not (health := gateway.health())["problems"] and time.monotonic() < deadline_s:
            time.sleep(0.05)
        told_s = time.monotonic()

    reached(at_most("told after", told_s - sent_s, 2, " s"))
    assert health["status"] == "degraded"
    assert health["problems"] == ["RIG_B sends format 2020: set UDP Format to 2025 (read are 2023, 2024, 2025, 2026)"]
