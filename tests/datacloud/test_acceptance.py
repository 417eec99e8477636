"""What the uploader and the emulated org together must achieve; each test names its number in the acceptance list.

Number 2, 3 and 4 are proven by `test_login`, `test_auth` and `test_client`, 7 and 8 by whole processes.
"""

from __future__ import annotations

import json
import logging
import math
import random
from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from app.datacloud.emulator.org import Seen
from app.datacloud.emulator.throwaway import CLIENT_ID
from app.datacloud.encode import ENVELOPE_BYTES
from app.datacloud.retry import Backoff
from app.datacloud.row import Row
from app.datacloud.schema import OBJECTS
from tests.datacloud.boxes import FakeTime, until
from tests.datacloud.org import throwaway_org
from tests.datacloud.rows import make_rows
from tests.datacloud.sending import (
    assert_exactly_once,
    bodies,
    changed,
    poisoned,
    sending,
    sent,
    statuses,
    upload_fault,
    uploads,
    widen,
)

TELEMETRY, LAPS, RACE, SESSION = "TelemetryEvent", "LapEvent", "RaceEvent", "SessionEvent"


# --- 1: the happy path -----------------------------------------------------------------------------------


async def test_acceptance_01_all_rows_of_all_objects_arrive_exactly_once(tmp_path: Path) -> None:
    rows = [
        row
        for rig in ("RIG_A", "RIG_B")
        for name, number in ((TELEMETRY, 1500), (LAPS, 40), (RACE, 120), (SESSION, 1))
        for row in make_rows(number, name, rig)
    ]
    random.Random(1).shuffle(rows)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append(rows)
        await gateway.all_settled()

        assert_exactly_once(emulator, rows)
        assert set(statuses(emulator)) == {202}
        assert sum(seen.records or 0 for seen in uploads(emulator)) == len(rows)
        for spec in OBJECTS:
            own = len(bodies(rows, spec.name))
            lane, counted = gateway.outbox.stats().lanes[spec.name], emulator.counters(spec.name)
            assert (lane.taken, lane.delivered, lane.rows, lane.letters) == (own, own, 0, 0)
            assert +gateway.uploader.lanes[spec.name].rows == {"accepted": own}
            assert (counted.received, counted.inserted, counted.waiting) == (own, own, 0)
            assert emulator.problems(spec.name) == []
            assert None not in emulator.rows(spec.name)
        assert gateway.body()["safe_to_pack_up"]


# --- 5: bodies -------------------------------------------------------------------------------------------

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=300) | st.sampled_from(
    ['","a":"', '\\"\n\r\t\0', "},{", "\u2028\u2029", "\U0001f3ce\ufe0f" * 400, "é" * 3000, "\x7f" * 5]
)


def race(number: int, detail: str) -> Row:
    """A race event that says something."""
    (row,) = make_rows(1, RACE, first_frame=number)
    return changed(row, detail=detail)


@given(st.lists(ANY_TEXT, min_size=1, max_size=120), st.integers(1, 4), st.integers(32_000, 60_000))
@examples(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_acceptance_05_no_body_is_above_the_target_whatever_the_rows_say(
    tmp_path_factory: pytest.TempPathFactory, details: list[str], copies: int, target: int
) -> None:
    directory = tmp_path_factory.mktemp("bodies")
    rows = [race(number, detail) for number, detail in enumerate(details * copies)]
    async with (
        throwaway_org(directory, max_body_bytes=target) as (emulator, settings),
        sending(directory, emulator, settings, datacloud_max_body_bytes=target) as gateway,
    ):
        gateway.append(rows)
        await gateway.all_settled()

        assert sent(emulator, RACE) == bodies(rows)
        assert max(seen.body_bytes for seen in uploads(emulator)) <= target
        assert_exactly_once(emulator, rows)


@pytest.mark.parametrize("over", [0, 1])
async def test_acceptance_05_a_body_is_as_large_as_the_target_and_not_a_byte_larger(tmp_path: Path, over: int) -> None:
    target = 40_000
    first = race(0, "x" * 10_000)
    room = target - ENVELOPE_BYTES - 1 - len(first.body) - len(race(1, "").body)
    rows = [first, race(1, "y" * (room + over))]
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, datacloud_max_body_bytes=target) as gateway,
    ):
        gateway.append(rows)
        await gateway.all_settled()

        sizes = [seen.body_bytes for seen in uploads(emulator)]
        assert len(sizes) == 1 + over
        assert max(sizes) <= target
        assert_exactly_once(emulator, rows)


