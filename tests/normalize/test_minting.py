"""Events are made whole, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from math import inf, nan

import pytest

from app.normalize.events import CarMotion, LightsOut, StartLights
from app.normalize.minting import Context, Mint, RigIdentity

CONTEXT = Context("7", "SIM_A:7", 1.5, 90, 3, False, datetime(2026, 3, 1, tzinfo=UTC))
STANDING = dict.fromkeys(name for name in CarMotion.model_fields if name.endswith(("_m", "_mps", "_rad"))) | {
    "g_force_lateral": 0.0,
    "g_force_longitudinal": 0.0,
    "g_force_vertical": 1.0,
}


@pytest.fixture
def mint() -> Mint:
    return Mint(RigIdentity("RIG_A", "SIM_A", "Ada", "003"))


def test_an_event_carries_its_context(mint: Mint) -> None:
    (event,) = mint.make(LightsOut, None, {}, CONTEXT, None)

    assert (event.rig_id, event.session_uid, event.session_time_s, event.overall_frame) == ("RIG_A", "7", 1.5, 90)


def test_only_an_event_about_the_own_car_carries_the_guests_id(mint: Mint) -> None:
    own, other, none = (mint.make(LightsOut, car, {}, CONTEXT, None)[0].individual_id for car in (3, 4, None))

    assert (own, other, none) == ("003", None, None)


@pytest.mark.parametrize("nonsense", [nan, inf, -inf])
def test_a_value_that_cannot_be_true_becomes_none_and_the_others_stay(mint: Mint, nonsense: float) -> None:
    (event,) = mint.make(CarMotion, 3, {**STANDING, "g_force_lateral": nonsense}, CONTEXT, None)

    assert isinstance(event, CarMotion)
    assert (event.g_force_lateral, event.g_force_vertical) == (None, 1.0)
    assert mint.implausible == {"CarMotion": 1}


def test_a_fact_whose_very_content_is_nonsense_is_not_told_but_counted(mint: Mint) -> None:
    assert mint.make(StartLights, None, {"lights": -1}, CONTEXT, None) == []
    assert mint.implausible == {"StartLights": 1, "unusable": 1}
