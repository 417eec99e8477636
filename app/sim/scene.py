"""What the encoder looks at: the cars at one tick, what is prepared per world, and what is kept between formats."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from app.sim.car_rows import CarsPanel
from app.sim.physics import pedals
from app.sim.privacy import restricted_slots
from app.sim.timing_rows import TimingScreen

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from app.sim.acts import Rig
    from app.sim.world import CarNow, World


class Tape:
    """Bytes that do not depend on the format, by whatever names their moment or state.

    Bounded; when it is full it keeps nothing new.
    """

    def __init__(self, most: int) -> None:
        self._kept: dict[Hashable, bytes] = {}
        self._most = most

    def get(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The bytes of a key, made if they are not there."""
        found = self._kept.get(key)
        if found is None:
            found = make()
            if len(self._kept) < self._most:
                self._kept[key] = found
        return found


class Moment:
    """The cars at one tick, computed when a packet asks for them."""

    __slots__ = ("_feet", "_gaps_ms", "_order", "_states", "session_ms", "world")

    def __init__(self, world: World, session_ms: float) -> None:
        self.world = world
        self.session_ms = session_ms
        self._states: list[CarNow] | None = None
        self._order: list[int] | None = None
        self._gaps_ms: list[int] | None = None
        self._feet: list[tuple[float, float]] | None = None

    @property
    def states(self) -> list[CarNow]:
        if self._states is None:
            self._states = self.world.now(self.session_ms)
        return self._states

    @property
    def order(self) -> list[int]:
        if self._order is None:
            self._order = self.world.ranking(self.states)
        return self._order

    def state(self, slot: int) -> CarNow:
        """One car; the others are not computed for it."""
        return self.world.car_now(slot, self.session_ms) if self._states is None else self._states[slot]

    @property
    def gaps_ms(self) -> list[int]:
        """To the car ahead, by slot; 0 for the leader."""
        if self._gaps_ms is None:
            states = self.states
            self._gaps_ms = [0] * len(states)
            for ahead, slot in pairwise(self.order):
                here = states[slot]
                gap_ms = int(1000 * (states[ahead].total_m - here.total_m) / max(here.speed_mps, 15.0))
                self._gaps_ms[slot] = max(0, gap_ms)
        return self._gaps_ms

    @property
    def feet(self) -> list[tuple[float, float]]:
        """Throttle and brake, by slot."""
        if self._feet is None:
            self._feet = [pedals(state.speed_mps, state.acceleration_mps2) for state in self.states]
        return self._feet


class Scene:
    """What is prepared once per world and machine: rows, and bodies of packets that seldom change."""

    def __init__(self, world: World, rig: Rig, *, network_game: bool, step_ms: float) -> None:
        self.world = world
        self.screen = TimingScreen(world, step_ms)
        self.panel = CarsPanel(world, rig.car_index, network_game=network_game)
        self.hidden = restricted_slots(world, rig.car_index) if network_game else frozenset[int]()
        self.ghosts = [car.slot for car in world.cars if car.ghost]
        self.bodies: dict[tuple[int, Hashable], bytes] = {}
