"""The day, asked over ASGI."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

import httpx
import pytest
from fastapi import FastAPI

from app.publish.day_routes import add_day_routes
from app.publish.headers import SecurityHeaders

LAP_ID = "RIG_A:16446340127367471893:LapCompleted:0:4"


class Archive:
    """Answers what it was asked."""

    def __init__(self) -> None:
        self.version = 17
        self.hangs = False

    def day(self) -> tuple[int, bytes]:
        return self.version, b'{"version":%d}' % self.version

    async def laps(self, day: str | None, track: str | None) -> bytes:
        if self.hangs:
            raise TimeoutError
        return f'{{"day":"{day}","track":"{track}"}}'.encode()

    async def export(self, day: str | None, track: str | None) -> tuple[str, Sequence[Mapping[str, object]]]:
        if self.hangs:
            raise TimeoutError
        return day or "2026-11-25", [{"driver_name": "=1+1", "track": track, "lap_time_ms": 81_348}]

    async def lap(self, lap_id: str) -> bytes | None:
        if self.hangs:
            raise TimeoutError
        return b'{"lap":4}' if lap_id == LAP_ID else None

    def map(self, track: str) -> bytes | None:
        return b'{"track":"Sakhir (Bahrain)"}' if track == "Sakhir (Bahrain)" else None


@pytest.fixture
def archive() -> Archive:
    return Archive()


@pytest.fixture
async def browser(archive: Archive) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)
    add_day_routes(app, archive)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        yield client


async def test_the_day_is_json_that_is_asked_for_anew_each_time(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/day")

    assert (answer.status_code, answer.json()) == (200, {"version": 17})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-cache"


async def test_a_screen_that_has_the_newest_day_is_told_so_without_a_body(
    browser: httpx.AsyncClient, archive: Archive
) -> None:
    tag = (await browser.get("/api/day")).headers["etag"]

    same = await browser.get("/api/day", headers={"If-None-Match": tag})
    archive.version += 1
    newer = await browser.get("/api/day", headers={"If-None-Match": tag})

    assert (same.status_code, same.content) == (304, b"")
    assert (newer.status_code, newer.json()) == (200, {"version": 18})


async def test_laps_are_of_today_and_of_all_tracks_unless_told_otherwise(browser: httpx.AsyncClient) -> None:
    plain = await browser.get("/api/laps")
    chosen = await browser.get("/api/laps", params={"day": "2026-11-25", "track": "Spa"})

    assert plain.json() == {"day": "None", "track": "None"}
    assert chosen.json() == {"day": "2026-11-25", "track": "Spa"}


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "20261125", "2026-W48-3", "2026-11-25T10:00"])
async def test_what_is_no_day_is_refused_with_a_sentence(browser: httpx.AsyncClient, day: str) -> None:
    answer = await browser.get("/api/laps", params={"day": day})

    assert answer.status_code == 422
    assert answer.json() == {"error": f"{day!r} is no day: write it like 2026-11-25"}


async def test_a_lap_is_asked_for_by_its_id_with_colons_and_all(browser: httpx.AsyncClient) -> None:
    for path in (f"/api/laps/{LAP_ID}", f"/api/laps/{LAP_ID.replace(':', '%3A')}"):
        answer = await browser.get(path)
        assert (answer.status_code, answer.json()) == (200, {"lap": 4})


async def test_a_lap_that_is_not_there_is_404_with_a_sentence(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/laps/RIG_A:7:LapCompleted:0:99")

    assert answer.status_code == 404
    assert answer.json() == {"error": "There is no such lap, or no trace of it was kept"}


async def test_a_map_is_asked_for_by_the_name_of_its_track(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/map", params={"track": "Sakhir (Bahrain)"})

    assert (answer.status_code, answer.json()) == (200, {"track": "Sakhir (Bahrain)"})


async def test_a_track_that_is_not_learned_is_no_error_and_no_track_is_422_with_a_sentence(
    browser: httpx.AsyncClient,
) -> None:
    unknown, none = await browser.get("/api/map", params={"track": "Spa"}), await browser.get("/api/map")

    assert (unknown.status_code, unknown.text, none.status_code) == (204, "", 422)
    assert "/api/map?track=" in none.json()["error"]


async def test_a_disk_that_hangs_is_503_with_a_sentence(browser: httpx.AsyncClient, archive: Archive) -> None:
    archive.hangs = True

    for path in ("/api/laps", f"/api/laps/{LAP_ID}"):
        answer = await browser.get(path)
        assert answer.status_code == 503
        assert "does not answer" in answer.json()["error"]


async def test_monitors_may_ask_by_head(browser: httpx.AsyncClient) -> None:
    for path in ("/api/day", "/api/laps", f"/api/laps/{LAP_ID}", "/api/map?track=Sakhir (Bahrain)"):
        answer = await browser.head(path)
        assert answer.status_code == 200


async def test_the_laps_of_a_day_are_a_file_that_a_spreadsheet_opens(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/api/laps.csv", params={"track": "Spa"})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="laps-2026-11-25.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbfcompleted_at,")
    assert ",'=1+1,Spa," in answer.text


async def test_the_file_of_another_day_is_named_for_it_and_no_day_is_told(browser: httpx.AsyncClient) -> None:
    other = await browser.get("/api/laps.csv", params={"day": "2026-11-20"})
    nonsense = await browser.get("/api/laps.csv", params={"day": '2026"; x="'})

    assert "laps-2026-11-20.csv" in other.headers["content-disposition"]
    assert nonsense.status_code == 422


async def test_a_disk_that_hangs_gives_no_file(browser: httpx.AsyncClient, archive: Archive) -> None:
    archive.hangs = True

    assert (await browser.get("/api/laps.csv")).status_code == 503
