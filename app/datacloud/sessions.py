"""One rig's sessions as rows: one row a session, told again when something about it changed.

Track and weather come twice a second and rarely change, so a change waits until the last telling is five seconds old;
beginning and end are told at once.
"""

from __future__ import annotations

from typing import Any, Final

from app.datacloud.book import Book
from app.datacloud.numbers import number_of
from app.datacloud.row import Row
from app.datacloud.schema import SESSION
from app.normalize.events import Event, SessionEnded, SessionStarted, SessionState, utc_text

LEAST_APART_S: Final = 5.0
_FINAL: Final = ("send", "classification")
"""The game's own word that a session is over; after a silence it may go on."""
_Fields = dict[str, Any]


class Sessions:
    """The sessions of one rig.

    Args:
        device_id: The rig's id in Salesforce.
        book: What was told before.
    """

    def __init__(self, device_id: str, book: Book) -> None:
        self._device_id = device_id
        self._book = book
        self._values: _Fields = {}
        self._told_s = 0.0
        self._waits = False

    def feed(self, event: Event, now_s: float) -> list[Row]:
        """What one event makes us tell."""
        if event.session_key is None:
            return []
        told = self.flush(now_s) if self._values.get("session_key") != event.session_key else []
        if isinstance(event, SessionState):
            return told + self._changed(self._state(event), now_s)
        if isinstance(event, SessionStarted):
            return told + self._tell(self._begun(event), now_s)
        if isinstance(event, SessionEnded):
            return told + self._tell(self._ended(event), now_s)
        return told

    def flush(self, now_s: float) -> list[Row]:
        """What waits, since there is no more time to wait."""
        return self._tell(self._values, now_s) if self._waits else []

    def tick(self, now_s: float) -> list[Row]:
        """What has waited for its five seconds."""
        due = self._waits and now_s - self._told_s >= LEAST_APART_S
        return self._tell(self._values, now_s) if due else []

    def _begun(self, start: SessionStarted) -> _Fields:
        values = self._of(start) | _driver(start)
        values["started_at"] = values["started_at"] or utc_text(start.received_at)
        if values["end_reason"] not in _FINAL:  # the results of a session that is over may be heard once more
            values |= {"ended_at": None, "end_reason": None}
        return values | _where(start.track, start.session_type) | {"total_laps": start.total_laps}

    def _ended(self, end: SessionEnded) -> _Fields:
        values = self._of(end)
        if values["end_reason"] in _FINAL:
            return values
        return values | {"ended_at": utc_text(end.received_at), "end_reason": end.reason}

    def _state(self, state: SessionState) -> _Fields:
        values = self._of(state)
        return {
            **values,
            "started_at": values["started_at"] or utc_text(state.received_at),
            **_driver(state),
            **_where(state.track, state.session_type),
            "weather": number_of("weather", state.weather),
            "weather_name": state.weather,
            "track_temperature": state.track_temperature_c,
            "air_temperature": state.air_temperature_c,
            "total_laps": state.total_laps,
        }

    def _of(self, event: Event) -> _Fields:
        """What is known of the event's session, at the event's time."""
        if self._values.get("session_key") != event.session_key:
            empty: _Fields = dict.fromkeys(SESSION.types)
            known = self._book.known(SESSION, str(event.session_key)) or {}
            ids = {"session_key": event.session_key, "session_uid": event.session_uid, "device_id": self._device_id}
            self._values = empty | known | ids
            self._waits = False
        return self._values | {"recordModified": utc_text(event.received_at)}

    def _changed(self, values: _Fields, now_s: float) -> list[Row]:
        self._values = values
        self._waits = True
        return self.tick(now_s)

    def _tell(self, values: _Fields, now_s: float) -> list[Row]:
        self._values, self._told_s, self._waits = values, now_s, False
        row = self._book.tell(SESSION, values)
        return [] if row is None else [row]


def _driver(event: Event) -> _Fields:
    """Who drives, name and id of one and the same person; nothing when the event names nobody."""
    if event.driver_name is None and event.individual_id is None:
        return {}
    return {"driver_name": event.driver_name, "driver_individual_id": event.individual_id}


def _where(track: str | None, session_type: str | None) -> _Fields:
    return {
        "track_id": number_of("track", track),
        "track_name": track,
        "session_type": number_of("session_type", session_type),
        "session_type_name": session_type,
    }
