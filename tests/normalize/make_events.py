"""Canonical events for tests: valid by default, unknown wherever they may be, changed by keyword."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal, get_args, get_origin

from app.normalize.events import Event

RECEIVED_AT: Final = datetime(2026, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC)
_PLAIN: Final[dict[Any, Any]] = {bool: False, int: 1, float: 1.0, str: "text", datetime: RECEIVED_AT}


def make_event(kind: type[Event], **changes: Any) -> Event:
    """An event of the kind, of the first rig, about car 3 in frame 600; `changes` are its fields."""
    values: dict[str, Any] = {
        **{name: _plain(field.annotation) for name, field in kind.model_fields.items() if field.is_required()},
        "rig_id": "RIG_A",
        "session_uid": "24301",
        "session_key": "SIM_A:24301",
        "session_time_s": 10.0,
        "overall_frame": 600,
        "car_index": 3,
    }
    return kind(**values | changes)


def _plain(annotation: Any) -> Any:
    """A value of the type: None where that is allowed."""
    if type(None) in get_args(annotation):
        return None
    if get_origin(annotation) is Literal:
        return get_args(annotation)[0]
    if get_origin(annotation) is tuple:
        parts = get_args(annotation)
        return () if Ellipsis in parts else tuple(_plain(part) for part in parts)
    return _PLAIN[annotation]
