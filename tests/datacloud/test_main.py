"""The operator's commands: real ones, also beside a running outbox; a mistake is one sentence, never a traceback."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from app.datacloud import __main__ as command_module
from app.datacloud.__main__ import main, parsed
from app.datacloud.outbox import Outbox, Refusal
from app.datacloud.schema import LAP, OBJECTS, schema_yaml
from app.settings import Settings
from tests.datacloud.boxes import drained, missing, running, until
from tests.datacloud.rows import make_rows
from tests.gateway import ROOT

LAPS, SESSION = "LapEvent", "SessionEvent"


class Ended(NamedTuple):
    """A command that has ended."""

    code: int
    out: str
    err: str


async def command(*arguments: object, cwd: Path = ROOT, **environment: str) -> Ended:
    """Run `python -m app.datacloud` while this loop goes on."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app.datacloud", *map(str, arguments)),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        out, err = await process.communicate()
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def refused(outbox: Outbox, name: str, count: int) -> None:
    """Rows that the org refused."""
    outbox.append(make_rows(count, name))
    await outbox.commit()
    lease = await outbox.lease(name, 190_000)
    assert lease is not None
    outbox.ack(lease, [Refusal(row, 400, f"400 Bad Request: no {n}") for n, row in enumerate(lease.rows)])
    await outbox.commit()


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


@pytest.fixture
async def outbox(path: Path) -> AsyncIterator[Outbox]:
    """A running outbox with three refused laps, a refused session, and two laps that wait."""
    async with running(path) as made:
        await refused(made, LAPS, 3)
        await refused(made, SESSION, 1)
        made.append(make_rows(2, LAPS, first_frame=10))
        await made.commit()
        yield made


