"""Secrets: are they anywhere where they must not be, after everything has gone wrong with the logger at its loudest?"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote

from websockets.asyncio.client import connect

from app.datacloud.emulator.config import App, EmulatorConfig
from app.datacloud.emulator.emulator import Emulator
from app.datacloud.emulator.faults import Fault
from app.datacloud.emulator.throwaway import ThrowawayApp, new_key_pem, throwaway_app
from tests.chaos.stage import INGEST, Stage, kill
from tests.chaos.verdict import Check, Verdict, at_least, exactly
from tests.gateway import ROOT, Running, environment, wait_until_ready

CLIENT_ID: Final = "3MVG9CANARYclientIdThatNobodyMaySee0123456789"
USERNAME: Final = "canary-user@canary.example"
_PATHS: Final = ("/metrics", "/health", "/healthz", "/readyz", "/api/cloud", "/", "/nothing-here")
_EACH_S: Final = 3.0
_CONTROL: Final = ": environment"
"""Where the secrets do stand, so that a search that finds nothing anywhere is noticed."""

Artefacts = dict[str, bytes]
"""What the gateway has let out, by where."""


def canaries(folder: Path) -> Verdict:
    """A13, L1: looks for the key, the client id, assertions and tokens in everything that the gateway lets out."""
    return asyncio.run(_canaries(folder))


async def _canaries(folder: Path) -> Verdict:
    stage, app = Stage(folder), _app(folder / "canary")
    artefacts: Artefacts = {}
    config = EmulatorConfig(
        apps=app.apps, users=app.users, validation="strict", keep_bodies=True, process_interval_s=None
    )
    async with Emulator(config) as org:
        settings = {**stage.settings(), **app.settings(org.base_url), "LOG_LEVEL": "DEBUG"}
        wrong_key = new_key_pem().decode()
        for trouble, faults, changes in _troubles(org.base_url, wrong_key):
            org.set_faults(faults)
            await asyncio.to_thread(_play, stage, trouble, {**settings, **changes}, artefacts)
        secrets = _secrets(org, app.key_path.read_text(encoding="ascii"), wrong_key)
    control = {place: artefacts.pop(place) for place in list(artefacts) if place.endswith(_CONTROL)}
    found = {name: _hits(texts, artefacts) for name, texts in secrets.items()}
    size = sum(map(len, artefacts.values()))
    kinds = {name: len(texts) for name, texts in secrets.items()}
    return Verdict(
        "A13, L1",
        "DEBUG log, argv, pages, metrics, dead letters, support bundle; right and wrong key, 401, login refused, "
        "faults whose answers repeat our secrets, SIGKILL",
        "0 hits of key, client id, assertion, tokens",
        [
            Check(f"{len(artefacts)} artefacts, {size / 1024:.0f} KiB searched for {kinds}"),
            at_least("kinds of secrets that were there to be found", sum(map(bool, kinds.values())), 5),
            at_least("artefacts", len(artefacts), 40),
            at_least(
                "environments in which the search finds the client id", len(_hits(secrets["client id"], control)), 1
            ),
            at_least("and the inline key", len(_hits(secrets["key"], control)), 1),
            *(exactly(f"hits of {name}", places, []) for name, places in found.items() if name != "username"),
            Check(f"not judged: the username, which is no secret, stands in {found['username']}"),
        ],
    )


def _app(folder: Path) -> ThrowawayApp:
    made = throwaway_app(folder)
    (known,), (user,) = made.apps.values(), made.users.values()
    app = App(known.key_pem, preauthorised=frozenset({USERNAME}))
    return ThrowawayApp(made.key_path, {CLIENT_ID: app}, {USERNAME: user})


def _troubles(base_url: str, wrong_key: str) -> Iterator[tuple[str, list[Fault], dict[str, str]]]:
    """What goes wrong, by name: the org's faults, and the gateway's settings."""
    # An org, or a proxy before it, that is so kind as to repeat what it was sent.
    echo = json.dumps({"error": "Bad Request", "message": f"client {CLIENT_ID} of {USERNAME} at {base_url}"})
    wrong = {"SF_PRIVATE_KEY_PATH": "", "SF_PRIVATE_KEY": wrong_key.replace("\n", "\\n")}
    page = f"<html><body>client_id={CLIENT_ID}</body></html>"
    yield "well", [], {}
    yield "wrong key", [], wrong
    yield "401", [Fault("status", code=401, body=echo, path_regex=INGEST)], {}
    yield "revoked", [Fault("revoke_tokens", every=2, path_regex=INGEST)], {}
    yield "400", [Fault("status", code=400, body=echo, path_regex=INGEST)], {}
    yield "403", [Fault("status", code=403, body=page, path_regex=INGEST)], {}
    yield "500", [Fault("status", code=500, body=page, path_regex=INGEST)], {}
    yield "resets", [Fault("reset_mid_body", every=2, path_regex=INGEST), Fault("commit_then_reset", nth=3)], {}
    yield "login 400", [Fault("status", code=400, body=echo, path_regex="/services/")], {}
    yield "login 500", [Fault("status", code=500, body=page, path_regex="/services/")], {}
    yield "login page", [Fault("status", code=200, body=page, path_regex="/services/")], {}
    yield "nobody there", [], {"SF_LOGIN_URL": "http://127.0.0.1:9"}
    yield "key unusable", [], {**wrong, "SF_PRIVATE_KEY": wrong["SF_PRIVATE_KEY"][:400]}
    yield "settings wrong", [], {**wrong, "SF_CLIENT_ID": CLIENT_ID, "DATACLOUD_MAX_RPS": CLIENT_ID}


def _play(stage: Stage, trouble: str, settings: Mapping[str, str], artefacts: Artefacts) -> None:
    """Run the gateway through one trouble, and keep all that it lets out."""
    with stage.rigs("--short"), _spoken(stage, settings) as (gateway, spoken):
        with suppress(AssertionError):  # where the settings are wrong it ends at once, which is what we want to hear
            wait_until_ready(gateway)
            time.sleep(_EACH_S)
            for path in (*_PATHS, *_pages()):
                artefacts[f"{trouble}: {path}"] = gateway.get(path)[1].encode()
            artefacts[f"{trouble}: /ws"] = asyncio.run(_messages(gateway))
            pid = gateway.process.pid
            artefacts[f"{trouble}: command line"] = Path(f"/proc/{pid}/cmdline").read_bytes()
            for name, text in _bundle(stage, settings):
                artefacts[f"{trouble}: support bundle, {name}"] = text
            artefacts[f"{trouble}{_CONTROL}"] = Path(f"/proc/{pid}/environ").read_bytes()
            kill(gateway.process)
        gateway.process.wait(10)
        artefacts[f"{trouble}: log"] = spoken.read_bytes()
        for file in stage.outbox.parent.glob("*"):
            if not file.name.endswith(".ballast"):
                artefacts[f"{trouble}: {file.name}"] = file.read_bytes()
    letters = [sys.executable, "-m", "app.datacloud", "letters"]
    told = subprocess.run(
        letters, cwd=ROOT, env=environment(0, (1,), **settings), capture_output=True, timeout=30, check=False
    )
    artefacts[f"{trouble}: letters"] = told.stdout + told.stderr


def _bundle(stage: Stage, settings: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """What `python -m app.support` collects of the gateway that runs, and its own command line's output."""
    told = subprocess.run(
        [sys.executable, "-m", "app.support", "--to", "-"],
        cwd=ROOT,
        env=environment(stage.port, stage.rig_ports, **settings),
        capture_output=True,
        timeout=30,
        check=True,
    )
    yield "said", told.stderr
    with zipfile.ZipFile(io.BytesIO(told.stdout)) as bundle:
        yield from ((name, bundle.read(name)) for name in bundle.namelist())


