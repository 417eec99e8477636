"""What the org can do to an upload, row by row of the fault matrix; each test names its row."""

from __future__ import annotations

import json
import logging
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from app.datacloud.auth import REFUSED_AGAIN
from app.datacloud.emulator.config import App, User
from app.datacloud.emulator.faults import Action, Fault
from app.datacloud.emulator.org import Seen
from app.datacloud.emulator.throwaway import CLIENT_ID, USERNAME
from app.datacloud.lane import PROBE_S
from app.datacloud.pace import Circuit
from app.datacloud.retry import RETRY_AFTER_CAP_S, Backoff, Outcome
from tests.datacloud.boxes import until
from tests.datacloud.org import throwaway_org
from tests.datacloud.rows import make_rows
from tests.datacloud.sending import (
    Leaping,
    assert_exactly_once,
    bodies,
    logins,
    poisoned,
    sending,
    sent,
    statuses,
    upload_fault,
    uploads,
    widen,
)

TELEMETRY, LAPS, RACE = "TelemetryEvent", "LapEvent", "RaceEvent"
UPLOADER: Final = "app.datacloud.uploader"


def records_of(bodies_sent: Sequence[bytes | None]) -> Counter[str]:
    """The keys in request bodies, each as often as it stands there."""
    return Counter(record["event_id"] for body in bodies_sent if body for record in json.loads(body)["data"])


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """What the uploader logged at a level."""
    return [record.getMessage() for record in caplog.records if (record.name, record.levelno) == (UPLOADER, level)]


# --- U2: taken, and the answer is lost -------------------------------------------------------------------


@pytest.mark.parametrize("action", ["commit_then_reset", "truncate_response"])
@pytest.mark.row("U2")
async def test_u2_rows_whose_answer_is_lost_come_again_as_they_were_and_no_others_do(
    tmp_path: Path, action: Action
) -> None:
    rows = make_rows(1500) + make_rows(40, LAPS)
    async with (
        throwaway_org(tmp_path, keep_bodies=True) as (emulator, settings),
        sending(tmp_path, emulator, settings, datacloud_max_body_bytes=64_000) as gateway,
    ):
        emulator.set_faults([upload_fault(action, every=3, times=5)])
        gateway.append(rows)
        await gateway.all_settled()

        arrived = Counter(
            delivery.key for name in (TELEMETRY, LAPS) for delivery in emulator.deliveries(name) if delivery.key
        )
        twice = records_of([seen.body for seen in uploads(emulator) if seen.fault == action])
        assert len([seen for seen in uploads(emulator) if seen.fault == action]) == 5
        assert arrived == Counter(row.key for row in rows) + twice
        assert [emulator.counters(name).same_key_other_bytes for name in (TELEMETRY, LAPS)] == [0, 0]
        emulator.process()
        assert [emulator.counters(name).updated_changed for name in (TELEMETRY, LAPS)] == [0, 0]


# --- U5: the org says how long to wait -------------------------------------------------------------------


@pytest.mark.parametrize(("code", "form", "asked_s"), [(429, "seconds", 1), (503, "seconds", 1), (429, "date", 2)])
@pytest.mark.row("U5")
async def test_u5_nobody_asks_before_the_time_that_the_org_asked_for(
    tmp_path: Path, code: int, form: str, asked_s: int
) -> None:
    rows = make_rows(300) + make_rows(2, LAPS)
    async with (
        throwaway_org(tmp_path, retry_after_s=asked_s, retry_after_form=form) as (emulator, settings),
        sending(tmp_path, emulator, settings) as gateway,
    ):
        emulator.set_faults([upload_fault("status", code=code, times=1)])
        gateway.append(rows[:1])
        await gateway.in_trouble()
        gateway.append(rows[1:])
        await gateway.all_settled()

        refused, following, *_ = uploads(emulator)
        assert (refused.status, following.status) == (code, 202)
        assert asked_s - 0.001 <= following.at_s - refused.at_s < asked_s + 2
        assert_exactly_once(emulator, rows)


