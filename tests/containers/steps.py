"""The steps of the check, each with the numbers it measured; `__main__` says in which order.

What L7 and the rest of docs/containers.md promise is read from outside, as rigs, screens and the engine meet it.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from app.datacloud.emulator.throwaway import new_key_pem
from tests.chaos.verdict import Check, at_least, at_most, exactly, thousands
from tests.containers.base import base_name
from tests.containers.composing import Composer
from tests.containers.engine import Container, Engine, Refused
from tests.containers.flags import LOWERED, health_command, run_options, targets
from tests.containers.promises import OURS, broken
from tests.containers.tools import NotHere, Tools
from tests.containers.traffic import Site, drive, driving, farewell, live_rigs, watching
from tests.gateway import ROOT, free_port

TAG: Final = "localhost/rig-gateway:local"
RIGS: Final = ("RIG_A", "RIG_B")
_SPEED: Final = 3.0  # of the simulated rigs: their laps of 20 s take 7
_LAPS: Final = 2
_RESTARTED: Final = 1012
_PACKED: Final = {"LICENSE", "app", "tests", "web"}
_EMULATOR: Final = 8990
_ROWS: Final = ("TelemetryEvent", "SessionEvent")
_INSIDE: Final = Path(__file__).with_name("inside.py").read_text(encoding="utf-8")
_BARE: Final = ("--read-only", "--cap-drop", "ALL", "--network", "none", *LOWERED)
"""To look into an image, without a service of the file."""
_KEY_IS_READ: Final = """
import os
from app.datacloud.keys import load_key
print(type(load_key(os.environ["SF_PRIVATE_KEY_PATH"], None, None)).__name__)
"""
_QUICK_CHECK: Final = """
import sqlite3
print(sqlite3.connect("/data/history.sqlite3").execute("PRAGMA quick_check").fetchone()[0])
"""
_CONTENTS: Final = """
import json, os
from os.path import dirname, exists
root = "/opt/rig-gateway"
files = [os.path.join(place, name) for place, _, names in os.walk(root) for name in names]
print(json.dumps({
    "top": sorted(os.listdir(root)),
    "captures": sorted(os.listdir(root + "/tests/captures")),
    "foreign": [name for name in files if os.stat(name).st_uid or os.stat(name).st_mode & 0o022],
    "uncompiled": [name for name in files if name.endswith(".py") and not exists(dirname(name) + "/__pycache__")],
    "pip": exists("/opt/venv/bin/pip"),
}))
"""


class Ground(NamedTuple):
    """What the steps work with."""

    tools: Tools
    engine: Engine
    composer: Composer


def linted(ground: Ground) -> list[Check]:
    """hadolint has nothing to say about the Dockerfile."""
    answer = subprocess.run(
        [ground.tools.hadolint, "--format", "json", "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    found = [f"{one['code']} in line {one['line']}" for one in json.loads(answer.stdout)]
    return [exactly("findings of hadolint", ", ".join(found) or 0, 0)]


def composed(ground: Ground) -> list[Check]:
    """Compose accepts every combination of the files, and what it makes of them keeps what is promised."""
    merged = ground.composer.merged
    whole = merged(("demo", "observability"))
    on_host = merged(("observability",), on_host=True)["services"]
    keyed = merged(env={"SF_PRIVATE_KEY_PATH": "/keys/org.pem", "PORT": "9000"})
    gateway = keyed["services"]["gateway"]
    wrong = [told for name, service in whole["services"].items() for told in broken(name, service)]
    return [
        exactly("services", _names(merged()), "gateway"),
        exactly("of the demo", _names(merged(("demo",))), "gateway, gateway-demo, org, rigs"),
        exactly("of observability", _names(merged(("observability",))), "gateway, grafana, prometheus"),
        exactly("promises broken", "; ".join(wrong) or 0, 0),
        exactly("on the host's network", on_host["gateway"].get("network_mode"), "host"),
        exactly("with published ports", len(targets(on_host["gateway"])), 0),
        exactly("the key inside", gateway["environment"]["SF_PRIVATE_KEY_PATH"], "/run/secrets/sf_private_key"),
        exactly("outside", keyed["secrets"]["sf_private_key"]["file"], "/keys/org.pem"),
        exactly("PORT outside", gateway["ports"][0]["published"], "9000"),
        exactly("inside", gateway["environment"]["PORT"], "8080"),
    ]


def based(ground: Ground, archive: Path) -> list[Check]:
    """The base that the Dockerfile names is in the store.

    Raises:
        NotHere: This machine lets no container run.
    """
    ground.engine.podman("import", "--quiet", str(archive), base_name())
    try:
        ground.engine.podman("run", "--rm", *_BARE, base_name(), "true")
    except Refused as refusal:
        raise NotHere(f"no container can be run on this machine: {refusal}") from None
    return [Check(f"{base_name()}, {thousands(archive.stat().st_size / 1e6)} MB")]


def built(ground: Ground, wheels: Path) -> list[Check]:
    """The image is built from wheels alone, and holds what it says and no more."""
    ground.engine.build(ROOT, TAG, wheels)
    image = ground.engine.image(TAG)
    config = image["Config"]
    holds = json.loads(ground.engine.podman("run", "--rm", *_BARE, TAG, "python3", "-c", _CONTENTS))
    return [
        Check(f"{thousands(image['Size'] / 1e6)} MB"),
        exactly("user", config["User"], "10001:10001"),
        exactly("health command", image["Healthcheck"]["Test"], ["CMD", "python3", "-m", "app.healthcheck"]),
        exactly("stop signal", config["StopSignal"], "SIGTERM"),
        exactly("volumes", list(config["Volumes"]), ["/data"]),
        exactly("in it", set(holds["top"]), _PACKED),
        exactly("captures", len(holds["captures"]), 3),
        exactly("files that are not root's alone", holds["foreign"], []),
        exactly("modules not compiled", holds["uncompiled"], []),
        exactly("with pip", holds["pip"], False),
    ]


def hardened(ground: Ground, folder: Path) -> list[Check]:
    """The service of the file runs with no right it does not need, and cannot write but where it should."""
    key = folder / "org.pem"
    key.write_bytes(new_key_pem())
    key.chmod(0o400)
    os.chown(key, 10001, 10001)  # as docs/containers.md says
    with _gateway(ground, "hardened", {"SF_PRIVATE_KEY_PATH": str(key)}) as (container, _, began_s):
        facts = json.loads(container.python(_INSIDE))
        read = container.python(_KEY_IS_READ)
    return [
        at_most("ready after", began_s, 10, " s"),
        exactly("uid", facts["uid"], 10001),
        exactly("gid", facts["gid"], 10001),
        exactly("capabilities", facts["capabilities"], 0),
        exactly("no new privileges", facts["no_new_privileges"], True),
        exactly("writable", facts["writable"], ["/data", "/tmp"]),
        exactly("/tmp", facts["tmp_bytes"], 64 * 2**20),
        exactly("memory", facts["memory_bytes"], 2**30),
        exactly("processes", facts["processes"], 256),
        exactly("the key of its own user, mode 0400, is read as", read, "PrivateKey"),
    ]


def lived(ground: Ground) -> list[Check]:
    """L7: rigs in, screens out, then SIGTERM under load; a second container finds what the first one kept."""
    with _gateway(ground, "first") as (container, site, _):
        sent, laps = drive(site, _SPEED, _LAPS)
        received = site.received()
        page = "<title>" in site.get("/") and bool(site.get("/js/main.js"))
        with driving(site), watching(site) as screen:
            live = live_rigs(screen, RIGS)
            stop_s, code = container.stop()
            goodbye = farewell(screen)
    with _gateway(ground, "second") as (container, site, _):
        kept = site.wait_for_laps(len(laps))
        intact = container.python(_QUICK_CHECK)
    return [
        at_least("datagrams sent", sent, 1),
        at_most("of them lost", 100 * (sent - received) / max(sent, 1), 0.1, " %"),
        exactly("rigs live on a screen", sorted(live), sorted(RIGS)),
        exactly("page served", page, True),
        at_most("SIGTERM under load to the end", stop_s, 10, " s"),
        exactly("exit code", code, 0),
        exactly("screens told", goodbye, _RESTARTED),
        at_least("laps before", len(laps), _LAPS),
        exactly("of them lost after a new start", len(laps - kept), 0),
        exactly("the history's file", intact, "ok"),
    ]


def demonstrated(ground: Ground) -> list[Check]:
    """The demo: simulated rigs, a gateway and an emulated org in one network; rows arrive, and no further."""
    project = ground.composer.merged(("demo",))
    ground.engine.podman("volume", "create", "demo")
    site = Site(free_port(), ())
    names = {"org": "org", "gateway-demo": "gateway-demo", "rigs": "rigs"}
    running: dict[str, Container] = {}
    try:
        for name in names:  # in the order of depends_on
            service = project["services"][name]
            options = run_options(project, service, {(8080, "tcp"): site.http}, {"demo": "demo"}, names)
            running[name] = ground.engine.run(name, TAG, options, service.get("command") or ())
            if not service.get("healthcheck", {}).get("disable"):
                running[name].wait_until_well(health_command(service))
        rows = _wait_for_rows(running["org"], 25)
        cloud = _settled_cloud(site)
        running["rigs"].stop()
        stop_s, code = running["gateway-demo"].stop()
        org_s, org_code = running["org"].stop()
    finally:
        for container in reversed(running.values()):
            container.remove()
        ground.engine.podman("volume", "rm", "--force", "demo")
    secrets = [name for name in OURS[1:] if project["services"][name].get("secrets")]
    return [
        *(at_least(f"rows of {name} in the org", rows.get(name, 0), 1) for name in _ROWS),
        exactly("the page's cloud", cloud["state"], "connected"),
        exactly("with problems", cloud["problems"], []),
        at_most("SIGTERM while uploading to the end", stop_s, 10, " s"),
        exactly("exit code", code, 0),
        exactly("of the org", org_code, 0),
        at_most("after", org_s, 10, " s"),
        exactly("services of the demo with a secret", secrets, []),
    ]


def played(ground: Ground) -> list[Check]:
    """The whole demo in one container, from the captures of the image."""
    with _gateway(ground, "played", command=("python3", "-m", "app.demo")) as (container, site, _):
        with watching(site) as screen:
            live = live_rigs(screen, RIGS)
        cloud = _settled_cloud(site)
        stop_s, code = container.stop()
    return [
        exactly("rigs live on a screen", sorted(live), sorted(RIGS)),
        exactly("the page's cloud", cloud["state"], "connected"),
        exactly("with problems", cloud["problems"], []),
        at_most("SIGTERM to the end of all three processes", stop_s, 15, " s"),  # what the engine gives them
        exactly("exit code", code, 0),
    ]


@contextmanager
def _gateway(
    ground: Ground, name: str, env: Mapping[str, str] | None = None, command: Sequence[str] = ()
) -> Iterator[tuple[Container, Site, float]]:
    """The service `gateway` of the file on free ports, on the check's one volume; the seconds until it was ready."""
    project = ground.composer.merged(env=env)
    service = project["services"]["gateway"]
    site = Site(free_port(), tuple(free_port(socket.SOCK_DGRAM) for _ in RIGS))
    ports = {(8080, "tcp"): site.http, (20777, "udp"): site.rigs[0], (20778, "udp"): site.rigs[1]}
    if "data" not in ground.engine.podman("volume", "ls", "--quiet").split():
        ground.engine.podman("volume", "create", "data")
    began_s = time.monotonic()
    container = ground.engine.run(name, TAG, run_options(project, service, ports, {"data": "data"}, {}), command)
    try:
        container.wait_until_well(health_command(service))
        yield container, site, time.monotonic() - began_s
    finally:
        container.remove()


def _wait_for_rows(org: Container, within_s: float) -> dict[str, int]:
    """The rows that the org has taken, by object, as soon as there are some of each."""
    ask = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{_EMULATOR}/__emulator__/state').read().decode())"
    deadline_s = time.monotonic() + within_s
    while True:
        objects: Mapping[str, Any] = json.loads(org.python(ask))["objects"]
        rows = {name: counted["received"] for name, counted in objects.items()}
        if all(rows.get(name) for name in _ROWS) or time.monotonic() > deadline_s:
            return rows
        time.sleep(0.5)


def _settled_cloud(site: Site, within_s: float = 15.0) -> dict[str, Any]:
    """How it stands with Data Cloud, as soon as rows have been accepted."""
    deadline_s = time.monotonic() + within_s
    while True:
        cloud: dict[str, Any] = site.json("/api/cloud")
        if cloud["state"] == "connected" or time.monotonic() > deadline_s:
            return cloud
        time.sleep(0.2)


def _names(project: Mapping[str, Any]) -> str:
    return ", ".join(sorted(project["services"]))
