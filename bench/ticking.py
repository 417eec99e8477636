"""`python -m bench.ticking RIGS`: the peer that a fresh frame is told beside, a gateway that ticks freely.

The product's ports, pipelines and state, on the product's server; but every 50 ms, whenever that is, the state of
each rig is made once and sent to every client, as dashboards of this kind mostly do. Says its UDP and HTTP ports.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any, Final

from app.ingest.udp import open_port
from bench.child import obey_on_loop
from bench.counting import BUFFER_BYTES
from bench.plain import Clients, http_port, loop_factory, plain_server, serving
from bench.states import Folded

PERIOD_S: Final = 0.05


async def _tick(rigs: list[Folded], clients: Clients) -> None:
    began_s, number = time.monotonic(), 0
    while True:
        number += 1
        await asyncio.sleep(max(0.0, began_s + number * PERIOD_S - time.monotonic()))
        for rig in rigs:
            text = rig.text()
            for client in list(clients.all):
                await client.send_text(text)


async def _nothing(command: dict[str, Any]) -> dict[str, Any]:
    return {}


async def _run(count: int) -> None:
    rigs, clients, ports = [Folded(f"RIG_{number}") for number in range(count)], Clients(), []
    for rig in rigs:
        endpoint = await open_port(rig.rig_id, "127.0.0.1", 0, rig.pipeline.receive, BUFFER_BYTES)
        ports.append(endpoint.port)
    server, task = await serving(plain_server(clients))
    ticker = asyncio.create_task(_tick(rigs, clients))
    await obey_on_loop(_nothing, ports=ports, http_port=http_port(server))
    ticker.cancel()
    server.should_exit = True
    await task


def main() -> None:
    """Tick until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m bench.ticking", description="A gateway that ticks freely.")
    parser.add_argument("rigs", type=int)
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_run(parser.parse_args().rigs))


if __name__ == "__main__":
    main()
