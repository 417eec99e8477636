"""Times of departure inside CarTelemetry: whoever sees the state can tell how old it is."""

from __future__ import annotations

import pytest

from app.ingest.decoder import decode
from app.ingest.packets import CarTelemetryPacket
from app.normalize.events import CarTelemetry
from bench.stamps import UNIT_S, Slots, age_s
from bench.states import Folded
from bench.traffic import lobby

TELEMETRY = next(payload for _, payload in lobby().datagrams if payload[6] == 6)


def text_of(datagram: bytearray) -> bytes:
    """The two values of the own car, as a state shows them."""
    packet = decode(bytes(datagram))
    assert isinstance(packet, CarTelemetryPacket)
    own = packet.cars[packet.header.player_car_index]
    return f'{{"speed_kph":{own.speed},"gear":8,"engine_rpm":{own.engine_rpm}}}'.encode()


@pytest.mark.parametrize("sent_s", [0.0, 0.2, 59.99999, 119.5, 4_242.1])
@pytest.mark.parametrize("age", [0.0, 0.0005, 0.2, 60.0])
def test_a_state_tells_how_long_ago_its_telemetry_left(sent_s: float, age: float) -> None:
    datagram = bytearray(TELEMETRY)

    Slots(TELEMETRY).stamp(datagram, sent_s)

    assert age_s(text_of(datagram), sent_s + age) == pytest.approx(age, abs=2 * UNIT_S)


def test_a_stamp_changes_nothing_but_the_own_cars_two_values() -> None:
    datagram = bytearray(TELEMETRY)

    Slots(TELEMETRY).stamp(datagram, 12.345)

    changed = [at for at, (one, other) in enumerate(zip(datagram, TELEMETRY, strict=True)) if one != other]
    assert 0 < len(changed) <= 4
    assert len(datagram) == len(TELEMETRY)


def test_a_text_without_values_has_no_age() -> None:
    assert age_s(b'{"speed_kph":null,"engine_rpm":null}', 5.0) is None


def test_the_gateway_takes_every_stamp_as_plausible() -> None:
    rig = Folded("RIG_A")
    for _, recorded in lobby().datagrams[:30]:
        rig.pipeline.receive(recorded, ("127.0.0.1", 40_000))
    slots = Slots(TELEMETRY)

    for sent_s in (0.0, 0.19999, 60.0, 119.99999):
        datagram = bytearray(TELEMETRY)
        slots.stamp(datagram, sent_s)
        packet = decode(bytes(datagram))
        header = packet.header._replace(overall_frame_identifier=10**6 + round(sent_s * 60))
        rig.pipeline.normalizer.feed(packet._replace(header=header), rig.pipeline.last_packet_at)  # type: ignore[arg-type]  # something came

    assert not rig.pipeline.normalizer.implausible
    assert CarTelemetry.__name__ in rig.pipeline.events
