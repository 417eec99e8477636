"""What screens ask of the day."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.history import desk as module
from app.history.day import Calendar
from app.history.desk import Desk
from app.history.lapbook import LapBook
from app.history.outline import Atlas
from app.history.record import LapRecord, Outline, Venue
from app.history.shelf import Batch, Shelf
from app.history.store import Store
from app.publish.day_routes import Archive, add_day_routes
from tests.history.builders import DAY, MORNING, make_lap, make_record, make_trace

MUCH = 1 << 30
OUTLINE = Outline("Monza", 30, None, None, (0.0, 10.0, 0.1), (0.0, 5.5, -3.0), True)


class Room:
    """A desk with what it answers from, on a clock of its own."""

    def __init__(self, path: Path) -> None:
        self.now = MORNING
        self.store = Store(path, MUCH)
        self.book, self.atlas = LapBook(), Atlas()
        self.desk = Desk(self.book, self.atlas, self.store, Calendar(4, UTC), lambda: self.now)
        contents = self.store.open()
        self.book.fill(contents.laps, contents.sessions, contents.older_before)
        self.desk.days_on_disk = contents.days

    def put(self, lap: LapRecord) -> None:
        self.book.fill([lap])

    def day(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.desk.day()[1])
        return body


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


@pytest.fixture
async def room(path: Path) -> AsyncIterator[Room]:
    made = Room(path)
    yield made
    await made.store.close(5.0)


def on_disk(path: Path, *laps: LapRecord) -> None:
    shelf = Shelf(path, MUCH)
    shelf.open()
    shelf.write(Batch({lap.lap_id: lap for lap in laps}, {lap.lap_id: make_trace() for lap in laps if lap.has_trace}))
    shelf.close()


# --- the day ----------------------------------------------------------------------------------------------


def test_the_day_is_made_once_a_change_however_often_it_is_asked(room: Room) -> None:
    room.put(make_record(1))

    first, second = room.desk.day(), room.desk.day()
    room.put(make_record(2))
    third = room.desk.day()

    assert second[1] is first[1]
    assert third[0] == first[0] + 1
    assert room.day()["version"] == third[0]


def test_the_day_rolls_over_at_its_hour_without_a_lap_and_without_a_restart(room: Room) -> None:
    room.put(make_record(1))
    before = room.day()

    room.now = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)
    after = room.day()

    assert (before["day"], len(before["tracks"])) == ("2026-11-25", 1)
    assert (after["day"], after["tracks"]) == ("2026-11-26", [])
    assert after["version"] > before["version"]


def test_the_version_rises_over_a_restart_too(room: Room, tmp_path: Path) -> None:
    before = room.day()["version"]
    later = Room(tmp_path / "another.sqlite3")
    later.now = MORNING + timedelta(seconds=5)

    again = Desk(later.book, later.atlas, later.store, Calendar(4, UTC), lambda: later.now)

    assert again.day()[0] > before
    asyncio.run(later.store.close(1.0))


def test_a_problem_of_the_store_is_told_with_the_day(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the directory should be")

    room = Room(tmp_path / "data" / "history.sqlite3")

    assert "HISTORY_PATH" in room.day()["problem"]
    asyncio.run(room.store.close(1.0))


def test_who_a_guest_is_in_salesforce_is_in_no_answer(room: Room) -> None:
    room.put(make_record(1, individual_id="0PKSECRET", has_trace=True))

    assert b"0PKSECRET" not in room.desk.day()[1]


# --- laps -------------------------------------------------------------------------------------------------


async def test_the_laps_are_those_of_today_unless_a_day_is_asked_for(room: Room) -> None:
    room.put(make_record(1))
    room.put(make_record(2, day="2026-11-24"))

    today, yesterday = (
        json.loads(await room.desk.laps(None, None)),
        json.loads(await room.desk.laps("2026-11-24", None)),
    )

    assert ([lap["lap_number"] for lap in today["laps"]], today["day"]) == ([1], DAY)
    assert [lap["lap_number"] for lap in yesterday["laps"]] == [2]
    assert today["days"] == ["2026-11-25", "2026-11-24"]


async def test_laps_of_one_track_can_be_asked_for(room: Room) -> None:
    room.put(make_record(1))
    room.put(make_record(2, track="Spa"))

    assert [lap["track"] for lap in json.loads(await room.desk.laps(None, "Spa"))["laps"]] == ["Spa"]


async def test_a_day_that_is_not_held_in_memory_is_read_from_the_disk(path: Path) -> None:
    on_disk(path, make_record(1, day="2026-11-20", has_trace=True), make_record(2, day="2026-11-24"))
    room = Room(path)
    room.book.withdraw(make_record(1).lap_id)
    room.book.older_before = "2026-11-24"

    laps = json.loads(await room.desk.laps("2026-11-20", None))
    lap = await room.desk.lap(make_record(1).lap_id)

    assert [each["lap_number"] for each in laps["laps"]] == [1]
    assert laps["days"] == ["2026-11-24", "2026-11-20"]
    assert lap is not None
    await room.store.close(1.0)


async def test_a_day_whose_laps_were_all_undone_is_no_day_of_laps(path: Path) -> None:
    on_disk(path, make_record(1))
    room = Room(path)

    room.book.withdraw(make_record(1).lap_id)

    assert json.loads(await room.desk.laps(None, None))["days"] == []
    await room.store.close(1.0)


# --- one lap ----------------------------------------------------------------------------------------------


async def test_a_lap_with_a_trace_is_told_along_its_distance(path: Path) -> None:
    on_disk(path, make_record(1, has_trace=True, individual_id="0PKSECRET"))
    room = Room(path)

    text = await room.desk.lap(make_record(1).lap_id)

    assert text is not None
    body = json.loads(text)
    assert (body["lap"]["lap_id"], body["lap"]["guest_laps"]) == (make_record(1).lap_id, 1)
    assert (body["length_m"], len(body["time_ms"])) == (1200, 301)
    assert b"0PKSECRET" not in text
    await room.store.close(1.0)


async def test_a_lap_without_a_trace_and_one_that_is_not_there_are_none(room: Room) -> None:
    room.book.tell(make_lap(received_at=MORNING), Venue(), DAY, has_trace=False)

    assert await room.desk.lap("RIG_A:7:LapCompleted:0:1") is None
    assert await room.desk.lap("RIG_A:7:LapCompleted:0:2") is None


async def test_a_damaged_trace_is_none(path: Path) -> None:
    lap = make_record(1, has_trace=True)
    shelf = Shelf(path, MUCH)
    shelf.open()
    shelf.write(Batch({lap.lap_id: lap}, {lap.lap_id: make_trace()._replace(data=b"\x01noise")}))
    shelf.close()
    room = Room(path)

    assert await room.desk.lap(lap.lap_id) is None
    await room.store.close(1.0)


async def test_a_disk_that_hangs_keeps_a_reader_waiting_only_so_long(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.0)
    room.put(make_record(1, has_trace=True))
    room.store._loop = asyncio.get_running_loop()  # as if started, with a thread that never comes to it

    with pytest.raises(TimeoutError):
        await room.desk.lap(make_record(1).lap_id)


# --- the map ----------------------------------------------------------------------------------------------


def test_a_track_that_is_not_learned_has_no_map(room: Room) -> None:
    assert room.desk.map("Monza") is None


def test_a_map_is_made_once_and_anew_when_it_is_learned_anew(room: Room) -> None:
    room.atlas.fill([OUTLINE])

    first, second = room.desk.map("Monza"), room.desk.map("Monza")
    room.atlas.fill([OUTLINE._replace(length_m=40)])
    third = room.desk.map("Monza")

    assert first is second
    assert third is not None
    assert json.loads(third)["length_m"] == 40


async def test_the_desk_is_what_the_routes_serve(path: Path) -> None:
    on_disk(path, make_record(1, has_trace=True))
    room = Room(path)
    room.atlas.fill([OUTLINE])
    archive: Archive = room.desk
    app = FastAPI()
    add_day_routes(app, archive)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        day = (await client.get("/api/day")).json()
        laps = (await client.get("/api/laps", params={"day": DAY})).json()
        file = (await client.get("/api/laps.csv", params={"day": DAY})).text
        lap = (await client.get(f"/api/laps/{make_record(1).lap_id}")).json()
        track_map = (await client.get("/api/map", params={"track": "Monza"})).json()

    assert laps["laps"] == [lap["lap"]]
    assert day["tracks"][0]["board"] == [{**lap["lap"], "rank": 1}]
    assert len(lap["time_ms"]) == 301
    assert make_record(1).lap_id in file.splitlines()[1]
    assert track_map["track"] == "Monza"
    await room.store.close(1.0)


async def test_a_file_of_laps_has_all_of_the_day_oldest_first_or_those_of_a_track(path: Path) -> None:
    on_disk(path, make_record(1), make_record(2), make_record(3, track="Spa"))
    room = Room(path)

    day, rows = await room.desk.export(DAY, None)
    _, of_spa = await room.desk.export(DAY, "Spa")

    assert day == DAY
    assert [row["lap_number"] for row in rows] == sorted(row["lap_number"] for row in rows)
    assert len(rows) == 3
    assert [row["track"] for row in of_spa] == ["Spa"]
    await room.store.close(1.0)
