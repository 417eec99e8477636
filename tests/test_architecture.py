"""The laws of the floor plan, held against the source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from app.settings import RigSettings, Settings

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"

MAY_IMPORT = {  # room: the rooms it may look into
    "addresses": set(),
    "arguments": set(),
    "errors": set(),
    "filelock": set(),
    "healthcheck": set(),
    "bus": set(),
    "metrics": set(),
    "secretfile": set(),
    "log": {"logfile"},
    "logfile": set(),
    "settings": set(),
    "supervisor": {"metrics"},
    "ingest": {"arguments", "errors", "metrics"},
    "normalize": {"errors", "ingest"},
    "publish": {"bus", "errors", "metrics", "normalize"},
    "pipeline": {"bus", "errors", "ingest", "log", "metrics", "normalize"},
    "duel": {"bus", "errors", "metrics", "normalize"},
    "history": {"bus", "errors", "metrics", "normalize"},
    "sim": {"arguments", "errors", "ingest"},
    "token": {"errors", "log", "secretfile", "settings"},
    "runs": {"filelock", "metrics"},
    "datacloud": {"arguments", "bus", "errors", "filelock", "log", "metrics", "normalize", "secretfile", "settings"},
    "uplink": {"bus", "datacloud", "log", "metrics", "normalize", "pipeline", "settings", "supervisor"},
    "preflight": {"datacloud", "log", "settings", "targets"},
    "erase": {"arguments", "datacloud", "errors", "history", "runs", "settings"},
    "support": {"arguments", "logfile", "preflight", "runs", "settings"},
    "demo": {"settings"},
    "claims": set(),
    "line": {"bus", "ingest", "metrics", "normalize", "pipeline", "publish", "settings"},
    "port": {"ingest", "line", "log", "metrics", "publish"},
    "sources": {"claims", "errors", "ingest", "line", "metrics", "port", "publish", "settings", "targets"},
    "targets": {"errors", "ingest", "settings"},
    "catalogue": {"datacloud", "ingest", "metrics", "normalize", "pipeline", "publish", "uplink"},
}
EDGES = {  # the modules that may touch a socket, a disk, a clock or the event loop
    "__main__.py",
    "addresses.py",
    "bus.py",
    "claims.py",
    "datacloud/__main__.py",
    "datacloud/auth.py",
    "datacloud/ballast.py",
    "datacloud/call.py",
    "datacloud/client.py",
    "datacloud/doctor.py",
    "datacloud/emulator/__main__.py",
    "datacloud/emulator/emulator.py",
    "datacloud/emulator/server.py",
    "datacloud/emulator/throwaway.py",
    "datacloud/erasure.py",
    "datacloud/feed.py",
    "datacloud/instance.py",
    "datacloud/keys.py",
    "datacloud/letters.py",
    "datacloud/outbox.py",
    "datacloud/quarantine.py",
    "datacloud/store.py",
    "datacloud/turnstile.py",
    "datacloud/uploader.py",
    "datacloud/visit.py",
    "demo.py",
    "duel/referee.py",
    "erase.py",
    "filelock.py",
    "healthcheck.py",
    "history/desk.py",
    "history/erasure.py",
    "history/historian.py",
    "history/rescue.py",
    "history/shelf.py",
    "history/store.py",
    "ingest/capture.py",
    "ingest/forwarder.py",
    "ingest/kernel.py",
    "ingest/record.py",
    "ingest/recorder.py",
    "ingest/replay.py",
    "ingest/udp.py",
    "line.py",
    "log.py",
    "logfile.py",
    "main.py",
    "pipeline.py",
    "port.py",
    "preflight.py",
    "publish/connections.py",
    "publish/control_routes.py",
    "publish/day_routes.py",
    "publish/door.py",
    "publish/faults.py",
    "publish/hub.py",
    "publish/listener.py",
    "publish/live.py",
    "publish/ops_routes.py",
    "publish/pacer.py",
    "publish/routes.py",
    "runs.py",
    "sim/__main__.py",
    "sim/relay.py",
    "sim/sender.py",
    "sources.py",
    "secretfile.py",
    "supervisor.py",
    "token.py",
    "support/__main__.py",
    "support/answers.py",
    "support/machine.py",
    "uplink.py",
}
IMPURE = {"asyncio", "socket", "sqlite3", "httpx", "time", "subprocess", "threading", "select", "random", "logging"}
DATA_ONLY = {  # tables and types without behaviour of their own; what uses them is tested
    "normalize/vocabulary.py",
    "datacloud/row.py",
    "history/record.py",
    "ingest/layouts/f1_2023.py",
    "ingest/layouts/f1_2024.py",
    "ingest/layouts/f1_2025.py",
    "ingest/layouts/f1_2026.py",
}

MODULES = sorted(path for path in APP.rglob("*.py") if path.name != "__init__.py")


def named(path: Path) -> str:
    return path.relative_to(APP).as_posix()


def imports_of(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_seen_by(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports_of(path) if name.startswith("app.")} & set(MAY_IMPORT)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_every_room_looks_only_downstream(room: str) -> None:
    for path in [APP / f"{room}.py", *(APP / room).rglob("*.py")]:
        if path.exists():
            assert rooms_seen_by(path) <= MAY_IMPORT[room] | {room}, named(path)


def test_every_room_is_on_the_plan() -> None:
    rooms = {path.relative_to(APP).parts[0].removesuffix(".py") for path in MODULES}

    assert rooms - {"main", "__main__"} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", [p for p in MODULES if named(p) not in EDGES], ids=named)
def test_a_pure_module_sees_no_clock_no_socket_and_no_loop(path: Path) -> None:
    seeded = {"random"} if named(path).startswith("sim/") else set()  # a simulation is seeded, so it may draw

    assert {name.split(".")[0] for name in imports_of(path)} & IMPURE <= seeded


@pytest.mark.parametrize("path", [p for p in MODULES if named(p) not in DATA_ONLY], ids=named)
def test_every_module_has_a_test_of_its_name(path: Path) -> None:
    relative = path.relative_to(APP)
    name = "main" if relative.stem == "__main__" else relative.stem

    assert (ROOT / "tests" / relative.parent / f"test_{name}.py").exists()


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_every_module_says_what_lives_there(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
@pytest.mark.parametrize("paper", [".env.example", "README.md"])
def test_every_setting_stands_in_the_papers(name: str, paper: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / paper).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", RigSettings.model_fields)
def test_every_setting_of_a_rig_stands_in_the_readme(name: str) -> None:
    assert f"`{name}`" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_nothing_of_the_page_comes_from_another_host() -> None:
    foreign = re.compile(r"""(?:src|href|url|import|from)\s*[=(]?\s*["'(]\s*(?:https?:)?//""")
    pages = [path for path in (ROOT / "web").rglob("*") if path.suffix in {".html", ".css", ".js"}]

    assert pages
    assert [path.name for path in pages if foreign.search(path.read_text(encoding="utf-8"))] == []
