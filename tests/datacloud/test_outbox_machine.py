"""The outbox held against a plain list, through any mix of what can happen to it.

The model is a list of rows for each object, in order. Leases take from it, what comes back returns to its place, a
crash makes all that was not acknowledged wait again, a torn log makes the outbox what it was after some earlier commit.
"""

from __future__ import annotations

import asyncio
import copy
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, precondition, rule

from app.datacloud.outbox import Lease, Limits, Outbox, Refusal
from app.datacloud.row import Row
from tests.datacloud.boxes import crashed, missing

TELEMETRY, LAPS = "TelemetryEvent", "LapEvent"
LIMITS: Final = Limits(budget_bytes=2 * 1024**2, min_free_bytes=0)
LANES: Final = st.sampled_from([TELEMETRY, LAPS])


class State(NamedTuple):
    """What a file should hold: rows that were not acknowledged, and how many letters; by object."""

    rows: dict[str, list[bytes]]
    letters: dict[str, int]


class OutboxMachine(RuleBasedStateMachine):
    """Appends, leases, acknowledges, evicts, crashes; the model agrees after each step."""

    leases: Bundle[Lease] = Bundle("leases")

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="outbox-machine-"))
        self.runner = asyncio.Runner()
        self.path = self.folder / "0" / "outbox.sqlite3"
        self.state = State({TELEMETRY: [], LAPS: []}, {TELEMETRY: 0, LAPS: 0})
        self.out: dict[int, list[bytes]] = {}
        self.generation = self.number = 0
        self._open()

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.outbox.close(10))
            self.runner.close()
            shutil.rmtree(self.folder)

    # --- what may happen ---------------------------------------------------------------------------------

    @rule(name=LANES, count=st.integers(1, 30), size=st.integers(1, 1200))
    def append(self, name: str, count: int, size: int) -> None:
        rows = [self._row(name, size) for _ in range(count)]
        assert self.outbox.append(rows) == 0
        self.state.rows[name].extend(row.body for row in rows)

    @rule(seed=st.integers(0, 1 << 30))
    def flood(self, seed: int) -> None:
        """More telemetry than a third of the budget."""
        drawn = random.Random(seed)
        rows = [Row(TELEMETRY, "k", self._tag() + drawn.randbytes(1000).replace(b"\n", b" ")) for _ in range(700)]
        for start in range(0, len(rows), 100):
            assert self.outbox.append(rows[start : start + 100]) == 0
            self._commit()
        self.state.rows[TELEMETRY].extend(row.body for row in rows)
        self._evict()

    @rule(target=leases, name=LANES, most=st.sampled_from([1, 1, 3000, 200_000]))
    def lease(self, name: str, most: int) -> Lease:
        lease = self.runner.run(self.outbox.lease(name, most))
        self._evict()
        free = self._free(name)
        if lease is None:
            assert free == []
            return Lease(0, name, (), 0.0)
        rows = list(lease.rows)
        assert rows == free[: len(rows)]
        self.out[lease.lease_id] = rows
        return lease

    @rule(lease=consumes(leases), refused=st.integers(0, 3))
    def ack(self, lease: Lease, refused: int) -> None:
        if self._is_of_a_dead_process(lease):
            return
        rows = self.out.pop(lease.lease_id, None)
        self.outbox.ack(lease, [Refusal(body, 400, "no") for body in lease.rows[:refused]])
        self._commit()
        if rows is not None:
            there = self.state.rows[lease.object]
            self.state.rows[lease.object][:] = [body for body in there if body not in set(rows)]
            self.state.letters[lease.object] += min(refused, len(rows))

    @rule(lease=consumes(leases))
    def nack(self, lease: Lease) -> None:
        if self._is_of_a_dead_process(lease):
            return
        self.outbox.nack(lease)
        self._commit()
        self.out.pop(lease.lease_id, None)
        self._evict()

    @rule(name=LANES, order=st.permutations(range(3)))
    def give_back(self, name: str, order: list[int]) -> None:
        """Lease a few small ones, give them back in any order: all stand in their old places."""
        leases = [self.runner.run(self.outbox.lease(name, 1)) for _ in order]
        for at in order:
            lease = leases[at]
            if lease is not None:
                self.outbox.nack(lease)
        self._commit()
        self._evict()
        assert self._content()[name] == self._free(name)

    @rule()
    def commit(self) -> None:
        self._commit()

    @rule()
    def crash(self) -> None:
        self._commit()
        self._crash_to(crashed(self.path, self._folder()))

    @rule()
    def restart(self) -> None:
        self.runner.run(self.outbox.close(10))
        self.out.clear()
        self._open()

    @precondition(lambda self: self.generation < 20)
    @rule(seed=st.integers(0, 1 << 30), counts=st.lists(st.integers(1, 9), min_size=1, max_size=8))
    def tear(self, seed: int, counts: list[int]) -> None:
        """Commit a few times after the log was emptied, then cut it anywhere: what is left is what was, some time."""
        self.restart()
        with closing(sqlite3.connect(self.path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute(
                "SELECT count(*) FROM chunk"
            ).fetchone()  # the log is not folded: what was synced cannot tear
            states = [copy.deepcopy(self.state)]
            for count in counts:
                self.append(LAPS, count, 100)
                self._commit()
                self._evict()
                states.append(copy.deepcopy(self.state))
            image, drawn = crashed(self.path, self._folder()), random.Random(seed)
        log = image.with_name(image.name + "-wal")
        whole = log.read_bytes()
        log.write_bytes(whole[: drawn.randrange(len(whole) + 1)] + drawn.randbytes(drawn.choice([0, 5000])))
        self._crash_to(image)
        found = self._content()
        assert found in [state.rows for state in states]
        self.state = next(state for state in states if state.rows == found)

    # --- what always holds -------------------------------------------------------------------------------

    @invariant()
    def nothing_is_uncounted(self) -> None:
        if not hasattr(self, "outbox"):
            return
        self._commit()
        self._evict()
        stats = self.outbox.stats()
        assert stats.problem is None
        for name in (TELEMETRY, LAPS):
            lane = stats.lanes[name]
            assert missing(lane) == 0
            assert lane.rows == len(self.state.rows[name])
            assert lane.size == sum(map(len, self.state.rows[name]))
            assert lane.letters == self.state.letters[name]
        assert stats.lanes[LAPS].evicted == 0
        assert self.path.stat().st_size <= LIMITS.budget_bytes

    # --- below -------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self.outbox = Outbox(self.path, LIMITS)
        self.outbox.open()
        assert self.outbox.stats().alarms == ()

        async def start() -> None:
            self.outbox.start(asyncio.get_running_loop())

        self.runner.run(start())

    def _commit(self) -> None:
        assert self.runner.run(self.outbox.commit())

    def _crash_to(self, image: Path) -> None:
        self.runner.run(self.outbox.close(10))
        self.path = image
        self.out.clear()
        self._open()

    def _folder(self) -> Path:
        self.generation += 1
        return self.folder / str(self.generation)

    def _tag(self) -> bytes:
        self.number += 1
        return b"%d:" % self.number

    def _row(self, name: str, size: int) -> Row:
        return Row(name, "k", self._tag() + b"x" * size)

    def _is_of_a_dead_process(self, lease: Lease) -> bool:
        """A lease dies with its process; the next one counts anew, so another lease may have its number by now."""
        return self.out.get(lease.lease_id, list(lease.rows)) != list(lease.rows)

    def _free(self, name: str) -> list[bytes]:
        """Rows of an object that nobody works on."""
        out = {body for rows in self.out.values() for body in rows}
        return [body for body in self.state.rows[name] if body not in out]

    def _evict(self) -> None:
        """The oldest telemetry that nobody works on is gone, as much as is missing; the model believes the number."""
        there = self.outbox.stats().lanes[TELEMETRY].rows
        gone = len(self.state.rows[TELEMETRY]) - there
        if gone > 0:
            doomed = set(self._free(TELEMETRY)[:gone])
            assert len(doomed) == gone
            self.state.rows[TELEMETRY][:] = [body for body in self.state.rows[TELEMETRY] if body not in doomed]

    def _content(self) -> dict[str, list[bytes]]:
        """All that waits, read by leasing it and giving it back."""
        found: dict[str, list[bytes]] = {}
        for name in (TELEMETRY, LAPS):
            leases = []
            while (lease := self.runner.run(self.outbox.lease(name, 1_000_000))) is not None:
                leases.append(lease)
            found[name] = [body for lease in leases for body in lease.rows]
            for lease in leases:
                self.outbox.nack(lease)
        self._commit()
        return found


OutboxMachine.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestOutbox = OutboxMachine.TestCase
