"""What is committed survives SIGKILL and SIGTERM: the short versions of `make chaos`, with real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.ending import ended_under_load
from tests.chaos.kills import kill_rounds

pytestmark = pytest.mark.live


def test_no_committed_row_is_lost_when_the_gateway_is_killed_again_and_again(tmp_path: Path) -> None:
    verdict = kill_rounds(tmp_path, rounds=3, longest_s=1.5)

    assert verdict.ok, verdict.line()


def test_a_gateway_that_is_told_to_stop_while_the_org_is_slow_ends_in_time_and_loses_nothing(tmp_path: Path) -> None:
    verdict = ended_under_load(tmp_path, rounds=1, backlog_rows=2_000)

    assert verdict.ok, verdict.line()
