"""What a disk can do to the outbox, row by row of the fault matrix: S1 to S8.

Whatever it is, nothing raises past the outbox, the loop never waits, every row that is not stored is counted, and the
outbox recovers by itself.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from app.datacloud.leases import Refusal
from app.datacloud.outbox import Limits, Outbox
from app.datacloud.row import Row
from app.datacloud.store import Room, Store
from app.datacloud.tables import Batch
from app.errors import OutboxUnavailable
from tests.datacloud.boxes import MIB, SMALL, FakeTime, crashed, drained, missing, running, until
from tests.datacloud.rows import make_rows

TELEMETRY, LAPS = "TelemetryEvent", "LapEvent"
RECOVERY_S = 5.0


def noise(rows: int, name: str = TELEMETRY, seed: int = 0) -> list[Row]:
    drawn = random.Random(seed)
    return [Row(name, "k", drawn.randbytes(1000).replace(b"\n", b" ")) for _ in range(rows)]


def is_sound(path: Path) -> bool:
    with sqlite3.connect(path) as db:
        answer = db.execute("PRAGMA integrity_check").fetchone()
    db.close()
    return bool(answer == ("ok",))


class Disk:
    """A file system of 4 MiB that can be filled and made read-only."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._filler = place / "filler"

    def fill(self) -> None:
        with self._filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def clear(self) -> None:
        self._filler.unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.place)], check=True, capture_output=True)


def _mounted(place: Path) -> bool:
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    try:
        return subprocess.run(mount, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk | None]:
    """A small disk; None where only root may mount one. Tests have another injection for that."""
    place = tmp_path / "disk"
    if not _mounted(place):
        yield None
        return
    yield Disk(place)
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


class Balky(Store):
    """A store whose disk refuses, in SQLite's own words, for as long as a test wants: where nothing can be mounted."""

    refuses: str | None = None
    delay_s = 0.0

    def open(self) -> None:
        if self.refuses == "readonly":
            raise sqlite3.OperationalError("unable to open database file")
        super().open()

    def write(self, batch: Batch, now_s: float, room: Room = "all", under_way: Collection[int] = ()) -> bool:
        time.sleep(self.delay_s)
        if self.refuses is not None:
            self._db.execute("PRAGMA query_only=1")  # SQLite itself refuses then
            try:
                return super().write(batch, now_s, room, under_way)
            finally:
                self._db.execute("PRAGMA query_only=0")
        return super().write(batch, now_s, room, under_way)


class TestS1FullDisk:
    LIMITS = Limits(budget_bytes=64 * MIB, min_free_bytes=0)

    @pytest.mark.row("S1")
    async def test_s1_a_full_disk_frees_the_ballast_evicts_tells_and_recovers(self, disk: Disk | None) -> None:
        if disk is None:
            pytest.skip("no disk can be mounted; the test below injects the same by the file size limit")
        limits = Limits(budget_bytes=16 * MIB, min_free_bytes=0)
        async with running(disk.place / "outbox.sqlite3", limits) as outbox:
            ballast = disk.place / "outbox.sqlite3.ballast"
            assert ballast.stat().st_size == limits.ballast_bytes
            sent: list[bytes] = []
            for seed in range(10):
                rows = noise(50, seed=seed)
                assert outbox.append(rows) == 0
                sent += [row.body for row in rows]
                await outbox.commit()
            disk.fill()

            laps = make_rows(30, LAPS)
            for seed in range(10, 40):
                rows = noise(50, seed=seed)
                sent += [row.body for row in rows]
                assert outbox.append([*rows, laps[seed - 10]]) == 0
                await outbox.commit()
            full = outbox.stats()
            assert not ballast.exists()
            assert full.lanes[LAPS].taken + full.lanes[LAPS].queued == 30
            assert full.lanes[TELEMETRY].evicted > 0 or full.problem is not None

            disk.clear()
            began_s = time.monotonic()
            await until(lambda: outbox.stats().problem is None and not outbox.stats().lanes[TELEMETRY].queued)
            await until(lambda: ballast.exists())
            assert time.monotonic() - began_s <= RECOVERY_S

            assert await drained(outbox, LAPS) == [row.body for row in laps]
            arrived = await drained(outbox, TELEMETRY)
            lane = outbox.stats().lanes[TELEMETRY]
            assert (len(arrived) + lane.evicted, missing(lane)) == (len(sent), 0)
            assert arrived == sent[-len(arrived) :]
        assert is_sound(disk.place / "outbox.sqlite3")

    @pytest.mark.row("S1")
    async def test_s1_a_disk_that_takes_no_more_bytes_is_the_same(self, path: Path) -> None:
        """The file size limit of this process stands for the end of the disk."""
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        async with running(path, self.LIMITS) as outbox:
            outbox.append(noise(800))
            await outbox.commit()
            resource.setrlimit(resource.RLIMIT_FSIZE, (outbox.path.stat().st_size, hard))
            try:
                for seed in range(1, 12):
                    outbox.append([*noise(100, seed=seed), *make_rows(1, LAPS, first_frame=seed)])
                    await outbox.commit()
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

            await until(lambda: outbox.stats().problem is None and not outbox.stats().lanes[TELEMETRY].queued)

            lanes = outbox.stats().lanes
            assert (lanes[LAPS].taken, lanes[LAPS].evicted) == (11, 0)
            assert missing(lanes[TELEMETRY]) == 0
            assert len(await drained(outbox, TELEMETRY)) + lanes[TELEMETRY].evicted == 1900
        assert is_sound(path)

    @pytest.mark.row("S1")
    async def test_s1_a_full_disk_at_the_start_is_no_reason_not_to_start(self, disk: Disk | None, path: Path) -> None:
        place = path if disk is None else disk.place / "outbox.sqlite3"
        async with running(place, SMALL) as outbox:
            outbox.append(make_rows(50))
        if disk is not None:
            disk.fill()

        async with running(place, SMALL) as outbox:
            assert len(await drained(outbox, TELEMETRY)) == 50


