"""Dead letters as the operator's commands read and move them, in a file that a gateway has open."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.arguments import EXIT_USAGE
from app.datacloud.holder import Holder
from app.datacloud.leases import Refusal, Settled
from app.datacloud.letters import (
    EXIT_FAILED,
    Chosen,
    Told,
    exported,
    listed,
    printable,
    purged,
    refused,
    replayed,
    shown,
)
from app.datacloud.store import Store
from app.datacloud.tables import Batch
from app.datacloud.visit import Visit
from tests.datacloud.boxes import SMALL
from tests.datacloud.rows import make_rows

NOON_S = 1_772_366_400.0  # 2026-03-01
LAPS, SESSION = "LapEvent", "SessionEvent"
WEATHER = "#/weather: expected type: Number, found: String"
GATEWAY = Holder(4711, "2026-03-01T10:00:00Z")


def dead_lettered(store: Store, name: str, *reasons: str, body: bytes | None = None) -> list[bytes]:
    """Rows that the org refused for these reasons."""
    rows = [body or row.body for row in make_rows(len(reasons), name)]
    store.write(Batch(store.pack(name, rows, 0)), NOON_S)
    seqs = tuple(each.seq for each in store.pick(name, (), 0, 1 << 30).picked)
    refusals = tuple(Refusal(row, 400, reason) for row, reason in zip(rows, reasons, strict=True))
    store.write(Batch(settled=[Settled(name, seqs, refusals)]), NOON_S)
    return rows


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A gateway's open file with three refused laps (1 to 3) and a refused session (4)."""
    made = Store(tmp_path / "outbox.sqlite3", SMALL)
    made.open()
    dead_lettered(made, LAPS, "400 Bad Request: no 1", "400 Bad Request: no 2", "400 Bad Request: no 3")
    dead_lettered(made, SESSION, f"400 Bad Request: {WEATHER}")
    yield made
    made.close()


@pytest.fixture
def visit(store: Store) -> Iterator[Visit]:
    with Visit(store.path) as made:
        yield made


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Visit]:
    store = Store(tmp_path / "empty.sqlite3", SMALL)
    store.open()
    with Visit(store.path) as made:
        yield made
    store.close()


class TestListed:
    def test_a_letter_is_a_line_and_no_row_is_told(self, visit: Visit) -> None:
        told = listed(visit, None, 100, as_json=False)

        assert told.code == 0
        assert told.text.splitlines() == [
            "id  object                  refused at  status  the org's words",
            " 1  LapEvent      2026-03-01T12:00:00Z     400  400 Bad Request: no 1",
            " 2  LapEvent      2026-03-01T12:00:00Z     400  400 Bad Request: no 2",
            " 3  LapEvent      2026-03-01T12:00:00Z     400  400 Bad Request: no 3",
            f" 4  SessionEvent  2026-03-01T12:00:00Z     400  400 Bad Request: {WEATHER}",
        ]

    def test_those_of_one_object(self, visit: Visit) -> None:
        assert "no 1" not in listed(visit, SESSION, 100, as_json=False).text

    def test_the_rest_beyond_the_limit_is_counted(self, visit: Visit) -> None:
        lines = listed(visit, LAPS, 1, as_json=False).text.splitlines()

        assert [line.split()[0] for line in lines] == ["id", "1", "…"]
        assert lines[-1] == "… and 2 more; --limit shows them"

    def test_long_words_are_cut_and_stay_on_their_line(self, store: Store, visit: Visit) -> None:
        dead_lettered(store, LAPS, "two\nlines and \x1b[31m" + "x" * 500)

        line = listed(visit, None, 100, as_json=False).text.splitlines()[-1]

        assert "two lines and \\u001b[31mxx" in line
        assert line.endswith("x…")

    def test_none_is_said(self, empty: Visit) -> None:
        assert listed(empty, None, 100, as_json=False).text == "There are no dead letters.\n"
        assert listed(empty, LAPS, 100, as_json=False).text == "There are no dead letters of LapEvent.\n"

    def test_as_json(self, visit: Visit) -> None:
        told = json.loads(listed(visit, LAPS, 1, as_json=True).text)

        assert told == [
            {"id": 1, "object": LAPS, "at": "2026-03-01T12:00:00Z", "status": 400, "reason": "400 Bad Request: no 1"}
        ]


class TestShown:
    def test_the_row_is_printed_whole_with_the_words(self, visit: Visit) -> None:
        lines = shown(visit, 4).text.splitlines()

        assert lines[0] == ("Dead letter 4: a row of SessionEvent, refused at 2026-03-01T12:00:00Z with status 400.")
        assert lines[1] == f"The org's words: 400 Bad Request: {WEATHER}"
        assert lines[2] == "The row, which may hold a person's name:"
        assert json.loads("\n".join(lines[3:])) == json.loads(make_rows(1, SESSION)[0].body)
        assert '  "driver_name": "Zoë Müller",' in lines

    def test_a_row_that_is_no_json_is_printed_as_it_is(self, store: Store, visit: Visit) -> None:
        dead_lettered(store, LAPS, "why", body=b"{half a row\xff")

        assert shown(visit, 5).text.splitlines()[-1] == "{half a row\ufffd"

    def test_no_such_letter(self, visit: Visit) -> None:
        assert shown(visit, 99) == refused("There is no dead letter 99.", EXIT_FAILED)


