"""The token: fetched once for all who wait for it, renewed before it ends, given up when the org says so.

One refresh runs at a time, as a task of its own; whoever needs its outcome waits for the same task. While the old
token is good, senders keep it and nobody waits. What `login` says an answer means decides what follows:

- the org refused (`AuthFailed`): the same refusal is raised, without calling out, until its time is over. That time is
  30 s, doubling to 5 minutes, or 10 minutes where only somebody's hand can mend it, so a locked-out gateway logs in at
  most 15 times an hour. It shrinks back only when the ingest endpoint has accepted a token: an org that gives tokens
  which are then refused is not asked more often.
- nobody answered (`Unavailable`): raised to those who wait, and not remembered; who sends has a pace of its own.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf
from typing import Final, NamedTuple

from app.datacloud.call import Caller
from app.datacloud.config import CloudConfig
from app.datacloud.login import (
    EXCHANGE_PATH,
    FORM,
    LOGIN_PATH,
    REVOKE_PATH,
    CoreToken,
    Grant,
    assertion,
    exchange_form,
    host_mismatches,
    login_form,
    read_exchange,
    read_login,
    revoke_form,
    scrubbed,
)
from app.datacloud.retry import Answer, Backoff
from app.datacloud.skew import skew_sentence
from app.errors import AuthFailed, DataCloudError, Unavailable

logger = logging.getLogger(__name__)

STEP_S: Final = 12.0
"""Deadline of the login, and again of the exchange: together less than an upload's, which may have to wait for both."""
REVOKE_S: Final = 3.0

FIRST_PAUSE_S: Final = 30.0
LONGEST_PAUSE_S: Final = 300.0
CONFIG_PAUSE_S: Final = 600.0

_OURS: Final = "the login failed by a fault of the gateway's own; it is tried again, and the log tells more"
REFUSED_AGAIN: Final = (
    "the org gives a token and then refuses it (401): the app may lack the scope cdp_ingest_api, or somebody ends its "
    "sessions"
)


@dataclass(frozen=True)
class Session:
    """What a request to the ingest endpoint needs.

    Attributes:
        token: For its Authorization header.
        base_url: Origin of the tenant; the token goes nowhere else.
    """

    token: str = field(repr=False)
    base_url: str


class AuthState(NamedTuple):
    """How it stands, for the panel.

    Attributes:
        logged_in: Whether there is a token that is good.
        token_age_s: Of that token; None without one.
        expires_in_s: Of that token; None without one.
        logins: Logins tried since the start.
        last_failure: Why there is no new token; None once there is.
        clock_offset_s: How far the org's clock is ahead of ours; None when nobody knows.
        refused: Whether its last word on a login was no; not where nobody answered.
    """

    logged_in: bool
    token_age_s: float | None
    expires_in_s: float | None
    logins: int
    last_failure: str | None
    clock_offset_s: float | None
    refused: bool


class _Held(NamedTuple):
    """A session, with instants on the monotonic clock."""

    session: Session
    since_s: float
    renew_at_s: float
    unused_from_s: float
    expires_at_s: float


