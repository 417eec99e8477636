"""The texts of the WebSocket contract."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from app.normalize.events import LightsOut
from app.publish.frames import RigCard, event_json, event_text, hello_text, state_text

AT = datetime(2026, 3, 1, 10, 0, 0, 123_999, tzinfo=UTC)


def lights_out() -> LightsOut:
    return LightsOut(
        rig_id="RIG_A",
        session_uid="18446744073709551615",
        session_key="SIM_A:18446744073709551615",
        session_time_s=0.0,
        overall_frame=222,
        car_index=None,
        received_at=AT,
        driver_name=None,
        individual_id=None,
    )


def test_the_hello_names_every_rig_in_order_and_the_rate() -> None:
    cards = [RigCard("RIG_B", 20778, "SIM_B", "Ada"), RigCard("RIG_A", 20777, "SIM_A", None)]

    hello = json.loads(hello_text(cards, 20, 2.0, "0.1.0"))

    assert (hello["type"], hello["status"], hello["rate_hz"]) == ("connection_status", "connected", 20)
    assert [rig["rig_id"] for rig in hello["rigs"]] == ["RIG_B", "RIG_A"]


def test_a_state_carries_its_number_and_when_it_was_sent() -> None:
    state = json.loads(state_text("RIG_A", 7, AT, {"speed_kph": None}))

    assert state == {
        "type": "telemetry_update",
        "rig_id": "RIG_A",
        "seq": 7,
        "sent_at": "2026-03-01T10:00:00.123Z",
        "data": {"speed_kph": None},
    }


def test_an_event_travels_whole_inside_its_message() -> None:
    message = json.loads(event_text("RIG_A", 12, event_json(lights_out()), replay=True))

    assert (message["type"], message["seq"], message["replay"]) == ("event", 12, True)
    assert message["event"]["kind"] == "LightsOut"
    assert message["event"]["session_uid"] == "18446744073709551615"
    assert message["event"]["event_id"]
