"""axe-core, run in a page: what it finds against the rules of accessibility.

The script comes with the PyPI package axe-playwright-python; nothing else of that package is used.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from playwright.async_api import Page

_RUN = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  const where = (nodes) => nodes.slice(0, 4).map((node) => node.target.join(" ")).join(", ");
  return violations.map(({ id, nodes }) => `${id}: ${where(nodes)}`);
}"""


@cache
def _script() -> str:
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def violations(page: Page) -> list[str]:
    """Every rule that the page breaks at this moment, with the first elements that break it."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_script())
    found: list[str] = await page.evaluate(_RUN)
    return found
