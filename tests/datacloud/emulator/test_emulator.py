from __future__ import annotations

import asyncio
import gc
import logging
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from app.datacloud.emulator.config import EmulatorConfig
from app.datacloud.emulator.emulator import Emulator
from app.datacloud.emulator.faults import Fault
from tests.datacloud.emulator.caller import LAPS, calling
from tests.datacloud.emulator.records import make_record
from tests.datacloud.rows import make_rows


async def test_from_login_to_row(tmp_path: Path) -> None:
    async with calling(tmp_path) as caller:
        record = make_record()

        answer = await caller.send(record)
        caller.emulator.process()

        assert (answer.status_code, answer.json()) == (202, {"accepted": True})
        assert caller.emulator.rows("LapEvent") == {("x", "2026-03-01"): record}
        assert caller.emulator.counters("LapEvent").inserted == 1
        assert [seen.status for seen in caller.emulator.requests()] == [200, 200, 202]


async def test_deliveries_hold_the_bytes_that_were_sent(tmp_path: Path) -> None:
    rows = make_rows(300)
    body = b'{"data":[' + b",".join(row.body for row in rows) + b"]}"

    async with calling(tmp_path) as caller:
        answer = await caller.send(body=body, url="/api/v1/ingest/sources/F1Telemetry/TelemetryEvent")
        deliveries = caller.emulator.deliveries("TelemetryEvent")

    assert answer.status_code == 202
    assert [(delivery.key, delivery.raw) for delivery in deliveries] == [(row.key, row.body) for row in rows]


async def test_settings_can_be_changed_while_it_runs(tmp_path: Path) -> None:
    async with calling(tmp_path) as caller:
        caller.emulator.configure(max_body_bytes=100, oversize_status=400)

        assert (await caller.send()).status_code == 400
        with pytest.raises(ValueError, match="wings"):
            caller.emulator.configure(wings=1)


async def test_it_can_be_steered_over_http(tmp_path: Path) -> None:
    async with calling(tmp_path) as caller:
        await caller.http.put("/__emulator__/faults", json=[{"match": {"nth": 1}, "action": {"kind": "status"}}])
        await caller.http.put("/__emulator__/config", json={"max_body_bytes": 100})

        statuses = [(await caller.send()).status_code for _ in range(2)]
        state = (await caller.http.get("/__emulator__/state")).json()

    assert statuses == [503, 413]
    assert state["faults"] == [{"action": "status", "seen": 2, "fired": 1}]


async def test_tokens_end_with_their_lifetime_by_the_emulators_clock(tmp_path: Path) -> None:
    now_s = 1_772_359_200.0

    async with calling(tmp_path, clock=lambda: now_s, dc_ttl_s=3) as caller:
        assert (await caller.send()).status_code == 202
        now_s += 3
        assert (await caller.send()).status_code == 401
        await caller.sign_in()
        assert (await caller.send()).status_code == 202
        caller.emulator.expire_tokens()
        assert (await caller.send()).status_code == 401
        await caller.sign_in()
        caller.emulator.revoke_tokens()
        assert (await caller.send()).status_code == 401


async def test_what_waits_is_processed_by_itself_when_it_is_time(tmp_path: Path) -> None:
    now_s = 1_772_359_200.0
    async with calling(tmp_path, clock=lambda: now_s, process_interval_s=180) as caller:
        await caller.send()
        await asyncio.sleep(0.3)
        assert caller.emulator.rows("LapEvent") == {}

        now_s += 180

        async with asyncio.timeout(10):
            while caller.emulator.counters("LapEvent").inserted != 1:  # noqa: ASYNC110  # nobody calls for a counter
                await asyncio.sleep(0.02)


async def test_it_can_be_gone_for_a_while(tmp_path: Path) -> None:
    async with calling(tmp_path) as caller:
        url = caller.emulator.base_url
        caller.emulator.go_down()
        for _ in range(2):
            with pytest.raises(httpx.TransportError):
                await caller.send()

        await caller.emulator.come_back()

        assert (await caller.send()).status_code == 202
        assert caller.emulator.base_url == url


async def test_a_reset_forgets_what_came(tmp_path: Path) -> None:
    async with calling(tmp_path) as caller:
        await caller.send(make_record(lap_number="bad"))
        await caller.send()

        caller.emulator.reset()

        assert (caller.emulator.requests(), caller.emulator.deliveries("LapEvent")) == ([], [])
        assert (await caller.send()).status_code == 202


