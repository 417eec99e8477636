"""Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

_FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser that ends with the block."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(_FLAGS))
        try:
            yield browser
        finally:
            await browser.close()


def cell(rig_id: str, name: str) -> str:
    """The selector of a value on the page."""
    return f'section[data-rig="{rig_id}"] [data-cell="{name}"]'


async def texts_over(page: Page, selector: str, seconds: float, every_s: float = 0.1) -> list[str]:
    """What a cell says, looked at again and again."""
    texts = []
    for _ in range(round(seconds / every_s)):
        texts.append(await page.inner_text(selector))
        await page.wait_for_timeout(every_s * 1000)
    return texts
