"""The doctor finds out what is amiss, says what to do, and shows no secret; against the emulator, whole and broken."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from app.datacloud.doctor import (
    CANARY_KEY,
    EXIT_FAILED,
    EXIT_OK,
    EXIT_SETTINGS,
    Doctor,
    Finding,
    body_of,
    diagnose,
    main,
    sample,
)
from app.datacloud.emulator.config import App, User
from app.datacloud.emulator.emulator import Emulator
from app.datacloud.schema import OBJECTS, SESSION, ObjectSpec
from app.datacloud.validation import complaints
from app.settings import Settings
from tests.datacloud.certificates import Authority
from tests.datacloud.org import throwaway_org
from tests.datacloud.scripted_org import ScriptedOrg, config_for, pem
from tests.gateway import free_port


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


class Patient:
    """An emulated org and the settings for it."""

    def __init__(self, emulator: Emulator, settings: dict[str, str], directory: Path) -> None:
        self.emulator, self.settings = emulator, settings
        self._env_file = directory / "settings.env"

    @property
    def client_id(self) -> str:
        return self.settings["SF_CLIENT_ID"]

    @property
    def key_lines(self) -> list[str]:
        """What stands between the first and the last line of the key's file."""
        return Path(self.settings["SF_PRIVATE_KEY_PATH"]).read_text().splitlines()[1:-1]

    @property
    def app(self) -> App:
        return self.emulator.config.apps[self.client_id]

    async def diagnose(self, canary: bool = False, **changes: str) -> tuple[int, dict[str, Finding]]:
        """The exit code, and the findings by their check."""
        lines = [f"{name}='{value}'" for name, value in (self.settings | changes).items()]
        self._env_file.write_text("\n".join(lines))
        said: list[str] = []
        code = await diagnose(str(self._env_file), canary, said.append)
        self.said = "\n".join(said)
        parts = [line.split(maxsplit=1) for line in said]
        findings = [Finding(rest[:24].strip(), result, rest[24:].strip()) for result, rest in parts]  # type: ignore[arg-type]
        return code, {finding.check: finding for finding in findings}


@asynccontextmanager
async def patient(directory: Path, **config: Any) -> AsyncIterator[Patient]:
    async with throwaway_org(directory, **config) as (emulator, settings):
        yield Patient(emulator, settings, directory)


def failed(findings: dict[str, Finding]) -> dict[str, str]:
    return {finding.check: finding.detail for finding in findings.values() if finding.result == "failed"}


