"""The admin's and the operator's guide keeps up with the gateway: commands, settings, states, objects."""

from __future__ import annotations

import re
import shlex
from typing import get_args

import pytest

from app.datacloud.__main__ import parsed
from app.datacloud.schema import OBJECTS, ObjectSpec
from app.datacloud.status import State
from app.settings import Settings
from tests.gateway import ROOT

GUIDE = (ROOT / "docs" / "salesforce.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE)
COMMANDS = [
    line for block in BLOCKS for line in block.splitlines() if line.startswith(".venv/bin/python -m app.datacloud ")
]
CLOUD_SETTINGS = re.compile(r"\b(?:DATACLOUD|SALESFORCE|SF|DC)_[A-Z_]+\b")


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_is_one_that_there_is(line: str) -> None:
    arguments = shlex.split(line.partition(" > ")[0])[3:]

    assert parsed(arguments).command == arguments[0]


def test_every_command_of_the_operator_is_told() -> None:
    told = {shlex.split(line)[3] for line in COMMANDS} | {"fields"}

    assert told == {"backlog", "letters", "show", "replay", "purge", "export", "resume", "schema", "fields"}


def test_a_setting_is_one_that_there_is() -> None:
    told = {name.lower() for name in CLOUD_SETTINGS.findall(GUIDE)}

    assert told - set(Settings.model_fields) == set()


@pytest.mark.parametrize("state", get_args(State))
def test_every_state_of_the_panel_is_told(state: str) -> None:
    assert f"`{state}`" in GUIDE


@pytest.mark.parametrize("spec", OBJECTS, ids=lambda spec: spec.name)
def test_the_choices_for_every_stream_are_those_of_the_schema(spec: ObjectSpec) -> None:
    row = next(line for line in GUIDE.splitlines() if line.startswith(f"| {spec.name} | "))

    category, key, event_time = (cell.strip(" `") for cell in row.split("|")[2:5])

    assert (category, key, event_time) == (spec.category, spec.primary_key, spec.event_time or "–")


def test_links_inside_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", GUIDE, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert set(re.findall(r"\]\(#([^)]+)\)", GUIDE)) <= anchors