class TestS2ReadOnly:
    @pytest.mark.row("S2")
    async def test_s2_a_read_only_disk_at_the_start_is_refused_in_one_sentence(
        self, disk: Disk | None, tmp_path: Path
    ) -> None:
        place = (disk.place if disk is not None else tmp_path) / "outbox.sqlite3"
        async with running(place, SMALL) as outbox:
            outbox.append(make_rows(5))
        store = None
        if disk is not None:
            disk.remount("ro")
        else:
            store = Balky(place, SMALL)
            store.refuses = "readonly"

        began_s = time.monotonic()
        with pytest.raises(OutboxUnavailable, match="cannot be used") as told:
            Outbox(place, SMALL, store=store).open()

        assert time.monotonic() - began_s <= 2
        assert "\n" not in str(told.value)

    @pytest.mark.row("S2")
    async def test_s2_at_run_time_rows_wait_are_counted_and_go_on_by_themselves(self, path: Path) -> None:
        store = Balky(path, SMALL._replace(queue_rows=100))
        async with running(path, store.limits, store=store) as outbox:
            outbox.append(make_rows(10))
            await outbox.commit()
            store.refuses = "readonly"

            lost = outbox.append(make_rows(100, first_frame=10))
            await outbox.commit()
            problem = outbox.stats().problem
            lost += outbox.append(make_rows(100, first_frame=110))
            began_s = time.monotonic()
            await asyncio.sleep(0)
            assert time.monotonic() - began_s < 0.25
            assert problem is not None
            assert "cannot be written" in problem
            assert outbox.stats().lanes[TELEMETRY].not_spooled == lost == 125
            assert outbox.stats().lanes[TELEMETRY].queued == 75

            store.refuses = None
            began_s = time.monotonic()
            await until(lambda: outbox.stats().problem is None)
            assert time.monotonic() - began_s <= RECOVERY_S
            assert await drained(outbox, TELEMETRY) == [row.body for row in make_rows(85)]

    @pytest.mark.row("S2")
    async def test_s2_what_is_leased_can_be_acknowledged_once_the_disk_is_back(self, path: Path) -> None:
        store = Balky(path, SMALL)
        async with running(path, store=store) as outbox:
            outbox.append(make_rows(3, LAPS))
            lease = await outbox.lease(LAPS, 100_000)
            assert lease is not None
            store.refuses = "query"
            outbox.ack(lease, [Refusal(lease.rows[0], 400, "no")])
            assert not await outbox.commit()
            store.refuses = None

            await until(lambda: outbox.stats().lanes[LAPS].delivered == 2)

            lane = outbox.stats().lanes[LAPS]
            assert (lane.rows, lane.letters, missing(lane)) == (0, 1, 0)

    @pytest.mark.row("S2")
    async def test_s2_a_real_read_only_disk_at_run_time(self, disk: Disk | None) -> None:
        if disk is None:
            pytest.skip("no disk can be mounted; the tests above inject the same in SQLite's words")
        place = disk.place / "outbox.sqlite3"
        store = Balky(place, SMALL)
        async with running(place, store=store) as outbox:
            outbox.append(make_rows(10))
            await outbox.commit()
            store.refuses = "query"  # makes the outbox let go of the file, without which the disk cannot be remounted
            outbox.append(make_rows(10, first_frame=10))
            await outbox.commit()
            await asyncio.to_thread(store.close)
            disk.remount("ro")
            store.refuses = None
            await asyncio.sleep(2.5)
            problem = outbox.stats().problem
            disk.remount("rw")

            await until(lambda: outbox.stats().problem is None)

            assert problem is not None
            assert len(await drained(outbox, TELEMETRY)) == 20


