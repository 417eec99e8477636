"""The Dockerfile keeps what docs/containers.md says of the image, as far as its text shows."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from app.demo import CAPTURES
from app.settings import Settings
from tests.containers.base import base_name, python_of, release_of
from tests.gateway import ROOT

_KNOWN: Final = frozenset(
    "ARG CMD COPY ENV EXPOSE FROM HEALTHCHECK LABEL RUN STOPSIGNAL USER VOLUME WORKDIR".split()  # both builders
)


class Line(NamedTuple):
    """An instruction."""

    name: str
    rest: str


def stages(text: str) -> list[list[Line]]:
    """The instructions of each stage, from its FROM on."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    lines = [
        Line(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in joined.splitlines()) if name
    ]
    starts = [place for place, line in enumerate(lines) if line.name == "FROM"]
    return [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


DOCKERFILE: Final = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STAGES: Final = stages(DOCKERFILE)
FINAL: Final = STAGES[-1]


def given(name: str, stage: list[Line] = FINAL) -> list[str]:
    return [line.rest for line in stage if line.name == name]


def test_only_instructions_that_every_builder_knows_are_used() -> None:
    lines = [line for stage in STAGES for line in stage]

    assert {line.name for line in lines} <= _KNOWN
    assert not [line for line in lines if "--mount" in line.rest or "<<" in line.rest]


def test_every_stage_stands_on_the_one_base_that_can_be_pinned() -> None:
    bases = [given("FROM", stage)[0].split()[0] for stage in STAGES]

    assert set(bases) <= {"${BASE}", "wheels"}
    assert re.fullmatch(r"python:3\.\d+-slim-[a-z]+", base_name())


def test_the_base_has_the_python_that_the_project_asks_for() -> None:
    asked = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert asked is not None
    assert python_of(base_name()) == asked[1]
    assert release_of(base_name()).isalpha()


def test_the_image_runs_as_nobody_of_the_host_with_one_volume() -> None:
    assert given("USER") == ["10001:10001"]
    assert given("VOLUME") == ["/data"]
    assert given("STOPSIGNAL") == ["SIGTERM"]


@pytest.mark.parametrize("name", ["HEALTHCHECK", "CMD"])
def test_no_shell_stands_between_the_engine_and_python(name: str) -> None:
    [rest] = given(name)
    matched = re.search(r"\[.*\]$", rest)

    assert matched is not None
    command = ast.literal_eval(matched[0])
    assert command[:2] == ["python3", "-m"]
    assert (ROOT / command[2].replace(".", "/")).exists() or (ROOT / f"{command[2].replace('.', '/')}.py").exists()


def test_the_ports_are_those_of_the_settings() -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    exposed = set(given("EXPOSE")[0].split())

    assert f"{settings.port}/tcp" in exposed
    assert {f"{rig.udp_port}/udp" for rig in settings.rigs} <= exposed


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name.endswith("_path")])
def test_whatever_is_written_by_default_lands_on_the_volume(name: str) -> None:
    default = str(Settings.model_fields[name].default)
    workdir = given("WORKDIR")

    assert workdir == ["/"]
    assert not default or (Path(workdir[0]) / default).is_relative_to("/data")


def test_only_the_lock_says_what_is_installed_and_the_final_stage_installs_nothing() -> None:
    installs = [rest for stage in STAGES for rest in given("RUN", stage) if " pip " in rest or "-m pip" in rest]

    assert len(installs) == 2
    assert all("--require-hashes" in rest and "requirements-run.lock" in rest for rest in installs)
    assert "--no-index" in installs[1]
    assert not [rest for rest in given("RUN") if "pip" in rest]


def test_what_is_said_about_an_index_stays_in_the_stage_that_is_thrown_away() -> None:
    spoken = [n for n, stage in enumerate(STAGES) if any("PIP_INDEX" in line.rest for line in stage)]

    assert spoken == [0]
    assert not re.search(r"https?://(?!docs)", DOCKERFILE)


def test_the_captures_in_the_image_are_those_that_the_demo_sends() -> None:
    sent = re.findall(r'"(\S+\.pcap\.gz)"', (ROOT / "app" / "demo.py").read_text(encoding="utf-8"))
    copied = {path for rest in given("COPY", STAGES[1]) if "captures" in rest for path in rest.split()[:-1]}

    assert len(sent) == 2
    assert copied - {"tests/captures/LICENSES.md"} == {f"{CAPTURES.relative_to(ROOT)}/{name}" for name in sent}


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage[0].rest)
def test_whatever_is_copied_exists_and_reaches_the_build(stage: list[Line]) -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = [line[1:] for line in ignored if line.startswith("!")]

    for rest in given("COPY", stage):
        if rest.startswith("--from="):
            continue
        for path in rest.split()[:-1]:
            assert (ROOT / path).exists(), path
            assert any(fnmatch(path, pattern) for pattern in let_in), path


def test_the_build_is_sent_nothing_but_what_is_named() -> None:
    ignored = [line for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]

    assert ignored[0] == "*"
    assert not [line for line in ignored if line.startswith("!.") or "data" in line or ".env" in line]


def test_the_lock_of_the_image_is_a_part_of_the_lock_that_is_tested() -> None:
    whole = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    parts = _packages((ROOT / "requirements-run.lock").read_text(encoding="utf-8"))

    assert parts
    assert parts.items() <= _packages(whole).items()
    assert "pytest" not in parts


def _packages(lock: str) -> dict[str, tuple[str, frozenset[str]]]:
    """Version and hashes by package."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for block in re.split(r"\n(?=[a-z0-9])", lock):
        matched = re.match(r"([a-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", block)
        if matched:
            found[matched[1]] = (matched[2], frozenset(re.findall(r"sha256:[0-9a-f]{64}", block)))
    return found
