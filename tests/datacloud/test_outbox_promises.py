"""What the outbox promises, one by one: basic, limits, crashes, invariants.

A record whose commit finished is delivered at least once, with the same bytes, unless the operator's disk budget evicts
it or it is dead-lettered; both are counted.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest

from app.datacloud.outbox import Limits, Refusal
from app.datacloud.row import Row
from app.datacloud.store import Store
from tests.datacloud.boxes import MIB, SMALL, crashed, drained, missing, running
from tests.datacloud.rows import make_rows

TELEMETRY, LAPS, RACE, SESSION = "TelemetryEvent", "LapEvent", "RaceEvent", "SessionEvent"

APPEND_FOR_EVER = """
import asyncio, sys
from pathlib import Path
from app.datacloud.outbox import Outbox
from tests.datacloud.rows import make_rows

async def main(path: Path, first: int) -> None:
    outbox = Outbox(path)
    outbox.open()
    outbox.start(asyncio.get_running_loop())
    told = 0
    for frame in range(first, first + 1_000_000, 5):
        outbox.append(make_rows(5, first_frame=frame))
        await asyncio.sleep(0.002)
        lane = outbox.stats().lanes["TelemetryEvent"]
        if lane.taken > told:
            told = lane.taken
            print(told, flush=True)

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


def noise(rows: int, name: str = TELEMETRY, seed: int = 0) -> list[Row]:
    """Rows that cannot be pressed, each one different."""
    drawn = random.Random(seed)
    return [Row(name, "k", drawn.randbytes(1000).replace(b"\n", b" ")) for _ in range(rows)]


class TestBasic:
    async def test_every_object_has_its_own_order(self, path: Path) -> None:
        sent = {name: make_rows(40, name) for name in (SESSION, LAPS, RACE, TELEMETRY)}
        async with running(path) as outbox:
            for number in range(40):
                outbox.append([rows[number] for rows in sent.values()])

            for name, rows in sent.items():
                assert await drained(outbox, name) == [row.body for row in rows]

    async def test_a_row_longer_than_any_body_is_leased_by_itself(self, path: Path) -> None:
        long = Row(LAPS, "k", b'"' + b"x" * 300_000 + b'"')
        async with running(path) as outbox:
            outbox.append([*make_rows(1, LAPS), long, *make_rows(1, LAPS, first_frame=1)])

            leases = [await outbox.lease(LAPS, 190_000) for _ in range(3)]

            assert [len(lease.rows) for lease in leases if lease] == [1, 1, 1]
            assert leases[1] is not None
            assert leases[1].rows == (long.body,)


class TestLimits:
    @pytest.mark.row("U4")
    async def test_u4_beyond_the_budget_exactly_the_evicted_telemetry_is_missing_and_no_lap(self, path: Path) -> None:
        telemetry: list[bytes] = []
        laps: list[bytes] = []
        async with running(path, SMALL) as outbox:
            for seed in range(60):
                rows, lap = noise(150, seed=seed), make_rows(1, LAPS, first_frame=seed)
                assert outbox.append([*rows, *lap]) == 0
                telemetry += [row.body for row in rows]
                laps += [row.body for row in lap]
                await outbox.commit()
                assert outbox.stats().file_bytes <= SMALL.budget_bytes + MIB

            arrived = await drained(outbox, TELEMETRY)

            lane = outbox.stats().lanes[TELEMETRY]
            assert arrived == telemetry[-len(arrived) :]
            assert lane.evicted == len(telemetry) - len(arrived) > 1000
            assert await drained(outbox, LAPS) == laps
            assert outbox.stats().problem is None
            assert [missing(each) for each in outbox.stats().lanes.values()] == [0, 0, 0, 0]

    async def test_with_nothing_left_to_evict_rows_wait_in_the_queue_and_the_problem_is_told(self, path: Path) -> None:
        async with running(path, SMALL._replace(queue_rows=400)) as outbox:
            taken = 0
            while outbox.stats().problem is None:
                taken += 50 - outbox.append(noise(50, LAPS))
                await outbox.commit()
            problem = outbox.stats().problem
            while not (refused := outbox.append(noise(50, LAPS))):
                taken += 50
            taken += 50 - refused

            lane = outbox.stats().lanes[LAPS]
            assert problem is not None
            assert "it is full, and no telemetry is left to give up" in problem
            assert (lane.taken + lane.queued, lane.queued) == (taken, 400)
            assert lane.not_spooled == refused
            assert len(await drained(outbox, LAPS)) >= lane.taken

    async def test_the_queue_is_bounded_telemetry_loses_first_and_every_loss_is_counted(self, path: Path) -> None:
        async with running(path, SMALL._replace(queue_rows=100)) as outbox:
            lost = outbox.append([*make_rows(200), *make_rows(25, LAPS), *make_rows(5, RACE)])
            lanes = outbox.stats().lanes
            await outbox.commit()

            assert lost == 130
            assert [lanes[name].not_spooled for name in (TELEMETRY, LAPS, RACE)] == [125, 0, 5]
            after = outbox.stats().lanes
            assert [after[name].taken for name in (TELEMETRY, LAPS, RACE)] == [75, 25, 0]
            assert [after[name].not_spooled for name in (TELEMETRY, LAPS, RACE)] == [125, 0, 5]

        async with running(path) as outbox:
            assert outbox.stats().lanes[TELEMETRY].not_spooled == 125

    async def test_when_the_disk_is_short_telemetry_holds_still_and_laps_go_on(self, path: Path) -> None:
        async with running(path, SMALL._replace(min_free_bytes=1 << 60)) as outbox:
            outbox.append([*noise(300), *make_rows(20, LAPS)])
            await outbox.commit()

            lanes, problem = outbox.stats().lanes, outbox.stats().problem
            assert (lanes[LAPS].taken, lanes[TELEMETRY].queued) == (20, 300)
            assert problem is not None
            assert "of its disk are free" in problem