class TestS3Corruption:
    @pytest.mark.parametrize("kind", ["header", "pages", "empty", "foreign", "newer"])
    @pytest.mark.row("S3")
    async def test_s3_five_kinds_of_corruption_each_with_an_alarm(self, path: Path, kind: str) -> None:
        async with running(path, SMALL) as outbox:
            for frame in range(0, 2400, 24):
                outbox.append(make_rows(24, first_frame=frame))
                await outbox.commit()
        spoil(path, kind)

        async with running(path, SMALL) as outbox:
            outbox.append(make_rows(1, first_frame=9999))
            arrived = await drained(outbox, TELEMETRY)

            assert len(outbox.stats().alarms) == 1
            kept = {"header": 2400, "pages": 2200, "empty": 0, "foreign": 0, "newer": 2400}[kind]
            assert kept < len(arrived) <= 2401
            lane = outbox.stats().lanes[TELEMETRY]
            assert lane.delivered == len(arrived)
            assert missing(lane) == 0
            if kind in ("header", "pages", "newer"):
                assert lane.damaged == 2401 - len(arrived)
        aside = [each.name for each in path.parent.glob("*.corrupt-*")]
        assert len(aside) == (0 if kind == "empty" else 1)

    @pytest.mark.row("S3")
    async def test_s3_damage_at_run_time_is_mended_at_run_time(self, path: Path) -> None:
        store = Balky(path, SMALL)
        async with running(path, store=store) as outbox:
            outbox.append(make_rows(240))
            await outbox.commit()
            store.fold()  # the thread is idle
            store.refuses = "query"  # without a refusal SQLite works on with the pages that it has in memory
            outbox.append(make_rows(10, first_frame=240))
            await outbox.commit()
            spoil(path, "header")
            store.refuses = None

            await until(lambda: outbox.stats().alarms)

            assert await drained(outbox, TELEMETRY) == [row.body for row in make_rows(250)]
            assert outbox.stats().problem is None

    @pytest.mark.row("S3")
    async def test_s3_a_file_deleted_under_a_running_outbox_is_told(self, path: Path) -> None:
        async with running(path, SMALL) as outbox:
            outbox.append(make_rows(10))
            await outbox.commit()
            for suffix in ("", "-wal", "-shm"):
                path.with_name(path.name + suffix).unlink()

            await until(lambda: outbox.stats().alarms)
            outbox.append(make_rows(5, first_frame=10))

            assert await drained(outbox, TELEMETRY) == [row.body for row in make_rows(5, first_frame=10)]
            assert "is gone although there was one" in outbox.stats().alarms[0]


def spoil(path: Path, kind: str) -> None:
    """Make a file unusable in one of five ways."""
    image = bytearray(path.read_bytes())
    if kind == "header":
        image[:100] = bytes(100)
    elif kind == "pages":
        inner = len(image) // 4096 // 2
        for page in (3, inner):
            image[page * 4096 : (page + 1) * 4096] = random.Random(1).randbytes(4096)
    elif kind == "empty":
        image.clear()
    elif kind == "foreign":
        image[:] = b"PK\x03\x04" + random.Random(2).randbytes(20_000)
    else:
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA user_version=99")
        db.close()
        return
    with path.open("r+b") as file:  # in place: the file keeps its identity, as on a disk that goes bad
        file.truncate(len(image))
        file.write(image)


