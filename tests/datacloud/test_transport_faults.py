"""What the network and the far end can do to us, row by row of the fault matrix; each test names its row."""

from __future__ import annotations

import asyncio
import gc
import resource
import ssl
from pathlib import Path

import pytest

from app.datacloud.call import CONNECT_S, MOST_READ, Caller, http_client
from app.datacloud.client import DataCloud
from app.datacloud.login import EXCHANGE_PATH, LOGIN_PATH
from app.datacloud.retry import Answer, Outcome, judge
from app.datacloud.skew import OrgClock
from app.errors import AuthFailed, Unavailable
from tests.datacloud.certificates import Authority
from tests.datacloud.scripted_org import (
    BODY,
    LAPS,
    Connection,
    ScriptedOrg,
    Talk,
    config_for,
    hang_up,
    reply,
    reset,
    says,
)
from tests.gateway import free_port


def outcome(answer: Answer) -> Outcome:
    return judge(answer, 0, {}).outcome


def dribble(interval_s: float) -> Talk:
    """A whole head, and then a byte now and again."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(interval_s)

    return talk


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A head, and nothing after it."""
    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100000\r\n\r\n")
    await writer.drain()
    await asyncio.sleep(3600)


async def slow_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A head that never ends."""
    writer.write(b"HTTP/1.1 202 Accepted\r\n")
    while True:
        writer.write(b"X: y\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A body of a gigabyte."""
    writer.write(b"HTTP/1.1 202 Accepted\r\nContent-Length: 1000000000\r\n\r\n")
    while True:
        writer.write(b"x" * MOST_READ)
        await writer.drain()


class TestU13:
    @pytest.mark.parametrize("talk", [dribble(0.01), silence, slow_head])
    @pytest.mark.row("U13")
    async def test_u13_a_reply_that_does_not_end_is_left_at_the_deadline(self, talk: Talk) -> None:
        async with Connection(deadline_s=0.3) as (org, cloud):
            org.uploads = [talk]
            loop = asyncio.get_running_loop()
            began_s = loop.time()

            answer = await cloud.upsert(LAPS, BODY)
            took_s = loop.time() - began_s
            following = await cloud.upsert(LAPS, BODY)

            assert (answer.fault, outcome(answer)) == ("timeout", Outcome.TRANSIENT)
            assert 0.25 < took_s < 1
            assert following.status == 202

    @pytest.mark.row("U13")
    async def test_u13_four_of_them_at_once_free_all_connections(self) -> None:
        async with Connection(deadline_s=0.3) as (org, cloud):
            await cloud.upsert(LAPS, BODY)
            org.uploads = [silence] * 4

            await asyncio.gather(*(cloud.upsert(LAPS, BODY) for _ in range(4)))
            answers = await asyncio.gather(*(cloud.upsert(LAPS, BODY) for _ in range(5)))

            assert [answer.status for answer in answers] == [202] * 5

    @pytest.mark.row("U13")
    async def test_u13_a_body_of_a_gigabyte_costs_no_memory(self) -> None:
        async with Connection() as (org, cloud):
            await cloud.upsert(LAPS, BODY)
            org.uploads = [flood] * 10
            gc.collect()
            before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

            answers = [await cloud.upsert(LAPS, BODY) for _ in range(10)]

            assert {len(answer.text) for answer in answers} == {MOST_READ}
            assert {outcome(answer) for answer in answers} == {Outcome.TRANSIENT}
            assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib <= 2048

    @pytest.mark.row("U13")
    async def test_u13_a_login_that_dribbles_is_left_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("app.datacloud.auth.STEP_S", 0.2)
        async with Connection(deadline_s=5) as (org, cloud):
            org.logins = [dribble(0.01)]

            with pytest.raises(Unavailable, match=r"login: .* no whole answer within"):
                await cloud.upsert(LAPS, BODY)


