"""`python -m bench.naive RIGS --packets FOLDER --aiosqlite FOLDER`: the pipeline that one composes of what peers offer.

An asyncio endpoint as shipped, `to_dict` of f1-packets for every datagram, `json.dumps` for each client at 20 Hz and
rig, and a row a commit by aiosqlite with `synchronous=FULL`. It keeps no more rows than the gateway does, 10 a second
and rig, makes no laps, no duel and no history, and uploads nothing: all of that is in its favour.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from app.settings import Settings
from bench.child import obey_on_loop
from bench.counting import BUFFER_BYTES, bound
from bench.plain import Clients, http_port, loop_factory, plain_server, serving

PERIOD_S: Final = 0.05
ROW_S: Final[float] = 1 / Settings.model_fields["datacloud_telemetry_hz"].default
_PARTS: Final = {1: "session", 2: "lap", 6: "telemetry", 7: "status", 10: "damage"}
"""Packet ids that a screen shows something of."""
_PER_CAR: Final = {2: "lap_data", 6: "car_telemetry_data", 7: "car_status_data", 10: "car_damage_data"}
_TABLE: Final = "CREATE TABLE event(id INTEGER PRIMARY KEY, rig TEXT, body TEXT)"


class _Rig(asyncio.DatagramProtocol):
    """One rig's endpoint: decodes everything, keeps what a screen shows."""

    def __init__(self, rig_id: str, resolve: Any) -> None:
        self.state: dict[str, Any] = {"rig_id": rig_id}
        self.received = 0
        self._resolve = resolve

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        packet = self._resolve(data).to_dict()
        self.received += 1
        header = packet["header"]
        part = _PARTS.get(header["packet_id"])
        if part is None:
            return
        if (array := _PER_CAR.get(header["packet_id"])) is not None:
            packet = packet[array][header["player_car_index"]]
        elif part == "session":
            packet = {name: value for name, value in packet.items() if not isinstance(value, list | dict)}
        self.state[part] = packet


class _Book:
    """Rows in SQLite, a commit each."""

    def __init__(self, database: Any) -> None:
        self._database = database
        self.rows = 0

    async def run(self, rigs: list[_Rig]) -> None:
        """Keep each rig's state at the rate of the gateway's telemetry rows."""
        await self._database.execute("PRAGMA journal_mode=WAL")
        await self._database.execute("PRAGMA synchronous=FULL")
        await self._database.execute(_TABLE)
        began_s, number = time.monotonic(), 0
        while True:
            number += 1
            await asyncio.sleep(max(0.0, began_s + number * ROW_S - time.monotonic()))
            for rig in rigs:
                if "telemetry" in rig.state:
                    row = (rig.state["rig_id"], json.dumps(rig.state["telemetry"]))
                    await self._database.execute("INSERT INTO event(rig, body) VALUES (?, ?)", row)
                    await self._database.commit()
                    self.rows += 1


async def _tick(rigs: list[_Rig], clients: Clients) -> None:
    began_s, number = time.monotonic(), 0
    while True:
        number += 1
        await asyncio.sleep(max(0.0, began_s + number * PERIOD_S - time.monotonic()))
        for rig in rigs:
            if "telemetry" in rig.state:
                for client in list(clients.all):
                    await client.send_text(json.dumps(rig.state))


async def _run(count: int, resolve: Any, connect: Any) -> None:
    loop = asyncio.get_running_loop()
    rigs, clients, ports = [_Rig(f"RIG_{number}", resolve) for number in range(count)], Clients(), []
    for rig in rigs:
        transport, _ = await loop.create_datagram_endpoint(lambda rig=rig: rig, sock=bound(BUFFER_BYTES))  # type: ignore[misc]  # default binds it
        ports.append(transport.get_extra_info("sockname")[1])
    server, task = await serving(plain_server(clients))

    with tempfile.TemporaryDirectory() as folder:
        async with connect(Path(folder) / "events.sqlite3") as database:
            book = _Book(database)
            stages = [asyncio.create_task(book.run(rigs)), asyncio.create_task(_tick(rigs, clients))]

            async def work(command: dict[str, Any]) -> dict[str, Any]:
                for stage in stages:
                    if stage.done():
                        stage.result()
                return {"received": sum(rig.received for rig in rigs), "rows": book.rows}

            await obey_on_loop(work, ports=ports, http_port=http_port(server))
            for stage in stages:
                stage.cancel()
            await asyncio.gather(*stages, return_exceptions=True)
    server.should_exit = True
    await task


def main() -> None:
    """Run until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m bench.naive", description="A pipeline composed of peers.")
    parser.add_argument("rigs", type=int)
    parser.add_argument("--packets", required=True, help="where f1-packets lies")
    parser.add_argument("--aiosqlite", required=True, help="where aiosqlite lies")
    given = parser.parse_args()
    sys.path[:0] = [given.packets, given.aiosqlite]
    resolve, connect = import_module("f1.packets").resolve, import_module("aiosqlite").connect
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_run(given.rigs, resolve, connect))


if __name__ == "__main__":
    main()