async def test_problem_records_can_be_seen(tmp_path: Path) -> None:
    async with calling(tmp_path, validation="lenient") as caller:
        await caller.send(make_record(lap_number="bad"))
        caller.emulator.process()

        assert caller.emulator.problems("LapEvent")[0]["error_fields"] == ["lap_number"]


async def test_requests_can_be_picked(tmp_path: Path) -> None:
    async with calling(tmp_path) as caller:
        await caller.send()
        await caller.send(method="DELETE", url=LAPS + "?ids=x")

        emulator = caller.emulator
        assert len(emulator.requests(path="/services/oauth2/token")) == 1
        assert len(emulator.requests(object="LapEvent")) == 2
        assert len(emulator.requests(method="DELETE")) == 1


class TestJournal:
    async def test_what_is_accepted_is_in_the_file_though_the_answer_is_lost(self, tmp_path: Path) -> None:
        journal = tmp_path / "accepted.tsv"
        async with calling(tmp_path, journal=journal) as caller:
            caller.emulator.set_faults([Fault("commit_then_reset", times=1)])
            with pytest.raises(httpx.ReadError):
                await caller.send(make_record(event_id="1"))
            in_file = journal.read_bytes()
            await caller.send(make_record(event_id="2"), make_record(event_id="3"))
            await caller.send(make_record(lap_number="refused"))

        assert in_file == b"LapEvent\t" + orjson.dumps(make_record(event_id="1")) + b"\n"
        lines = [line.split(b"\t") for line in journal.read_bytes().splitlines()]
        assert [(name, orjson.loads(text)["event_id"]) for name, text in lines] == [
            (b"LapEvent", "1"),
            (b"LapEvent", "2"),
            (b"LapEvent", "3"),
        ]

    async def test_a_line_is_a_record_also_where_it_was_sent_on_several(self, tmp_path: Path) -> None:
        journal, record = tmp_path / "accepted.tsv", make_record()
        body = orjson.dumps({"data": [record]}, option=orjson.OPT_INDENT_2)
        async with calling(tmp_path, journal=journal) as caller:
            await caller.send(body=body)
            await caller.send(body=body)

        lines = journal.read_bytes().splitlines()
        assert [orjson.loads(line.partition(b"\t")[2]) for line in lines] == [record, record]

    async def test_it_goes_on_where_another_run_ended(self, tmp_path: Path) -> None:
        journal = tmp_path / "accepted.tsv"
        for _ in range(2):
            async with calling(tmp_path, journal=journal) as caller:
                await caller.send()

        assert len(journal.read_bytes().splitlines()) == 2


async def test_a_taken_port_is_told(tmp_path: Path) -> None:
    async with calling(tmp_path) as caller:
        with pytest.raises(OSError, match="in use"):
            async with Emulator(EmulatorConfig(port=caller.emulator.port)):
                pass


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")]
)
async def test_the_base_url_can_be_connected_to(host: str, url: str) -> None:
    try:
        async with Emulator(EmulatorConfig(host=host)) as emulator, httpx.AsyncClient() as http:
            assert emulator.base_url.startswith(url)
            assert (await http.get(emulator.base_url + "/__emulator__/state")).status_code == 200
    except OSError:
        if host != "::1":  # not every machine has IPv6
            raise
        pytest.skip("no IPv6 on this machine")


async def test_chance_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    async def run(seed: int) -> list[int]:
        async with calling(tmp_path, seed=seed) as caller:
            caller.emulator.set_faults([Fault("status", probability=0.5)])
            return [(await caller.send()).status_code for _ in range(20)]

    assert await run(3) == await run(3) != await run(4)


async def test_it_says_no_secret_and_leaves_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secrets: list[Any] = []
    async with calling(tmp_path) as caller:
        core = (await caller.login()).json()["access_token"]
        secrets += [core, caller.token]
        await caller.exchange(core)
        caller.emulator.set_faults([Fault("delay", seconds=60)])
        hanging = asyncio.create_task(caller.send())
        await asyncio.sleep(0.1)
        told = str(caller.emulator.state()) + str(caller.emulator.requests())
        caller.emulator.go_down()
        with pytest.raises(httpx.TransportError):
            await hanging
    gc.collect()

    assert [secret for secret in secrets if secret in told or secret in caplog.text] == []
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("emulator")] == []
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