class TestBesideARunningOutbox:
    async def test_the_backlog_is_told_with_who_holds_it(self, outbox: Outbox, path: Path) -> None:
        told = await command("backlog", "--outbox", path)
        as_json = await command("backlog", "--json", "--outbox", path)

        assert told.code == as_json.code == 0
        assert f"a running gateway holds it (process {os.getpid()} since " in told.out
        assert told.err == as_json.err == ""
        answer = json.loads(as_json.out)
        assert answer["held_by"]["pid"] == os.getpid()
        assert answer["objects"][LAPS]["waiting_rows"] == 2
        assert answer["objects"][LAPS]["dead_letters"] == 3
        assert answer["today"]["rows"] == 6
        assert answer["today"]["credits"] == 0.03
        assert answer["file_bytes"] > 0

    async def test_letters_are_listed_and_one_is_shown_with_its_row(self, outbox: Outbox, path: Path) -> None:
        listed = await command("letters", "--object", SESSION, "--outbox", path)
        shown = await command("show", 4, "--outbox", path)

        assert "400 Bad Request: no 0" in listed.out
        assert "Zoë" not in listed.out
        assert '"driver_name": "Zoë Müller"' in shown.out

    async def test_a_replayed_letter_wakes_the_gateway_and_is_delivered(self, outbox: Outbox, path: Path) -> None:
        await drained(outbox, LAPS)
        woken = asyncio.Event()
        outbox.on_committed = woken.set

        ended = await command("replay", 2, "--outbox", path)
        async with asyncio.timeout(10):
            await woken.wait()

        assert ended.code == 0
        assert f"the running gateway (process {os.getpid()} since " in ended.out
        assert await drained(outbox, LAPS) == [make_rows(3, LAPS)[1].body]
        lane = outbox.stats().lanes[LAPS]
        assert (lane.rows, lane.letters, missing(lane)) == (0, 2, 0)

    async def test_purged_letters_are_gone_for_the_gateway_too(self, outbox: Outbox, path: Path) -> None:
        unsure = await command("purge", "--all", "--object", LAPS, "--outbox", path)
        sure = await command("purge", "--all", "--object", LAPS, "--yes", "--outbox", path)
        await until(lambda: outbox.stats().lanes[LAPS].letters == 0)

        assert unsure == Ended(
            2, "", "python -m app.datacloud: This deletes 3 dead letters for good; add --yes if you mean it.\n"
        )
        assert sure == Ended(0, "3 dead letters deleted for good.\n", "")
        lane = outbox.stats().lanes[LAPS]
        assert (lane.purged, missing(lane)) == (3, 0)

    async def test_letters_are_exported_as_lines_of_json(self, outbox: Outbox, path: Path, tmp_path: Path) -> None:
        file = tmp_path / "letters.jsonl"

        ended = await command("export", file, "--outbox", path)

        assert ended.code == 0
        assert [json.loads(line)["object"] for line in file.read_text("utf-8").splitlines()] == [LAPS] * 3 + [SESSION]

    async def test_a_wish_to_resume_is_heard(self, outbox: Outbox, path: Path) -> None:
        wishes: list[str] = []
        outbox.on_wish = wishes.append

        one = await command("resume", LAPS, "--outbox", path)
        everything = await command("resume", "--outbox", path)
        await until(lambda: len(wishes) == 2)

        assert wishes == ["resume LapEvent", "resume all"]
        assert one.code == everything.code == 0
        assert one.out.endswith("has heard it: it tries LapEvent again.\n")
        assert everything.out.endswith("has heard it: it tries everything again.\n")

    async def test_a_gateway_that_does_not_hear_is_told_of(
        self, outbox: Outbox, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(command_module, "HEARD_WITHIN_S", -1.0)

        code = main(["resume", "--outbox", str(path)])

        assert code == 1
        assert capsys.readouterr().err.endswith("has not heard it yet.\n")

    async def test_a_file_that_somebody_locks_is_told(
        self, outbox: Outbox, path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr("app.datacloud.store.BUSY_S", 0.01)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        code = main(["purge", "--all", "--yes", "--outbox", str(path)])

        other.execute("ROLLBACK")
        other.close()
        assert code == 1
        assert capsys.readouterr().err == (
            f"python -m app.datacloud: The outbox {path} cannot be used just now: database is locked; try again.\n"
        )


class TestWithoutAGateway:
    async def test_replayed_letters_are_delivered_after_the_next_start(self, path: Path) -> None:
        async with running(path) as outbox:
            await refused(outbox, LAPS, 1)

        ended = await command("replay", "--all", "--outbox", path)

        assert ended == Ended(0, "1 row waits for delivery again; the gateway sends it when it starts next.\n", "")
        async with running(path) as outbox:
            assert await drained(outbox, LAPS) == [make_rows(1, LAPS)[0].body]

    async def test_there_is_nobody_to_resume(self, path: Path) -> None:
        async with running(path):
            pass

        ended = await command("resume", "--outbox", path)
        backlog = await command("backlog", "--json", "--outbox", path)

        assert ended == Ended(
            1,
            "",
            "python -m app.datacloud: No gateway runs on this outbox; at its next start it tries everything anew.\n",
        )
        assert json.loads(backlog.out)["wishes"] == []
        assert json.loads(backlog.out)["held_by"] is None

    async def test_the_settings_say_where_it_is_and_what_a_row_costs(self, path: Path, tmp_path: Path) -> None:
        async with running(path) as outbox:
            outbox.append(make_rows(2, LAPS))
            await outbox.commit()
        env_file = tmp_path / "settings.env"
        env_file.write_text(f"DATACLOUD_OUTBOX_PATH={path}\nDATACLOUD_CREDITS_PER_MILLION=1000000\n")

        ended = await command("backlog", "--json", "--env-file", env_file)

        assert json.loads(ended.out)["today"]["credits"] == 2.0

    async def test_whoever_reads_may_have_seen_enough(self, path: Path) -> None:
        async with running(path) as outbox:
            await refused(outbox, LAPS, 100)
        shell = f"{sys.executable} -m app.datacloud letters --outbox {path} --json | true"

        process = await asyncio.create_subprocess_shell(
            f"{shell}; exit ${{PIPESTATUS[0]}}", executable="/bin/bash", cwd=ROOT, stderr=subprocess.PIPE
        )
        _, err = await process.communicate()

        assert (process.returncode, err) == (0, b"")


class TestSchema:
    def test_it_is_the_committed_file(self, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
        code = main(["schema", "--env-file", str(_empty(tmp_path))])

        assert code == 0
        assert capsys.readouterr().out == (ROOT / "app" / "datacloud" / "schema.yaml").read_text("utf-8")

    async def test_objects_have_the_names_that_the_settings_give_them(self, tmp_path: Path) -> None:
        env_file = tmp_path / "settings.env"
        env_file.write_text("DC_OBJECT_TELEMETRY=TelemetryEvent2\n")

        schema = await command("schema", "--env-file", env_file)
        fields = await command("fields", "--env-file", env_file)

        assert "    TelemetryEvent2:\n" in schema.out
        assert "### TelemetryEvent2\n" in fields.out
        assert "TelemetryEvent:\n" not in schema.out

    def test_a_file_like_ours_leaves_nothing_to_do(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        given = tmp_path / "org.yaml"
        given.write_text(schema_yaml())

        code = main(["schema", "--check", str(given), "--env-file", str(_empty(tmp_path))])

        assert (code, capsys.readouterr().out) == (0, f"{given} and ours agree; there is nothing to upload.\n")

    def test_an_older_file_is_told_what_would_be_new(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        given = tmp_path / "org.yaml"
        given.write_text(schema_yaml([s if s is not LAP else s._replace(fields=s.fields[:-1]) for s in OBJECTS]))

        code = main(["schema", "--check", str(given), "--env-file", str(_empty(tmp_path))])

        told = capsys.readouterr()
        assert (code, told.err) == (0, "")
        assert told.out.splitlines() == [
            "new in ours: LapEvent.tyre_compound (string)",
            "The org can take ours: upload it to the connector, then add what is new to the data streams.",
        ]

    def test_a_file_that_ours_cannot_follow_is_refused(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = tmp_path / "org.yaml"
        given.write_text(
            schema_yaml()
            .replace("        lap_number:\n          type: number", "        lap_number:\n          type: string")
            .replace("        gear:", "        old_gear:")
        )

        code = main(["schema", "--check", str(given), "--env-file", str(_empty(tmp_path))])

        told = capsys.readouterr()
        assert code == 1
        assert told.out.splitlines() == [
            "new in ours: TelemetryEvent.gear (number)",
            "gone in ours: TelemetryEvent.old_gear (number)",
            "another type: LapEvent.lap_number (string, in ours number)",
            "another type: TelemetryEvent.lap_number (string, in ours number)",
        ]
        assert "can neither be removed nor retyped" in told.err

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (None, "cannot be read: No such file or directory."),
            (b"\xff", "is not UTF-8 text."),
            (b"[", "is not YAML: "),
            (b"a: 1", "is no schema file: it has no components.schemas."),
        ],
    )
    def test_a_file_that_is_none_is_told(
        self, content: bytes | None, why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        given = tmp_path / "org.yaml"
        if content is not None:
            given.write_bytes(content)

        code = main(["schema", "--check", str(given), "--env-file", str(_empty(tmp_path))])

        assert code == 2
        assert f"python -m app.datacloud: {given} {why}" in capsys.readouterr().err


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ([], "the following arguments are required: COMMAND"),
            (["flush"], "invalid choice: 'flush'"),
            (["replay"], "replay needs the numbers of dead letters, or --all"),
            (["purge", "3", "--all"], "purge needs the numbers of dead letters, or --all"),
            (["replay", "3", "--object", LAPS], "--object goes with --all"),
            (["letters", "--object", "Laps"], "invalid choice: 'Laps'"),
            (["letters", "--limit", "0"], "0 is not a number from 1 to 1000000"),
            (["show", "first"], "first is no number of a dead letter"),
            (["show", "99999999999999999999"], "99999999999999999999 is no number of a dead letter"),
            (["backlog", "--env-file", "a", "--outbox", "b"], "not allowed with argument"),
        ],
    )
    def test_it_is_told_in_one_sentence(
        self, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            parsed(arguments)

        told = capsys.readouterr().err
        assert ended.value.code == 2
        assert sentence in told
        assert told.count("\n") == 1

    def test_no_outbox_is_told_and_none_is_made(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        code = main(["backlog", "--outbox", str(path)])

        told = capsys.readouterr().err
        assert code == 2
        assert told.startswith(f"python -m app.datacloud: There is no outbox {path}; the gateway makes it when ")
        assert told.count("\n") == 1
        assert not path.exists()

    def test_a_file_of_others_is_told(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path.write_text("not a database at all, just a long enough piece of text" * 20)

        code = main(["backlog", "--outbox", str(path)])

        assert code == 1
        assert "cannot be read: file is not a database." in capsys.readouterr().err

    def test_a_settings_file_that_is_not_there_is_told(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main(["backlog", "--env-file", str(tmp_path / "none.env")])

        assert (code, capsys.readouterr().err) == (
            2,
            f"python -m app.datacloud: There is no file {tmp_path / 'none.env'}.\n",
        )

    def test_settings_that_cannot_be_used_are_told_without_their_values(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        env_file = tmp_path / "settings.env"
        env_file.write_text("DATACLOUD_FLUSH_MS=secret\n")

        code = main(["backlog", "--env-file", str(env_file)])

        told = capsys.readouterr().err
        assert code == 2
        assert "DATACLOUD_FLUSH_MS" in told
        assert "secret" not in told

    def test_a_terminal_that_lacks_a_letter_shows_its_number(self, path: Path) -> None:
        ended = subprocess.run(
            [sys.executable, "-m", "app.datacloud", "fields"],
            cwd=ROOT,
            env={**os.environ, "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            check=True,
        )

        assert b"Track temperature in \\xb0C." in ended.stdout


def _empty(directory: Path) -> Path:
    """A settings file that sets nothing, so that no `.env` of the tree counts."""
    made = directory / "empty.env"
    made.touch()
    return made
