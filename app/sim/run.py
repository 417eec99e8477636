"""One simulated run: who takes part, what each machine sends in any format, and the truth about it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from app.sim.bookkeeping import keep_books
from app.sim.cadence import menu_ticks
from app.sim.dialects import dialect
from app.sim.encoder import Encoder
from app.sim.scenarios import SCENARIOS
from app.sim.scenarios.stage import Cast
from app.sim.scene import Tape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.sim.acts import Rig
    from app.sim.ledger import Ledger

_TAPE_MOMENTS: Final = 60_000  # some 100 MB at most; a short run needs about 8 000 per rig


class Run:
    """A scenario played with a seed; the same arguments give the same bytes.

    Attributes:
        rigs: The machines; `rigs[n].number == n`.
        rate_hz: The send rate of the game's menu.
    """

    def __init__(self, cast: Cast, rate_hz: int) -> None:
        script = SCENARIOS[cast.name](cast)
        self.rigs: tuple[Rig, ...] = script.rigs
        self.rate_hz = rate_hz
        self._acts = script.acts
        most = 0 if cast.long else _TAPE_MOMENTS
        self._tapes = [Tape(most) for _ in script.rigs]

    def stream(self, rig: int, packet_format: int = 2025, *, real_f1_23: bool = False) -> Iterator[tuple[float, bytes]]:
        """(wall time in s, datagram) of one machine, in sending order.

        Args:
            rig: Number of the machine.
            packet_format: 2023, 2024, 2025 or 2026, as F1 25 sends it.
            real_f1_23: As the F1 23 game sends format 2023.

        Raises:
            ValueError: No such format.
        """
        encoder = Encoder(self.rigs[rig], dialect(packet_format, real_f1_23=real_f1_23), self.rate_hz, self._tapes[rig])
        return encoder.datagrams(self._acts[rig])

    @cached_property
    def ledger(self) -> Ledger:
        """The truth about the run."""
        return keep_books(self.rigs, self._acts, self.rate_hz)

    @property
    def duration_s(self) -> float:
        """Wall time from 0 to the end of the last act."""
        return max(act.at_s + act.ticks / 60 for acts in self._acts for act in acts)


def simulate(
    scenario: str,
    *,
    seed: int = 1,
    rate_hz: int = 20,
    rigs: int | None = None,
    long: bool = False,
    track_id: int | None = None,
) -> Run:
    """Play a scenario.

    Args:
        scenario: A name of `SCENARIOS`.
        seed: Decides everything that is left to chance.
        rate_hz: 10, 20, 30 or 60.
        rigs: Machines; None means as many as the scenario is about.
        long: Long laps and many of them, for demonstrations.
        track_id: Where; None means the scenario's own track.

    Raises:
        ValueError: An unknown scenario or rate.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"no scenario {scenario!r}: choose one of {', '.join(SCENARIOS)}")
    menu_ticks(rate_hz)
    return Run(Cast(scenario, seed, rigs, long, track_id), rate_hz)
