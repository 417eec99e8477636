"""The packets' NamedTuples and the layouts say the same."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from app.ingest import packets
from app.ingest.packets import EventPacket, Packet
from tests.ingest import agreement

KINDS = sorted(agreement.packets(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS)
def test_a_packet_has_the_fields_of_all_formats_together(kind: Any) -> None:
    assert set(kind._fields) == agreement.all_names(agreement.packets()[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_packet_s_field_may_be_none_exactly_when_some_format_lacks_it(kind: Any) -> None:
    assert agreement.optional_names(kind) == agreement.names_some_format_lacks(agreement.packets()[kind])


def test_every_packet_type_is_met_in_the_layouts() -> None:
    assert {*KINDS, EventPacket} == set(get_args(Packet))


def test_every_packet_type_belongs_to_the_union() -> None:
    types = {kind for name, kind in vars(packets).items() if name.endswith("Packet") and name != "Packet"}

    assert types == set(get_args(Packet))
