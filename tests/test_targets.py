"""Where datagrams are passed on to: every mistake is a line of its own, named by setting and place."""

from __future__ import annotations

import pytest

from app.settings import BadSettings, RigSettings, Settings
from app.targets import targets_of


def settings_with(forward_to: str) -> Settings:
    rig = RigSettings.model_validate({"rig_id": "POD", "udp_port": 20777, "forward_to": forward_to})
    return Settings(_env_file=None, rigs=(rig,))  # type: ignore[call-arg]  # pydantic-settings' documented parameter


def test_targets_are_found_in_their_order() -> None:
    settings = settings_with("127.0.0.1:5000, [::1]:5001")

    assert [target[1:] for target in targets_of(settings.rigs[0], settings)] == [("127.0.0.1", 5000), ("::1", 5001)]


def test_every_wrong_target_is_told_by_its_setting_and_place() -> None:
    settings = settings_with("127.0.0.1:5000, overlay, no-such-host.invalid:1, 127.0.0.1:20777")

    with pytest.raises(BadSettings) as refused:
        targets_of(settings.rigs[0], settings)

    told = [line.partition(", ")[0] for line in str(refused.value).splitlines()]
    assert told == [
        "RIGS[0].forward_to: target 2 is no target: write host:port",
        "RIGS[0].forward_to: target 3 names a host that cannot be found: write its IP address",
        "RIGS[0].forward_to: target 4 is a port of the gateway's own",
    ]
