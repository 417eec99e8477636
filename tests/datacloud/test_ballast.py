"""The ballast is taken on when there is room, and thrown off when there is none."""

from __future__ import annotations

from pathlib import Path

from app.datacloud.ballast import Ballast


def test_it_lies_beside_the_outbox_in_its_full_size(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "outbox.sqlite3", 100_000)

    was_on = ballast.is_on

    assert ballast.take_on()

    assert (was_on, ballast.is_on) == (False, True)
    assert (tmp_path / "outbox.sqlite3.ballast").stat().st_size == 100_000


def test_throwing_it_off_gives_its_room_back_once(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "outbox.sqlite3", 100_000)
    ballast.take_on()

    assert ballast.throw_off()
    assert not ballast.throw_off()
    assert list(tmp_path.iterdir()) == []


def test_it_is_not_taken_on_where_it_would_fill_the_disk(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "outbox.sqlite3", 1024)
    free = ballast.free_bytes()

    assert free is not None
    assert not ballast.take_on(beyond=free)
    assert not Ballast(tmp_path / "outbox.sqlite3", free).take_on()
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_gone_is_no_error(tmp_path: Path) -> None:
    ballast = Ballast(tmp_path / "gone" / "outbox.sqlite3", 1024)

    assert ballast.free_bytes() is None
    assert not ballast.take_on()
    assert not ballast.throw_off()


def test_no_ballast_is_always_on(tmp_path: Path) -> None:
    assert Ballast(tmp_path / "outbox.sqlite3", 0).take_on()
    assert list(tmp_path.iterdir()) == []