class TestWell:
    async def test_all_checks_are_ok(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            code, findings = await at.diagnose()

            assert code == EXIT_OK
            assert [finding.check for finding in findings.values() if finding.result == "ok"] == [
                "settings",
                "key pair",
                "schema rules",
                "DNS",
                "clock",
                "login",
                "token exchange",
                "tenant host",
                *(f"object {name}" for name in ("TelemetryEvent", "LapEvent", "RaceEvent", "SessionEvent")),
            ]
            assert {check: f.detail for check, f in findings.items() if f.result == "skipped"} == {
                "TLS": "plain http to this machine",
                "canary": "asked for with --canary",
            }

    async def test_it_stores_nothing_without_a_canary(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            await at.diagnose()

            assert [at.emulator.deliveries(spec.name) for spec in OBJECTS] == [[]] * 4

    async def test_a_canary_is_one_row_that_the_next_one_replaces(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            code, findings = await at.diagnose(canary=True)
            await at.diagnose(canary=True)
            at.emulator.process()

            assert (code, findings["canary"].result) == (EXIT_OK, "ok")
            assert len(at.emulator.rows(SESSION.name)) == 1
            assert CANARY_KEY in str(at.emulator.rows(SESSION.name))

    async def test_the_fingerprint_is_printed_and_no_secret(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            _, findings = await at.diagnose(canary=True)

            assert "SHA-256 of the public key" in findings["key pair"].detail
            for secret in (at.client_id, *at.key_lines, "eyJ", "00D"):
                assert secret not in at.said

    async def test_tls_is_checked_where_there_is_any(self, tmp_path: Path) -> None:
        authority = Authority.make(tmp_path)
        findings: list[Finding] = []
        async with ScriptedOrg(authority.server_context()) as org:
            here = f"https://{org.host}"
            org.logins, org.exchanges = (
                [org.login_reply(instance_url=here)] * 2,
                [org.exchange_reply(instance_url=here)] * 2,
            )

            await Doctor(config_for(here, ca_file=authority.ca_file), findings.append).examine()

        assert Finding("TLS", "ok", "the certificate is good") in findings


class TestBroken:
    async def test_settings_that_cannot_be_used(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            code, findings = await at.diagnose(SF_USERNAME="", SF_CLIENT_ID="")

            assert code == EXIT_SETTINGS
            assert findings["settings"].result == "failed"
            assert "SF_CLIENT_ID: is empty" in at.said
            assert "SF_USERNAME: is empty" in at.said

    async def test_a_gateway_that_is_not_to_upload_is_told(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            _, findings = await at.diagnose(DATACLOUD_ENABLED="false")

            assert "DATACLOUD_ENABLED is false" in findings["settings"].detail

    async def test_nobody_listens(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            code, findings = await at.diagnose(SF_LOGIN_URL=f"http://127.0.0.1:{free_port()}")

            assert code == EXIT_FAILED
            assert "nobody listens there; see the network" in failed(findings)["network"]
            assert findings["login"].result == findings["object LapEvent"].result == "skipped"

    async def test_a_name_that_nobody_knows(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            _, findings = await at.diagnose(SF_LOGIN_URL="https://org.invalid")

            assert "cannot be resolved" in failed(findings)["DNS"]

    async def test_a_certificate_that_nobody_vouches_for(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at, ScriptedOrg(Authority.make(tmp_path).server_context()) as org:
            _, findings = await at.diagnose(SF_LOGIN_URL=f"https://{org.host}")

            assert "DATACLOUD_CA_FILE" in failed(findings)["TLS"]

    async def test_a_clock_that_is_off_does_not_keep_the_rest_from_being_checked(self, tmp_path: Path) -> None:
        async with throwaway_org(tmp_path, clock=lambda: time.time() + 600) as (emulator, settings):
            code, findings = await Patient(emulator, settings, tmp_path).diagnose()

            assert code == EXIT_FAILED
            assert list(failed(findings)) == ["clock"]
            assert "behind the org's; set it" in failed(findings)["clock"]

    async def test_an_audience_is_found_that_works(self, tmp_path: Path) -> None:
        async with patient(tmp_path, audiences=("https://test.salesforce.com",)) as at:
            code, findings = await at.diagnose()

            assert code == EXIT_FAILED
            assert list(failed(findings)) == ["login"]
            assert "set SF_JWT_AUDIENCE=https://test.salesforce.com, with which it works" in failed(findings)["login"]
            assert findings["object LapEvent"].result == "ok"

    async def test_no_audience_works(self, tmp_path: Path) -> None:
        async with patient(tmp_path, audiences=()) as at:
            _, findings = await at.diagnose()

            assert "is accepted either" in failed(findings)["login"]

    async def test_an_audience_that_only_goes_further_is_told_with_what_follows(self, tmp_path: Path) -> None:
        async with patient(tmp_path, audiences=("own",)) as at:
            at.emulator.configure(users={name: User(active=False) for name in at.emulator.config.users})

            _, findings = await at.diagnose()

            assert (
                f"set SF_JWT_AUDIENCE={at.emulator.base_url}, with which it goes further" in failed(findings)["login"]
            )

    async def test_a_key_of_another_pair(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            other = tmp_path / "other.key"
            other.write_bytes(pem(3))
            other.chmod(0o600)

            _, findings = await at.diagnose(SF_PRIVATE_KEY_PATH=str(other))

            assert "do not belong together" in failed(findings)["login"]
            assert findings["token exchange"].result == "skipped"

    async def test_a_consumer_key_that_nobody_knows(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            _, findings = await at.diagnose(SF_CLIENT_ID="3MVG9-unknown")

            assert "SF_CLIENT_ID is not the app's consumer key" in failed(findings)["login"]
            assert "3MVG9-unknown" not in at.said

    async def test_a_user_that_nobody_approved(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            at.emulator.configure(apps={at.client_id: App(at.app.key_pem)})

            _, findings = await at.diagnose()

            assert "not pre-authorised" in failed(findings)["login"]

    async def test_a_user_without_data_cloud(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            at.emulator.configure(users={name: User(datacloud_access=False) for name in at.emulator.config.users})

            code, findings = await at.diagnose()

            assert code == EXIT_FAILED
            assert "no Data Cloud permission set" in failed(findings)["token exchange"]
            assert findings["tenant host"].result == "skipped"

    async def test_an_app_without_the_scope(self, tmp_path: Path) -> None:
        async with patient(tmp_path) as at:
            approved = at.app.preauthorised
            at.emulator.configure(apps={at.client_id: App(at.app.key_pem, frozenset({"api"}), approved)})

            _, findings = await at.diagnose()

            assert "lacks the scope cdp_ingest_api" in failed(findings)["token exchange"]

    async def test_an_endpoint_of_another_tenant(self, tmp_path: Path) -> None:
        endpoint = "https://old.c360a.salesforce.com/api/v1/ingest/sources/F1Telemetry/LapEvent"
        async with patient(tmp_path) as at:
            _, findings = await at.diagnose(DC_EVENTS_ENDPOINT=endpoint)

            assert list(failed(findings)) == ["tenant host"]
            assert "old.c360a.salesforce.com" in failed(findings)["tenant host"]

    async def test_a_stream_that_is_not_deployed(self, tmp_path: Path) -> None:
        async with patient(tmp_path, undeployed=frozenset({"LapEvent"})) as at:
            _, findings = await at.diagnose()

            assert list(failed(findings)) == ["object LapEvent"]
            assert "its data stream is not deployed" in failed(findings)["object LapEvent"]

    async def test_a_schema_that_the_org_has_in_an_older_form(self, tmp_path: Path) -> None:
        older = tuple(spec._replace(fields=tuple(f._replace(type="string") for f in spec.fields)) for spec in OBJECTS)
        async with patient(tmp_path, sources={"F1Telemetry": older}) as at:
            _, findings = await at.diagnose()

            assert set(failed(findings)) == {f"object {spec.name}" for spec in OBJECTS}
            assert "#/car_index: expected type: String, found: Integer" in failed(findings)["object LapEvent"]
            assert "upload" in failed(findings)["object LapEvent"]


class TestSample:
    @pytest.mark.parametrize("spec", OBJECTS, ids=lambda spec: spec.name)
    def test_it_is_a_record_as_the_schema_wants_it(self, spec: ObjectSpec) -> None:
        record = json.loads(body_of(sample(spec, 1_795_348_800.5)))["data"][0]

        assert complaints(spec, record, unknown_fields=False) == []
        assert list(record) == [field.name for field in spec.fields]
        assert None not in record.values()


class TestCommand:
    def test_settings_that_cannot_be_used_end_it_with_2(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        env_file = tmp_path / "settings.env"
        env_file.write_text("SF_USERNAME=rig\n")

        code = main(["--env-file", str(env_file)])

        told = capsys.readouterr().out
        assert code == EXIT_SETTINGS
        assert "failed   settings                 SF_CLIENT_ID: is empty" in told

    def test_an_argument_that_nobody_knows_ends_it_with_2(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            main(["--cure"])

        assert ended.value.code == EXIT_SETTINGS
        assert "--cure" in capsys.readouterr().err
