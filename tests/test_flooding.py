"""A real gateway whose ports are flooded, or that is held up itself; `make chaos` floods for ten seconds."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from tests.chaos.driving import Driving
from tests.chaos.floods import flooded_by_a_stranger, flooded_in_its_name
from tests.chaos.stage import metric
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.gateway import running_gateway

pytestmark = pytest.mark.live


@pytest.mark.row("I4")
def test_a_flood_from_another_machine_costs_the_rigs_nothing(tmp_path: Path, reached: Reached) -> None:
    for check in flooded_by_a_stranger(tmp_path, seconds=2.0).checks:
        reached(check)


@pytest.mark.row("I5")
def test_a_flood_in_a_rigs_own_name_harms_no_other_rig(tmp_path: Path, reached: Reached) -> None:
    for check in flooded_in_its_name(tmp_path, seconds=2.0).checks:
        reached(check)


@pytest.mark.row("I16")
def test_a_gateway_that_is_held_up_for_a_second_loses_nothing(reached: Reached) -> None:
    with running_gateway() as gateway, Driving(gateway.rig_ports) as rigs:
        rigs.until_all_drive()
        gateway.process.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        gateway.process.send_signal(signal.SIGCONT)
        time.sleep(0.5)
        rigs.stop()
        time.sleep(0.5)
        taken = [rig["packets_received"] for rig in gateway.health()["gateway"]["rigs"].values()]
        dropped = metric(gateway, "f1_ingest_kernel_dropped_total")

    lost = [sent - came for sent, came in zip(rigs.sent, taken, strict=True)]
    reached(exactly("lost in a stall of 1 s", lost, [0, 0]))
    reached(exactly("dropped by the kernel", dropped, 0.0))