@pytest.mark.parametrize("nonsense", ["banana", "-5", ""])
@pytest.mark.row("U5")
async def test_u5_nonsense_is_waited_out_as_if_nothing_had_been_said(tmp_path: Path, nonsense: str) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("status", code=429, headers={"Retry-After": nonsense}, times=3)])
        gateway.append(make_rows(1))
        await gateway.all_settled(patience_s=3)

        assert statuses(emulator) == {429: 3, 202: 1}


@pytest.mark.row("U5")
async def test_u5_nobody_can_make_us_wait_longer_than_a_quarter_of_an_hour(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("status", code=429, headers={"Retry-After": "86400"})])
        gateway.append(make_rows(1))
        await gateway.in_trouble()

        wait_s = gateway.uploader.circuit.not_before_s - time.monotonic()

        assert RETRY_AFTER_CAP_S - 5 < wait_s <= RETRY_AFTER_CAP_S
        assert gateway.state() == "throttled"


# --- U6: it says "too much", and no more -----------------------------------------------------------------


def attempts_in(seconds: float, seed: int) -> int:
    """How often a service that always refuses is asked in so long; the first time by four at once."""
    circuit, backoff, now_s, attempts = Circuit(), Backoff(random.Random(seed).random), 0.0, 3
    while now_s < seconds:
        attempts += 1
        circuit.failed(now_s + backoff.failed())
        now_s = circuit.not_before_s
    return attempts


@pytest.mark.row("U6")
def test_u6_ten_minutes_of_too_much_are_at_most_forty_attempts() -> None:
    attempts = sorted(attempts_in(600, seed) for seed in range(500))

    assert attempts[-1] <= 40
    assert 20 <= attempts[250] <= 32


@pytest.mark.row("U6")
async def test_u6_one_at_a_time_probes_and_no_more_than_four_are_in_flight_afterwards(tmp_path: Path) -> None:
    delay_s, rows = 0.1, make_rows(3000) + make_rows(3, LAPS) + make_rows(3, RACE)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        widen(gateway.uploader.slots)
        emulator.set_faults([upload_fault("delay", seconds=delay_s)])
        emulator.configure(rate_limit_rps=0, burst=0)
        gateway.append(rows)
        await until(lambda: statuses(emulator)[429] >= 8)
        widen(gateway.uploader.slots)  # as if it had learnt nothing
        refused = len(uploads(emulator))
        emulator.configure(rate_limit_rps=250, burst=250)
        await gateway.all_settled()

        probes, after = uploads(emulator)[4:refused], uploads(emulator)[refused:]
        assert most_at_once(probes, delay_s) == 1
        assert most_at_once(after, delay_s) <= 4
        assert_exactly_once(emulator, rows)


def most_at_once(answered: Sequence[Seen], delay_s: float) -> int:
    """How many requests the org had at one time, when it took so long for each."""
    ends = [seen.at_s for seen in answered]
    return max(sum(begin <= end < begin + delay_s for end in ends) for begin in [end - 1e-9 for end in ends])


# --- U7: it is ill, or somebody else answers -------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "body"),
    [
        *((code, "") for code in (500, 502, 503, 504, 408, 425)),
        (500, "<html>Internal Server Error</html>"),
        (200, "<html>Welcome to the hotel</html>"),
        (202, "accepted, or so"),
        (202, '{"accepted": false}'),
        (400, ""),
    ],
)
@pytest.mark.row("U7")
async def test_u7_what_is_no_yes_of_the_org_is_never_taken_for_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, code: int, body: str
) -> None:
    rows = make_rows(300)
    overrides = {400: "transient"}  # an empty 400 from a proxy, where the operator knows
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, datacloud_status_overrides=overrides) as gateway,
    ):
        emulator.set_faults([upload_fault("status", code=code, body=body, times=6)])
        gateway.append(rows)
        await until(lambda: statuses(emulator)[code] >= 6)
        await gateway.all_settled()

        assert gateway.uploader.outcomes == {Outcome.TRANSIENT: 6, Outcome.DELIVERED: len(uploads(emulator)) - 6}
        assert len(lines(caplog, logging.WARNING)) == 1
        assert_exactly_once(emulator, rows)


