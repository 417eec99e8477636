"""The token: fetched once for all, renewed in time, and not asked for again and again when the org says no."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.datacloud.auth import REFUSED_AGAIN, Session, Tokens, renew_after_s
from app.datacloud.call import Caller, http_client
from app.datacloud.endpoints import Destination
from app.datacloud.login import EXCHANGE_PATH, LOGIN_PATH, REVOKE_PATH
from app.datacloud.skew import OrgClock
from app.errors import AuthFailed, DataCloudError, Unavailable
from tests.datacloud.scripted_org import Clock, ScriptedOrg, config_for, hang_up, reply

NOT_APPROVED = {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}
WRONG_KEY = {"error": "invalid_grant", "error_description": "invalid assertion"}
NOON_S = 1_795_348_800.0


class Desk:
    """An org, tokens of it, and the time of both."""

    def __init__(self, org: ScriptedOrg, tokens: Tokens, clock: Clock) -> None:
        self.org, self.tokens, self.clock = org, tokens, clock

    @property
    def logins(self) -> int:
        return len(self.org.asked(LOGIN_PATH))

    def refuse(self, body: dict[str, str], times: int = 1) -> None:
        self.org.logins += [reply(400, body)] * times

    async def failure(self) -> DataCloudError:
        with pytest.raises(DataCloudError) as caught:
            await self.tokens.get()
        return caught.value

    async def settle(self) -> None:
        """Let what runs behind the scenes end."""
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "datacloud-token"))


@asynccontextmanager
async def desk(off_s: float = 0.0, draw: float = 0.0, **changes: Any) -> AsyncIterator[Desk]:
    """A desk whose own wall clock is off by so much."""
    clock = Clock(NOON_S)
    async with ScriptedOrg(now=clock) as org, http_client() as http:
        caller = Caller(http, OrgClock(), clock)
        config = config_for(f"http://{org.host}", **changes)
        tokens = Tokens(config, caller, lambda: clock.now_s + off_s, clock, lambda: draw)
        yield Desk(org, tokens, clock)
        await tokens.close()


class TestRenewal:
    @pytest.mark.parametrize(
        ("lifetime_s", "expected_s"), [(7191, 5752.8), (1200, 900), (900, 600), (600, 300), (300, 150), (3, 1.5)]
    )
    def test_it_is_due_after_four_fifths_but_not_in_the_first_half(self, lifetime_s: float, expected_s: float) -> None:
        assert renew_after_s(lifetime_s) == pytest.approx(expected_s)

    async def test_a_token_is_fetched_once_and_kept(self) -> None:
        async with desk() as at:
            first, again = await at.tokens.get(), await at.tokens.get()

            assert first == again == Session("token-1", f"http://{at.org.host}")
            assert (at.logins, len(at.org.asked(EXCHANGE_PATH))) == (1, 1)

    async def test_the_old_one_is_used_while_the_new_one_is_fetched(self) -> None:
        async with desk() as at:
            await at.tokens.get()
            at.clock.now_s += 5753

            during = await at.tokens.get()
            await at.settle()
            after = await at.tokens.get()

            assert (during.token, after.token, at.logins) == ("token-1", "token-2", 2)

    async def test_one_that_is_about_to_end_is_not_given_out(self) -> None:
        async with desk() as at:
            await at.tokens.get()
            at.clock.now_s += 7165

            assert (await at.tokens.get()).token == "token-2"

    async def test_each_exchange_has_a_core_token_of_its_own(self) -> None:
        async with desk() as at:
            at.org.exchanges = [reply(500)]
            await at.failure()

            await at.tokens.get()

            assert at.logins == 2

    async def test_a_renewal_that_fails_leaves_the_old_one_in_use_and_is_paced(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        async with desk(draw=1.0) as at:
            await at.tokens.get()
            at.clock.now_s += 5753
            at.org.logins = [reply(503)] * 2

            for _ in range(10):
                assert (await at.tokens.get()).token == "token-1"
                await at.settle()
            assert at.logins == 2
            at.clock.now_s += 1.1
            await at.tokens.get()
            await at.settle()

            assert at.logins == 3
            assert at.tokens.state().last_failure == "login: 503 Service Unavailable"
            assert any("is used on: login: 503" in message for message in caplog.messages)

    async def test_a_core_token_is_given_back_only_where_configured_and_its_failure_is_nobodys(self) -> None:
        async with desk(revoke_core_token=True) as at:
            await at.tokens.get()

            assert at.org.asked(REVOKE_PATH)[0].body == b"token=00D%21core"
        async with desk() as at:
            await at.tokens.get()

            assert at.org.asked(REVOKE_PATH) == []


class TestSingleFlight:
    async def test_acceptance_04_fifty_concurrent_senders_cause_one_refresh(self) -> None:
        async with desk() as at:
            at.org.latency_s = 0.05

            sessions = await asyncio.gather(*(at.tokens.get() for _ in range(50)))

            assert {session.token for session in sessions} == {"token-1"}
            assert (at.logins, len(at.org.asked(EXCHANGE_PATH))) == (1, 1)

    async def test_they_share_its_failure_too(self) -> None:
        async with desk() as at:
            at.org.logins = [hang_up]

            outcomes = await asyncio.gather(*(at.tokens.get() for _ in range(50)), return_exceptions=True)

            assert {type(outcome) for outcome in outcomes} == {Unavailable}
            assert at.logins == 1

    async def test_who_stops_waiting_does_not_stop_it_for_the_others(self) -> None:
        async with desk() as at:
            at.org.latency_s = 0.02
            impatient, patient = asyncio.create_task(at.tokens.get()), asyncio.create_task(at.tokens.get())
            await asyncio.sleep(0.01)

            impatient.cancel()

            assert (await patient).token == "token-1"
            assert at.logins == 1

    async def test_a_revoked_token_is_dropped_once(self) -> None:
        async with desk() as at:
            old = await at.tokens.get()

            at.tokens.revoked(old.token)
            new = await at.tokens.get()
            at.tokens.revoked(old.token)  # a slower sender that had the old one too

            assert (await at.tokens.get()) == new
            assert at.logins == 2

    async def test_closing_ends_a_refresh_that_is_under_way(self) -> None:
        async with desk() as at:
            at.org.latency_s = 60
            waiting = asyncio.create_task(at.tokens.get())
            await at.org.wait_for(LOGIN_PATH)

            await at.tokens.close()

            with pytest.raises(asyncio.CancelledError):
                await waiting


class TestPace:
    async def test_a_refusal_is_remembered_for_its_time(self) -> None:
        async with desk() as at:
            at.refuse(NOT_APPROVED)

            first = await at.failure()
            at.clock.now_s += 29
            again = await at.failure()
            refused = at.tokens.state().refused
            at.clock.now_s += 1
            session = await at.tokens.get()

            assert isinstance(again, AuthFailed)
            assert (refused, at.tokens.state().refused) == (True, False)
            assert (str(again), again.patience) == (str(first), "slow")
            assert (session.token, at.logins) == ("token-1", 2)

    async def test_somebody_who_has_mended_it_need_not_wait(self) -> None:
        async with desk() as at:
            at.refuse(WRONG_KEY)
            await at.failure()

            at.tokens.retry_now()

            assert (await at.tokens.get()).token == "token-1"

    async def test_silence_is_not_remembered(self) -> None:
        async with desk() as at:
            at.org.logins = [reply(503, None, {"Retry-After": "7"})]

            failure = await at.failure()

            assert isinstance(failure, Unavailable)
            assert failure.retry_after_s == 7
            assert (await at.tokens.get()).token == "token-1"

    async def test_silence_after_a_refusal_is_told_as_silence(self) -> None:
        async with desk(draw=1.0) as at:
            at.refuse(NOT_APPROVED)
            at.org.logins += [hang_up, hang_up]
            await at.failure()
            at.clock.now_s += 40

            assert [type(await at.failure()) for _ in range(2)] == [Unavailable, Unavailable]
            assert not at.tokens.state().refused

    @pytest.mark.parametrize("draw", [0.0, 0.5, 1.0])
    @pytest.mark.row("U8")
    async def test_u8_a_gateway_that_is_locked_out_logs_in_at_most_15_times_an_hour(self, draw: float) -> None:
        async with desk(draw=draw) as at:
            at.refuse(NOT_APPROVED, 100)

            for _ in range(3600):
                await at.failure()
                at.clock.now_s += 1

            assert 10 <= at.logins <= 15

    async def test_a_wrong_key_is_tried_every_ten_minutes(self) -> None:
        async with desk() as at:
            at.refuse(WRONG_KEY, 100)

            for _ in range(360):
                await at.failure()
                at.clock.now_s += 10

            assert at.logins == 6

    @pytest.mark.row("U8")
    async def test_u8_tokens_that_are_refused_as_soon_as_they_are_given_are_paced_too(self) -> None:
        async with desk() as at:
            told = set()
            for _ in range(3600):
                try:
                    session = await at.tokens.get()
                except AuthFailed as refusal:
                    told.add(str(refusal))
                else:
                    at.tokens.refused_again(session.token)
                at.clock.now_s += 1

            assert told == {REFUSED_AGAIN}
            assert at.logins <= 15

    @pytest.mark.row("U8")
    async def test_u8_a_good_old_token_does_not_hurry_a_refused_renewal(self) -> None:
        async with desk() as at:
            at.org.expires_in_s = 36_000
            held = await at.tokens.get()
            at.clock.now_s += 28_801
            at.refuse(NOT_APPROVED, 100)

            for _ in range(360):
                at.tokens.accepted((await at.tokens.get()).token)
                await at.settle()
                at.clock.now_s += 10

            assert (await at.tokens.get()) == held
            assert at.logins <= 16

    async def test_a_token_that_is_accepted_shortens_the_next_pause(self) -> None:
        async with desk() as at:
            at.refuse(NOT_APPROVED, 3)
            for pause_s in (30, 60, 120):
                await at.failure()
                at.clock.now_s += pause_s
            session = await at.tokens.get()

            at.tokens.accepted(session.token)
            at.tokens.revoked(session.token)
            at.refuse(NOT_APPROVED)
            await at.failure()
            at.clock.now_s += 30

            assert (await at.tokens.get()).token == "token-2"


class TestClock:
    @pytest.mark.parametrize(("off_s", "side"), [(-600.0, "behind"), (600.0, "ahead of")])
    @pytest.mark.row("U9")
    async def test_u9_a_clock_ten_minutes_off_is_named_and_then_corrected(self, off_s: float, side: str) -> None:
        async with desk(off_s) as at:
            at.refuse({"error": "invalid_grant", "error_description": "expired authorization code"})

            failure = await at.failure()
            at.clock.now_s += 30
            await at.tokens.get()

            assert any(f"is {seconds} s {side} the org's; set it" in str(failure) for seconds in (599, 600, 601))
            offset_s = at.tokens.state().clock_offset_s
            assert offset_s is not None
            assert offset_s == pytest.approx(-off_s, abs=1)

    async def test_a_skew_is_warned_of_once(self, caplog: pytest.LogCaptureFixture) -> None:
        async with desk(45.0) as at:
            for _ in range(3):
                session = await at.tokens.get()
                at.tokens.revoked(session.token)

        assert (
            sum("clock is 45 s ahead" in message or "clock is 44 s ahead" in message for message in caplog.messages)
            == 1
        )


class TestTelling:
    async def test_before_the_first_login_there_is_nothing(self) -> None:
        async with desk() as at:
            assert at.tokens.state() == (False, None, None, 0, None, None, False)

    async def test_a_token_has_an_age_and_an_end(self) -> None:
        async with desk() as at:
            await at.tokens.get()
            at.clock.now_s += 100

            state = at.tokens.state()

            assert (state.logged_in, state.token_age_s, state.expires_in_s, state.logins) == (True, 100, 7091, 1)

    async def test_after_its_end_nobody_is_logged_in(self) -> None:
        async with desk() as at:
            await at.tokens.get()
            at.clock.now_s += 7191

            assert not at.tokens.state().logged_in

    async def test_a_failure_stays_until_there_is_a_new_token(self) -> None:
        async with desk() as at:
            at.refuse(NOT_APPROVED)
            await at.failure()
            failed = at.tokens.state().last_failure
            at.clock.now_s += 30
            await at.tokens.get()

            assert failed is not None
            assert "pre-authorised" in failed
            assert at.tokens.state().last_failure is None

    async def test_a_configured_host_that_differs_is_warned_of_and_not_used(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        targets = {"LapEvent": Destination("F1Telemetry", "LapEvent", "old.c360a.salesforce.com")}
        async with desk(destinations=targets) as at:
            session = await at.tokens.get()

            assert session.base_url == f"http://{at.org.host}"
        assert any("names the host old.c360a.salesforce.com" in message for message in caplog.messages)

    async def test_a_session_does_not_show_its_token(self) -> None:
        assert "secret" not in repr(Session("secret", "https://abc"))
