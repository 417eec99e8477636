"""Makes events: fields of our own, put into their context and validated; a value that cannot be true becomes None."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from app.normalize.events import Event


class RigIdentity(NamedTuple):
    """What is configured about a rig; names are None where the game's own are to be used."""

    rig_id: str
    device_id: str
    driver_name: str | None = None
    individual_id: str | None = None


class Context(NamedTuple):
    """What all events of one datagram share."""

    session_uid: str | None
    session_key: str | None
    session_time_s: float | None
    overall_frame: int | None
    own_car: int | None
    spectating: bool
    received_at: datetime


class Mint:
    """Makes the events of one rig."""

    def __init__(self, identity: RigIdentity) -> None:
        self._identity = identity
        self.implausible: Counter[str] = Counter()
        """Events with values that cannot be true, by kind; `unusable` are those that could not be told at all."""

    # Any: an event's fields are of many types; pydantic checks them by name.
    def make(
        self,
        kind: type[Event],
        car_index: int | None,
        fields: dict[str, Any],
        context: Context,
        driver_name: str | None,
    ) -> list[Event]:
        """The validated event, as a list of one; empty when its very content is nonsense."""
        identity = self._identity
        own = car_index is not None and car_index == context.own_car
        values = {
            "rig_id": identity.rig_id,
            "session_uid": context.session_uid,
            "session_key": context.session_key,
            "session_time_s": context.session_time_s,
            "overall_frame": context.overall_frame,
            "car_index": car_index,
            "received_at": context.received_at,
            "driver_name": driver_name,
            "individual_id": identity.individual_id if own else None,
            **fields,
        }
        try:
            return [kind.__pydantic_validator__.validate_python(values)]
        except ValidationError as refused:
            return self._mended(kind, values, refused)

    def _mended(self, kind: type[Event], values: dict[str, Any], refused: ValidationError) -> list[Event]:
        self.implausible[kind.__name__] += 1
        for error in refused.errors(include_url=False, include_context=False, include_input=False):
            values[str(error["loc"][0])] = None
        try:
            return [kind.__pydantic_validator__.validate_python(values)]
        except ValidationError:
            self.implausible["unusable"] += 1
            return []
