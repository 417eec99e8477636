"""Who sits in which car, as the game's Participants tell it; names cleaned, numbers made words."""

from __future__ import annotations

from typing import Final

from app.ingest.packets import ParticipantsPacket
from app.normalize.events import Participant
from app.normalize.units import clean_name, known
from app.normalize.words import Words

_NO_TEAM: Final = (255, 65535)
_NO_NATIONALITY: Final = (0, 255)
_NO_PLATFORM: Final = (0, 255)
_EMPTY_SLOT_PLATFORM: Final = 0


class Roster:
    """The drivers of one session, by car index."""

    def __init__(self) -> None:
        self._by_car: dict[int, Participant] = {}
        self.num_active_cars: int | None = None

    def feed(self, packet: ParticipantsPacket, words: Words) -> bool:
        """Take over a Participants packet; True when it says something new."""
        people = {
            index: Participant(
                car_index=index,
                name=clean_name(row.name),
                ai=row.ai_controlled == 1,
                team=words.maybe("team", row.team_id, *_NO_TEAM),
                race_number=known(row.race_number, 0),
                nationality=words.maybe("nationality", row.nationality, *_NO_NATIONALITY),
                platform=words.maybe("platform", row.platform, *_NO_PLATFORM),
                telemetry_public=row.your_telemetry == 1,
            )
            for index, row in enumerate(packet.participants)
            if row.name or row.platform != _EMPTY_SLOT_PLATFORM
        }
        news = people != self._by_car or packet.num_active_cars != self.num_active_cars
        self._by_car = people
        self.num_active_cars = packet.num_active_cars
        return news

    def get(self, car_index: int | None) -> Participant | None:
        """The driver in a car, as far as known."""
        return None if car_index is None else self._by_car.get(car_index)

    def name(self, car_index: int | None) -> str | None:
        """The driver's name, as far as known."""
        person = self.get(car_index)
        return None if person is None else person.name

    def everyone(self) -> tuple[Participant, ...]:
        """All known, by car index."""
        return tuple(self._by_car[index] for index in sorted(self._by_car))
