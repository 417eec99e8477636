"""Floods on a rig's port of a real gateway, in short; `make chaos` floods for ten seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.floods import flooded_by_a_stranger, flooded_in_its_name
from tests.conftest import Reached

pytestmark = pytest.mark.live


@pytest.mark.row("I4")
def test_a_flood_from_another_machine_costs_the_rigs_nothing(tmp_path: Path, reached: Reached) -> None:
    for check in flooded_by_a_stranger(tmp_path, seconds=2.0).checks:
        reached(check)


@pytest.mark.row("I5")
def test_a_flood_in_a_rigs_own_name_harms_no_other_rig(tmp_path: Path, reached: Reached) -> None:
    for check in flooded_in_its_name(tmp_path, seconds=2.0).checks:
        reached(check)
