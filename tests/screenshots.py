"""`make screenshots`: takes the pictures of the papers anew, from a gateway with two recorded rigs."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from tests.browser import chromium
from tests.gateway import ROOT, both_rigs, replaying, running_gateway

_PICTURES: Final = {"wall.png": (1920, 1080)}
_SETTLED_S: Final = 12.0
"""The traces are full then, and some laps stand in the timeline."""


async def take() -> None:
    """Write every picture into docs/."""
    with running_gateway() as gateway, replaying(*both_rigs(gateway)):
        async with chromium() as browser:
            for name, (width, height) in _PICTURES.items():
                page = await browser.new_page(viewport={"width": width, "height": height})
                await page.goto(gateway.url)
                await page.wait_for_timeout(_SETTLED_S * 1000)
                await page.screenshot(path=ROOT / "docs" / name)
                sys.stdout.write(f"docs/{name}\n")


if __name__ == "__main__":
    asyncio.run(take())
