"""Two rigs in one LAN lobby: one session uid, two machines, and nothing of one in what is told of the other."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from app.normalize.events import CarTelemetry, Event, LapCompleted, LapProgress, Sample
from app.sim.run import simulate
from tests.chaos.verdict import exactly
from tests.conftest import Reached
from tests.truth.judge import Listener, listen

FORMATS = (2023, 2024, 2025, 2026)
RUN = simulate("lobby", seed=4, rate_hz=20)


class Book(Listener):
    """Keeps every event by rig."""

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[int, list[Event]] = defaultdict(list)

    def hear(self, rig: int, event: Event) -> None:
        super().hear(rig, event)
        self.told[rig].append(event)


@cache
def book(packet_format: int) -> Book:
    heard = Book()
    listen([RUN.stream(rig.number, packet_format) for rig in RUN.rigs], heard)
    return heard


@pytest.mark.row("I10")
@pytest.mark.parametrize("packet_format", FORMATS)
def test_the_rigs_share_a_session_and_not_one_event_id(packet_format: int, reached: Reached) -> None:
    told = book(packet_format).told
    uids = [{event.session_uid for event in told[rig] if isinstance(event, Sample)} for rig in (0, 1)]
    ids = [{event.event_id for event in told[rig]} for rig in (0, 1)]

    assert uids[0] == uids[1]
    assert len(ids[0]) > 1000
    reached(exactly("event ids that two rigs of one session share", len(ids[0] & ids[1]), 0))


@pytest.mark.row("I10")
@pytest.mark.parametrize("packet_format", FORMATS)
def test_every_sample_of_a_rig_is_of_its_own_car_and_true_to_it(packet_format: int) -> None:
    for rig in RUN.rigs:
        told = book(packet_format).told[rig.number]
        samples = [event for event in told if isinstance(event, Sample) and event.session_uid]  # less the menu
        states = list(RUN.ledger.traces.live(rig.number))

        assert {event.car_index for event in samples} == {rig.car_index}
        assert {event.rig_id for event in samples} == {f"RIG_{rig.number}"}
        assert {event.speed_kph for event in samples if isinstance(event, CarTelemetry)} <= {
            state.speed_kph for state in states
        }
        assert {event.position for event in samples if isinstance(event, LapProgress)} <= {
            state.position for state in states
        }


def test_each_rig_calls_own_the_laps_of_its_own_driver_only() -> None:
    for rig in RUN.rigs:
        laps = [event for event in book(2025).told[rig.number] if isinstance(event, LapCompleted)]

        assert {lap.car_index for lap in laps if lap.own} == {rig.car_index}
        assert len({lap.car_index for lap in laps}) > 2