class TestS4TornLog:
    @pytest.mark.row("S4")
    async def test_s4_after_a_torn_log_the_outbox_starts_without_an_alarm(self, path: Path, tmp_path: Path) -> None:
        """The 200 seeds are in `test_store`; here is the whole outbox on one of them."""
        async with running(path, Limits(min_free_bytes=0)) as outbox:
            for frame in range(0, 100, 10):
                outbox.append(make_rows(10, first_frame=frame))
                await outbox.commit()
            image = crashed(path, tmp_path / "crashed")
        log = image.with_name(image.name + "-wal")
        log.write_bytes(log.read_bytes()[: log.stat().st_size // 2] + bytes(1000))

        async with running(image) as after:
            rows = await drained(after, TELEMETRY)

            assert after.stats().alarms == ()
            assert rows == [row.body for row in make_rows(len(rows))]
            assert 0 < len(rows) < 100
            assert len(rows) % 10 == 0


class TestS5SecondProcess:
    @pytest.mark.row("S5")
    async def test_s5_a_second_process_is_refused_within_two_seconds_and_told_who_has_it(self, path: Path) -> None:
        script = (
            f"from pathlib import Path; from app.datacloud.outbox import Outbox; Outbox(Path({str(path)!r})).open()"
        )
        async with running(path, SMALL):
            began_s = time.monotonic()
            second = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stderr=asyncio.subprocess.PIPE)
            _, err = await second.communicate()

        assert time.monotonic() - began_s <= 2
        assert second.returncode == 1
        assert f"is in use by process {os.getpid()} since ".encode() in err.splitlines()[-1]

    @pytest.mark.row("S5")
    async def test_s5_two_in_one_process_exclude_each_other_too(self, path: Path) -> None:
        async with running(path, SMALL):
            with pytest.raises(OutboxUnavailable, match="is in use by process"):
                Outbox(path, SMALL).open()


class TestS6SlowDisk:
    @pytest.mark.row("S6")
    async def test_s6_commits_of_half_a_second_hold_up_nothing_but_themselves(self, path: Path) -> None:
        store = Balky(path, SMALL._replace(queue_rows=200))
        async with running(path, store.limits, store=store) as outbox:
            store.delay_s = 0.5
            sent = lost = 0
            slowest_s = 0.0
            for frame in range(0, 600, 6):
                began_s = time.monotonic()
                lost += outbox.append(make_rows(6, first_frame=frame))
                outbox.stats()
                slowest_s = max(slowest_s, time.monotonic() - began_s)
                sent += 6
                await asyncio.sleep(0.01)
            store.delay_s = 0.0
            await until(lambda: not outbox.stats().lanes[TELEMETRY].queued)

            lane = outbox.stats().lanes[TELEMETRY]
            assert slowest_s < 0.1
            assert lane.not_spooled == lost > 0
            assert lane.taken == sent - lost
            assert len(await drained(outbox, TELEMETRY)) == sent - lost


class TestS7StuckReader:
    @pytest.mark.row("S7")
    async def test_s7_the_log_stays_within_its_bound_while_a_reader_pins_it(self, path: Path) -> None:
        limits = Limits(min_free_bytes=0, wal_bytes=4 * MIB)
        async with running(path, limits) as outbox:
            outbox.append(make_rows(10))
            await outbox.commit()
            reader = sqlite3.connect(path)
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM chunk").fetchone()
            log = path.with_name(path.name + "-wal")
            most = 0
            for seed in range(60):
                outbox.append([*noise(100, seed=seed), *make_rows(1, LAPS, first_frame=seed)])
                await outbox.commit()
                most = max(most, log.stat().st_size)
            stats = outbox.stats()
            assert most <= limits.wal_bytes
            assert stats.problem is not None
            assert "another program reads it for so long" in stats.problem
            await until(lambda: outbox.stats().lanes[LAPS].taken == 60)
            assert outbox.stats().lanes[TELEMETRY].queued > 1000
            assert log.stat().st_size <= limits.wal_bytes

            reader.close()
            await until(lambda: outbox.stats().problem is None)

            await until(lambda: not outbox.stats().lanes[TELEMETRY].queued)
            assert outbox.stats().lanes[TELEMETRY].taken == 6010
            assert log.stat().st_size <= limits.wal_bytes


class TestS8Clock:
    @pytest.mark.parametrize("jump_s", [7200.0, -7200.0, -1_772_366_400.0])
    @pytest.mark.row("S8")
    async def test_s8_a_clock_that_jumps_changes_no_row_no_order_and_no_age_below_zero(
        self, path: Path, jump_s: float
    ) -> None:
        clock = FakeTime()
        async with running(path, wall=clock) as outbox:
            outbox.append(make_rows(10))
            await outbox.commit()
            clock.now_s += jump_s
            outbox.append(make_rows(10, first_frame=10))
            await outbox.commit()
            assert outbox.stats().lanes[TELEMETRY].oldest_age_s == max(0.0, jump_s)
            clock.now_s -= jump_s

            assert await drained(outbox, TELEMETRY) == [row.body for row in make_rows(20)]

            lane = outbox.stats().lanes[TELEMETRY]
            assert (lane.delivered, lane.oldest_age_s, missing(lane)) == (20, 0.0, 0)
        async with running(path, wall=clock) as outbox:
            assert outbox.stats().lanes[TELEMETRY].delivered == 20

    @pytest.mark.row("S8")
    async def test_s8_trouble_is_timed_by_the_clock_that_does_not_jump(self, path: Path) -> None:
        clock = FakeTime()
        store = Balky(path, SMALL)
        async with running(path, store=store, wall=clock) as outbox:
            store.refuses = "query"
            outbox.append(make_rows(1))
            await outbox.commit()
            clock.now_s -= 1e9
            store.refuses = None

            await until(lambda: outbox.stats().problem is None, RECOVERY_S)

            assert outbox.stats().lanes[TELEMETRY].taken == 1
