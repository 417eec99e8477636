"""L12: every task of the gateway has an owner, and one that dies is never a zombie."""

from __future__ import annotations

import ast
import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from app.datacloud.auth import Tokens
from app.datacloud.emulator.throwaway import throwaway_app
from app.datacloud.feed import Feed
from app.datacloud.uploader import Uploader
from app.duel.referee import Referee
from app.errors import Unavailable
from app.history.historian import Historian
from app.main import Gateway, create_app
from app.pipeline import RigPipeline
from app.publish.live import LiveView
from app.settings import RigSettings, Settings
from tests.chaos.verdict import at_most
from tests.conftest import Reached
from tests.datacloud.rows import make_rows
from tests.gateway import history_path

APP = Path(__file__).resolve().parent.parent / "app"
RED_S = 2.0
OWNERS = {  # where a task begins: who hears when it dies
    "supervisor.py: start": "the supervisor: red health, and the process ends",
    "supervisor.py: _wait": "the supervisor itself, while it waits",
    "publish/live.py: run": "a task group of stage live",
    "publish/hub.py: _converse": "a task group of one client, which is closed",
    "datacloud/feed.py: run": "a task group of stage cloud_feed",
    "datacloud/uploader.py: _lease_what_is_due": "stage cloud_upload; a fault parks the object, with a problem told",
    "datacloud/auth.py: _refreshing": "whoever waits for the token; it is tried again, with a pause",
}
# Any: classes that have nothing in common.
DEATHS: list[tuple[str, Any, str]] = [
    ("live", LiveView, "run"),
    ("live", LiveView, "_beat"),
    ("live", LiveView, "_run_samples"),
    ("live", LiveView, "_run_facts"),
    ("live", LiveView, "_send_now"),
    ("referee", Referee, "run"),
    ("history", Historian, "run"),
    ("clock", Gateway, "_clock"),
    ("clock", RigPipeline, "tick"),
    ("cloud_feed", Feed, "run"),
    ("cloud_feed", Feed, "_carry"),
    ("cloud_feed", Feed, "_tick"),
    ("cloud_upload", Uploader, "run"),
    ("cloud_upload", Uploader, "_lease_what_is_due"),
    ("cloud_upload", Uploader, "_deliver"),
]


def boom(*_: object) -> NoReturn:
    raise RuntimeError("a fault of ours")


async def boom_later(*_: object) -> NoReturn:
    boom()


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The signals that would have ended the process."""
    numbers: list[int] = []
    monkeypatch.setattr(signal, "raise_signal", numbers.append)
    return numbers


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Gateway, Callable[[], Any]]]:
    """A gateway with everything switched on, in this process, and how to ask it for its health."""
    cloud: dict[str, Any] = {
        name.lower(): text for name, text in throwaway_app(folder).settings("http://127.0.0.1:9").items()
    }
    settings = Settings(
        _env_file=None,
        rigs=(RigSettings(rig_id="RIG_A", udp_port=0),),
        udp_host="127.0.0.1",
        history_path=history_path(),
        datacloud_outbox_path=str(folder / "outbox.sqlite3"),
        **cloud,
    )  # type: ignore[call-arg]  # pydantic-settings' documented parameter
    application = create_app(settings)
    gateway: Gateway = application.state.gateway
    await gateway.start()
    try:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as browser:
            yield gateway, lambda: browser.get("/health")
    finally:
        await gateway.stop()


@pytest.mark.row("L12")
@pytest.mark.parametrize(("stage", "owner", "method"), DEATHS, ids=[f"{o.__name__}.{m}" for _, o, m in DEATHS])
async def test_a_task_that_dies_turns_health_red_and_ends_the_process(
    stage: str,
    owner: type,
    method: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    heard: list[int],
    reached: Reached,
) -> None:
    monkeypatch.setattr(owner, method, boom_later if iscoroutinefunction(getattr(owner, method)) else boom)

    async with running(tmp_path) as (gateway, health):
        began_s = time.monotonic()
        assert gateway._uplink is not None
        gateway._uplink.outbox.append(make_rows(5))
        while (answer := await health()).status_code == 200 and time.monotonic() < began_s + 2 * RED_S:  # noqa: ASYNC110  # as a monitor asks
            await asyncio.sleep(0.02)

    reached(at_most(f"{method} of {stage} dies: health is red after", time.monotonic() - began_s, RED_S, " s"))
    assert (answer.status_code, answer.json()["status"], answer.json()["stages"][stage]) == (503, "failed", False)
    assert heard == [signal.SIGTERM]
    assert gateway.died


async def test_every_stage_of_the_gateway_is_among_those_that_are_made_to_die(tmp_path: Path) -> None:
    async with running(tmp_path) as (gateway, _):
        stages = set(gateway.stages())

    assert stages == {stage for stage, _, _ in DEATHS}


@pytest.mark.row("L12")
async def test_a_login_that_fails_by_a_fault_of_ours_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tokens, "_fetch", boom_later)

    async with running(tmp_path) as (gateway, _):
        assert gateway._uplink is not None
        with pytest.raises(Unavailable, match="a fault of the gateway's own"):
            await gateway._uplink.cloud.tokens.get()

        assert gateway._uplink.cloud.state().last_failure is not None


def test_every_task_of_the_gateway_has_an_owner() -> None:
    found = {
        f"{path.relative_to(APP).as_posix()}: {function.name}"
        for path in APP.rglob("*.py")
        if "emulator" not in path.parts
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("create_task", "ensure_future")
    }

    assert found == set(OWNERS)