@pytest.mark.row("U7")
async def test_u7_trouble_is_told_once_in_thirty_seconds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    clock = Leaping()
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, monotonic=clock) as gateway,
    ):
        emulator.set_faults([upload_fault("status", code=503)])
        gateway.append(make_rows(1))
        for minutes in range(3):
            seen = len(uploads(emulator))
            await until(lambda seen=seen: len(uploads(emulator)) >= seen + 4)  # type: ignore[misc]
            clock.ahead_s = 30.0 * (minutes + 1)

        told = lines(caplog, logging.WARNING)
        assert [line.partition(" (")[0] for line in told] == ["Data Cloud: 503 Service Unavailable"] * len(told)
        assert 3 <= len(told) <= 4
        assert gateway.waiting() == 1


# --- U8, U9: it does not let us in -----------------------------------------------------------------------


@pytest.mark.row("U8")
async def test_u8_four_requests_with_a_revoked_token_cause_one_login_and_lose_nothing(tmp_path: Path) -> None:
    rows = make_rows(1300)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append(make_rows(1, LAPS))
        await gateway.all_settled()
        widen(gateway.uploader.slots)
        emulator.set_faults([upload_fault("delay", seconds=0.2, times=4)])
        gateway.append(rows)
        await until(lambda: gateway.uploader.in_flight == 4)
        emulator.revoke_tokens()
        await gateway.all_settled()

        assert logins(emulator) == (2, 2)
        assert statuses(emulator)[401] == 4
        assert gateway.uploader.trouble is None
        assert_exactly_once(emulator, rows + make_rows(1, LAPS))


@pytest.mark.row("U8")
async def test_u8_a_new_token_that_is_refused_too_is_told_and_the_rows_are_kept(tmp_path: Path) -> None:
    rows = make_rows(5, LAPS)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("status", code=401)])
        gateway.append(rows)
        await gateway.in_trouble()
        state, sentence, waiting = gateway.state(), gateway.body()["sentence"], gateway.waiting()
        login_count = logins(emulator)
        emulator.set_faults([])
        gateway.cloud.tokens.retry_now()
        gateway.uploader.resume("all")
        await gateway.all_settled()

        assert (state, waiting) == ("auth_failed", 5)
        assert "the token is new and was refused all the same" in sentence or REFUSED_AGAIN in sentence
        assert login_count == (2, 2)
        assert_exactly_once(emulator, rows)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"users": {USERNAME: User(active=False)}}, "authentication failure"),
        ({"audiences": ("https://elsewhere.example",)}, "SF_JWT_AUDIENCE"),
        ({"users": {USERNAME: User(datacloud_access=False)}}, "token exchange refused (400"),
    ],
)
@pytest.mark.row("U9")
async def test_u9_a_refused_login_keeps_the_rows_and_names_its_cause(
    tmp_path: Path, changes: dict[str, object], cause: str
) -> None:
    rows = make_rows(400) + make_rows(5, LAPS)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        usual = {name: getattr(emulator.config, name) for name in changes}
        emulator.configure(**changes)
        gateway.append(rows)
        await gateway.in_trouble()
        await gateway.outbox.commit()
        state, body = gateway.state(), gateway.body()
        emulator.configure(**usual)
        gateway.cloud.tokens.retry_now()
        gateway.uploader.resume("all")
        await gateway.all_settled()

        assert (state, body["waiting"]["rows"], body["safe_to_pack_up"]) == ("auth_failed", 405, False)
        assert cause in body["sentence"]
        assert any(cause in problem for problem in body["problems"])
        assert_exactly_once(emulator, rows)


