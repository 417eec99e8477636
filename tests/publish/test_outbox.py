"""The outbox: states are replaced, facts are not."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.publish.outbox import Kind, Outbox


def take_all(outbox: Outbox) -> list[str]:
    texts = []
    while (letter := outbox.take()) is not None:
        texts.append(letter.text)
    return texts


def test_of_each_rigs_states_only_the_newest_is_kept() -> None:
    outbox = Outbox()

    for text in ("a1", "a2", "a3"):
        outbox.push_state("A", text)
    outbox.push_state("B", "b1")

    assert take_all(outbox) == ["a3", "b1"]
    assert outbox.skipped == 2


def test_a_rig_that_sends_much_does_not_starve_another() -> None:
    outbox = Outbox()
    outbox.push_state("B", "b1")
    outbox.push_state("A", "a1")
    first = outbox.take()
    outbox.push_state("B", "b2")

    second = outbox.take()

    assert first is not None
    assert second is not None
    assert (first.text, second.text) == ("b1", "a1")


def test_facts_leave_in_order_before_states() -> None:
    outbox = Outbox()
    outbox.push_state("A", "state")
    outbox.push_fact("A", "fact 1")
    outbox.push_fact("A", "fact 2")

    assert take_all(outbox) == ["fact 1", "fact 2", "state"]


def test_a_subscriber_gets_its_snapshot_before_anything_that_came_later() -> None:
    outbox = Outbox()
    outbox.reply("hello")
    outbox.greet("A", ["state 1", "replayed 1", "replayed 2"])
    outbox.push_state("A", "state 2")
    outbox.push_fact("A", "fact 3")

    assert take_all(outbox) == ["hello", "state 1", "replayed 1", "replayed 2", "fact 3", "state 2"]


def test_a_snapshot_does_not_count_as_facts() -> None:
    outbox = Outbox(facts_limit=2)

    outbox.greet("A", ["state", *("replayed",) * 200])
    outbox.push_fact("A", "fact")

    assert not outbox.overflowed
    assert len(outbox) == 202


def test_snapshots_do_not_pile_up_while_one_waits() -> None:
    outbox = Outbox()
    outbox.greet("A", ["old", "replayed"])
    outbox.take()
    outbox.greet("A", ["new", "replayed"])
    rest = take_all(outbox)

    outbox.greet("A", ["newer"])

    assert rest == ["replayed"]
    assert take_all(outbox) == ["newer"]


def test_a_fact_too_many_overflows_and_nothing_leaves_any_more() -> None:
    outbox = Outbox(facts_limit=2)
    for number in range(3):
        outbox.push_fact("A", f"fact {number}")

    outbox.push_state("A", "state")
    outbox.push_fact("A", "fact 4")
    outbox.greet("A", ["snapshot"])
    outbox.reply("error")

    assert outbox.overflowed
    assert take_all(outbox) == []


def test_what_was_sent_makes_room() -> None:
    outbox = Outbox(facts_limit=1)

    for number in range(5):
        outbox.push_fact("A", f"fact {number}")
        assert take_all(outbox) == [f"fact {number}"]

    assert not outbox.overflowed


def test_a_rig_given_up_leaves_nothing_behind() -> None:
    outbox = Outbox(facts_limit=2)
    outbox.greet("A", ["snapshot"])
    for rig_id in ("A", "B"):
        outbox.push_state(rig_id, f"state {rig_id}")
        outbox.push_fact(rig_id, f"fact {rig_id}")

    outbox.forget("A")
    outbox.greet("A", ["new snapshot"])
    outbox.push_fact("B", "fact B 2")

    assert take_all(outbox) == ["fact B", "new snapshot", "fact B 2", "state B"]
    assert not outbox.overflowed


def test_a_letter_says_what_it_is() -> None:
    outbox = Outbox()
    outbox.reply("hello")
    outbox.greet("A", ["snapshot"])
    outbox.push_fact("A", "fact")
    outbox.push_state("A", "state")

    letters = [outbox.take() for _ in range(4)]

    assert letters == [
        (Kind.REPLY, None, "hello"),
        (Kind.REPLY, "A", "snapshot"),
        (Kind.FACT, "A", "fact"),
        (Kind.STATE, "A", "state"),
    ]


LIMIT = 5
RIGS = st.sampled_from("AB")


class NoFactIsLostInSilence(RuleBasedStateMachine):
    """Facts of a rig leave without holes, unless the outbox says that it overflowed."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(facts_limit=LIMIT)
        self.number = 0
        self.expected: list[tuple[str, str]] = []
        self.states: dict[str, str] = {}

    @rule(rig_id=RIGS)
    def fact(self, rig_id: str) -> None:
        self.number += 1
        self.outbox.push_fact(rig_id, f"fact {self.number}")
        self.expected.append((rig_id, f"fact {self.number}"))

    @rule(rig_id=RIGS)
    def state(self, rig_id: str) -> None:
        self.number += 1
        self.outbox.push_state(rig_id, f"state {self.number}")
        self.states[rig_id] = f"state {self.number}"

    @rule(rig_id=RIGS)
    def forget(self, rig_id: str) -> None:
        self.outbox.forget(rig_id)
        self.expected = [(rig, text) for rig, text in self.expected if rig != rig_id]
        self.states.pop(rig_id, None)

    @rule()
    def take(self) -> None:
        overflowed = self.outbox.overflowed
        letter = self.outbox.take()
        if overflowed:
            assert letter is None
        elif self.expected:
            assert letter is not None
            assert (letter.rig_id, letter.text) == self.expected.pop(0)
        elif self.states:
            assert letter is not None
            assert letter.rig_id is not None
            assert self.states.pop(letter.rig_id) == letter.text
        else:
            assert letter is None

    @invariant()
    def bounded(self) -> None:
        assert len(self.outbox) <= LIMIT + 2
        assert self.outbox.overflowed or len(self.expected) <= LIMIT


TestNoFactIsLostInSilence = NoFactIsLostInSilence.TestCase
TestNoFactIsLostInSilence.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
