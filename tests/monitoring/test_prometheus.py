"""How rules are shortened for a test."""

from __future__ import annotations

from tests.monitoring.prometheus import RULES, alerts, shortened


def test_every_duration_is_divided_but_none_becomes_too_short() -> None:
    text = "expr: rate(a[5m]) > 300 and b[1m]\nfor: 20s\nfor: 1m\nfor: 5s"

    assert shortened(text, 20) == "expr: rate(a[15s]) > 300 and b[4s]\nfor: 1s\nfor: 3s\nfor: 1s"
    assert shortened(text, 20, windows=False) == "expr: rate(a[5m]) > 300 and b[1m]\nfor: 1s\nfor: 3s\nfor: 1s"


def test_bounds_labels_and_words_stay_as_they_are() -> None:
    before, after = alerts(), alerts(shortened(RULES.read_text(encoding="utf-8"), 20))

    assert len(after) == len(before) > 15
    assert [(rule.name, rule.labels, rule.annotations) for rule in after] == [
        (rule.name, rule.labels, rule.annotations) for rule in before
    ]
