"""The records' NamedTuples and the layouts say the same."""

from __future__ import annotations

from typing import Any

import pytest

from app.ingest import records
from tests.ingest import agreement

KINDS = sorted(agreement.records(), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_has_the_fields_of_all_formats_together(kind: Any) -> None:
    assert set(kind._fields) == agreement.all_names(agreement.records()[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_s_field_may_be_none_exactly_when_some_format_lacks_it(kind: Any) -> None:
    assert agreement.optional_names(kind) == agreement.names_some_format_lacks(agreement.records()[kind])


def test_every_record_type_is_met_in_the_layouts() -> None:
    types = {kind for kind in vars(records).values() if hasattr(kind, "_fields")}

    assert types == set(KINDS)
