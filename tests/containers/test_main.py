"""What the check says of a step, and what it leaves for docs/reliability.md."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tests.chaos.verdict import Check, at_most, exactly
from tests.containers.__main__ import Report, as_json
from tests.containers.tools import NotHere


def test_a_step_that_holds_is_told_with_what_it_measured(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()

    held = report.step("L7", "SIGTERM", "exit 0", lambda: [at_most("to the end", 0.4, 10, " s"), exactly("code", 0, 0)])

    assert held
    assert capsys.readouterr().out.endswith(" s  SIGTERM: to the end 0.4 s (≤ 10); code 0\n")
    told = json.loads(as_json(report.verdicts, datetime(2026, 3, 1, 10, 0, tzinfo=UTC)))
    assert (told["command"], told["at"]) == ("make container-check", "2026-03-01 10:00 UTC")
    assert told["verdicts"] == [{"row": "L7", "ok": True, "checks": ["to the end 0.4 s (≤ 10)", "code 0"]}]


def test_a_step_that_does_not_hold_says_what(capsys: pytest.CaptureFixture[str]) -> None:
    held = Report().step("L7", "SIGTERM", "exit 0", lambda: [exactly("code", 137, 0)])

    assert not held
    assert capsys.readouterr().out.startswith("FAIL ")


def test_a_step_that_breaks_off_has_failed(capsys: pytest.CaptureFixture[str]) -> None:
    def breaks() -> list[Check]:
        raise OSError("no such engine")

    held = Report().step("L7", "SIGTERM", "exit 0", breaks)

    assert not held
    assert "NOT SO: broke off: OSError: no such engine" in capsys.readouterr().out


def test_a_step_that_measured_nothing_has_failed() -> None:
    assert not Report().step("L7", "SIGTERM", "exit 0", list)


def test_what_this_machine_cannot_do_is_no_failure_of_the_product() -> None:
    def missing() -> list[Check]:
        raise NotHere("no podman")

    with pytest.raises(NotHere):
        Report().step("build", "build", "built", missing)