@contextmanager
def _spoken(stage: Stage, settings: Mapping[str, str]) -> Iterator[tuple[Running, Path]]:
    """A gateway process, and the file into which goes what it says."""
    path = stage.journal.with_name("spoken")
    with path.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "app"],
            cwd=ROOT,
            env=environment(stage.port, stage.rig_ports, **settings),
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Running(process, stage.port, stage.rig_ports), path
    finally:
        process.kill()
        process.wait()


def _pages() -> list[str]:
    return [f"/{path.relative_to(ROOT / 'web')}" for path in sorted((ROOT / "web" / "js").rglob("*.js"))]


async def _messages(gateway: Running, seconds: float = 0.5) -> bytes:
    """What a dashboard is told."""
    texts: list[str] = []
    async with connect(gateway.socket_url) as socket:
        await socket.send('{"type": "subscribe_rig", "rig_id": "all"}')
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for text in socket:
                    texts.append(str(text))  # noqa: PERF401  # what came before the time is up counts
    return "\n".join(texts).encode()


def _secrets(org: Emulator, *keys_pem: str) -> dict[str, list[bytes]]:
    """Everything that may stand nowhere; the emulator keeps tokens to itself, hence the private names."""
    keys = [[line for line in pem.splitlines() if line and "-----" not in line] for pem in keys_pem]
    forms = [parse_qs((seen.body or b"").decode(errors="replace")) for seen in org.requests(method="POST")]
    assertions = [text for form in forms for text in form.get("assertion", ())]
    tokens = list(org._org.tokens._issued)
    return {
        "key": [line.encode() for lines in keys for line in lines[1:]]
        + [base64.b64decode("".join(lines))[40:72] for lines in keys],
        "client id": [CLIENT_ID.encode()],
        "assertions": [part.encode() for text in assertions for part in (text, text.split(".")[-1])],
        "login tokens": [form.encode() for text in tokens if "!" in text for form in (text, quote(text, safe=""))],
        "Data Cloud tokens": [form.encode() for text in tokens if "!" not in text for form in (text, text[-40:])],
        "username": [USERNAME.encode()],
    }


def _hits(secrets: list[bytes], artefacts: Artefacts) -> list[str]:
    return [place for place, text in artefacts.items() if any(secret in text for secret in secrets)]