class Tokens:
    """Gives the session to send with.

    Args:
        config: Who we are.
        caller: Makes the calls.
        wall: Seconds since 1970 UTC.
        monotonic: Seconds on a clock that does not jump.
        draw: Random numbers from 0 to 1.
    """

    def __init__(
        self,
        config: CloudConfig,
        caller: Caller,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._config = config
        self._caller = caller
        self._wall, self._monotonic, self._draw = wall, monotonic, draw
        self._held: _Held | None = None
        self._refresh: asyncio.Task[Session | DataCloudError] | None = None
        self._refusal: AuthFailed | None = None
        self._refused_at_s = self._not_before_s = -inf
        self._pause_s = 0.0
        self._behind_the_scenes = Backoff(draw)
        self._logins = 0
        self._last_failure: str | None = None
        self._told: frozenset[str] = frozenset()

    async def get(self) -> Session:
        """The session to send with, at once while there is a good one.

        Raises:
            AuthFailed: The org refused us, now or a while ago.
            Unavailable: Nobody answered.
        """
        now_s = self._monotonic()
        held = self._held
        if held is not None and now_s < held.unused_from_s:
            if now_s >= held.renew_at_s and now_s >= self._not_before_s:
                self._refreshing()
            return held.session
        if self._refusal is not None and now_s < self._not_before_s:
            raise AuthFailed(str(self._refusal), self._refusal.patience)
        outcome = await asyncio.shield(self._refreshing())  # who stops waiting does not stop it for the others
        match outcome:
            case AuthFailed():
                raise AuthFailed(str(outcome), outcome.patience)
            case DataCloudError():
                raise Unavailable(str(outcome), getattr(outcome, "retry_after_s", None))
            case session:
                return session

    def revoked(self, token: str) -> None:
        """The ingest endpoint refused this token: a new one is fetched, unless that has happened already."""
        if self._is_current(token):
            self._held = None

    def refused_again(self, token: str) -> None:
        """It refused this token though it was new: nothing is sent for a while."""
        if self._is_current(token):
            self._held = None
            self._pause(AuthFailed(REFUSED_AGAIN, "slow"))

    def accepted(self, token: str) -> None:
        """The ingest endpoint took this token: what failed before it was given is over."""
        held = self._held
        if held is not None and held.session.token == token and held.since_s > self._refused_at_s:
            self._pause_s = 0.0

    def retry_now(self) -> None:
        """Forget a refusal, since somebody says it is mended."""
        self._not_before_s = -inf

    def state(self) -> AuthState:
        """How it stands."""
        now_s, held = self._monotonic(), self._held
        if held is not None and now_s >= held.expires_at_s:
            held = None
        return AuthState(
            logged_in=held is not None,
            token_age_s=None if held is None else now_s - held.since_s,
            expires_in_s=None if held is None else held.expires_at_s - now_s,
            logins=self._logins,
            last_failure=self._last_failure,
            clock_offset_s=self._offset_s(),
            refused=self._refusal is not None,
        )

    async def close(self) -> None:
        """End a refresh that is under way."""
        task, self._refresh = self._refresh, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    # --- one refresh ---------------------------------------------------------------------------------

    def _refreshing(self) -> asyncio.Task[Session | DataCloudError]:
        """The refresh that is under way; a new one when there is none."""
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.create_task(self._renew(), name="datacloud-token")
        return self._refresh

    async def _renew(self) -> Session | DataCloudError:
        """A new session, or why there is none. Never raises, so that nobody has to wait for it."""
        try:
            session = self._keep(await self._fetch())
        except AuthFailed as refusal:
            self._pause(refusal)
            return refusal
        except Unavailable as silence:
            self._refusal, self._last_failure = None, str(silence)
            self._not_before_s = self._monotonic() + self._behind_the_scenes.failed(silence.retry_after_s)
            self._say_behind_the_scenes(str(silence))
            return silence
        except Exception:
            # Nobody waits for a renewal behind the scenes: a fault would go unseen, and be tried without a pause.
            logger.exception("the login failed by a fault of ours")
            self._refusal, self._last_failure = None, _OURS
            self._not_before_s = self._monotonic() + self._behind_the_scenes.failed(None)
            return Unavailable(_OURS)
        self._warn_once(skew_sentence(self._offset_s()), *host_mismatches(self._config, session.base_url))
        return session

    async def _fetch(self) -> Grant:
        core = await self._login()
        answer = await self._post(core.origin + EXCHANGE_PATH, exchange_form(self._config, core))
        answer = scrubbed(answer, self._config.client_id, core.token)
        grant = read_exchange(answer, self._config, self._now_s())
        if self._config.revoke_core_token:  # at best: the core token dies by itself too
            await self._caller.call("POST", core.origin + REVOKE_PATH, revoke_form(core), FORM, deadline_s=REVOKE_S)
        return grant

    async def _login(self) -> CoreToken:
        self._logins += 1
        signed = assertion(self._config, self._now_s())
        answer = await self._post(self._config.login_url + LOGIN_PATH, login_form(signed))
        answer = scrubbed(answer, self._config.client_id, signed)
        return read_login(answer, self._config, self._now_s(), self._offset_s())

    async def _post(self, url: str, form: bytes) -> Answer:
        return await self._caller.call("POST", url, form, FORM, deadline_s=STEP_S)

    def _keep(self, grant: Grant) -> Session:
        now_s, life_s = self._monotonic(), grant.lifetime_s
        session = Session(grant.token, grant.base_url)
        self._held = _Held(
            session,
            since_s=now_s,
            renew_at_s=now_s + renew_after_s(life_s),
            unused_from_s=now_s + life_s - min(30.0, life_s / 10),  # it has to live until it arrives
            expires_at_s=now_s + life_s,
        )
        self._refusal = self._last_failure = None
        self._behind_the_scenes.succeeded()
        logger.info("logged in to Data Cloud at %s; the token is good for %.0f s", grant.base_url, life_s)
        return session

    def _pause(self, refusal: AuthFailed) -> None:
        """Remember a refusal for its time, a little longer at random so that many gateways do not return in step."""
        if refusal.patience == "config":
            pause_s = CONFIG_PAUSE_S
        else:
            pause_s = self._pause_s = min(LONGEST_PAUSE_S, max(FIRST_PAUSE_S, self._pause_s * 2))
        self._refusal, self._last_failure = refusal, str(refusal)
        self._refused_at_s = self._monotonic()
        self._not_before_s = self._refused_at_s + pause_s * (1 + self._draw() / 10)
        self._say_behind_the_scenes(str(refusal))

    def _say_behind_the_scenes(self, failure: str) -> None:
        """Tell what no sender is told, since the old token is still good."""
        if self._held is not None:
            logger.info("the token could not be renewed and is used on: %s", failure)

    def _warn_once(self, *sentences: str | None) -> None:
        current = frozenset(sentence for sentence in sentences if sentence)
        for sentence in sorted(current - self._told):
            logger.warning("Data Cloud: %s", sentence)
        self._told = current

    def _is_current(self, token: str) -> bool:
        return self._held is not None and self._held.session.token == token

    def _offset_s(self) -> float | None:
        return self._caller.clock.offset_s(self._wall(), self._monotonic())

    def _now_s(self) -> float:
        return self._caller.clock.signing_time_s(self._wall(), self._monotonic())


def renew_after_s(lifetime_s: float) -> float:
    """When to renew a token: after 80 % of its life and five minutes before its end, but not in its first half."""
    return max(lifetime_s / 2, min(0.8 * lifetime_s, lifetime_s - 300))
