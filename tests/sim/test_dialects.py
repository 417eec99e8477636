from __future__ import annotations

import pytest

from app.sim.cars import NOBODY
from app.sim.dialects import dialect
from app.sim.world import Kind


@pytest.mark.parametrize(
    ("packet_format", "real", "game_year", "overall", "trial", "race"),
    [
        (2023, False, 0, 0, 18, 15),
        (2023, True, 23, 500, 13, 10),
        (2024, False, 25, 500, 18, 15),
        (2025, False, 25, 500, 18, 15),
        (2026, False, 25, 500, 18, 15),
    ],
)
def test_each_game_has_its_header_and_session_types(
    packet_format: int, real: bool, game_year: int, overall: int, trial: int, race: int
) -> None:
    spoken = dialect(packet_format, real_f1_23=real)
    header = spoken.header(2, 7, 1.5, 400, 500, 3)

    assert (header.game_year, header.overall_frame_identifier, header.frame_identifier) == (game_year, overall, 400)
    assert (spoken.session_types[Kind.TIME_TRIAL], spoken.session_types[Kind.RACE]) == (trial, race)


def test_nobody_is_255_and_65535_in_2026() -> None:
    assert dialect(2025).identity(NOBODY) == 255
    assert dialect(2026).identity(NOBODY) == 65_535
    assert dialect(2026).identity(54) == 54


def test_teams_have_other_numbers_in_2026() -> None:
    assert (dialect(2025).team(1), dialect(2026).team(1)) == (1, 477)


def test_what_no_game_sends_is_refused() -> None:
    with pytest.raises(ValueError, match="no packet format 2022"):
        dialect(2022)
    with pytest.raises(ValueError, match="does not send format 2025"):
        dialect(2025, real_f1_23=True)
