"""The JSON of the ops page: the contract's names, and unknown as null."""

from __future__ import annotations

import json
from typing import Any, Final

from app.publish.advice import PacketFigures, QueueFigures
from app.publish.ops import ops_body
from tests.publish.test_advice import GATEWAY, NEVER, SCREEN, WELL

QUEUE: Final = QueueFigures("live_facts", 0, 900, 1, 0)


def body(*rigs: Any, gateway: Any = GATEWAY, screens: tuple[Any, ...] = (SCREEN,)) -> dict[str, Any]:
    """As a client reads it."""
    read: dict[str, Any] = json.loads(json.dumps(ops_body(gateway, rigs or (WELL, NEVER), [QUEUE], screens)))
    return read


def test_the_body_has_the_contracts_keys() -> None:
    assert set(body()) == {
        "now",
        "version",
        "uptime_s",
        "runs",
        "status",
        "problems",
        "host",
        "rigs",
        "stages",
        "queues",
        "clients",
        "clients_cut",
        "clients_refused",
        "ports",
        "senders",
        "loop_lag_ms",
        "clock",
    }


def test_a_rig_has_the_contracts_keys() -> None:
    assert set(body()["rigs"][0]) == {
        "rig_id",
        "driver_name",
        "device_id",
        "link",
        "port",
        "source_address",
        "packet_format",
        "game_version",
        "session_type",
        "telemetry_public",
        "last_packet_age_s",
        "packets_per_s",
        "packets_received",
        "rejected",
        "ignored",
        "send_rate_hz",
        "loss_percent",
        "receive_buffer_bytes",
        "packets",
        "type_in",
        "problems",
    }


def test_what_is_told_of_the_gateway() -> None:
    told = body()

    assert (told["now"], told["uptime_s"], told["status"]) == ("2026-11-25T10:00:00.000Z", 123.4, "ok")
    assert told["runs"] == {"starts": None, "unclean_ends": None}
    assert told["host"] == {"name": "pc", "addresses": ["192.168.1.20"], "port": 8080}
    assert told["queues"] == [
        {"subscriber": "live_facts", "waiting": 0, "delivered": 900, "dropped": 1, "conflated": 0}
    ]
    assert told["loop_lag_ms"] == {"newest": 1.0, "worst_1min": 9.0}
    assert told["clock"] == {"cloud_offset_s": None, "utc_offset_s": 3600}


def test_what_is_told_of_a_screen() -> None:
    assert body()["clients"] == [
        {
            "address": "192.168.1.50",
            "connected_s": 600.0,
            "rigs": ["RIG_A", "RIG_B"],
            "states_skipped": 40,
            "waiting": 0,
        }
    ]


def test_what_belongs_into_the_games_menu_is_told_for_each_rig() -> None:
    assert body()["rigs"][1]["type_in"] == {
        "udp_telemetry": "On",
        "broadcast": "Off",
        "ip_addresses": ["192.168.1.20"],
        "port": 20779,
        "send_rate_hz": 60,
        "format": 2025,
        "your_telemetry": "Public",
    }


def test_packets_stand_as_expected_seen_and_in_all() -> None:
    rig = WELL._replace(packets=[PacketFigures("session", 2.0, 1.98765, 40), PacketFigures("event", None, None, 3)])

    assert body(rig)["rigs"][0]["packets"] == [
        {"packet": "session", "expected_hz": 2.0, "seen_hz": 1.99, "total": 40, "short": False},
        {"packet": "event", "expected_hz": None, "seen_hz": None, "total": 3, "short": False},
    ]


def test_a_loss_is_told_in_percent_and_one_that_is_unknown_as_null() -> None:
    assert body(WELL._replace(loss_ratio=0.01234))["rigs"][0]["loss_percent"] == 1.23
    assert body(WELL._replace(loss_ratio=None))["rigs"][0]["loss_percent"] is None


def test_what_is_unknown_of_a_rig_is_null() -> None:
    rig = body()["rigs"][1]

    unknown = ("packet_format", "telemetry_public", "last_packet_age_s", "send_rate_hz", "loss_percent")
    assert {rig[name] for name in unknown} == {None}


def test_a_rig_that_never_sent_is_a_problem_of_its_own_but_degrades_nothing() -> None:
    told = body()

    assert told["status"] == "ok"
    assert told["problems"] == told["rigs"][1]["problems"]
    assert told["problems"][0].startswith("RIG_C has never sent: ")
    assert told["rigs"][0]["problems"] == []


def test_the_status_is_that_of_health() -> None:
    assert body(gateway=GATEWAY._replace(problems=["The disk is full: make room"]))["status"] == "degraded"
    assert body(gateway=GATEWAY._replace(stages={"live": False}))["status"] == "failed"