class TestU15:
    @pytest.mark.row("U15")
    async def test_u15_nobody_listens(self) -> None:
        cloud = DataCloud(config_for(f"http://127.0.0.1:{free_port()}"))

        with pytest.raises(Unavailable, match=r"login: .* nobody listens there"):
            await cloud.upsert(LAPS, BODY)

        await cloud.close()

    @pytest.mark.parametrize(
        "talk",
        [
            reset,
            hang_up,
            says(b"HTTP/1.1 202 Accepted\r\nContent-Length: 18\r\n\r\n{"),
            says(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{"),
            says(b"\x16\x03\x01\x02\x00"),
        ],
    )
    @pytest.mark.row("U15")
    async def test_u15_whatever_breaks_is_transient_and_the_next_call_is_served(self, talk: Talk) -> None:
        async with Connection() as (org, cloud):
            org.uploads = [talk, talk]

            broken = await cloud.upsert(LAPS, BODY)
            answers = [await cloud.upsert(LAPS, BODY) for _ in range(2)]

            assert outcome(broken) is Outcome.TRANSIENT or broken.status == 202
            assert answers[-1].status == 202

    @pytest.mark.row("U15")
    async def test_u15_a_connection_closed_while_idle_costs_nothing(self) -> None:
        async with Connection() as (org, cloud):
            org.uploads = [reply(202, {"accepted": True}, {"Connection": "close"}), reply(202), hang_up, reply(202)]

            answers = [await cloud.upsert(LAPS, BODY) for _ in range(3)]

            assert [answer.status for answer in answers] == [202, 202, 202]

    @pytest.mark.row("U15")
    async def test_u15_a_half_open_connection_ends_with_the_deadline(self) -> None:
        async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(3600)

        async with Connection(deadline_s=0.2) as (org, cloud):
            org.uploads = [says_nothing]

            answer = await cloud.upsert(LAPS, BODY)

            assert answer.fault == "timeout"


class TestU16:
    """The org is never told a byte: neither the assertion nor a row."""

    @staticmethod
    async def refusal(context: ssl.SSLContext, ca_file: Path | None) -> tuple[str, ScriptedOrg]:
        """What is said when a login is tried against a server with this TLS."""
        asyncio.get_running_loop().set_exception_handler(
            lambda loop, report: None
        )  # the server's side of a bad handshake
        async with ScriptedOrg(context) as org:
            cloud = DataCloud(config_for(f"https://{org.host}", ca_file=ca_file))
            with pytest.raises(Unavailable) as caught:
                await cloud.upsert(LAPS, BODY)
            await cloud.close()
        return str(caught.value), org

    @pytest.mark.row("U16")
    async def test_u16_a_certificate_of_our_own_authority_is_accepted(self, tmp_path: Path) -> None:
        authority = Authority.make(tmp_path)
        async with ScriptedOrg(authority.server_context()) as org:
            cloud = DataCloud(config_for(f"https://{org.host}", ca_file=authority.ca_file))
            here = f"https://{org.host}"
            org.logins, org.exchanges = [org.login_reply(instance_url=here)], [org.exchange_reply(instance_url=here)]

            answer = await cloud.upsert(LAPS, BODY)

            assert answer.status == 202
            await cloud.close()

    @pytest.mark.row("U16")
    async def test_u16_an_expired_certificate(self, tmp_path: Path) -> None:
        authority = Authority.make(tmp_path)

        told, org = await self.refusal(authority.server_context(days=(-30, -1)), authority.ca_file)

        assert told == "login: 127.0.0.1: its certificate is refused: certificate has expired"
        assert org.bytes_seen == 0

    @pytest.mark.row("U16")
    async def test_u16_the_certificate_of_another_host(self, tmp_path: Path) -> None:
        authority = Authority.make(tmp_path)

        told, org = await self.refusal(authority.server_context("127.0.0.2"), authority.ca_file)

        assert "its certificate is refused: IP address mismatch, certificate is not valid for '127.0.0.1'" in told
        assert org.bytes_seen == 0

    @pytest.mark.row("U16")
    async def test_u16_a_certificate_signed_by_itself(self, tmp_path: Path) -> None:
        authority = Authority.make(tmp_path)

        told, org = await self.refusal(authority.server_context(self_signed=True), authority.ca_file)

        assert "its certificate is refused: self-signed certificate" in told
        assert org.bytes_seen == 0

    @pytest.mark.row("U16")
    async def test_u16_an_authority_that_nobody_knows(self, tmp_path: Path) -> None:
        authority = Authority.make(tmp_path)

        told, org = await self.refusal(authority.server_context(), None)

        assert "its certificate is refused: unable to get local issuer certificate" in told
        assert org.bytes_seen == 0

    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
    @pytest.mark.row("U16")
    async def test_u16_a_protocol_of_yesterday(self, tmp_path: Path) -> None:
        authority = Authority.make(tmp_path)
        context = authority.server_context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1

        told, org = await self.refusal(context, authority.ca_file)

        assert "the TLS handshake failed: " in told
        assert "TLS 1.2 or newer is needed" in told
        assert org.bytes_seen == 0

    @pytest.mark.row("U16")
    async def test_u16_a_server_that_speaks_no_tls(self) -> None:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await reader.read()

        async with ScriptedOrg(talk=speak) as org, http_client() as http:
            answer = await Caller(http, OrgClock()).call("POST", f"https://{org.host}/", b"secret")

        assert answer.fault == "tls"
        assert "the TLS handshake failed: wrong version number" in answer.detail

    @pytest.mark.row("U16")
    async def test_u16_a_handshake_that_stalls(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()

        monkeypatch.setattr("app.datacloud.call.CONNECT_S", 0.2)
        async with ScriptedOrg(talk=stall) as org, http_client() as http:
            answer = await Caller(http, OrgClock()).call("POST", f"https://{org.host}/", b"secret")

        assert (answer.fault, answer.detail) == ("tls", "127.0.0.1: the TLS handshake did not end within 0.2 s")
        assert CONNECT_S == 5


class TestU17:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    @pytest.mark.row("U17")
    async def test_u17_a_redirect_of_rows_is_not_followed(self, status: int) -> None:
        async with ScriptedOrg() as elsewhere, Connection() as (org, cloud):
            org.uploads = [reply(status, None, {"Location": f"http://{elsewhere.host}/api/v1/ingest/x"})]

            answer = await cloud.upsert(LAPS, BODY)

            assert outcome(answer) is Outcome.CONFIG
            assert elsewhere.connections == 0

    @pytest.mark.parametrize("step", ["logins", "exchanges"])
    @pytest.mark.row("U17")
    async def test_u17_nor_is_one_of_the_login(self, step: str) -> None:
        async with ScriptedOrg() as elsewhere, Connection() as (org, cloud):
            setattr(org, step, [reply(302, None, {"Location": f"http://{elsewhere.host}{LOGIN_PATH}"})])

            with pytest.raises(AuthFailed) as caught:
                await cloud.upsert(LAPS, BODY)

            assert caught.value.patience == "config"
            assert elsewhere.connections == 0


class TestU18:
    @pytest.mark.parametrize("named", ["evil.example", "http://acme.salesforce.com", "{elsewhere}/x", "u@{elsewhere}"])
    @pytest.mark.row("U18")
    async def test_u18_rows_go_to_no_odd_host(self, named: str) -> None:
        async with ScriptedOrg() as elsewhere, Connection() as (org, cloud):
            org.exchanges = [org.exchange_reply(instance_url=named.format(elsewhere=elsewhere.host))]

            with pytest.raises(AuthFailed, match="nothing was sent there") as caught:
                await cloud.upsert(LAPS, BODY)

            assert caught.value.patience == "config"
            assert org.asked("/api/") == []
            assert elsewhere.connections == 0

    @pytest.mark.parametrize("named", ["https://evil.example", "http://acme.salesforce.com"])
    @pytest.mark.row("U18")
    async def test_u18_nor_does_the_core_token(self, named: str) -> None:
        async with Connection() as (org, cloud):
            org.logins = [org.login_reply(instance_url=named)]

            with pytest.raises(AuthFailed, match="nothing was sent there"):
                await cloud.upsert(LAPS, BODY)

            assert org.asked(EXCHANGE_PATH) == []

    @pytest.mark.row("U18")
    async def test_u18_a_new_host_that_is_allowed_is_used_with_the_token_it_came_with(self) -> None:
        async with ScriptedOrg() as moved, Connection() as (org, cloud):
            await cloud.upsert(LAPS, BODY)
            org.revoked = {"token-1"}
            org.exchanges = [org.exchange_reply(instance_url=moved.host)]

            answer = await cloud.upsert(LAPS, BODY)

            assert answer.status == 202
            assert [request.headers["authorization"] for request in moved.requests] == ["Bearer token-2"]
