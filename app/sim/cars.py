"""Cars and who sits in them: the grid of AI drivers, the people at the rigs, the ghosts of Time Trial."""

from __future__ import annotations

from typing import Final, NamedTuple

NOBODY: Final = -1
"""Stands for "no id" (255, or 65535 in format 2026); the encoder knows which."""

# Surname as the game writes it, driver id, team, race number, nationality: enums of format 2025.
_AI: Final = (
    ("NORRIS", 54, 8, 4, 10),
    ("PIASTRI", 112, 8, 81, 3),
    ("LECLERC", 58, 1, 16, 53),
    ("HAMILTON", 7, 1, 44, 10),
    ("VERSTAPPEN", 9, 2, 1, 22),
    ("TSUNODA", 94, 2, 22, 43),
    ("RUSSELL", 50, 0, 63, 10),
    ("ANTONELLI", 165, 0, 12, 41),
    ("ALONSO", 3, 4, 14, 77),
    ("STROLL", 19, 4, 18, 13),
    ("GASLY", 59, 5, 10, 28),
    ("COLAPINTO", 162, 5, 43, 2),
    ("OCON", 17, 7, 31, 28),
    ("BEARMAN", 147, 7, 87, 10),
    ("HADJAR", 149, 6, 6, 28),
    ("LAWSON", 113, 6, 30, 54),
    ("ALBON", 62, 3, 23, 80),
    ("SAINZ", 0, 3, 55, 77),
    ("HÜLKENBERG", 10, 9, 27, 29),
    ("BORTOLETO", 161, 9, 5, 9),
)
GUESTS: Final = ("Ada", "Brun\u00a0o", "Chloé", "Dariusz")  # a no-break space and an accent, as online ids have
_STEAM, _NO_PLATFORM = 1, 255


class Car(NamedTuple):
    """One car of a session, as everybody sees it.

    Attributes:
        public: "Your Telemetry" is public; False means restricted.
        shows_name: The online name is shown to others.
        renamed: A ghost's next name and the session time of the change.
        ghost: Slot of Time Trial that drives but does not race.
    """

    slot: int
    name: str
    driver_id: int
    team: int
    race_number: int
    nationality: int
    human: bool
    network_id: int = NOBODY
    public: bool = True
    shows_name: bool = True
    platform: int = _NO_PLATFORM
    grid_position: int = 0
    ghost: bool = False
    renamed: tuple[str, int] | None = None


def ai_car(slot: int, grid_position: int) -> Car:
    """An AI driver of the standard grid."""
    name, driver_id, team, number, nationality = _AI[slot % len(_AI)]
    return Car(slot, name, driver_id, team, number, nationality, human=False, grid_position=grid_position)


def guest_car(
    slot: int, guest: int, grid_position: int, *, online: bool, public: bool = True, shows_name: bool = True
) -> Car:
    """A person at a rig, or elsewhere in the same online game; in the car of the slot's AI driver."""
    _, driver_id, team, number, nationality = _AI[slot % len(_AI)]
    return Car(
        slot,
        GUESTS[guest % len(GUESTS)] + ("" if guest < len(GUESTS) else str(guest)),
        NOBODY if online else driver_id,
        team,
        number,
        nationality,
        human=True,
        network_id=guest if online else NOBODY,
        public=public,
        shows_name=shows_name,
        platform=_STEAM,
        grid_position=grid_position,
    )


def ghost_car(slot: int, name: str, renamed: tuple[str, int] | None = None) -> Car:
    """A recorded lap that drives along in Time Trial."""
    return Car(slot, name, NOBODY, 1, 2, 255, human=False, network_id=slot, ghost=True, renamed=renamed)