@pytest.mark.parametrize("status", [413, 400])
async def test_acceptance_05_a_limit_that_falls_at_run_time_costs_no_row(tmp_path: Path, status: int) -> None:
    rows = make_rows(5000)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        widen(gateway.uploader.slots)
        gateway.append(rows[:2500])
        await until(lambda: len(uploads(emulator)) >= 3)
        emulator.configure(max_body_bytes=50_000, oversize_status=status)
        await gateway.all_settled()
        learning = statuses(emulator)[status]
        gateway.append(rows[2500:])
        await gateway.all_settled()

        assert 1 <= learning <= 16  # four in flight, twice halved, and five that feel their way to the limit
        assert statuses(emulator)[status] - learning <= 1
        assert gateway.letters() == []
        assert_exactly_once(emulator, rows)


@pytest.mark.parametrize("status", [413, 400])
async def test_acceptance_05_a_single_giant_row_is_dead_lettered_and_the_others_arrive(
    tmp_path: Path, status: int
) -> None:
    rows = [race(number, "") for number in range(200)]
    giant = race(1000, "x" * 195_000)
    async with (
        throwaway_org(tmp_path, oversize_status=status, max_body_bytes=192_000) as (emulator, settings),
        sending(tmp_path, emulator, settings) as gateway,
    ):
        gateway.append([*rows[:100], giant, *rows[100:]])
        await gateway.all_settled()

        (letter,) = gateway.letters()
        assert (letter.status, letter.body) == (status, giant.body)
        assert gateway.uploader.limit.bytes > 180_000
        assert_exactly_once(emulator, rows)


async def test_acceptance_05_a_row_that_no_request_can_hold_is_dead_lettered_unsent(tmp_path: Path) -> None:
    rows = [race(number, "") for number in range(200)]
    giant = race(1000, "x" * 210_000)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append([*rows[:100], giant, *rows[100:]])
        await gateway.all_settled()

        (letter,) = gateway.letters()
        assert (letter.status, letter.body) == (0, giant.body)
        assert "not sent" in letter.reason
        assert max(seen.body_bytes for seen in uploads(emulator)) <= 190_000
        assert_exactly_once(emulator, rows)


# --- 6: rate ---------------------------------------------------------------------------------------------


def most_in_a_second(answered: Sequence[Seen]) -> int:
    """Most requests in any window of one second."""
    instants = sorted(seen.at_s for seen in answered)
    return max(bisect_left(instants, begin + 1.0) - number for number, begin in enumerate(instants))


@pytest.mark.parametrize(("ceiling", "rows"), [(30.0, 2500), (250.0, 10_000)])
async def test_acceptance_06_the_ceiling_is_kept_over_any_second(tmp_path: Path, ceiling: float, rows: int) -> None:
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, max_rps=ceiling, datacloud_max_body_bytes=32_000) as gateway,
    ):
        widen(gateway.uploader.slots)
        gateway.append(make_rows(rows))
        await gateway.all_settled()

        counted = most_in_a_second(uploads(emulator))
        assert len(uploads(emulator)) > 45
        assert counted <= ceiling + 1  # one that left before the second and was late
        assert counted >= 20
        assert set(statuses(emulator)) == {202}


# --- 9: bad rows -----------------------------------------------------------------------------------------


async def test_acceptance_09_one_poison_row_in_five_hundred_costs_itself_and_few_requests(tmp_path: Path) -> None:
    rows = [race(number, "") for number in range(500)]
    rows[123] = poisoned(rows[123])
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append(rows)
        await gateway.all_settled()

        batches = math.ceil(sum(len(row.body) for row in rows) / 190_000)
        assert len(uploads(emulator)) - batches <= 2 * math.log2(500) + 1
        assert [letter.body for letter in gateway.letters()] == [rows[123].body]
        assert sent(emulator, RACE) == bodies(rows[:123] + rows[124:])
        assert_exactly_once(emulator, rows[:123] + rows[124:])


