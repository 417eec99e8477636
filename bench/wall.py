"""`python -m bench.wall [PART ...]`: what the wall costs a browser, and how soon it shows a value; Markdown.

Needs Chromium, so it is no row of `python -m bench`. Parts: `cost`, `latency`, `heap`. Everything is real: simulated
rigs send UDP to a gateway process, and a headless Chromium of 1920×1080 shows its page.

Milliseconds a second are given twice: as the DevTools protocol measures them by default, which on a busy machine counts
the time during which others had the core, and as time of the thread alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from statistics import linear_regression, median, quantiles
from typing import Any, Final, NamedTuple

from playwright.async_api import Browser, CDPSession, Page

from app.ingest.decoder import decode, encode
from app.ingest.packets import CarTelemetryPacket
from app.sim.cadence import CAR_TELEMETRY
from bench import report
from tests.browser import chromium
from tests.gateway import ROOT, Running, running_gateway
from tests.simulated import Play, playing

_WALL: Final = {"width": 1920, "height": 1080}
_LINE_UPS: Final = (("duel", 2), ("duel", 4), ("lobby", 2), ("lobby", 4))
"""A duel is time trials side by side; in a lobby all rigs are in one race of twenty cars."""
_SETTLES_S: Final = 15.0
"""The traces of ten seconds are full then, and the script is compiled."""
_TRACED_S: Final = 10.0
_WARM_UP_S: Final = 90.0
_PAINT: Final = frozenset({"PrePaint", "Paint", "Layerize", "Commit"})
_ONCE_A_FRAME: Final = "Layerize"
_METRICS: Final = {
    "script": "ScriptDuration",
    "style": "RecalcStyleDuration",
    "layout": "LayoutDuration",
    "all of the main thread": "TaskDuration",
}
_FIRST_NUMBER: Final = 1_000
_OBSERVE: Final = """names => {
  window.seen = [];
  for (const name of names) {
    const cell = document.querySelector(`section[data-rig="${name}"] [data-cell="engine_rpm"]`);
    new MutationObserver(() => {
      window.seen.push([name, Number(cell.textContent), performance.timeOrigin + performance.now()]);
    }).observe(cell, { childList: true, characterData: true, subtree: true });
  }
}"""
_CLOCK: Final = "() => performance.timeOrigin + performance.now()"

# Any: the DevTools protocol's JSON.
Json = Any


class Spent(NamedTuple):
    """What something took, in milliseconds a second: by the clock, and of the thread alone."""

    clock: float
    thread: float


async def cost(seconds: float) -> str:
    """Script, style, layout and paint of the page, per second, for each line-up of rigs."""
    rows = []
    for scenario, rigs in _LINE_UPS:
        with running_gateway(rigs=rigs) as gateway, _driving(scenario, gateway):
            async with chromium() as browser, _open_page(browser, gateway) as page:
                await asyncio.sleep(_SETTLES_S)
                rows.append(_cost_row(scenario, rigs, *await _measured(browser, page, seconds)))
    head = ("line-up", *_METRICS, "paint", "script + style + layout + paint", "frames/s", "raster", "browser")
    return (
        f"## Cost of the page, ms per second over {seconds:.0f} s: by the clock (of the thread)\n\n"
        f"{report.table(head, rows)}\n"
        f"Paint is PrePaint, Paint, Layerize and Commit over {_TRACED_S:.0f} s of tracing, which makes them dearer. "
        "Raster happens on other threads; the last column is CPU of all processes of the browser, without a GPU.\n"
    )


async def latency(seconds: float) -> str:
    """From the departure of a datagram to its value in the DOM, for two rigs at 60 Hz."""
    with running_gateway() as gateway, playing("duel", gateway, rewrite=_Numbering()) as play:
        async with chromium() as browser, _open_page(browser, gateway) as page:
            await asyncio.sleep(3.0)
            apart_ms = await _clocks_apart_ms(page)
            names = [f"RIG_{letter}" for letter in "AB"]
            await page.evaluate(_OBSERVE, names)
            began_s = time.time()
            await asyncio.sleep(seconds)
            seen = await page.evaluate("() => window.seen")
    sent = _departures(play)
    shown: list[float] = []
    waited: list[float] = []
    for rig, name in enumerate(names):
        mine = [(int(number), at_ms / 1000) for who, number, at_ms in seen if who == name]
        shown += [at_s - sent[rig][number] for number, at_s in mine]
        waited += _waits(sent[rig], mine, began_s)
    rows = [
        _latency_row("values that were shown: until in the DOM", shown),
        _latency_row("every datagram: until it or a newer one is in the DOM", waited),
    ]
    return (
        f"## Input to pixel over {seconds:.0f} s, two rigs at 60 Hz, 20 states a second, ms\n\n"
        f"{report.table(('from its UDP datagram sent', 'samples', 'p50', 'p95', 'p99', 'most'), rows)}\n"
        f"Clocks of sender and page are apart by at most {apart_ms:.1f} ms; "
        f"the latest datagram left {play.late_s * 1000:.0f} ms after its time.\n"
    )


async def heap(minutes: float) -> str:
    """What the page holds after a collection, every 30 s; two rigs."""
    held: list[tuple[float, float, int, int]] = []
    with running_gateway() as gateway, _driving("duel", gateway):
        async with chromium() as browser, _open_page(browser, gateway) as page:
            devtools = await page.context.new_cdp_session(page)
            await devtools.send("Performance.enable")
            began_s = time.monotonic()
            while (at_s := time.monotonic() - began_s) <= minutes * 60 + _WARM_UP_S:
                await devtools.send("HeapProfiler.collectGarbage")
                metrics = await _metrics(devtools)
                mib = metrics["JSHeapUsedSize"] / 2**20
                held.append((at_s, mib, int(metrics["Nodes"]), int(metrics["JSEventListeners"])))
                await asyncio.sleep(30)
    warm = [row for row in held if row[0] >= _WARM_UP_S]
    slope = linear_regression([row[0] for row in warm], [row[1] for row in warm]).slope * 600
    rows = [(f"{at_s / 60:.1f}", f"{mib:.2f}", str(nodes), str(ears)) for at_s, mib, nodes, ears in held]
    return (
        f"## Heap of the page after a collection, two rigs, {minutes:g} min after {_WARM_UP_S:.0f} s of warm-up\n\n"
        f"From {warm[0][1]:.2f} to {warm[-1][1]:.2f} MiB, between {min(row[1] for row in warm):.2f} and "
        f"{max(row[1] for row in warm):.2f}; the line of least squares rises by {slope:+.2f} MiB in 10 min.\n\n"
        f"{report.table(('min', 'MiB', 'nodes', 'listeners'), rows)}"
    )


@contextmanager
def _driving(scenario: str, gateway: Running) -> Iterator[None]:
    """Rigs that drive in a process of their own until the block ends."""
    ports = ",".join(map(str, gateway.rig_ports))
    command = [sys.executable, "-m", "app.sim", "--scenario", scenario, "--rigs", str(len(gateway.rig_ports)), "--loop"]
    process = subprocess.Popen([*command, "--ports", ports], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)


@asynccontextmanager
async def _open_page(browser: Browser, gateway: Running) -> AsyncIterator[Page]:
    """The wall with every rig live."""
    page = await browser.new_page(viewport=_WALL)  # type: ignore[arg-type]  # a size by keyword
    await page.goto(gateway.url)
    for number in range(len(gateway.rig_ports)):
        name = f"RIG_{chr(ord('A') + number)}"
        await page.wait_for_selector(f'section[data-rig="{name}"][data-link="live"]', timeout=30_000)
    yield page


async def _measured(browser: Browser, page: Page, seconds: float) -> tuple[dict[str, Spent], float, float, float]:
    """Costs by name, frames a second, raster and CPU in ms a second."""
    by_clock, of_thread = [await page.context.new_cdp_session(page) for _ in range(2)]
    await by_clock.send("Performance.enable", {"timeDomain": "timeTicks"})
    await of_thread.send("Performance.enable", {"timeDomain": "threadTicks"})
    processes = await browser.new_browser_cdp_session()
    before = [await _metrics(by_clock), await _metrics(of_thread)]
    cpu_before_s, began_s = await _cpu_s(processes), time.monotonic()
    await asyncio.sleep(seconds)
    after = [await _metrics(by_clock), await _metrics(of_thread)]
    cpu_s, lasted_s = await _cpu_s(processes) - cpu_before_s, time.monotonic() - began_s
    spent = {
        name: Spent(*(1000 * (then[key] - first[key]) / lasted_s for first, then in zip(before, after, strict=True)))
        for name, key in _METRICS.items()
    }
    for session in (by_clock, of_thread):
        await session.detach()
    spent["paint"], frames_per_s, raster_ms = await _traced(browser, page)
    return spent, frames_per_s, raster_ms, 1000 * cpu_s / lasted_s


async def _traced(browser: Browser, page: Page) -> tuple[Spent, float, float]:
    """Paint, frames a second, and raster in ms a second of its threads."""
    await browser.start_tracing(page=page, categories=["devtools.timeline", "cc"])
    await asyncio.sleep(_TRACED_S)
    events: list[Json] = json.loads(await browser.stop_tracing())["traceEvents"]
    threads = {(e["pid"], e["tid"]): e["args"]["name"] for e in events if e["name"] == "thread_name"}
    whole = [event for event in events if event["ph"] == "X"]
    main = [event for event in whole if threads.get((event["pid"], event["tid"])) == "CrRendererMain"]
    paint = _outermost([event for event in main if event["name"] in _PAINT])
    raster = [event for event in whole if event["name"] == "RasterTask"]
    frames = sum(event["name"] == _ONCE_A_FRAME for event in main)
    spent = Spent(*(sum(event.get(key, 0) for event in paint) / 1000 / _TRACED_S for key in ("dur", "tdur")))
    return spent, frames / _TRACED_S, sum(event.get("tdur", 0) for event in raster) / 1000 / _TRACED_S


def _outermost(events: Sequence[Json]) -> list[Json]:
    """The events without those that lie inside another one of them."""
    kept: list[Json] = []
    for event in sorted(events, key=lambda event: (event["pid"], event["ts"], -event["dur"])):
        last = kept[-1] if kept else None
        inside = last is not None and last["pid"] == event["pid"] and event["ts"] < last["ts"] + last["dur"]
        if not inside:
            kept.append(event)
    return kept


def _cost_row(
    scenario: str, rigs: int, spent: Mapping[str, Spent], frames_per_s: float, raster_ms: float, cpu_ms: float
) -> Sequence[str]:
    parts = [spent[name] for name in ("script", "style", "layout", "paint")]
    total = Spent(sum(part.clock for part in parts), sum(part.thread for part in parts))
    figures = [*(spent[name] for name in _METRICS), spent["paint"], total]
    told = [f"{figure.clock:.0f} ({figure.thread:.0f})" for figure in figures]
    return (f"{scenario}, {rigs} rigs", *told, f"{frames_per_s:.0f}", f"{raster_ms:.0f}", f"{cpu_ms:.0f}")


async def _metrics(devtools: CDPSession) -> dict[str, float]:
    answer: Json = await devtools.send("Performance.getMetrics")
    return {metric["name"]: metric["value"] for metric in answer["metrics"]}


async def _cpu_s(browser: CDPSession) -> float:
    answer: Json = await browser.send("SystemInfo.getProcessInfo")
    return sum(float(process["cpuTime"]) for process in answer["processInfo"])


class _Numbering:
    """A rewrite: the own car's engine speed counts the rig's telemetry packets, from `_FIRST_NUMBER` on."""

    def __init__(self) -> None:
        self._next = [_FIRST_NUMBER] * 8

    def __call__(self, rig: int, datagram: bytes) -> bytes:
        if datagram[6] != CAR_TELEMETRY:
            return datagram
        packet = decode(datagram)
        assert isinstance(packet, CarTelemetryPacket)
        own = packet.header.player_car_index
        cars = list(packet.cars)
        cars[own] = cars[own]._replace(engine_rpm=self._next[rig])
        self._next[rig] += 1
        return encode(packet._replace(cars=cars))


def _departures(play: Play) -> tuple[dict[int, float], dict[int, float]]:
    """Per rig: the number in a telemetry packet, and the wall time at which it left."""
    sent: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for sending, sent_s in zip(play.sendings, play.sent_s, strict=False):
        if sending.datagram[6] == CAR_TELEMETRY and sent_s is not None:
            sent[sending.rig][_FIRST_NUMBER + len(sent[sending.rig])] = sent_s
    return sent


def _waits(sent: Mapping[int, float], shown: Sequence[tuple[int, float]], began_s: float) -> list[float]:
    """For every datagram that left after `began_s`: seconds until its number or a higher one was shown."""
    waits = []
    after = iter(shown)
    number, at_s = next(after, (0, 0.0))
    for wanted, sent_s in sent.items():
        while number < wanted:
            number, at_s = next(after, (sys.maxsize, 0.0))
        if number == sys.maxsize:
            break  # what left last was not shown any more when the page was read
        if sent_s >= began_s:
            waits.append(at_s - sent_s)
    return waits


def _latency_row(name: str, found_s: Sequence[float]) -> Sequence[str]:
    found_ms = [seconds * 1000 for seconds in found_s]
    parts = quantiles(found_ms, n=100)
    told = (median(found_ms), parts[94], parts[98], max(found_ms))
    return (name, str(len(found_ms)), *(f"{ms:.0f}" for ms in told))


async def _clocks_apart_ms(page: Page) -> float:
    """The most by which the page's clock and this process's can be apart, by the quickest of many questions."""
    bounds = []
    for _ in range(50):
        before_ms = time.time() * 1000
        there_ms = float(await page.evaluate(_CLOCK))
        after_ms = time.time() * 1000
        bounds.append((after_ms - before_ms, max(abs(there_ms - before_ms), abs(there_ms - after_ms))))
    return min(bounds)[1]


async def _main(parts: Sequence[str], seconds: float, minutes: float) -> None:
    report.say(report.head())
    if "cost" in parts:
        report.say(await cost(seconds))
    if "latency" in parts:
        report.say(await latency(seconds))
    if "heap" in parts:
        report.say(await heap(minutes))


def main() -> None:
    """Measure the parts that are asked for, printing each as it is there."""
    parser = argparse.ArgumentParser(prog="python -m bench.wall", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="how long cost and latency are looked at; default 60")
    parser.add_argument("--minutes", type=float, default=10, help="how long the heap is looked at; default 10")
    parser.add_argument("parts", metavar="PART", nargs="*", default=["cost", "latency", "heap"], help="default: all")
    given = parser.parse_args()
    if unknown := set(given.parts) - {"cost", "latency", "heap"}:
        parser.error(f"no part {', '.join(sorted(unknown))}; there are cost, latency, heap")
    asyncio.run(_main(given.parts, given.seconds, given.minutes))


if __name__ == "__main__":
    main()