class TestReplayed:
    def test_one_waits_again_and_the_running_gateway_is_named(self, store: Store, visit: Visit) -> None:
        told = replayed(visit, Chosen([2]), GATEWAY)

        assert told.text == (
            "1 row waits for delivery again; the running gateway (process 4711 since 2026-03-01T10:00:00Z) sends it"
            " by itself.\n"
        )
        assert [letter.id for letter in visit.letters()] == [1, 3, 4]
        assert store.others_wrote()
        assert store.figures["now", LAPS, "rows"] == 1

    def test_without_a_gateway_they_wait_for_its_start(self, visit: Visit) -> None:
        told = replayed(visit, Chosen(None), None)

        assert told.text == "4 rows wait for delivery again; the gateway sends them when it starts next.\n"
        assert visit.letters() == []

    def test_all_of_one_object(self, visit: Visit) -> None:
        assert replayed(visit, Chosen(None, LAPS), None).text.startswith("3 rows wait")
        assert [letter.object for letter in visit.letters()] == [SESSION]

    def test_what_is_not_there_is_told_and_the_rest_is_done(self, visit: Visit) -> None:
        told = replayed(visit, Chosen([1, 99, 1, 98]), None)

        assert told.text.startswith("1 row waits")
        assert (told.code, told.error) == (EXIT_FAILED, "There is no dead letter 99, 98.")

    @pytest.mark.parametrize("chosen", [Chosen(None), Chosen(None, LAPS)])
    def test_none_is_no_failure(self, empty: Visit, chosen: Chosen) -> None:
        told = replayed(empty, chosen, None)

        assert told.text.startswith("There are no dead letters")
        assert told.code == 0

    def test_only_unknown_ones(self, visit: Visit) -> None:
        assert replayed(visit, Chosen([99]), None) == refused("There is no dead letter 99.", EXIT_FAILED)


class TestPurged:
    def test_nothing_goes_without_a_yes(self, visit: Visit) -> None:
        everything = purged(visit, Chosen(None), is_confirmed=False)
        one = purged(visit, Chosen([1]), is_confirmed=False)

        assert everything == refused("This deletes 4 dead letters for good; add --yes if you mean it.", EXIT_USAGE)
        assert one == refused("This deletes 1 dead letter for good; add --yes if you mean it.", EXIT_USAGE)
        assert len(visit.letters()) == 4

    def test_with_a_yes_they_are_gone(self, visit: Visit) -> None:
        told = purged(visit, Chosen(None, LAPS), is_confirmed=True)

        assert told == Told("3 dead letters deleted for good.\n")
        assert [letter.id for letter in visit.letters()] == [4]
        assert visit.backlog()[LAPS].counts["purged"] == 3

    def test_what_is_not_there_is_told(self, visit: Visit) -> None:
        assert purged(visit, Chosen([99]), is_confirmed=False).error == "There is no dead letter 99."
        assert purged(visit, Chosen([4, 99]), is_confirmed=True) == Told(
            "1 dead letter deleted for good.\n", EXIT_FAILED, "There is no dead letter 99."
        )

    def test_none_is_no_failure(self, empty: Visit) -> None:
        assert purged(empty, Chosen(None), is_confirmed=True) == Told("There are no dead letters.\n")
        assert purged(empty, Chosen(None), is_confirmed=False) == Told("There are no dead letters.\n")


class TestExported:
    def test_a_line_a_letter_with_the_rows_own_bytes(self, store: Store, visit: Visit, tmp_path: Path) -> None:
        broken = dead_lettered(store, LAPS, "why", body=b"{half")
        file = tmp_path / "letters.jsonl"

        told = exported(visit, file, None)

        lines = file.read_bytes().splitlines()
        assert told.text == f"5 dead letters written to {file}; the rows may hold people's names.\n"
        assert json.loads(lines[3])["row"]["driver_name"] == "Zoë Müller"
        assert lines[3].endswith(b'"row": ' + make_rows(1, SESSION)[0].body + b"}")
        assert json.loads(lines[4])["row"] == broken[0].decode()
        assert [json.loads(line)["id"] for line in lines] == [1, 2, 3, 4, 5]
        assert len(visit.letters()) == 5

    def test_its_owner_alone_can_read_it(self, visit: Visit, tmp_path: Path) -> None:
        exported(visit, tmp_path / "letters.jsonl", LAPS)

        assert stat.S_IMODE((tmp_path / "letters.jsonl").stat().st_mode) == 0o600

    def test_no_file_is_written_over(self, visit: Visit, tmp_path: Path) -> None:
        file = tmp_path / "precious.txt"
        file.write_text("precious")

        told = exported(visit, file, None)

        assert told == refused(f"{file} exists already; name another file.", EXIT_USAGE)
        assert file.read_text() == "precious"

    def test_a_folder_that_is_not_there_is_told(self, visit: Visit, tmp_path: Path) -> None:
        file = tmp_path / "nowhere" / "letters.jsonl"

        assert exported(visit, file, None) == refused(f"{file} cannot be written: No such file or directory.")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("Zoë – 21 °C", "Zoë – 21 °C"), ("a\nb", "a b"), ("\x1b[2J", "\\u001b[2J"), ("\u202ecba", "\\u202ecba")],
)
def test_nothing_steers_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