@pytest.mark.row("U9")
async def test_u9_an_app_that_is_not_approved_yet_is_told_as_such(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        app = emulator.config.apps[CLIENT_ID]
        emulator.configure(apps={CLIENT_ID: App(app.key_pem, preauthorised=frozenset())})
        gateway.append(make_rows(1))
        await gateway.in_trouble()

        assert (gateway.state(), gateway.waiting()) == ("auth_failed", 1)
        assert "hasn't approved this consumer" in gateway.body()["sentence"]


# --- U10, U11: it blames the rows ------------------------------------------------------------------------


@pytest.mark.row("U10")
async def test_u10_one_poison_row_of_540_is_found_and_the_others_arrive(tmp_path: Path) -> None:
    rows = make_rows(540)
    rows[271] = poisoned(rows[271])
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append(rows)
        await gateway.all_settled()

        (letter,) = gateway.letters()
        assert len(uploads(emulator)) <= 21
        assert (letter.object, letter.status, letter.body) == (TELEMETRY, 400, rows[271].body)
        assert "#/recordModified" in letter.reason
        assert_exactly_once(emulator, [row for row in rows if row is not rows[271]])


@pytest.mark.row("U10")
async def test_u10_a_lap_is_delivered_within_a_second_while_the_poison_is_looked_for(tmp_path: Path) -> None:
    rows = make_rows(265)
    rows[200] = poisoned(rows[200])
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.set_faults([upload_fault("delay", seconds=0.1)])
        gateway.append(rows)
        await until(lambda: statuses(emulator)[400] >= 2)
        appended_at_s = time.time()
        gateway.append(make_rows(1, LAPS))
        await gateway.all_settled()

        lap_at_s = emulator.deliveries(LAPS)[0].at_s
        assert lap_at_s - appended_at_s < 1
        assert lap_at_s < max(seen.at_s for seen in uploads(emulator, TELEMETRY) if seen.status == 400)


@pytest.mark.row("U11")
async def test_u11_a_schema_that_fits_no_row_parks_its_object_and_the_next_probe_mends_it(tmp_path: Path) -> None:
    clock, others = Leaping(), make_rows(300)
    laps = [poisoned(row) for row in make_rows(100, LAPS)]
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, monotonic=clock) as gateway,
    ):
        gateway.append(laps + others)
        sentence = await gateway.parked(LAPS)
        await gateway.all_settled(TELEMETRY)
        kept, letters, state = gateway.waiting(LAPS), gateway.letters(), gateway.state()
        emulator.configure(validation="lenient")
        clock.ahead_s = PROBE_S
        gateway.uploader.wake()
        await gateway.all_settled()

        assert sentence.startswith("schema rejected: 400 Bad Request")
        assert (kept, letters, state) == (100, [], "parked")
        assert sent(emulator, LAPS) == bodies(laps)
        assert gateway.state() == "connected"


@pytest.mark.row("U11")
async def test_u11_rows_that_come_one_by_one_are_at_most_seven_dead_letters(tmp_path: Path) -> None:
    laps = [poisoned(row) for row in make_rows(12, LAPS)]
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        for lap in laps[:7]:
            gateway.append([lap])
            await gateway.all_settled()
        gateway.append(laps[7:])
        await gateway.parked(LAPS)
        letters, kept = len(gateway.letters()), gateway.waiting()
        emulator.configure(validation="lenient")
        gateway.uploader.resume(LAPS)
        await gateway.all_settled()

        assert (letters, kept) == (7, 5)
        assert sent(emulator, LAPS) == bodies(laps[7:])


