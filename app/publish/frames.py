"""The texts of the WebSocket contract (`docs/websocket.md`): each is made once, for all clients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

import orjson

from app.normalize.events import Event, utc_text
from app.publish.state import Data


class RigCard(NamedTuple):
    """What a client is told of a rig before anything arrives from it."""

    rig_id: str
    udp_port: int
    device_id: str
    driver_name: str | None


class Display(NamedTuple):
    """What the operator set for all screens.

    Attributes:
        event_name: Stands at the top of the wall; None for none.
        speed_unit: "kph" or "mph"; messages are in km/h all the same.
        temperature_unit: "c" or "f"; messages are in °C all the same.
    """

    event_name: str | None = None
    speed_unit: str = "kph"
    temperature_unit: str = "c"


USUAL_DISPLAY: Final = Display()


def hello_text(
    rigs: Sequence[RigCard], rate_hz: float, stale_after_s: float, version: str, display: Display = USUAL_DISPLAY
) -> str:
    """The `connection_status` message."""
    return _text(
        {
            "type": "connection_status",
            "status": "connected",
            "rate_hz": rate_hz,
            "stale_after_s": stale_after_s,
            "gateway": version,
            "display": display._asdict(),
            "rigs": [card._asdict() for card in rigs],
        }
    )


def state_text(rig_id: str, seq: int, sent_at: datetime, data: Data) -> str:
    """A `telemetry_update` message."""
    return _text({"type": "telemetry_update", "rig_id": rig_id, "seq": seq, "sent_at": utc_text(sent_at), "data": data})


def event_json(event: Event) -> str:
    """An event alone, as it travels in messages: its fields, `kind` and `event_id`."""
    return event.model_dump_json()


def event_text(rig_id: str, seq: int, event: str, *, replay: bool) -> str:
    """An `event` message around the text of `event_json`."""
    head = orjson.dumps({"type": "event", "rig_id": rig_id, "seq": seq, "replay": replay}).decode()
    return f'{head[:-1]},"event":{event}}}'


def _text(message: Data) -> str:
    return orjson.dumps(message).decode()
