"""The uploader between a real outbox and an emulated org: when rows leave, in which order, and what stops them."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

import pytest

from app.datacloud.client import DataCloud
from app.datacloud.emulator.faults import Fault
from app.datacloud.endpoints import Destination
from app.datacloud.lane import PROBE_S
from app.datacloud.retry import Answer
from tests.datacloud.boxes import until
from tests.datacloud.org import throwaway_org
from tests.datacloud.rows import make_rows
from tests.datacloud.sending import (
    Gateway,
    Leaping,
    assert_exactly_once,
    bodies,
    poisoned,
    sending,
    sent,
    statuses,
    upload_fault,
    uploads,
    widen,
)

NEVER_S = 60.0
TELEMETRY, LAPS = "TelemetryEvent", "LapEvent"


async def four_under_way(gateway: Gateway) -> None:
    """Four full batches of telemetry, all of them on their way."""
    widen(gateway.uploader.slots)
    gateway.append(make_rows(1300))
    await until(lambda: gateway.uploader.in_flight == 4)


# --- when rows leave -------------------------------------------------------------------------------------


async def test_a_full_batch_waits_for_no_company(tmp_path: Path) -> None:
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, flush_s=NEVER_S) as gateway,
    ):
        rows = make_rows(500)
        gateway.append(rows)
        await until(lambda: sent(emulator, TELEMETRY))

        first = uploads(emulator)[0]

        assert first.records is not None
        assert sent(emulator, TELEMETRY)[: first.records] == bodies(rows)[: first.records]
        assert 150_000 < first.body_bytes <= 190_000


async def test_a_lone_row_leaves_after_the_flush(tmp_path: Path) -> None:
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, flush_s=0.3) as gateway,
    ):
        appended_at_s = time.time()
        gateway.append(make_rows(1, LAPS))
        await gateway.all_settled()

        assert 0.3 <= emulator.deliveries(LAPS)[0].at_s - appended_at_s < 1


async def test_a_lap_is_delivered_within_a_second_although_a_backlog_of_telemetry_waits(tmp_path: Path) -> None:
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, flush_s=0.5) as gateway,
    ):
        emulator.set_faults([upload_fault("delay", seconds=0.05)])
        gateway.append(make_rows(10_000))
        await gateway.outbox.commit()
        gateway.append(make_rows(10_000, first_frame=10_000))
        await until(lambda: len(uploads(emulator, TELEMETRY)) > 5)

        appended_at_s = time.time()
        gateway.append(make_rows(1, LAPS))
        await gateway.all_settled(LAPS)

        assert emulator.deliveries(LAPS)[0].at_s - appended_at_s < 1
        assert gateway.waiting(TELEMETRY) > 5_000


async def test_rows_of_an_object_whose_tellings_replace_each_other_keep_their_order(tmp_path: Path) -> None:
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, datacloud_max_body_bytes=32_000) as gateway,
    ):
        emulator.set_faults([upload_fault("status", object="SessionEvent", every=3, code=500)])
        widen(gateway.uploader.slots)
        rows = make_rows(600, "SessionEvent")
        gateway.append(rows)
        await gateway.all_settled()

        assert len(uploads(emulator)) > 9
        assert sent(emulator, "SessionEvent") == bodies(rows)


# --- the end ---------------------------------------------------------------------------------------------


async def test_all_that_waits_is_sent_at_the_end_without_waiting_for_company(tmp_path: Path) -> None:
    rows = make_rows(700) + make_rows(3, LAPS) + make_rows(1, "SessionEvent")
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, flush_s=NEVER_S) as gateway,
    ):
        gateway.append(rows)
        await gateway.outbox.commit()
        await asyncio.sleep(0.1)  # it has seen the rows, and waits for company

        gateway.uploader.drain()
        async with asyncio.timeout(2):
            await gateway.task

        assert gateway.waiting() == 0
        assert_exactly_once(emulator, rows)


async def test_the_end_waits_for_nobody_when_the_org_is_gone(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.go_down()
        gateway.append(make_rows(3, LAPS))
        await gateway.in_trouble()

        gateway.uploader.drain()
        async with asyncio.timeout(1):
            await gateway.task

        assert gateway.waiting() == 3


async def test_the_end_waits_no_longer_when_the_org_goes_meanwhile(tmp_path: Path) -> None:
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, flush_s=NEVER_S) as gateway,
    ):
        gateway.append(make_rows(3, LAPS))
        await gateway.outbox.commit()
        emulator.set_faults([upload_fault("delay", seconds=0.2), upload_fault("status")])

        gateway.uploader.drain()
        await until(lambda: gateway.uploader.in_flight)
        emulator.go_down()
        async with asyncio.timeout(1):
            await gateway.task

        assert gateway.waiting() == 3


async def test_the_end_does_not_wait_for_what_is_parked(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.configure(undeployed={LAPS})
        gateway.append(make_rows(3, LAPS))
        await gateway.parked(LAPS)

        gateway.append(make_rows(5))
        gateway.uploader.drain()
        async with asyncio.timeout(2):
            await gateway.task

        assert (gateway.waiting(LAPS), gateway.waiting(TELEMETRY)) == (3, 0)


async def test_what_is_cancelled_in_the_middle_of_a_request_waits_again_with_the_same_bytes(tmp_path: Path) -> None:
    rows = make_rows(1300)
    async with throwaway_org(tmp_path) as (emulator, settings):
        emulator.set_faults(
            [upload_fault("commit_then_delay", times=2, seconds=5), upload_fault("delay", times=2, seconds=5)]
        )
        async with sending(tmp_path, emulator, settings) as gateway:
            widen(gateway.uploader.slots)
            gateway.append(rows)
            await until(lambda: len(uploads(emulator)) == 2 and gateway.uploader.in_flight == 4)
            gateway.task.cancel()
            await asyncio.wait([gateway.task])

            kept = gateway.waiting()
            leased = await gateway.outbox.lease(TELEMETRY, 190_000)

        async with sending(tmp_path, emulator, settings) as gateway:
            await gateway.all_settled()

        assert kept == 1300
        assert leased is not None
        assert list(leased.rows) == bodies(rows)[: len(leased.rows)]
        assert set(sent(emulator, TELEMETRY)) == set(bodies(rows))
        assert emulator.counters(TELEMETRY).same_key_other_bytes == 0


# --- what stops an object, and what does not -------------------------------------------------------------


class Broken(DataCloud):
    """A connection with a fault of ours: laps make it fail, until it is mended."""

    is_mended = False

    async def upsert(self, destination: Destination, body: bytes) -> Answer:
        if destination.object == LAPS and not self.is_mended:
            raise ZeroDivisionError("a fault of ours")
        return await super().upsert(destination, body)


async def test_a_fault_of_ours_parks_its_object_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = make_rows(3, LAPS) + make_rows(300)
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, make_cloud=Broken) as gateway,
    ):
        gateway.append(rows)
        sentence = await gateway.parked(LAPS)
        await gateway.all_settled(TELEMETRY)
        kept = gateway.waiting(LAPS)
        assert isinstance(gateway.cloud, Broken)
        gateway.cloud.is_mended = True
        gateway.uploader.resume(LAPS)
        await gateway.all_settled()

        assert sentence == "an internal fault, see the log"
        assert kept == 3
        assert "ZeroDivisionError" in caplog.text
        assert_exactly_once(emulator, rows)


@pytest.mark.parametrize(
    ("code", "headers", "calls", "sentence"),
    [
        (404, {}, 1, "404 Not Found"),
        (405, {}, 1, "405 Method Not Allowed"),
        (415, {}, 1, "415 Unsupported Media Type"),
        (407, {}, 1, "HTTPS_PROXY"),
        (302, {"Location": "https://elsewhere.example/"}, 1, "a redirect, which is never followed"),
        (418, {}, 3, "418"),
        (451, {}, 3, "451"),
    ],
)
async def test_an_answer_that_is_about_one_object_parks_that_one_and_keeps_its_rows(
    tmp_path: Path, code: int, headers: dict[str, str], calls: int, sentence: str
) -> None:
    rows = make_rows(3, LAPS) + make_rows(400) + make_rows(2, "RaceEvent")
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("status", object=LAPS, code=code, headers=headers)])
        gateway.append(rows)
        told = await gateway.parked(LAPS)
        await gateway.all_settled(TELEMETRY, "RaceEvent")
        state, waiting, tried = gateway.state(), gateway.waiting(), len(uploads(emulator, LAPS))
        emulator.set_faults([])
        gateway.uploader.resume(LAPS)
        await gateway.all_settled()

        assert sentence in told
        assert (state, waiting, tried) == ("parked", 3, calls)
        assert gateway.letters() == []
        assert_exactly_once(emulator, rows)


async def test_a_parked_object_is_tried_again_by_itself(tmp_path: Path) -> None:
    clock = Leaping()
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, monotonic=clock) as gateway,
    ):
        emulator.configure(undeployed={LAPS})
        gateway.append(make_rows(3, LAPS))
        await gateway.parked(LAPS)
        clock.ahead_s = 59
        gateway.uploader.wake()
        await asyncio.sleep(0.1)
        early = len(uploads(emulator))
        emulator.configure(undeployed=set())
        clock.ahead_s = 60
        gateway.uploader.wake()
        await gateway.all_settled()

        assert early == 1
        assert gateway.state() == "connected"


async def test_four_batches_that_are_refused_at_once_park_their_object_for_a_minute_and_no_longer(
    tmp_path: Path,
) -> None:
    clock = Leaping()
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, monotonic=clock) as gateway,
    ):
        emulator.set_faults([upload_fault("delay", seconds=0.1, times=4)])
        emulator.configure(undeployed={TELEMETRY})
        await four_under_way(gateway)
        await gateway.parked(TELEMETRY)
        emulator.configure(undeployed=set())
        clock.ahead_s = 60
        gateway.uploader.wake()
        await gateway.all_settled()

        assert statuses(emulator)[404] == 4
        assert_exactly_once(emulator, make_rows(1300))


async def test_a_batch_that_waits_for_its_turn_is_not_sent_once_its_object_is_parked(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.configure(undeployed={TELEMETRY})
        gateway.append(make_rows(1300))  # four batches, one slot
        await gateway.parked(TELEMETRY)

        assert statuses(emulator) == {404: 1}
        assert gateway.waiting() == 1300


async def test_the_settings_can_give_a_status_another_meaning(tmp_path: Path) -> None:
    rows = make_rows(3, LAPS)
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, datacloud_status_overrides={404: "transient"}) as gateway,
    ):
        emulator.set_faults([upload_fault("status", code=404, times=3)])
        gateway.append(rows)
        await gateway.all_settled()

        assert statuses(emulator) == {404: 3, 202: 1}
        assert_exactly_once(emulator, rows)


async def test_not_being_allowed_pauses_all_for_a_minute_however_many_answers_say_so(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        slow_login = Fault("delay", path_regex="^/services/", seconds=0.1)  # so that all four are on their way
        emulator.set_faults([slow_login, upload_fault("status", code=403)])
        widen(gateway.uploader.slots)
        gateway.append(make_rows(1300))
        await until(lambda: len(uploads(emulator)) == 4 and not gateway.uploader.in_flight)
        gateway.append(make_rows(3, LAPS))
        await gateway.outbox.commit()
        await asyncio.sleep(0.1)

        assert 58 < gateway.uploader.circuit.not_before_s - time.monotonic() <= 60
        assert statuses(emulator) == {403: 4}
        assert gateway.state() == "auth_failed"
        assert "cdp_ingest_api" in gateway.body()["sentence"]
        assert gateway.waiting() == 1303


async def test_what_somebody_has_mended_need_not_wait_out_the_pause(tmp_path: Path) -> None:
    rows = make_rows(3, LAPS)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("status", code=403, times=1)])
        gateway.append(rows)
        await gateway.in_trouble()

        gateway.uploader.resume("all")
        await gateway.all_settled(patience_s=2)

        assert_exactly_once(emulator, rows)


async def test_a_resume_does_not_overrule_what_the_org_asked_for(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("status", code=429, headers={"Retry-After": "60"}, times=1)])
        gateway.append(make_rows(3, LAPS))
        await gateway.in_trouble()

        gateway.uploader.resume("all")
        await asyncio.sleep(0.2)

        assert statuses(emulator) == {429: 1}


async def test_four_requests_that_are_too_much_at_once_halve_the_rate_once(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.configure(rate_limit_rps=0, burst=0, retry_after_s=60)
        emulator.set_faults([upload_fault("delay", seconds=0.1)])
        await four_under_way(gateway)
        await until(lambda: not gateway.uploader.in_flight)

        assert statuses(emulator) == {429: 4}
        assert gateway.uploader.rate.share(time.monotonic()) == pytest.approx(0.5, abs=0.01)


async def test_trouble_with_one_object_does_not_starve_the_others(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("status", object="SessionEvent", code=500)])
        gateway.append(make_rows(1, "SessionEvent"))
        await gateway.in_trouble()

        gateway.append(make_rows(2_000) + make_rows(5, LAPS))
        await gateway.all_settled(TELEMETRY, LAPS, patience_s=3)

        assert gateway.waiting() == 1


async def test_a_dead_letter_is_told_of_only_when_there_is_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [poisoned(row) for row in make_rows(8, LAPS)]
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append(rows)
        await gateway.parked(LAPS)
        parked = (gateway.letters(), gateway.uploader.latest_letter, "dead-lettered" in caplog.text)
        gateway.append([poisoned(row) for row in make_rows(1, "RaceEvent")])
        await gateway.all_settled("RaceEvent")

        letter = gateway.uploader.latest_letter
        assert parked == ([], None, False)
        assert letter is not None
        assert (letter.object, len(gateway.letters())) == ("RaceEvent", 1)
        assert "RaceEvent: one row is dead-lettered: 400 Bad Request" in caplog.text


async def test_an_org_that_comes_and_goes_fills_no_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "app.datacloud.uploader")
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, datacloud_max_body_bytes=32_000) as gateway,
    ):
        emulator.set_faults([upload_fault("status", code=503, every=2)])
        gateway.append(make_rows(600))
        await gateway.all_settled()

        assert statuses(emulator)[503] >= 10
        assert [record.getMessage() for record in caplog.records if record.name == "app.datacloud.uploader"] == [
            "Data Cloud: 503 Service Unavailable (0 more since)",
            "Data Cloud answers again",
        ]


async def test_a_schema_that_is_suspect_is_probed_after_a_quarter_of_an_hour(tmp_path: Path) -> None:
    clock = Leaping()
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, monotonic=clock) as gateway,
    ):
        gateway.append([poisoned(row) for row in make_rows(20, LAPS)])
        await gateway.parked(LAPS)
        tried = len(uploads(emulator))
        clock.ahead_s = PROBE_S - 1
        gateway.uploader.wake()
        await asyncio.sleep(0.1)
        early = len(uploads(emulator))
        clock.ahead_s = PROBE_S
        gateway.uploader.wake()
        await until(lambda: len(uploads(emulator)) > early and not gateway.uploader.lanes[LAPS].leases)

        assert early == tried
        assert len(uploads(emulator)) - tried <= 6  # down to the first single row, which is enough by now
        assert gateway.waiting() == 20


@pytest.mark.parametrize("answer", [{"code": 413}, {"code": 400, "body": '{"message":"size limit of a proxy"}'}])
async def test_an_org_that_calls_every_row_too_large_is_not_believed(tmp_path: Path, answer: dict[str, object]) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("status", **answer)])
        gateway.append(make_rows(40))
        await until(lambda: gateway.uploader.lanes[TELEMETRY].parked is not None)
        await gateway.outbox.commit()

        assert gateway.letters() == []
        assert gateway.waiting(TELEMETRY) == 40
        assert gateway.uploader.limit.bytes > 180_000


async def test_a_run_of_bad_rows_among_good_ones_does_not_hold_up_the_object(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        rows = make_rows(40)
        bad = [poisoned(row) for row in rows[10:20]]
        gateway.append([*rows[:10], *bad, *rows[20:]])
        await gateway.all_settled()

        assert len(gateway.letters()) == 10
        assert len(sent(emulator, TELEMETRY)) == 30
        assert gateway.uploader.lanes[TELEMETRY].rows["accepted"] == 30
