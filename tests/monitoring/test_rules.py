"""Recording rules and alerts: valid, of metrics that exist, each with its remedy, each unit-tested by promtool."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gateway import ROOT
from tests.monitoring.prometheus import DEPLOY, RULES, Rule, alerts, promtool
from tests.monitoring.queries import asked_for, offered

TESTS = DEPLOY / "rules_test.yml"
REQUIRED = {
    "RigSilentWhileRacing", "RigPacketLoss", "RigWrongFormat", "RigTwoSenders", "EventLoopLag", "FrameAgeHigh",
    "OutboxOld", "OutboxRowsLost", "DeadLetters", "OutboxDiskLow", "OutboxFailing", "ClockSkew",
    "DataCloudLoginFailing", "DataCloudParked", "HistoryFailing", "StageDown", "GatewayDown", "QueueDropping",
    "GatewayRestarting",
}  # fmt: skip

RUNBOOK = {
    heading.lower().replace(" ", "-")
    for heading in re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"), re.MULTILINE)
}
"""Anchors of the handbook."""


# Any: YAML.
def unit_tests() -> list[Any]:
    found: list[Any] = yaml.safe_load(TESTS.read_text(encoding="utf-8"))["tests"]
    return found


def kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def test_promtool_accepts_rules_and_configuration() -> None:
    told = promtool("check", "config", "--lint-fatal", str(DEPLOY / "prometheus.yml"))

    assert told.returncode == 0, told.stdout + told.stderr
    assert "1 rule files found" in told.stdout


def test_the_variants_that_are_commented_out_are_valid_too(tmp_path: Path) -> None:
    text = (DEPLOY / "prometheus.yml").read_text(encoding="utf-8")
    variant = re.sub(r"^( *)# (?=(?: *)(?:- |[a-z_]+:))", r"\1", text, flags=re.MULTILINE)
    (tmp_path / "prometheus.yml").write_text(variant, encoding="utf-8")
    (tmp_path / "rules.yml").write_text(RULES.read_text(encoding="utf-8"), encoding="utf-8")

    told = promtool("check", "config", "--syntax-only", str(tmp_path / "prometheus.yml"))

    assert told.returncode == 0, told.stdout + told.stderr
    given = yaml.safe_load(variant)
    assert given["scrape_configs"][0]["authorization"]["type"] == "Bearer"
    assert [each["targets"] for each in given["scrape_configs"][0]["static_configs"]] == [
        ["gateway:8080"],
        ["127.0.0.1:8080"],
    ]


def test_promtool_passes_every_unit_test() -> None:
    told = promtool("test", "rules", str(TESTS))

    assert told.returncode == 0, told.stdout + told.stderr


def test_every_alert_is_there() -> None:
    assert {rule.name for rule in alerts()} == REQUIRED


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule.name)
def test_every_alert_has_a_remedy_a_severity_and_its_section_of_the_runbook(rule: Rule) -> None:
    assert set(rule.annotations) == {"summary", "description", "runbook"}
    assert rule.annotations["runbook"] == f"docs/operations.md#{kebab(rule.name)}"
    assert kebab(rule.name) in RUNBOOK
    assert re.fullmatch(r"[^\n]+\.", rule.annotations["description"])
    assert rule.labels["severity"] in {"warning", "critical"}


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule.name)
def test_every_alert_is_tested_to_fire_to_be_silent_before_and_to_resolve(rule: Rule) -> None:
    checks = [
        bool(check["exp_alerts"])
        for test in unit_tests()
        for check in test.get("alert_rule_test", ())
        if check["alertname"] == rule.name
    ]

    assert (checks[0], any(checks), checks[-1]) == (False, True, False)


def test_clean_runs_of_half_an_hour_are_tested_to_leave_no_alert_even_pending() -> None:
    clean = [test["promql_expr_test"][0] for test in unit_tests() if "promql_expr_test" in test]

    assert [(each["expr"], each["eval_time"], each["exp_samples"]) for each in clean] == [
        ("count_over_time(ALERTS[30m])", "30m", [])
    ] * 3


def test_rules_ask_only_for_metrics_that_exist() -> None:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    asked = {name for group in groups for rule in group["rules"] for name in asked_for(rule["expr"])}

    assert len(asked) > 20
    assert asked - offered() == set()


def test_names_are_found_in_an_expression_wherever_they_stand() -> None:
    expr = 'sum by (rig, f1_label) (rate(f1_a_total{rig="f1_text"}[1m])) / on (x) rig:f1_b:rate1m > up{job="process_x"}'

    assert asked_for(expr) == {"f1_a_total", "rig:f1_b:rate1m", "up"}


def test_a_metric_that_does_not_exist_is_not_offered() -> None:
    assert "f1_publish_frame_age_seconds_bucket" in offered()
    assert not offered() & {"f1_publish_frame_age_seconds", "f1_packets_received", "f1_surprise"}