class TestCrashes:
    async def test_what_was_leased_and_not_acknowledged_comes_again_with_the_same_bytes(
        self, path: Path, tmp_path: Path
    ) -> None:
        async with running(path) as outbox:
            outbox.append(make_rows(20, LAPS))
            lease = await outbox.lease(LAPS, 1_000_000)
            image = crashed(path, tmp_path / "crashed")

        async with running(image) as after:
            again = await after.lease(LAPS, 1_000_000)

        assert lease is not None
        assert again is not None
        assert again.rows == lease.rows

    async def test_what_was_acknowledged_does_not_come_again(self, path: Path, tmp_path: Path) -> None:
        async with running(path) as outbox:
            outbox.append(make_rows(20, LAPS))
            lease = await outbox.lease(LAPS, 1_000_000)
            assert lease is not None
            outbox.ack(lease, [Refusal(lease.rows[0], 400, "no")])
            await outbox.commit()
            image = crashed(path, tmp_path / "crashed")

        async with running(image) as after:
            assert await after.lease(LAPS, 1_000_000) is None
            assert (after.stats().lanes[LAPS].delivered, after.stats().lanes[LAPS].letters) == (19, 1)

    def test_a_killed_process_loses_nothing_that_was_committed(self, path: Path) -> None:
        first = 0
        for round_number in range(4):
            store = Store(path, Limits())
            with subprocess.Popen(
                [sys.executable, "-c", APPEND_FOR_EVER, str(path), str(first)], stdout=subprocess.PIPE, text=True
            ) as child:
                assert child.stdout is not None
                told = [int(child.stdout.readline()) for _ in range(2 + 2 * round_number)]
                child.kill()
                told += [int(line) for line in child.stdout.read().split("\n")[:-1]]

            store.open()
            picked = store.pick(TELEMETRY, (), 0, 1 << 40).picked
            rows = [body for each in picked for body in store.rows_of(each.chunk) or ()]
            store.close()
            expected = [row.body for row in make_rows(len(rows))]
            assert rows == expected
            assert len(rows) >= told[-1]
            first = len(rows)


class TestInvariants:
    async def test_nothing_is_ever_uncounted_through_a_day_of_trouble(self, path: Path) -> None:
        drawn = random.Random(7)
        sent = refused = 0
        for _ in range(4):
            async with running(path, SMALL._replace(dead_letter_rows=20)) as outbox:
                for _ in range(25):
                    rows = noise(drawn.randrange(1, 80), seed=drawn.randrange(1 << 30))
                    sent += len(rows)
                    refused += outbox.append(rows)
                    lease = await outbox.lease(TELEMETRY, 50_000) if drawn.random() < 0.5 else None
                    if lease is not None and drawn.random() < 0.5:
                        outbox.ack(lease, [Refusal(lease.rows[0], 400, "no")])
                    elif lease is not None and drawn.random() < 0.5:
                        outbox.nack(lease)
                    await outbox.commit()
                    assert missing(outbox.stats().lanes[TELEMETRY]) == 0
                lane = outbox.stats().lanes[TELEMETRY]
                assert lane.taken == sent - refused
        assert lane.letters_lost > 0

    async def test_leases_never_overlap(self, path: Path) -> None:
        async with running(path) as outbox:
            for frame in range(0, 300, 3):
                outbox.append(make_rows(3, first_frame=frame))
                await outbox.commit()

            leases = await asyncio.gather(*[outbox.lease(TELEMETRY, 10_000) for _ in range(30)])

            rows = [body for lease in leases if lease is not None for body in lease.rows]
            assert rows == [row.body for row in make_rows(len(rows))]
            assert len(rows) == 300
