"""All scenarios by name: `SCENARIOS[name](cast)` gives the machines and what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from app.sim.scenarios import endings, flashbacks, interruptions, online, races, trials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.sim.scenarios.stage import Cast, Script

SCENARIOS: Final[Mapping[str, Callable[[Cast], Script]]] = {
    "time_trial": trials.time_trial,
    "duel": trials.duel,
    "invalid_lap": trials.invalid_lap,
    "timer_jitter": trials.timer_jitter,
    "practice_restart": trials.practice_restart,
    "lobby": online.lobby,
    "spectator": online.spectator,
    "wrong_index": online.wrong_index,
    "restricted": online.restricted,
    "ssta_before_classification": online.ssta_before_classification,
    "race_retirements": races.race_retirements,
    "chequered_flag": races.chequered_flag,
    "pit_stop": races.pit_stop,
    "safety_car": races.safety_car,
    "red_flag": races.red_flag,
    "flashback_over_line": flashbacks.flashback_over_line,
    "restart": interruptions.restart,
    "save_load": interruptions.save_load,
    "pause": interruptions.pause,
    "disconnect": interruptions.disconnect,
    "session_end": endings.session_end,
}
