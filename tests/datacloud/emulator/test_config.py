from __future__ import annotations

from typing import Any

import pytest

from app.datacloud.emulator.config import App, EmulatorConfig, User, changed
from app.datacloud.schema import LAP, OBJECTS


def test_by_default_the_org_has_our_objects_and_is_lenient() -> None:
    config = EmulatorConfig()

    assert config.sources == {"F1Telemetry": OBJECTS}
    assert (config.validation, config.max_body_bytes, config.oversize_status) == ("lenient", 200_000, 413)
    assert (config.rate_limit_rps, config.process_interval_s, config.accept_gzip) == (250, 180, False)


def test_a_change_leaves_everything_else_and_the_old_configuration() -> None:
    config = EmulatorConfig(users={"u": User()})

    other = changed(config, {"max_body_bytes": 50_000, "validation": "strict", "undeployed": ["LapEvent"]})

    assert (other.max_body_bytes, other.validation, other.undeployed) == (50_000, "strict", frozenset({"LapEvent"}))
    assert other.users == {"u": User()}
    assert config.max_body_bytes == 200_000


def test_users_and_apps_can_be_told_as_json() -> None:
    config = changed(
        EmulatorConfig(),
        {"users": {"u": {"active": False}}, "apps": {"a": {"key_pem": "PEM", "preauthorised": ["u"]}}},
    )

    assert config.users["u"] == User(active=False)
    assert config.apps["a"] == App("PEM", preauthorised=frozenset({"u"}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"wings": 2}, "wings is not a setting"),
        ({"max_body_bytes": "many"}, "max_body_bytes: "),
        ({"validation": "kind"}, "validation: "),
        ({"partial": ["LapEvent"]}, "LapEvent is an Engagement object"),
        ({"sources": {"a": (LAP,), "b": (LAP,)}}, "an object stands in two sources"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_name(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        changed(EmulatorConfig(), changes)


def test_all_fields_are_required_outside_of_partial_only() -> None:
    config = EmulatorConfig(partial=frozenset({"SessionEvent"}))

    assert config.takes_all_fields("LapEvent")
    assert not config.takes_all_fields("SessionEvent")
    assert not EmulatorConfig(require_all_fields=False).takes_all_fields("LapEvent")
