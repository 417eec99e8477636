"""`python -m app.datacloud.doctor`: is everything in order between this machine and the org? One line per check.

    python -m app.datacloud.doctor --env-file .env --canary

It logs in, exchanges the token, and asks the org to check one made-up record of every object, which stores nothing.
With `--canary` it also sends one row of the session object, under a key that every later one replaces. Every failure
comes with what to do about it. No secret is ever printed. Ends with 0 when all is well, 1 when something failed, 2 when
the settings cannot be used.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, Literal, NamedTuple

from app.arguments import OneSentence
from app.datacloud.client import DataCloud
from app.datacloud.config import LOGIN, TEST, CloudConfig, cloud_config
from app.datacloud.endpoints import Destination, host_of
from app.datacloud.hints import AUDIENCE
from app.datacloud.login import (
    EXCHANGE_PATH,
    FORM,
    LOGIN_PATH,
    CoreToken,
    Grant,
    assertion,
    exchange_form,
    host_mismatches,
    login_form,
    read_exchange,
    read_login,
    scrubbed,
)
from app.datacloud.retry import Answer, Outcome, judge
from app.datacloud.schema import BY_NAME, OBJECTS, SESSION, ObjectSpec, rule_breaches
from app.datacloud.skew import skew_sentence
from app.errors import DataCloudError
from app.settings import ENV_FILE, BadSettings, load_settings

EXIT_OK: Final = 0
EXIT_FAILED: Final = 1
EXIT_SETTINGS: Final = 2

CANARY_KEY: Final = "doctor:canary"

_SAMPLES: Final = {"string": "doctor", "number": 0, "boolean": False}


class Finding(NamedTuple):
    """What one check found.

    Attributes:
        check: Its name.
        result: How it ended.
        detail: What was seen, and on a failure what to do.
    """

    check: str
    result: Literal["ok", "failed", "skipped"]
    detail: str

    def line(self) -> str:
        """For a terminal."""
        return f"{self.result:<8} {self.check:<24} {self.detail}"


Tell = Callable[[Finding], None]


def sample(spec: ObjectSpec, now_s: float) -> dict[str, object]:
    """A made-up record that the org's schema accepts.

    Args:
        spec: Its object.
        now_s: Seconds since 1970 UTC, for its times.
    """
    instant = datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    record: dict[str, object] = {field.name: _SAMPLES.get(field.type, instant) for field in spec.fields}
    record[spec.primary_key] = CANARY_KEY
    return record


def body_of(record: dict[str, object]) -> bytes:
    """The request body with one record."""
    return json.dumps({"data": [record]}, separators=(",", ":")).encode()


class Doctor:
    """Goes through the checks; one that needs what another could not get is skipped.

    Args:
        config: The connection.
        tell: Is told each finding as it is made.
        wall: Seconds since 1970 UTC.
        monotonic: Seconds on a clock that does not jump.
    """

    def __init__(
        self,
        config: CloudConfig,
        tell: Tell,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.failed = 0
        """How many checks failed."""
        self._config = config
        self._tell = tell
        self._wall, self._monotonic = wall, monotonic
        self._cloud = DataCloud(config, wall=wall, monotonic=monotonic)

    async def examine(self, canary: bool = False) -> None:
        """Make all checks; with a canary, also send a row."""
        try:
            self._key_pair()
            self._schema()
            is_reached = await self._network()
            core = await self._login(is_reached)
            grant = await self._exchange(core)
            self._tenant(grant)
            await self._objects(grant)
            await self._canary(grant, canary)
        finally:
            await self._cloud.close()

    # --- the checks, in their order ------------------------------------------------------------------

    def _key_pair(self) -> None:
        key = self._config.key
        self._ok(
            "key pair",
            f"{key.bits} bits; SHA-256 of the public key {key.public_fingerprint_sha256}; compare: openssl x509 -in "
            "datacloud.crt -noout -pubkey | openssl pkey -pubin -outform der | sha256sum",
        )

    def _schema(self) -> None:
        breaches = rule_breaches()
        if breaches:
            self._fail("schema rules", "; ".join(breaches) + "; mend app/datacloud/schema.py")
        else:
            self._ok("schema rules", f"{len(OBJECTS)} objects can be uploaded")

    async def _network(self) -> bool:
        """DNS, TLS and clock by one request, through the proxy where there is one; whether anybody answered."""
        answer = await self._cloud.caller.call("GET", self._config.login_url + "/")
        if answer.status is None:
            for check in ("DNS", "TLS"):
                if answer.fault == check.lower():
                    self._fail(check, answer.detail + _NETWORK_REMEDIES[check])
                    return False
            self._fail("network", f"{answer.detail}; see the network, a firewall, HTTPS_PROXY, SALESFORCE_DOMAIN")
            return False
        self._ok("DNS", host_of(self._config.login_url))
        if self._config.login_url.startswith("https:"):
            self._ok("TLS", "the certificate is good")
        else:
            self._skip("TLS", "plain http to this machine")
        self._clock()
        return True

    def _clock(self) -> None:
        offset_s = self._cloud.caller.clock.offset_s(self._wall(), self._monotonic())
        skew = skew_sentence(offset_s)
        if offset_s is None:
            self._skip("clock", "the login host tells no time")
        elif skew:
            self._fail("clock", f"{skew}, for instance by NTP")
        else:
            self._ok("clock", f"{round(offset_s):+d} s to the org's")

    async def _login(self, is_reached: bool) -> CoreToken | None:
        if not is_reached:
            self._skip("login", "the login host was not reached")
            return None
        outcome = await self._try_login(self._config.audience)
        if isinstance(outcome, CoreToken):
            self._ok("login", f"{self._config.username}, audience {self._config.audience}")
            return outcome
        if _blames_audience(outcome):
            return await self._login_with_other_audiences(outcome)
        self._fail("login", str(outcome))
        return None

    async def _login_with_other_audiences(self, refusal: DataCloudError) -> CoreToken | None:
        candidates = dict.fromkeys((self._config.login_url, LOGIN, TEST))
        candidates.pop(self._config.audience, None)
        for audience in candidates:
            outcome = await self._try_login(audience)
            if isinstance(outcome, CoreToken):
                wrong = f"{self._config.audience} is not accepted as audience"
                self._fail("login", f"{wrong}; set SF_JWT_AUDIENCE={audience}, with which it works")
                await self._go_on_with(audience)
                return outcome
            if not _blames_audience(outcome):
                self._fail("login", f"set SF_JWT_AUDIENCE={audience}, with which it goes further: {outcome}")
                return None
        self._fail("login", f"{refusal}; none of {', '.join(candidates)} is accepted either")
        return None

    async def _try_login(self, audience: str) -> CoreToken | DataCloudError:
        caller = self._cloud.caller
        wall_s = self._wall()
        signed = assertion(self._config, caller.clock.signing_time_s(wall_s, self._monotonic()), audience)
        answer = await caller.call("POST", self._config.login_url + LOGIN_PATH, login_form(signed), FORM)
        offset_s = caller.clock.offset_s(self._wall(), self._monotonic())
        try:
            return read_login(scrubbed(answer, self._config.client_id, signed), self._config, wall_s, offset_s)
        except DataCloudError as failure:
            return failure

    async def _go_on_with(self, audience: str) -> None:
        await self._cloud.close()
        self._config = replace(self._config, audience=audience)
        self._cloud = DataCloud(self._config, wall=self._wall, monotonic=self._monotonic)

    async def _exchange(self, core: CoreToken | None) -> Grant | None:
        if core is None:
            self._skip("token exchange", "needs the login")
            return None
        form = exchange_form(self._config, core)
        answer = await self._cloud.caller.call("POST", core.origin + EXCHANGE_PATH, form, FORM)
        try:
            grant = read_exchange(scrubbed(answer, self._config.client_id, core.token), self._config, self._wall())
        except DataCloudError as failure:
            self._fail("token exchange", str(failure))
            return None
        self._ok("token exchange", f"the token is good for {grant.lifetime_s:.0f} s")
        return grant

    def _tenant(self, grant: Grant | None) -> None:
        if grant is None:
            self._skip("tenant host", "needs the token exchange")
        elif mismatches := host_mismatches(self._config, grant.base_url):
            self._fail("tenant host", f"{'; '.join(mismatches)}; correct or empty the DC_..._ENDPOINT settings")
        else:
            self._ok("tenant host", grant.base_url)

    async def _objects(self, grant: Grant | None) -> None:
        for name, destination in self._config.destinations.items():
            check = f"object {destination.object}"
            if grant is None:
                self._skip(check, "needs the token exchange")
                continue
            record = sample(BY_NAME[name], self._wall())
            await self._ask(check, self._cloud.validate, destination, record, "its schema and ours agree")

    async def _canary(self, grant: Grant | None, is_wanted: bool) -> None:
        if grant is None or not is_wanted:
            self._skip("canary", "needs the token exchange" if is_wanted else "asked for with --canary")
            return
        record = sample(SESSION, self._wall())
        said = f"a row with {SESSION.primary_key} {CANARY_KEY} is on its way; look for it in Data Explorer in 5 minutes"
        await self._ask("canary", self._cloud.upsert, self._config.destinations[SESSION.name], record, said)

    async def _ask(
        self,
        check: str,
        send: Callable[[Destination, bytes], Coroutine[None, None, Answer]],
        destination: Destination,
        record: dict[str, object],
        said: str,
    ) -> None:
        """One request with one record."""
        try:
            answer = await send(destination, body_of(record))
        except DataCloudError as failure:
            self._fail(check, str(failure))
            return
        verdict = judge(answer, self._wall(), self._config.status_overrides)
        if verdict.outcome is Outcome.DELIVERED:
            self._ok(check, said)
        else:
            self._fail(check, verdict.reason + _REMEDIES.get(verdict.outcome, ""))

    # --- telling -------------------------------------------------------------------------------------

    def _ok(self, check: str, detail: str) -> None:
        self._tell(Finding(check, "ok", detail))

    def _skip(self, check: str, detail: str) -> None:
        self._tell(Finding(check, "skipped", detail))

    def _fail(self, check: str, detail: str) -> None:
        self.failed += 1
        self._tell(Finding(check, "failed", detail))


def _blames_audience(failure: DataCloudError) -> bool:
    return AUDIENCE.sentence in str(failure)


_NETWORK_REMEDIES: Final = {
    "DNS": "; see SALESFORCE_DOMAIN, and this machine's resolver",
    "TLS": "; if a proxy here inspects TLS, name its authority in DATACLOUD_CA_FILE",
}
_REMEDIES: Final = {
    Outcome.RECORD: "; upload app/datacloud/schema.yaml to the connector again, and add the new fields to the stream",
    Outcome.TRANSIENT: "; try again later",
    Outcome.THROTTLED: "; the tenant's 250 requests a second are used up, try again later",
}


async def diagnose(env_file: str, canary: bool, say: Callable[[str], None]) -> int:
    """Make all checks and say each finding; the exit code."""
    try:
        settings = load_settings(env_file)
        config = cloud_config(settings)
    except BadSettings as wrong:
        for line in str(wrong).splitlines():
            say(Finding("settings", "failed", line).line())
        return EXIT_SETTINGS
    note = "" if settings.datacloud_enabled else "; DATACLOUD_ENABLED is false, so the gateway uploads nothing"
    say(Finding("settings", "ok", f"complete{note}").line())
    doctor = Doctor(config, lambda finding: say(finding.line()))
    await doctor.examine(canary)
    return EXIT_FAILED if doctor.failed else EXIT_OK


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = OneSentence("python -m app.datacloud.doctor", "Checks the connection to Data Cloud, step by step.")
    parser.add_argument("--canary", action="store_true", help="also send one row, which later ones replace")
    parser.add_argument("--env-file", default=ENV_FILE, metavar="FILE", help="settings, beside the environment's")
    given = parser.parse_args(argv)
    return asyncio.run(diagnose(given.env_file, given.canary, _say))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
