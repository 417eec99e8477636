"""`make screenshots`: takes the pictures of the papers anew: two recorded rigs and an emulated org."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.browser import chromium
from tests.datacloud.org import throwaway_org
from tests.gateway import ROOT, both_rigs, replaying, running_gateway

_WALL: Final = {"width": 1920, "height": 1080}
_SETTLED_S: Final = 12.0
"""The traces are full then, and some laps stand in the timeline."""
_CLOUD: Final = 'button[data-pill="cloud"]'


async def take() -> None:
    """Write every picture into docs/."""
    with tempfile.TemporaryDirectory() as folder:
        async with throwaway_org(Path(folder)) as (_, org):
            cloud: dict[str, Any] = {**org, "DATACLOUD_OUTBOX_PATH": f"{folder}/outbox.sqlite3"}
            with running_gateway(**cloud) as gateway, replaying(*both_rigs(gateway)):
                async with chromium() as browser:
                    page = await browser.new_page(viewport=_WALL)  # type: ignore[arg-type]  # a size by keyword
                    await page.goto(gateway.url)
                    await page.wait_for_timeout(_SETTLED_S * 1000)
                    await page.screenshot(path=_paper("wall.png"))
                    await page.click(_CLOUD)
                    await page.wait_for_timeout(1000)
                    await page.screenshot(path=_paper("cloud.png"))


def _paper(name: str) -> Path:
    sys.stdout.write(f"docs/{name}\n")
    return ROOT / "docs" / name


if __name__ == "__main__":
    asyncio.run(take())
