"""`make screenshots`: takes the pictures of the papers anew: two simulated rigs in a duel, and an emulated org."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page

from tests.browser import chromium
from tests.datacloud.org import throwaway_org
from tests.gateway import ROOT, Running, free_port, history_path, running_gateway

_SPEED: Final = 4
"""Laps of 80 s in 20 s."""
_SETTLED_S: Final = 52.0
"""Both have completed two laps then, and drive on in the middle of the third."""
_GUESTS: Final = ("Ada", "Bruno")
_CLOUD: Final = 'button[data-pill="cloud"]'
_PICTURES: Final = (
    ("wall.png", "/", 1920, 1080),
    ("wall-32x9.png", "/", 5120, 1440),
    ("phone.png", "/", 390, 844),
    ("rig.png", "/rig/RIG_A", 1280, 800),
    ("compare.png", "/compare", 1920, 1080),
    ("ops.png", "/ops", 1920, 1080),
)


async def take() -> None:
    """Write every picture into docs/."""
    with tempfile.TemporaryDirectory() as folder:
        async with throwaway_org(Path(folder)) as (_, org):
            ports = [free_port(), free_port()]
            rigs = [
                {"rig_id": f"RIG_{letter}", "udp_port": port, "device_id": f"SIM_{letter}", "driver_name": guest}
                for letter, port, guest in zip("AB", ports, _GUESTS, strict=True)
            ]
            settings: dict[str, Any] = {
                **org,
                "DATACLOUD_OUTBOX_PATH": f"{folder}/outbox.sqlite3",
                "HISTORY_PATH": history_path(),
                "DISPLAY_EVENT_NAME": "Duel night",
                "RIGS": json.dumps(rigs),
            }
            with running_gateway(rig_ports=tuple(ports), **settings) as gateway, _duel(gateway):
                async with chromium() as browser:
                    await asyncio.sleep(_SETTLED_S - 14)
                    for name, path, width, height in _PICTURES:
                        await _picture(browser, gateway.url + path, name, width, height)
                    await _cloud(browser, gateway.url)


@contextmanager
def _duel(gateway: Running) -> Iterator[None]:
    """Two simulated rigs on one track, each in a time trial of its own."""
    ports = ",".join(str(port) for port in gateway.rig_ports)
    command = ["-m", "app.sim", "--scenario", "duel", "--rigs", "2", "--speed", str(_SPEED), "--ports", ports]
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


async def _picture(browser: Browser, url: str, name: str, width: int, height: int) -> None:
    """One page at one size; the traces of ten seconds are full then."""
    page = await _opened(browser, url, width, height)
    await page.wait_for_timeout(11_000)
    await page.screenshot(path=_paper(name))
    await page.close()


async def _cloud(browser: Browser, url: str) -> None:
    page = await _opened(browser, url, 1920, 1080)
    await page.wait_for_timeout(6000)
    await page.click(_CLOUD)
    await page.wait_for_timeout(1000)
    await page.screenshot(path=_paper("cloud.png"))


async def _opened(browser: Browser, url: str, width: int, height: int) -> Page:
    page = await browser.new_page(viewport={"width": width, "height": height})
    await page.goto(url)
    return page


def _paper(name: str) -> Path:
    sys.stdout.write(f"docs/{name}\n")
    return ROOT / "docs" / name


if __name__ == "__main__":
    asyncio.run(take())
