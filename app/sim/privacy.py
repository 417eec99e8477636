"""What the game hides from other machines: restricted telemetry, setups, online names.

Source:
    EA, "Data Output from F1 25", v3, and real online datagrams (enums-2025.yaml, privacy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from app.sim.cars import Car
    from app.sim.world import World

HIDDEN_NAME: Final = "Player"
RESTRICTED: Final = {
    "car_status": frozenset(
        {
            "fuel_in_tank", "fuel_capacity", "fuel_mix", "fuel_remaining_laps", "front_brake_bias", "ers_deploy_mode",
            "ers_store_energy", "ers_deployed_this_lap", "ers_harvested_this_lap_mguk",
            "ers_harvested_this_lap_mguh", "engine_power_ice", "engine_power_mguk",
        }
    ),
    "car_damage": frozenset(
        {
            "front_left_wing_damage", "front_right_wing_damage", "rear_wing_damage", "floor_damage", "diffuser_damage",
            "sidepod_damage", "engine_damage", "gear_box_damage", "tyres_wear", "tyres_damage", "brakes_damage",
            "drs_fault", "engine_mguh_wear", "engine_es_wear", "engine_ce_wear", "engine_ice_wear",
            "engine_mguk_wear", "engine_tc_wear",
        }
    ),
}  # fmt: skip
"""Fields that are 0 for other people's restricted cars, by record; their TyreSets are 0 as a whole."""


def restricted_slots(world: World, own_slot: int | None) -> frozenset[int]:
    """Cars whose fuel, ERS, damage and tyre sets this machine does not get."""
    return frozenset(car.slot for car in world.cars if car.human and not car.public and car.slot != own_slot)


def setup_slots(world: World, own_slot: int | None, *, network_game: bool) -> frozenset[int]:
    """Cars whose setup this machine gets: all offline; online the own one, and the AI's."""
    if not network_game:
        return frozenset(car.slot for car in world.cars)
    if own_slot is None:
        return frozenset()  # a spectator gets none
    return frozenset(car.slot for car in world.cars if car.slot == own_slot or not car.human)


def shown_name(car: Car, own_slot: int | None, session_s: float) -> str:
    """The name this machine gets for a car at a session time."""
    if car.human and not car.shows_name and car.slot != own_slot:
        return HIDDEN_NAME
    if car.renamed is not None and session_s >= car.renamed[1]:
        return car.renamed[0]
    return car.name
