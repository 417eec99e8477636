"""What the gateway says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from app.datacloud.status import OFF
from app.publish.health import RigHealth, health_body, status_of

DRIVING = RigHealth(
    rig_id="RIG_A",
    port=20777,
    driver="Ada",
    packets_received=100,
    packets_rejected=3,
    packets_per_s=356,
    last_packet_time=datetime(2026, 3, 1, 10, 0, tzinfo=UTC),
    active=True,
    session_uid="7",
)
SILENT = DRIVING._replace(rig_id="RIG_B", port=20778, last_packet_time=None, active=False, session_uid=None)


class Gateway:
    """A gateway that says what it is told to."""

    def __init__(self, *, alive: bool = True) -> None:
        self.alive = alive

    def rigs(self) -> Sequence[RigHealth]:
        return [DRIVING, SILENT]

    def stages(self) -> Mapping[str, bool]:
        return {"live": self.alive}

    def problems(self) -> Sequence[str]:
        return []

    def queue_size(self) -> int:
        return 4

    def cloud(self) -> Mapping[str, Any]:
        return OFF


def test_the_body_has_the_contracts_shape() -> None:
    body = health_body(Gateway(), "0.1.0")

    assert {"status", "gateway", "queue_size"} <= set(body)
    assert {"running", "active_sessions", "rigs"} <= set(body["gateway"])
    assert set(body["gateway"]["rigs"]) == {"RIG_A", "RIG_B"}
    contract = {"port", "driver", "packets_received", "last_packet_time", "active"}
    assert contract <= set(body["gateway"]["rigs"]["RIG_A"])


def test_a_rig_that_never_sent_has_no_last_packet() -> None:
    rigs = health_body(Gateway(), "0.1.0")["gateway"]["rigs"]

    assert rigs["RIG_A"]["last_packet_time"] == "2026-03-01T10:00:00.000Z"
    assert rigs["RIG_B"]["last_packet_time"] is None


def test_only_a_rig_that_sends_counts_as_an_active_session() -> None:
    assert health_body(Gateway(), "0.1.0")["gateway"]["active_sessions"] == 1


def test_a_dead_stage_fails_the_gateway() -> None:
    body = health_body(Gateway(alive=False), "0.1.0")

    assert (body["status"], body["gateway"]["running"]) == ("failed", False)


def test_a_problem_that_the_operator_can_mend_degrades_it() -> None:
    sentence = "RIG_B sends format 2020: set UDP Format to 2025"

    assert status_of([True], [sentence]) == "degraded"
    assert status_of([True], []) == "ok"


def test_data_cloud_has_its_lines_also_while_it_is_off() -> None:
    assert health_body(Gateway(), "0.1.0")["datacloud"] == {
        "state": "off",
        "waiting_rows": 0,
        "oldest_age_s": None,
        "dead_letters": 0,
        "safe_to_pack_up": True,
    }
