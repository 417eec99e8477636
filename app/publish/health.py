"""What the gateway says of itself: the JSON of `/health`, and whether it is ready."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from app.normalize.events import utc_text

Status = Literal["ok", "degraded", "failed"]


class RigHealth(NamedTuple):
    """One rig, as `/health` shows it."""

    rig_id: str
    port: int
    driver: str | None
    packets_received: int
    packets_rejected: int
    packets_per_s: int
    last_packet_time: datetime | None
    active: bool
    session_uid: str | None


class Health(Protocol):
    """Where the numbers come from."""

    def rigs(self) -> Sequence[RigHealth]:
        """Every configured rig."""

    def stages(self) -> Mapping[str, bool]:
        """Every stage by name, and whether it runs."""

    def problems(self) -> Sequence[str]:
        """One sentence for each thing that the operator can mend."""

    def queue_size(self) -> int:
        """Events waiting on the bus."""

    # Any: JSON.
    def cloud(self) -> Mapping[str, Any]:
        """How it stands with Data Cloud: the JSON of `/api/cloud`."""


def status_of(stages: Iterable[bool], problems: Sequence[str]) -> Status:
    """`failed` when a stage is dead, `degraded` when there is a problem that the operator can mend."""
    if not all(stages):
        return "failed"
    return "degraded" if problems else "ok"


def health_body(health: Health, version: str) -> dict[str, Any]:
    """The JSON of `/health`; its names are a contract."""
    rigs, stages, problems = health.rigs(), health.stages(), health.problems()
    return {
        "status": status_of(stages.values(), problems),
        "version": version,
        "gateway": {
            "running": all(stages.values()),
            "active_sessions": sum(rig.session_uid is not None and rig.active for rig in rigs),
            "rigs": {rig.rig_id: _rig_body(rig) for rig in rigs},
        },
        "queue_size": health.queue_size(),
        "datacloud": _cloud_body(health.cloud()),
        "stages": dict(stages),
        "problems": list(problems),
    }


def _cloud_body(cloud: Mapping[str, Any]) -> dict[str, Any]:
    waiting, letters = cloud.get("waiting", {}), cloud.get("dead_letters", {})
    return {
        "state": cloud["state"],
        "waiting_rows": waiting.get("rows", 0),
        "oldest_age_s": waiting.get("oldest_age_s"),
        "dead_letters": letters.get("rows", 0),
        "safe_to_pack_up": cloud["safe_to_pack_up"],
    }


def _rig_body(rig: RigHealth) -> dict[str, Any]:
    body = rig._asdict()
    del body["rig_id"]
    body["last_packet_time"] = rig.last_packet_time and utc_text(rig.last_packet_time)
    return body
