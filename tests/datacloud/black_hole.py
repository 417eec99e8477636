"""Run where the name server never answers: how long do commits take meanwhile? Prints the latencies in milliseconds.

With `--stuck` the pool in which names are looked up is stuck without a name server's help.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Final

from app.datacloud.client import DataCloud
from app.datacloud.config import cloud_config
from app.datacloud.emulator.throwaway import throwaway_app
from app.datacloud.outbox import Outbox
from app.datacloud.retry import Backoff
from app.datacloud.schema import TELEMETRY
from app.datacloud.uploader import Uploader
from app.settings import Settings
from tests.datacloud.rows import make_rows

SECONDS: Final = 4.0
UPLOADS: Final = 8


async def main(folder: Path, stuck: bool) -> None:
    """Append rows for some seconds while look-ups hang, more of them than the default pool has threads."""
    given = throwaway_app(folder).settings("https://acme.my.salesforce.com")
    settings = Settings(_env_file=None, **{name.lower(): value for name, value in given.items()})  # type: ignore[call-arg, arg-type]  # text, as from the environment
    config = cloud_config(settings)
    clouds = [DataCloud(config, deadline_s=30) for _ in range(UPLOADS)]
    outbox = Outbox(folder / "outbox.sqlite3")
    outbox.open()
    outbox.start(asyncio.get_running_loop())
    uploader = Uploader(outbox, clouds[0], config.destinations, 0.5, 190_000, 25, {}, Backoff(random.random))
    committed = asyncio.Event()

    def on_committed() -> None:
        committed.set()
        uploader.wake()

    outbox.on_committed = on_committed
    hanging = [asyncio.ensure_future(cloud.upsert(config.destinations[TELEMETRY.name], b"{}")) for cloud in clouds[1:]]
    uploading = asyncio.create_task(uploader.run())
    if stuck:
        hanging += [asyncio.ensure_future(asyncio.to_thread(threading.Event().wait)) for _ in range(64)]  # type: ignore[arg-type]  # nobody asks what they bring
    await asyncio.sleep(0.2)
    latencies = [await _commit_ms(outbox, committed, number) for number in range(round(SECONDS / 0.2))]
    sys.stdout.write(json.dumps(latencies))
    sys.stdout.flush()
    assert not uploading.done()
    os._exit(0)  # an orderly end would wait for the look-ups


async def _commit_ms(outbox: Outbox, committed: asyncio.Event, number: int) -> float:
    committed.clear()
    began_s = time.perf_counter()
    outbox.append(make_rows(24, first_frame=number * 100))
    await committed.wait()
    took_ms = (time.perf_counter() - began_s) * 1000
    await asyncio.sleep(max(0.0, 0.2 - took_ms / 1000))
    return took_ms


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), "--stuck" in sys.argv))