@pytest.mark.row("U11")
async def test_u11_a_schema_that_is_still_wrong_costs_a_resume_no_row(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        gateway.append([poisoned(row) for row in make_rows(40, LAPS)])
        await gateway.parked(LAPS)
        for _ in range(3):
            tried = len(uploads(emulator))
            gateway.uploader.resume(LAPS)
            await until(lambda tried=tried: len(uploads(emulator)) > tried)  # type: ignore[misc]
            await until(lambda: not gateway.uploader.lanes[LAPS].leases)

        assert (gateway.letters(), gateway.waiting()) == ([], 40)


# --- U12: bodies are too large ---------------------------------------------------------------------------


@pytest.mark.parametrize("status", [413, 400])
@pytest.mark.row("U12")
async def test_u12_a_smaller_limit_than_thought_is_learnt_once(tmp_path: Path, status: int) -> None:
    rows = make_rows(6000)
    async with (
        throwaway_org(tmp_path, max_body_bytes=150_000, oversize_status=status) as (
            emulator,
            settings,
        ),
        sending(tmp_path, emulator, settings) as gateway,
    ):
        gateway.append(rows[:3000])
        await gateway.all_settled()
        wasted = statuses(emulator)[status]
        gateway.append(rows[3000:])
        await gateway.all_settled()

        assert 1 <= wasted <= 3
        assert statuses(emulator)[status] == wasted
        assert gateway.letters() == []
        assert_exactly_once(emulator, rows)


# --- U13, U15: the connection ----------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, None])
@pytest.mark.row("U13")
async def test_u13_other_objects_go_on_while_an_answer_drips(tmp_path: Path, times: int | None) -> None:
    rows = make_rows(800)
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, deadline_s=0.3) as gateway,
    ):
        emulator.set_faults([Fault("slow_drip", object=LAPS, seconds=1, times=times)])
        gateway.append(make_rows(1, LAPS))
        await until(lambda: uploads(emulator, LAPS))
        gateway.append(rows)
        await gateway.all_settled(TELEMETRY, patience_s=3)
        kept = gateway.waiting(LAPS)
        emulator.set_faults([])
        await gateway.all_settled()

        assert kept == 1 or times == 1
        assert set(sent(emulator, LAPS)) == set(bodies(make_rows(1, LAPS)))
        assert emulator.counters(LAPS).same_key_other_bytes == 0
        assert sorted(sent(emulator, TELEMETRY)) == sorted(bodies(rows))


@pytest.mark.parametrize("action", ["reset_before", "reset_mid_body"])
@pytest.mark.row("U15")
async def test_u15_a_broken_connection_loses_nothing(tmp_path: Path, action: Action) -> None:
    rows = make_rows(1000) + make_rows(5, LAPS)
    async with (
        throwaway_org(tmp_path) as (emulator, settings),
        sending(tmp_path, emulator, settings, datacloud_max_body_bytes=64_000) as gateway,
    ):
        emulator.set_faults([upload_fault(action, every=2, times=6)])
        gateway.append(rows)
        await gateway.all_settled()

        assert statuses(emulator)[None] == 6
        assert_exactly_once(emulator, rows)


@pytest.mark.row("U15")
async def test_u15_an_org_that_is_gone_for_a_while_gets_everything_afterwards(tmp_path: Path) -> None:
    rows = make_rows(1000) + make_rows(5, LAPS)
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        emulator.go_down()
        gateway.append(rows)
        await until(lambda: gateway.uploader.circuit.is_open)
        state, sentence = gateway.state(), gateway.body()["sentence"]
        await emulator.come_back()
        await gateway.all_settled()

        assert state == "offline"
        assert "nobody listens there" in sentence
        assert_exactly_once(emulator, rows)


@pytest.mark.row("U15")
async def test_u15_a_connection_that_was_closed_meanwhile_is_no_trouble(tmp_path: Path) -> None:
    async with throwaway_org(tmp_path) as (emulator, settings), sending(tmp_path, emulator, settings) as gateway:
        for frame in range(3):
            gateway.append(make_rows(1, first_frame=frame))
            await gateway.all_settled()
            emulator.go_down()
            await emulator.come_back()

        assert gateway.uploader.outcomes == {Outcome.DELIVERED: 3}
        assert_exactly_once(emulator, make_rows(3))
