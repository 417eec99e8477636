"""The short versions of `make chaos`: kills, faults of all kinds, and a soak, with real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.ending import ended_under_load
from tests.chaos.faults import mixed_faults
from tests.chaos.kills import kill_rounds, killed_while_gone
from tests.chaos.soak import soak

pytestmark = pytest.mark.live


@pytest.mark.row("U1")
def test_u1_no_committed_row_is_lost_when_the_gateway_is_killed_again_and_again(tmp_path: Path) -> None:
    verdict = kill_rounds(tmp_path, rounds=3, longest_s=1.5)

    assert verdict.ok, verdict.line()


@pytest.mark.row("L4")
def test_l4_a_gateway_that_is_told_to_stop_while_the_org_is_slow_ends_in_time_and_loses_nothing(tmp_path: Path) -> None:
    verdict = ended_under_load(tmp_path, rounds=1, backlog_rows=2_000)

    assert verdict.ok, verdict.line()


def test_acceptance_07_a_tenth_each_of_five_faults_doubles_and_changes_nothing(tmp_path: Path) -> None:
    verdict = mixed_faults(tmp_path, seconds=6)

    assert verdict.ok, verdict.line()


def test_acceptance_08_killed_twice_while_the_org_is_gone_nothing_is_lost_and_laps_go_first(tmp_path: Path) -> None:
    verdict = killed_while_gone(tmp_path, backlog_rows=3_000, driven_s=(2.0, 1.0))

    assert verdict.ok, verdict.line()


def test_acceptance_16_a_soak_leaves_memory_descriptors_and_tasks_as_they_were(tmp_path: Path) -> None:
    verdict = soak(tmp_path)

    assert verdict.ok, verdict.line()