async def test_acceptance_09_when_a_schema_drifts_its_object_stops_and_the_others_go_on(tmp_path: Path) -> None:
    laps = [changed(row, lap_invalid=0) for row in make_rows(60, LAPS)]
    others = make_rows(400) + make_rows(30, RACE) + make_rows(1, SESSION)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append(laps + others)
        sentence = await gateway.parked(LAPS)
        await gateway.all_settled(TELEMETRY, RACE, SESSION)

        assert "#/lap_invalid: expected type: Boolean, found: Integer" in sentence
        assert (gateway.waiting(LAPS), gateway.letters()) == (60, [])
        assert any("LapEvent is not sent, its rows are kept" in problem for problem in gateway.body()["problems"])
        assert_exactly_once(emulator, others)


# --- 10: midnight ----------------------------------------------------------------------------------------


async def test_acceptance_10_a_row_of_the_last_moment_of_a_day_that_is_sent_again_after_it_stays_one(
    tmp_path: Path,
) -> None:
    clock = FakeTime(1_772_409_599.990)
    (lap,) = (changed(row, event_time="2026-03-01T23:59:59.990Z") for row in make_rows(1, LAPS))
    async with (
        throwaway_org(tmp_path, clock=clock) as (emulator, settings),
        sending(tmp_path, emulator, settings, wall=clock, backoff=Backoff(lambda: 1.0, base_s=0.2)) as gateway,
    ):
        emulator.set_faults([upload_fault("commit_then_reset", times=2)])  # the first is asked once more at once
        gateway.append([lap])
        await until(lambda: statuses(emulator)[None] == 2)
        clock.now_s += 1
        await gateway.all_settled()
        emulator.process()

        deliveries = emulator.deliveries(LAPS)
        assert [f"{datetime.fromtimestamp(each.at_s, UTC):%d %H:%M:%S}" for each in deliveries] == [
            "01 23:59:59",
            "01 23:59:59",
            "02 00:00:00",
        ]
        assert {each.raw for each in deliveries} == {lap.body}
        assert list(emulator.rows(LAPS)) == [(lap.key, "2026-03-01")]
        assert emulator.counters(LAPS).updated_identical == 2


# --- 13: secrets -----------------------------------------------------------------------------------------


async def test_acceptance_13_no_secret_is_told_by_the_log_the_status_or_a_dead_letter(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append(make_rows(300))
        await gateway.all_settled()
        token = (await gateway.cloud.tokens.get()).token
        told = [json.dumps(gateway.body())]
        for code, times in ((400, 1), (404, 1), (403, 1), (401, 2), (500, 2), (429, 1), (302, 1)):
            repeated = token if code != 401 else ""  # the second one goes with another token
            echo = json.dumps({"message": f"Bearer {repeated} of {CLIENT_ID} is not good", "error": repeated})
            emulator.set_faults([upload_fault("status", code=code, body=echo, times=times)])
            gateway.append([*make_rows(1, LAPS, first_frame=code), *make_rows(1, RACE, first_frame=code)])
            await until(lambda code=code, times=times: statuses(emulator)[code] >= times)  # type: ignore[misc]
            await until(lambda: not gateway.uploader.in_flight)
            await gateway.outbox.commit()
            told.append(json.dumps(gateway.body()))
            gateway.cloud.tokens.retry_now()
            gateway.uploader.resume("all")
            await gateway.all_settled()
            token = (await gateway.cloud.tokens.get()).token
        told += [str(gateway.letters()), str(gateway.told()), caplog.text, repr(gateway.cloud.config)]

        key = "".join((tmp_path / "datacloud.key").read_text(encoding="ascii").splitlines()[1:-1])
        everything = "\n".join(told)
        assert "[hidden]" in everything
        assert "403 Forbidden" in everything
        for secret in (token, token.split(".")[1][:40], CLIENT_ID, key[:40], key[800:840], "00DEMULATOR!", "Bearer ey"):
            assert secret not in everything
