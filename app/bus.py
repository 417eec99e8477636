"""In-process publish and subscribe: every subscriber gets its own bounded inbox.

Knows nothing of what it carries. `publish` only puts items into inboxes and wakes whoever waits; it
never waits itself, and no subscriber, however slow or broken, can hold up or fail the publisher or
another subscriber. What a full inbox does is the subscriber's choice, made when it subscribes:

    KeepInOrder(limit)                  the oldest item loses
    KeepInOrder(limit, loses="newest")  the item that comes loses
    LatestWins(key, limit)              a newer item of the same key takes its slot; when there are
                                        too many keys, the slot that waits longest loses

All calls belong on one event loop; nothing here is for threads.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable, Iterable

logger = logging.getLogger(__name__)

T = TypeVar("T")
S = TypeVar("S")


class Inbox(Protocol[T]):
    """Where one subscription's items wait: bounded, and it counts what it loses."""

    conflated: int
    """Items replaced by a newer one of the same key."""
    dropped: int
    """Items lost because the inbox was full."""

    def __len__(self) -> int:
        """How many items wait."""
        ...

    def put(self, item: T) -> None:
        """Keep the item, or lose one and count it."""
        ...

    def take(self) -> list[T]:
        """Everything that waits, in order; the inbox is empty afterwards."""
        ...


class KeepInOrder(Generic[T]):
    """At most `limit` items in the order they came; when full, the `oldest` or the `newest` loses."""

    def __init__(self, limit: int, loses: Literal["oldest", "newest"] = "oldest") -> None:
        if limit < 1:
            raise ValueError(f"an inbox must hold at least 1 item, not {limit}")
        self.limit = limit
        self.loses = loses
        self.conflated = 0
        self.dropped = 0
        self._items: deque[T] = deque()

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: T) -> None:
        items = self._items
        if len(items) >= self.limit:
            self.dropped += 1
            if self.loses == "newest":
                return
            items.popleft()
        items.append(item)

    def take(self) -> list[T]:
        items = list(self._items)
        self._items.clear()
        return items


class LatestWins(Generic[T]):
    """One slot a key, at most `limit` slots, in the order in which the slots came into use."""

    def __init__(self, key: Callable[[T], Hashable], limit: int) -> None:
        if limit < 1:
            raise ValueError(f"an inbox must hold at least 1 item, not {limit}")
        self.key = key
        self.limit = limit
        self.conflated = 0
        self.dropped = 0
        self._slots: dict[Hashable, T] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def put(self, item: T) -> None:
        slots = self._slots
        key = self.key(item)
        if key in slots:
            self.conflated += 1
        elif len(slots) >= self.limit:
            self.dropped += 1
            del slots[next(iter(slots))]
        slots[key] = item

    def take(self) -> list[T]:
        items = list(self._slots.values())
        self._slots.clear()
        return items


class Subscription(Generic[T]):
    """One subscriber's end of the bus; made by `Bus.subscribe`.

    Every item published for it is, in the end, delivered, conflated or dropped, and counted so.

    Attributes:
        name: Who subscribes; a label for metrics.
        of: The classes it wants.
        delivered: Items handed out by `get`.
    """

    def __init__(
        self, name: str, inbox: Inbox[T], of: tuple[type[T], ...], forget: Callable[[Subscription[Any]], None]
    ) -> None:
        self.name = name
        self.of = of
        self.delivered = 0
        self._inbox = inbox
        self._forget = forget
        self._refused = 0
        self._ready = asyncio.Event()
        self._closed = False

    @property
    def conflated(self) -> int:
        """Items replaced by a newer one of the same key before they were delivered."""
        return self._inbox.conflated

    @property
    def dropped(self) -> int:
        """Items lost: the inbox was full, or its key could not be told."""
        return self._inbox.dropped + self._refused

    @property
    def waiting(self) -> int:
        """Items that wait to be delivered."""
        return len(self._inbox)

    @property
    def closed(self) -> bool:
        """Whether nothing more will be put in; what waits can still be had."""
        return self._closed

    async def get(self) -> list[T]:
        """Everything that waits, as one batch; waits while there is nothing.

        An empty list means that the subscription is closed and drained. A cancelled call loses
        nothing: items leave the inbox only in the step that returns them.
        """
        while not len(self._inbox):
            if self._closed:
                return []
            self._ready.clear()
            await self._ready.wait()
        batch = self._inbox.take()
        self.delivered += len(batch)
        return batch

    def close(self) -> None:
        """Take nothing more; whoever iterates gets what is left, then the end."""
        if not self._closed:
            self._closed = True
            self._forget(self)
            self._ready.set()

    def put(self, item: T) -> None:
        """Keep the item by the inbox's policy; called by the bus."""
        if self._closed:
            return
        try:
            self._inbox.put(item)
        except Exception:
            # Only a LatestWins key can fail, on an item it was not made for. The publisher must not
            # pay for that; it is a bug all the same, so the first one is told in full.
            self._refused += 1
            if self._refused == 1:
                logger.exception("subscriber %s cannot take a %s", self.name, type(item).__name__)
            return
        self._ready.set()

    def __aiter__(self) -> AsyncIterator[list[T]]:
        return self

    async def __anext__(self) -> list[T]:
        batch = await self.get()
        if not batch:
            raise StopAsyncIteration
        return batch


class Bus(Generic[T]):
    """Carries items of type `T` from whoever publishes to every subscription that wants their class."""

    def __init__(self) -> None:
        self._subscriptions: tuple[Subscription[Any], ...] = ()
        self._routes: dict[type, tuple[Subscription[Any], ...]] = {}
        self._closed = False

    @property
    def subscriptions(self) -> tuple[Subscription[Any], ...]:
        """The open ones, in the order in which they came."""
        return self._subscriptions

    def subscribe(self, name: str, inbox: Inbox[S], of: tuple[type[S], ...]) -> Subscription[S]:
        """Open a subscription to all items that are instances of the classes `of`.

        Args:
            name: Who subscribes; one open subscription a name.
            inbox: An unused `KeepInOrder` or `LatestWins`; belongs to this subscription from here on.
            of: Classes; their subclasses count too.

        Raises:
            ValueError: The name is taken.
        """
        if any(other.name == name for other in self._subscriptions):
            raise ValueError(f"subscriber {name} is on the bus already")
        subscription = Subscription(name, inbox, of, self._forget)
        self._subscriptions += (subscription,)
        self._routes.clear()
        if self._closed:
            subscription.close()
        return subscription

    def publish(self, items: Iterable[T]) -> None:
        """Put each item into the inbox of every subscription that wants it; never waits."""
        routes = self._routes
        for item in items:
            kind = type(item)
            route = routes.get(kind)
            if route is None:
                route = routes[kind] = tuple(each for each in self._subscriptions if issubclass(kind, each.of))
            for subscription in route:
                subscription.put(item)

    def close(self) -> None:
        """Close every subscription; what is published afterwards reaches nobody."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.close()

    def _forget(self, gone: Subscription[Any]) -> None:
        self._subscriptions = tuple(each for each in self._subscriptions if each is not gone)
        self._routes.clear()
