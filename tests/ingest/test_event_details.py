"""The event details' NamedTuples and the layouts say the same."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from app.ingest.event_details import EventDetails, UnknownDetails
from app.ingest.layouts import SPECS
from tests.builders import make_event_packet
from tests.ingest import agreement

KINDS = sorted(agreement.events(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS)
def test_details_have_the_fields_of_all_formats_together(kind: Any) -> None:
    assert set(kind._fields) == agreement.all_names(agreement.events()[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_detail_may_be_none_exactly_when_some_format_lacks_it(kind: Any) -> None:
    assert agreement.optional_names(kind) == agreement.names_some_format_lacks(agreement.events()[kind])


def test_every_type_of_details_is_met_in_the_layouts() -> None:
    assert {*KINDS, UnknownDetails} == set(get_args(EventDetails))


def test_details_begin_their_description_with_their_code() -> None:
    codes = {code: type(make_event_packet(code, 2026).details) for code in SPECS[2026].events}

    assert [code for code, kind in codes.items() if not (kind.__doc__ or "").startswith(f"{code}: ")] == []
