"""The turnstile on a real loop: urgent first, one probe in trouble, and no pass is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from app.datacloud.pace import Circuit, Rate, Slots
from app.datacloud.turnstile import Turnstile


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def turnstile(
    per_second: float = float("inf"),
    circuit: Circuit | None = None,
    slots: Slots | None = None,
    clock: Callable[[], float] | None = None,
) -> Turnstile:
    return Turnstile(Rate(per_second), slots or Slots(), circuit or Circuit(), clock or Clock())


def four_slots() -> Slots:
    slots = Slots()
    for _ in range(30):
        slots.good()
    return slots


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_is_urgent_goes_before_who_has_waited_longer() -> None:
    gate, went = turnstile(), list[str]()

    async def go(name: str, urgency: int) -> None:
        await gate.enter(urgency)
        went.append(name)

    await gate.enter(3)
    waiting = [asyncio.create_task(go("telemetry", 3)), asyncio.create_task(go("lap", 1))]
    await settle()
    gate.leave()
    await settle()
    gate.leave()
    await asyncio.gather(*waiting)

    assert went == ["lap", "telemetry"]


async def test_no_more_are_in_flight_than_there_are_slots() -> None:
    gate = turnstile(clock=lambda: 0.0, slots=four_slots())
    waiting = [asyncio.create_task(gate.enter(3)) for _ in range(9)]
    await settle()

    assert (gate.in_flight, sum(task.done() for task in waiting)) == (4, 4)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_in_trouble_one_probe_goes_at_a_time() -> None:
    circuit = Circuit()
    circuit.failed(0.0)
    gate = turnstile(circuit=circuit, slots=four_slots())
    waiting = [asyncio.create_task(gate.enter(3)) for _ in range(3)]
    await settle()
    probes = gate.in_flight
    circuit.answered()
    gate.look()
    await settle()

    assert (probes, gate.in_flight) == (1, 3)
    await asyncio.gather(*waiting)


async def test_nobody_goes_before_the_instant_and_then_somebody_does_by_itself() -> None:
    loop = asyncio.get_running_loop()
    circuit = Circuit()
    circuit.hold(loop.time() + 0.05)
    gate = turnstile(circuit=circuit, clock=loop.time)
    entering = asyncio.create_task(gate.enter(0))
    await settle()
    early = entering.done()
    await entering

    assert not early
    assert loop.time() >= circuit.not_before_s


async def test_a_call_that_is_given_up_while_it_waits_takes_no_slot() -> None:
    gate = turnstile()
    await gate.enter(0)
    given_up = asyncio.create_task(gate.enter(0))
    await settle()
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    gate.leave()

    await gate.enter(0)
    assert gate.in_flight == 1


async def test_a_pass_given_in_the_very_moment_of_giving_up_comes_back() -> None:
    gate = turnstile()
    await gate.enter(0)
    given_up = asyncio.create_task(gate.enter(0))
    await settle()
    gate.leave()  # gives the pass
    given_up.cancel()  # before the task has seen it
    await asyncio.gather(given_up, return_exceptions=True)

    assert gate.in_flight == 0


async def test_in_trouble_whoever_has_waited_longest_is_the_probe() -> None:
    circuit, went = Circuit(), list[str]()
    circuit.failed(0.0)
    gate = turnstile(circuit=circuit)

    async def go(name: str, urgency: int) -> None:
        await gate.enter(urgency)
        went.append(name)

    await gate.enter(0)
    waiting = [asyncio.create_task(go("telemetry", 3)), asyncio.create_task(go("session", 0))]
    await settle()
    gate.leave()
    await settle()
    gate.leave()
    await asyncio.gather(*waiting)

    assert went == ["telemetry", "session"]
