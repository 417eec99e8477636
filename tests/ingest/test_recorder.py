"""What the recorder puts on a disk, and what it does when the disk does not want it."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ingest import recorder as recorder_module
from app.ingest.capture import CapturedDatagram, CaptureWriter, read_capture
from app.ingest.decoder import encode
from app.ingest.recorder import MOST_WAITING, MOST_WAITING_BYTES, Recorder
from app.ingest.rotation import Limits, file_name
from tests.builders import make_packet

NOON_S = 1_795_348_800.0  # 2026-11-22 12:00:00 UTC
SENDER = ("192.168.1.20", 50_321)
RIGS = {"RIG_A": 20_777, "RIG_B": 20_778}
SMALL = Limits(total_bytes=100_000, max_age_s=3600, file_bytes=10_000, file_s=60)


class FakeTime:
    """A clock that only a test moves; it tells the time of day and the monotonic one."""

    def __init__(self) -> None:
        self.now_s = NOON_S

    def __call__(self) -> float:
        return self.now_s


class Rig:
    """A recorder without its thread: a test takes the turns."""

    def __init__(self, directory: Path, limits: Limits = SMALL, blank_names: bool = False) -> None:
        self.clock = FakeTime()
        self.recorder = Recorder(directory, RIGS, limits, blank_names, wall=self.clock, monotonic=self.clock)

    def feed(self, *datagrams: bytes, rig_id: str = "RIG_A", source: tuple[str, int] = SENDER) -> None:
        for datagram in datagrams:
            self.recorder.record(rig_id, datagram, source, self.clock.now_s)
        while self.recorder.turn():
            pass

    def finish(self) -> None:
        """Only the thread closes files."""
        self.recorder.start()
        self.recorder.stop()

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.recorder.written, self.recorder.dropped, self.recorder.failed


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "recordings")
    yield made
    made.finish()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a disk can only be mounted by root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _recorded(directory: Path, rig_id: str = "RIG_A") -> list[CapturedDatagram]:
    files = sorted(directory.glob(f"{rig_id}-*.pcap"))
    return [datagram for file in files for datagram in read_capture(file, strict=True)]


def _payloads(directory: Path, rig_id: str = "RIG_A") -> list[bytes]:
    return [datagram.payload for datagram in _recorded(directory, rig_id)]


def _error_lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


class TestRecording:
    def test_a_datagram_is_kept_as_it_came_with_its_arrival_its_sender_and_its_port(self, rig: Rig) -> None:
        rig.clock.now_s += 0.123456

        rig.feed(b"no game sends this")

        (datagram,) = _recorded(rig.recorder.directory)
        assert datagram == CapturedDatagram(NOON_S + 0.123456, b"no game sends this", SENDER, 20_777)

    def test_each_rig_has_a_file_of_its_own(self, rig: Rig) -> None:
        rig.feed(b"a")
        rig.feed(b"b", rig_id="RIG_B")

        assert _payloads(rig.recorder.directory, "RIG_A") == [b"a"]
        assert _payloads(rig.recorder.directory, "RIG_B") == [b"b"]
        assert {rig_id: path.name for rig_id, path in rig.recorder.files.items()} == {
            "RIG_A": "RIG_A-20261122T120000.000Z.pcap",
            "RIG_B": "RIG_B-20261122T120000.000Z.pcap",
        }

    def test_a_turn_leaves_nothing_in_memory(self, rig: Rig) -> None:
        rig.feed(*[bytes([number]) for number in range(200)])

        assert _payloads(rig.recorder.directory) == [bytes([number]) for number in range(200)]
        assert (rig.counts, rig.recorder.waiting) == ((200, 0, 0), 0)

    def test_a_file_is_made_only_when_something_comes(self, rig: Rig) -> None:
        rig.feed()

        assert list(rig.recorder.directory.iterdir()) == []

    def test_an_ipv6_sender_is_kept_without_its_address(self, rig: Rig) -> None:
        rig.feed(b"six", source=("fe80::1", 5))
        rig.feed(b"four", source=("::ffff:192.0.2.7", 6))

        assert [datagram.source for datagram in _recorded(rig.recorder.directory)] == [("0.0.0.0", 5), ("192.0.2.7", 6)]

    def test_a_datagram_too_long_for_a_capture_file_is_counted_and_harms_no_other(self, rig: Rig) -> None:
        rig.feed(b"before", bytes(65_507), b"after")

        assert _payloads(rig.recorder.directory) == [b"before", b"after"]
        assert rig.counts == (2, 0, 1)

    def test_names_never_reach_the_disk_when_they_are_not_wanted(self, tmp_path: Path) -> None:
        rig = Rig(tmp_path, blank_names=True)
        cars = {0: {"name": "Speedy_77", "driver_id": 255}}

        rig.feed(encode(make_packet(4, participants=cars)), encode(make_packet(4, participants=cars))[:-1])

        files = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"Player 01" in files
        assert b"Speedy_77" not in files
        rig.finish()


class TestRotation:
    def test_a_full_file_is_followed_by_the_next(self, rig: Rig) -> None:
        sent = [bytes([number]) * 1000 for number in range(20)]

        rig.feed(*sent)

        files = sorted(rig.recorder.directory.iterdir())
        assert [sum(1 for _ in read_capture(file)) for file in files] == [9, 9, 2]
        assert all(file.stat().st_size <= 10_000 for file in files)
        assert _payloads(rig.recorder.directory) == sent

    def test_an_old_file_is_followed_by_the_next(self, rig: Rig) -> None:
        rig.feed(b"first")
        rig.clock.now_s += 60

        rig.feed(b"second")

        assert sorted(path.name for path in rig.recorder.directory.iterdir()) == [
            "RIG_A-20261122T120000.000Z.pcap",
            "RIG_A-20261122T120100.000Z.pcap",
        ]

    def test_an_old_file_is_closed_though_the_rig_is_silent(self, rig: Rig) -> None:
        rig.feed(b"last")
        rig.clock.now_s += 61

        rig.feed()

        assert rig.recorder.files == {}

    def test_the_oldest_files_make_room(self, rig: Rig) -> None:
        for number in range(300):
            rig.clock.now_s += 0.01
            rig.feed(bytes([number % 256]) * 1000)

            assert sum(file.stat().st_size for file in rig.recorder.directory.iterdir()) <= SMALL.total_bytes

        kept = _payloads(rig.recorder.directory)
        assert len(kept) >= 70
        assert kept == [bytes([number % 256]) * 1000 for number in range(300)][-len(kept) :]

    def test_files_of_an_earlier_run_count(self, rig: Rig) -> None:
        rig.recorder.directory.mkdir()
        earlier = [rig.recorder.directory / file_name("RIG_B", NOON_S - ago_s, ()) for ago_s in (30, 20, 10)]
        for path in earlier:
            path.write_bytes(bytes(40_000))

        rig.feed(b"now")

        assert [path.exists() for path in earlier] == [False, True, True]

    def test_what_is_too_old_goes_though_nothing_comes(self, rig: Rig) -> None:
        rig.feed(b"old")
        for _ in range(2):
            rig.clock.now_s += 1801
            rig.feed()

        assert list(rig.recorder.directory.iterdir()) == []

    def test_nobody_else_s_file_is_touched(self, rig: Rig) -> None:
        rig.recorder.directory.mkdir()
        names = ["lap.pcap", file_name("RIG_C", 0, ()), file_name("RIG_A", 0, ()).replace(".pcap", "-keep.pcap")]
        for name in names:
            (rig.recorder.directory / name).write_bytes(bytes(200_000))
        (rig.recorder.directory / file_name("RIG_A", 1, ())).mkdir()

        rig.feed(b"now")

        assert rig.counts == (1, 0, 0)
        assert all((rig.recorder.directory / name).exists() for name in [*names, file_name("RIG_A", 1, ())])

    def test_a_name_that_is_there_already_is_not_overwritten(self, rig: Rig) -> None:
        rig.recorder.directory.mkdir()
        (rig.recorder.directory / file_name("RIG_A", NOON_S, ())).write_bytes(b"precious")

        rig.feed(b"now")

        assert (rig.recorder.directory / file_name("RIG_A", NOON_S, ())).read_bytes() == b"precious"

    def test_a_file_that_somebody_took_away_is_begun_anew_within_a_minute(self, tmp_path: Path) -> None:
        rig = Rig(tmp_path, Limits())
        rig.feed(b"gone")
        rig.recorder.files["RIG_A"].unlink()
        rig.clock.now_s += 60

        rig.feed(b"here")
        rig.finish()

        assert _payloads(tmp_path) == [b"here"]


class TestQueue:
    def test_when_it_is_full_the_newest_loses_and_is_counted(self, tmp_path: Path) -> None:
        rig = Rig(tmp_path, Limits())
        for number in range(MOST_WAITING + 3):
            rig.recorder.record("RIG_A", number.to_bytes(2, "big"), SENDER, NOON_S)
        rig.feed()
        rig.finish()

        assert rig.counts == (MOST_WAITING, 3, 0)
        assert _payloads(tmp_path)[-1] == (MOST_WAITING - 1).to_bytes(2, "big")

    def test_long_datagrams_fill_it_sooner(self, rig: Rig) -> None:
        for _ in range(MOST_WAITING_BYTES // 60_000 + 1):
            rig.recorder.record("RIG_A", bytes(60_000), SENDER, NOON_S)

        assert rig.recorder.dropped == 1
        rig.feed()
        rig.recorder.record("RIG_A", bytes(60_000), SENDER, NOON_S)
        assert rig.recorder.dropped == 1


class TestRefusal:
    def test_a_directory_that_is_a_file_stops_the_recording_with_one_line(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "recordings").write_text("no directory")
        rig = Rig(tmp_path / "recordings")

        rig.feed(b"1")
        rig.clock.now_s += 29
        rig.feed(b"2", b"3")
        rig.clock.now_s += 1
        rig.feed(b"4")

        assert rig.counts == (0, 0, 4)
        assert len(_error_lines(caplog)) == 1
        assert "stopped: [Errno 17] File exists" in _error_lines(caplog)[0]
        assert rig.recorder.problem is not None

    def test_it_is_tried_again_after_half_a_minute_and_told(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        rig.recorder.directory.write_text("no directory")
        rig.feed(b"1")
        rig.recorder.directory.unlink()
        rig.clock.now_s += 29
        rig.feed(b"2")
        rig.clock.now_s += 1

        rig.feed(b"3")

        assert _payloads(rig.recorder.directory) == [b"3"]
        assert (rig.counts, rig.recorder.problem) == ((1, 0, 2), None)
        assert caplog.messages[-1].endswith("; 2 datagrams are missing")

    def test_a_full_disk_loses_what_does_not_fit_and_no_more(
        self, full_disk: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig = Rig(full_disk, Limits())
        sent = [bytes([number]) * 1300 for number in range(100)]
        ballast = full_disk / "ballast"
        ballast.write_bytes(bytes(8192))

        rig.feed(*sent[:32])
        rig.feed(*sent[32:64])
        rig.feed(*sent[64:70])
        for _ in range(3):  # the disk stays full: no heap of empty files
            rig.clock.now_s += 30
            rig.feed(*sent[70:71])
        files = [path for path in full_disk.iterdir() if path != ballast]
        ballast.unlink()
        rig.clock.now_s += 30
        rig.feed(*sent[71:72])

        assert len(files) == 1
        assert len(_error_lines(caplog)) == 1
        assert "No space left on device" in _error_lines(caplog)[0]
        assert rig.counts == (33, 0, 32 + 6 + 3)
        played = [datagram.payload for path in sorted(full_disk.iterdir()) for datagram in read_capture(path)]
        assert (played[:32], played[-1]) == (sent[:32], sent[71])
        rig.finish()

    def test_a_fault_of_ours_is_seen_and_ends_nothing(self, rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
        rig.feed(b"1", rig_id="RIG_NOBODY_KNOWS")
        rig.clock.now_s += 30

        rig.feed(b"2")

        assert "by a fault of its own" in _error_lines(caplog)[0]
        assert rig.counts == (1, 0, 1)


class TestThread:
    def test_stopping_writes_what_waits_and_takes_no_more(self, tmp_path: Path) -> None:
        recorder = Recorder(tmp_path, RIGS)
        recorder.start()
        now_s = time.time()

        for number in range(1000):
            recorder.record("RIG_A", number.to_bytes(2, "big"), SENDER, now_s)
        began_s = time.monotonic()
        recorder.stop()
        took_s = time.monotonic() - began_s
        recorder.record("RIG_A", b"late", SENDER, now_s)

        assert _payloads(tmp_path) == [number.to_bytes(2, "big") for number in range(1000)]
        assert (recorder.written, recorder.dropped, recorder.failed) == (1000, 1, 0)
        assert took_s < 2

    def test_stopping_does_not_wait_for_a_disk_that_hangs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        answers, asked = threading.Event(), threading.Event()

        class HangingWriter(CaptureWriter):
            def flush(self) -> None:
                asked.set()
                answers.wait(10)
                super().flush()

        monkeypatch.setattr(recorder_module, "CaptureWriter", HangingWriter)
        monkeypatch.setattr(recorder_module, "STOP_S", 0.05)
        recorder = Recorder(tmp_path, RIGS)
        recorder.record("RIG_A", b"hangs", SENDER, time.time())
        recorder.start()
        assert asked.wait(10)
        recorder.record("RIG_A", b"waits", SENDER, time.time())

        recorder.stop()

        assert _error_lines(caplog) == ["recording: 1 datagrams were not written when it had to end"]
        answers.set()
        monkeypatch.undo()
        recorder.stop()
        assert _payloads(tmp_path) == [b"hangs", b"waits"]
