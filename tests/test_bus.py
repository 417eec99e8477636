"""The bus, against a plain list of what every subscriber ought to get."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.bus import Bus, KeepInOrder, LatestWins, Subscription


@dataclass(frozen=True)
class Item:
    key: str
    number: int


class Sample(Item):
    pass


class Fact(Item):
    pass


class LapFact(Fact):
    pass


def key_of(item: Item) -> str:
    return item.key


def take_now(subscription: Subscription[Any]) -> list[Any]:
    """What `get` gives without waiting; fails when it would wait."""
    step = subscription.get()
    with pytest.raises(StopIteration) as done:
        step.send(None)
    batch: list[Any] = done.value.value
    return batch


async def give_others_a_turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


# Routing.


def test_a_subscriber_gets_its_classes_and_their_subclasses_only() -> None:
    bus = Bus[Item]()
    facts = bus.subscribe("facts", KeepInOrder(9), of=(Fact,))
    samples = bus.subscribe("samples", KeepInOrder(9), of=(Sample,))
    both = bus.subscribe("both", KeepInOrder(9), of=(Sample, LapFact))

    bus.publish([Sample("a", 1), Fact("a", 2), LapFact("a", 3)])

    assert take_now(facts) == [Fact("a", 2), LapFact("a", 3)]
    assert take_now(samples) == [Sample("a", 1)]
    assert take_now(both) == [Sample("a", 1), LapFact("a", 3)]


def test_who_subscribes_late_gets_what_is_published_from_then_on() -> None:
    bus = Bus[Item]()
    bus.publish([Fact("a", 1)])
    late = bus.subscribe("late", KeepInOrder(9), of=(Fact,))

    bus.publish([Fact("a", 2)])

    assert take_now(late) == [Fact("a", 2)]


def test_two_open_subscriptions_may_not_share_a_name() -> None:
    bus = Bus[Item]()
    first = bus.subscribe("history", KeepInOrder(9), of=(Fact,))

    with pytest.raises(ValueError, match="history"):
        bus.subscribe("history", KeepInOrder(9), of=(Fact,))
    first.close()
    second = bus.subscribe("history", KeepInOrder(9), of=(Fact,))

    assert bus.subscriptions == (second,)


# Who loses.


def test_a_full_inbox_loses_the_oldest() -> None:
    bus = Bus[Item]()
    subscription = bus.subscribe("s", KeepInOrder(2), of=(Fact,))

    bus.publish(Fact("a", number) for number in range(5))

    assert take_now(subscription) == [Fact("a", 3), Fact("a", 4)]
    assert (subscription.delivered, subscription.conflated, subscription.dropped) == (2, 0, 3)


def test_a_full_inbox_loses_the_newest_where_asked_to() -> None:
    bus = Bus[Item]()
    subscription = bus.subscribe("s", KeepInOrder(2, loses="newest"), of=(Fact,))

    bus.publish(Fact("a", number) for number in range(5))

    assert take_now(subscription) == [Fact("a", 0), Fact("a", 1)]
    assert (subscription.delivered, subscription.conflated, subscription.dropped) == (2, 0, 3)


def test_the_latest_of_a_key_takes_the_slot_and_that_is_no_drop() -> None:
    bus = Bus[Item]()
    subscription = bus.subscribe("s", LatestWins(key_of, 2), of=(Item,))

    bus.publish([Sample("a", 1), Sample("b", 2), Sample("a", 3)])

    assert take_now(subscription) == [Sample("a", 3), Sample("b", 2)]
    assert (subscription.delivered, subscription.conflated, subscription.dropped) == (2, 1, 0)


def test_with_too_many_keys_the_slot_that_waits_longest_loses() -> None:
    bus = Bus[Item]()
    subscription = bus.subscribe("s", LatestWins(key_of, 2), of=(Item,))

    bus.publish([Sample("a", 1), Sample("b", 2), Sample("c", 3)])

    assert take_now(subscription) == [Sample("b", 2), Sample("c", 3)]
    assert (subscription.conflated, subscription.dropped) == (0, 1)


@pytest.mark.parametrize("inbox", [lambda: KeepInOrder[Item](0), lambda: LatestWins[Item](key_of, 0)])
def test_an_inbox_without_room_is_refused(inbox: Any) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        inbox()


def test_a_subscriber_whose_key_fails_harms_nobody_else(caplog: pytest.LogCaptureFixture) -> None:
    def broken(item: Item) -> str:
        raise LookupError(item.key)

    bus = Bus[Item]()
    first = bus.subscribe("first", LatestWins(broken, 9), of=(Item,))
    second = bus.subscribe("second", KeepInOrder(9), of=(Item,))

    bus.publish([Fact("a", 1), Fact("a", 2)])

    assert take_now(second) == [Fact("a", 1), Fact("a", 2)]
    assert first.dropped == 2
    assert len(caplog.records) == 1


# Waiting.


async def test_who_waits_is_woken_once_however_much_is_published() -> None:
    bus = Bus[Item]()
    subscription = bus.subscribe("s", KeepInOrder(9), of=(Fact,))
    waiting = asyncio.create_task(subscription.get())
    await give_others_a_turn()

    bus.publish([Fact("a", 1)])
    bus.publish([Fact("a", 2), Fact("a", 3)])

    assert await waiting == [Fact("a", 1), Fact("a", 2), Fact("a", 3)]


async def test_a_cancelled_get_loses_nothing() -> None:
    bus = Bus[Item]()
    subscription = bus.subscribe("s", KeepInOrder(9), of=(Fact,))
    waiting = asyncio.create_task(subscription.get())
    await give_others_a_turn()

    bus.publish([Fact("a", 1)])
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await subscription.get() == [Fact("a", 1)]
    assert subscription.delivered == 1


async def test_iterating_ends_after_what_is_left_when_the_subscription_closes() -> None:
    bus = Bus[Item]()
    subscription = bus.subscribe("s", KeepInOrder(9), of=(Fact,))
    bus.publish([Fact("a", 1)])
    subscription.close()
    bus.publish([Fact("a", 2)])

    batches = [batch async for batch in subscription]

    assert batches == [[Fact("a", 1)]]
    assert await subscription.get() == []


async def test_closing_the_bus_ends_everyone_who_waits() -> None:
    bus = Bus[Item]()
    subscriptions = [bus.subscribe(f"s{n}", KeepInOrder(9), of=(Fact,)) for n in range(3)]
    waiting = [asyncio.create_task(subscription.get()) for subscription in subscriptions]
    await give_others_a_turn()

    bus.close()

    assert await asyncio.gather(*waiting) == [[], [], []]
    assert bus.subscriptions == ()


def test_after_the_bus_closed_nobody_gets_anything() -> None:
    bus = Bus[Item]()
    early = bus.subscribe("early", KeepInOrder(9), of=(Fact,))
    bus.close()
    late = bus.subscribe("late", KeepInOrder(9), of=(Fact,))

    bus.publish([Fact("a", 1)])

    assert early.closed
    assert late.closed
    assert early.waiting == late.waiting == 0


async def test_two_who_share_a_subscription_share_what_comes() -> None:
    bus = Bus[Item]()
    subscription = bus.subscribe("s", KeepInOrder(9), of=(Fact,))
    waiting = {asyncio.create_task(subscription.get()) for _ in range(2)}
    await give_others_a_turn()

    bus.publish([Fact("a", 1)])
    await give_others_a_turn()
    bus.publish([Fact("a", 2)])

    assert sorted([(await task)[0].number for task in waiting]) == [1, 2]


# Any mix of it.


@dataclass
class Model:
    """What a subscription ought to hold and to have counted."""

    kind: str
    limit: int
    waiting: list[Item] = field(default_factory=list)
    published: int = 0
    conflated: int = 0
    dropped: int = 0
    delivered: int = 0

    def put(self, item: Item) -> None:
        self.published += 1
        places = [index for index, other in enumerate(self.waiting) if other.key == item.key]
        if self.kind == "latest" and places:
            self.waiting[places[0]] = item
            self.conflated += 1
        elif len(self.waiting) < self.limit:
            self.waiting.append(item)
        else:
            self.dropped += 1
            if self.kind != "newest":
                self.waiting = [*self.waiting[1:], item]


INBOXES: dict[str, Any] = {
    "oldest": lambda limit: KeepInOrder(limit),
    "newest": lambda limit: KeepInOrder(limit, loses="newest"),
    "latest": lambda limit: LatestWins(key_of, limit),
}
CLASSES: tuple[type[Item], ...] = (Sample, Fact, LapFact)


class BusAgreesWithLists(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.bus = Bus[Item]()
        self.open: dict[str, tuple[Subscription[Any], Model]] = {}
        self.closed: list[tuple[Subscription[Any], Model]] = []
        self.number = 0

    @rule(kind=st.sampled_from(sorted(INBOXES)), limit=st.integers(1, 4), of=st.sets(st.sampled_from(CLASSES)))
    def subscribe(self, kind: str, limit: int, of: set[type[Item]]) -> None:
        name = f"s{len(self.open) + len(self.closed)}"
        self.open[name] = (self.bus.subscribe(name, INBOXES[kind](limit), of=tuple(of)), Model(kind, limit))

    @rule(drawn=st.lists(st.tuples(st.sampled_from(CLASSES), st.sampled_from("abcdef")), max_size=6))
    def publish(self, drawn: Iterable[tuple[type[Item], str]]) -> None:
        items = []
        for kind, key in drawn:
            self.number += 1
            items.append(kind(key, self.number))
        for subscription, model in self.open.values():
            for item in items:
                if isinstance(item, subscription.of):
                    model.put(item)
        self.bus.publish(items)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def get(self, data: st.DataObject) -> None:
        subscription, model = self.open[data.draw(st.sampled_from(sorted(self.open)))]
        if model.waiting:
            assert take_now(subscription) == model.waiting
            model.delivered += len(model.waiting)
            model.waiting = []

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        subscription, model = self.open.pop(data.draw(st.sampled_from(sorted(self.open))))
        subscription.close()
        self.closed.append((subscription, model))

    @invariant()
    def counts_agree(self) -> None:
        for subscription, model in [*self.open.values(), *self.closed]:
            assert subscription.waiting == len(model.waiting)
            assert subscription.conflated == model.conflated
            assert subscription.dropped == model.dropped
            assert subscription.delivered == model.delivered
            assert model.published == sum((model.conflated, model.dropped, model.delivered, len(model.waiting)))

    def teardown(self) -> None:
        for subscription, model in self.closed:
            assert take_now(subscription) == model.waiting


TestBusAgreesWithLists = BusAgreesWithLists.TestCase
TestBusAgreesWithLists.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=40))
@settings(max_examples=40, deadline=None)
def test_whenever_the_reader_is_cancelled_it_gets_everything_in_order(turns: list[tuple[bool, int]]) -> None:
    async def run() -> list[int]:
        bus = Bus[Item]()
        subscription = bus.subscribe("s", KeepInOrder(1000), of=(Fact,))
        got: list[int] = []

        async def read() -> None:
            while batch := await subscription.get():
                got.extend(item.number for item in batch)

        number = 0
        reader = asyncio.create_task(read())
        for cancel, count in turns:
            await asyncio.sleep(0)
            bus.publish(Fact("a", number + n) for n in range(count))
            number += count
            if cancel:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
                reader = asyncio.create_task(read())
        bus.close()
        await reader
        assert got == list(range(number))
        return got

    asyncio.run(run())
