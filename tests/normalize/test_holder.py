"""Whose datagrams are the rig's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from app.ingest.packets import Packet
from app.normalize.holder import MOST_KEPT, Holder
from tests.builders import make_packet

START = datetime(2026, 3, 1, tzinfo=UTC)
OWN, OTHER, THIRD = 7, 8, 9


class Port:
    """A holder that is offered datagrams at instants; remembers the uids that were told."""

    def __init__(self) -> None:
        self.holder = Holder()

    def offer(self, uid: int, at_s: float, *, over: bool = False) -> list[int]:
        packet: Packet = make_packet(6, session_uid=uid)
        told = self.holder.offer(packet, START + timedelta(seconds=at_s), over=over)
        return [arrival[0].header.session_uid for arrival in told]


def test_the_first_uid_holds_the_port_at_once() -> None:
    assert Port().offer(OWN, 0.0) == [OWN]


def test_a_foreign_uid_is_refused_as_long_as_the_holder_goes_on() -> None:
    port = Port()

    told = [uid for n in range(100) for uid in port.offer(OWN, n * 0.05) + port.offer(OTHER, n * 0.05 + 0.02)]
    port.offer(OWN, 5.0)

    assert set(told) == {OWN}
    assert port.holder.refused == 100


def test_when_the_holder_has_ended_another_takes_over_at_once() -> None:
    port = Port()
    port.offer(OWN, 0.0)

    assert port.offer(OTHER, 0.01, over=True) == [OTHER]
    assert port.holder.uid == OTHER


def test_when_the_holder_just_stops_another_takes_over_and_nothing_of_it_is_lost() -> None:
    port = Port()
    port.offer(OWN, 0.0)

    waiting = [port.offer(OTHER, 0.1 * n) for n in range(1, 5)]
    told = port.offer(OTHER, 0.5)

    assert waiting == [[]] * 4
    assert told == [OTHER] * 5
    assert port.holder.refused == 0


def test_two_foreign_uids_do_not_help_each_other() -> None:
    port = Port()
    port.offer(OWN, 0.0)

    port.offer(OTHER, 0.3)

    assert port.offer(THIRD, 0.6) == [THIRD]
    assert port.holder.refused == 1


def test_what_is_kept_of_a_foreign_uid_is_bounded_and_its_loss_counted() -> None:
    port = Port()
    port.offer(OWN, 0.0)

    for _ in range(MOST_KEPT + 3):
        port.offer(OTHER, 0.1)

    assert port.holder.refused == 3
    assert len(port.offer(OTHER, 1.0)) == MOST_KEPT
