"""The replay command: its arguments, its clock, its sockets."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from math import inf
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ingest.capture import CapturedDatagram, CaptureWriter
from app.ingest.decoder import encode
from app.ingest.header import parse_header
from app.ingest.replay import Options, Play, Replay, main, parse_arguments
from app.ingest.schedule import Due
from tests.builders import make_packet

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 10.0


class FakeTime:
    """A clock that moves only when something sleeps, and then a little too far, as real ones do."""

    def __init__(self, oversleeps_s: float = 0.0) -> None:
        self.now = 100.0
        self.slept_s: list[float] = []
        self._oversleeps_s = oversleeps_s

    def now_s(self) -> float:
        return self.now

    def sleep(self, wait_s: float) -> None:
        self.slept_s.append(wait_s)
        self.now += wait_s + self._oversleeps_s


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """Three SessionHistory datagrams of session 7, a second apart."""
    return _capture(tmp_path / "lap.pcap", car_indexes=(0, 1, 2))


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """A loopback socket; nothing waits on it for longer than ten seconds."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(TIMEOUT_S)
        yield sock


def _capture(path: Path, car_indexes: tuple[int, ...]) -> Path:
    with CaptureWriter(path) as writer:
        for at_s, car_index in enumerate(car_indexes):
            payload = encode(make_packet(11, session_uid=7, car_idx=car_index))
            writer.append(CapturedDatagram(at_s, payload, ("192.0.2.9", 50_000), 20_777))
    return path


def _address(sock: socket.socket) -> str:
    return f"127.0.0.1:{sock.getsockname()[1]}"


class TestClock:
    def test_each_datagram_is_sent_at_its_instant(self) -> None:
        time, sent = FakeTime(), []

        Replay(now_s=time.now_s, sleep=time.sleep).run(
            [(iter([Due(0.0, b"a"), Due(0.5, b"b"), Due(2.0, b"c")]), lambda payload: sent.append((time.now, payload)))]
        )

        assert sent == [(100.0, b"a"), (100.5, b"b"), (102.0, b"c")]

    def test_lateness_does_not_add_up(self) -> None:
        time, sent_at_s = FakeTime(oversleeps_s=0.25), []

        Replay(now_s=time.now_s, sleep=time.sleep).run(
            [(iter([Due(float(number), b"") for number in range(1000)]), lambda _: sent_at_s.append(time.now))]
        )

        assert sent_at_s == [100.0, *(100.25 + number for number in range(1, 1000))]

    def test_what_is_late_goes_at_once(self) -> None:
        time = FakeTime(oversleeps_s=5.0)

        Replay(now_s=time.now_s, sleep=time.sleep).run(
            [(iter([Due(1.0, b""), Due(2.0, b""), Due(3.0, b"")]), lambda _: None)]
        )

        assert time.slept_s == [1.0]

    @given(st.lists(st.lists(st.floats(0, 100)).map(sorted), max_size=4))
    def test_files_side_by_side_keep_one_common_time(self, files: list[list[float]]) -> None:
        time, sent = FakeTime(), []
        replay = Replay(now_s=time.now_s, sleep=time.sleep)

        replay.run((iter([Due(at_s, b"") for at_s in file]), lambda _: sent.append(time.now)) for file in files)

        assert sent == pytest.approx([100 + at_s for at_s in sorted(chain.from_iterable(files))])
        assert replay.sent == len(sent)


class TestArguments:
    def test_one_file_goes_to_its_address_as_it_happened(self, capture: Path) -> None:
        options = parse_arguments([str(capture), "--to", "127.0.0.1:20777"])

        assert options == Options((Play(capture, "127.0.0.1", 20_777, 0.0, inf),), speed=1.0, loop=False)

    def test_the_nth_file_goes_to_the_nth_address_in_any_order_of_arguments(self, tmp_path: Path) -> None:
        one, two = _capture(tmp_path / "1.pcap", (0,)), _capture(tmp_path / "2.pcap", (0,))
        pairs = ["--to", "a:1", str(one), "--loop", str(two), "--to", "[::1]:2", "--speed", "0"]

        options = parse_arguments(pairs)

        assert options == Options((Play(one, "a", 1), Play(two, "::1", 2)), speed=0.0, loop=True)

    def test_a_window_given_once_is_for_all_files(self, capture: Path) -> None:
        options = parse_arguments([str(capture), str(capture), "--to", "a:1", "--to", "b:2", "--from", "1.5"])

        assert [play.from_s for play in options.plays] == [1.5, 1.5]

    def test_a_window_given_for_each_file_is_in_their_order(self, capture: Path) -> None:
        files, addresses = [str(capture), str(capture)], ["--to", "a:1", "--to", "b:2"]

        options = parse_arguments([*files, *addresses, "--from", "1", "--until", "5", "--from", "2", "--until", "6"])

        assert [(play.from_s, play.until_s) for play in options.plays] == [(1, 5), (2, 6)]

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            ([], "the following arguments are required: FILE"),
            (["FILE"], "1 FILE but 0 --to; give one --to HOST:PORT for each FILE"),
            (["FILE", "FILE", "--to", "a:1"], "2 FILE but 1 --to; give one --to HOST:PORT for each FILE"),
            (["FILE", "--to", "20777"], "--to 20777 is not HOST:PORT, such as 127.0.0.1:20777"),
            (["FILE", "--to", "host:0"], "--to host:0 is not HOST:PORT, such as 127.0.0.1:20777"),
            (["FILE", "--to", "host:65536"], "--to host:65536 is not HOST:PORT, such as 127.0.0.1:20777"),
            (["FILE", "--to", "a:1", "--speed", "fast"], "--speed fast is not a number from 0 up"),
            (["FILE", "--to", "a:1", "--speed=-1"], "--speed -1 is not a number from 0 up"),
            (["FILE", "--to", "a:1", "--speed", "nan"], "--speed nan is not a number from 0 up"),
            (["FILE", "--to", "a:1", "--from", "9", "--until", "8"], "--until 8 lies before --from 9"),
            (
                ["FILE", "FILE", "FILE", *["--to", "a:1"] * 3, "--from", "1", "--from", "2"],
                "3 FILE but 2 --from; give it once, or once for each FILE",
            ),
            (["nowhere.pcap", "--to", "a:1"], "there is no file nowhere.pcap"),
        ],
    )
    def test_a_wrong_argument_leaves_with_2_and_one_sentence(
        self, capture: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
    ) -> None:
        with pytest.raises(SystemExit) as left:
            parse_arguments([str(capture) if argument == "FILE" else argument for argument in arguments])

        assert left.value.code == 2
        assert capsys.readouterr().err == f"replay: {sentence}\n"


class TestRecordings:
    def test_a_rig_s_files_are_played_in_the_order_of_time(self, tmp_path: Path, receiver: socket.socket) -> None:
        for hour, rig_id in enumerate(["RIG_A", "RIG_B", "RIG_A"]):
            _capture(tmp_path / f"{rig_id}-20261122T1{hour}0000.000Z.pcap", (hour,))

        code = main([str(tmp_path / "RIG_A"), "--to", _address(receiver), "--speed", "0"])

        assert code == 0
        assert [receiver.recv(2048) for _ in range(2)] == [
            encode(make_packet(11, session_uid=7, car_idx=hour)) for hour in (0, 2)
        ]

    def test_a_directory_with_one_rig_s_files_is_its_recording(self, tmp_path: Path, receiver: socket.socket) -> None:
        _capture(tmp_path / "RIG_A-20261122T120000.000Z.pcap", (5,))

        main([str(tmp_path), "--to", _address(receiver)])

        assert receiver.recv(2048) == encode(make_packet(11, session_uid=7, car_idx=5))

    def test_a_file_that_a_crash_left_empty_is_passed_over(self, tmp_path: Path, receiver: socket.socket) -> None:
        (tmp_path / "RIG_A-20261122T110000.000Z.pcap").touch()
        _capture(tmp_path / "RIG_A-20261122T120000.000Z.pcap", (5,))

        assert main([str(tmp_path), "--to", _address(receiver)]) == 0

    def test_a_directory_of_several_rigs_must_be_told_which(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        for rig_id in ("RIG_A", "RIG_B"):
            _capture(tmp_path / f"{rig_id}-20261122T120000.000Z.pcap", (5,))

        with pytest.raises(SystemExit):
            parse_arguments([str(tmp_path), "--to", "a:1"])

        sentence = f"replay: {tmp_path} holds recordings of RIG_A, RIG_B; say which, as in {tmp_path}/RIG_A\n"
        assert capsys.readouterr().err == sentence

    def test_a_directory_without_recordings_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            parse_arguments([str(tmp_path), "--to", "a:1"])

        assert capsys.readouterr().err == f"replay: {tmp_path} holds no recording\n"


class TestCommand:
    def test_the_captured_bytes_arrive_in_order(self, capture: Path, receiver: socket.socket) -> None:
        code = main([str(capture), "--to", _address(receiver), "--speed", "0"])

        assert code == 0
        assert [receiver.recv(2048) for _ in range(3)] == [
            encode(make_packet(11, session_uid=7, car_idx=car_index)) for car_index in (0, 1, 2)
        ]

    def test_each_file_has_a_sender_of_its_own(self, capture: Path, receiver: socket.socket) -> None:
        to = ["--to", _address(receiver)]

        main([str(capture), str(capture), *to, *to, "--speed", "0"])

        senders = {receiver.recvfrom(2048)[1] for _ in range(6)}
        assert len(senders) == 2

    def test_it_says_what_it_sent(
        self, capture: Path, receiver: socket.socket, capsys: pytest.CaptureFixture[str]
    ) -> None:
        main([str(capture), "--to", _address(receiver), "--speed", "0"])

        assert capsys.readouterr().out.splitlines() == [
            f"replaying lap.pcap to {_address(receiver)}",
            "sent 3 datagrams in 0.0 s",
        ]

    def test_the_handler_of_sigterm_is_given_back(self, capture: Path, receiver: socket.socket) -> None:
        before = signal.getsignal(signal.SIGTERM)

        main([str(capture), "--to", _address(receiver), "--speed", "0"])

        assert signal.getsignal(signal.SIGTERM) is before

    def test_a_file_that_is_no_capture_leaves_with_2_and_is_named(
        self, tmp_path: Path, receiver: socket.socket, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "notes.txt").write_text("no capture")

        code = main([str(tmp_path / "notes.txt"), "--to", _address(receiver)])

        assert code == 2
        assert capsys.readouterr().err == "replay: notes.txt: is not a pcap file; it begins with 6e6f2063\n"

    def test_a_window_with_nothing_in_it_leaves_with_2_and_names_file_and_options(
        self, capture: Path, receiver: socket.socket, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main([str(capture), "--to", _address(receiver), "--from", "3", "--loop"])

        assert code == 2
        assert capsys.readouterr().err == "replay: lap.pcap: no datagram after 3 s; change --from or --until\n"

    def test_a_host_that_nobody_knows_leaves_with_2_and_is_named(
        self, capture: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = main([str(capture), "--to", "no host:20777"])

        assert code == 2
        assert capsys.readouterr().err.startswith("replay: --to no host:20777: nobody knows this host (")

    def test_a_network_that_refuses_leaves_with_1_and_says_why(
        self, capture: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Unplugged(socket.socket):
            def sendto(self, *_: object) -> int:
                raise OSError(errno.ENETUNREACH, "Network is unreachable")

        monkeypatch.setattr(socket, "socket", Unplugged)

        code = main([str(capture), "--to", "127.0.0.1:20777"])

        assert code == 1
        assert capsys.readouterr().err == "replay: cannot send: Network is unreachable; check --to and the network\n"

    def test_ctrl_c_leaves_with_0_and_says_how_far_it_came(
        self, capture: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Interrupted(socket.socket):
            def sendto(self, *_: object) -> int:
                raise KeyboardInterrupt

        monkeypatch.setattr(socket, "socket", Interrupted)

        code = main([str(capture), "--to", "127.0.0.1:20777"])

        assert code == 0
        assert capsys.readouterr().out.splitlines()[1:] == ["stopped after 0 datagrams in 0.0 s"]

    @pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
    def test_a_loop_runs_as_new_sessions_until_it_is_stopped_and_leaves_with_0(
        self, capture: Path, receiver: socket.socket, stop: signal.Signals
    ) -> None:
        command = [sys.executable, "-m", "app.ingest.replay", str(capture), "--to", _address(receiver)]
        with subprocess.Popen(
            [*command, "--loop", "--speed", "0"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": ""},
        ) as process:  # fmt: skip
            uids = [parse_header(receiver.recv(2048)).session_uid for _ in range(9)]
            process.send_signal(stop)
            out, err = process.communicate(timeout=TIMEOUT_S)

        assert (process.returncode, err) == (0, "")
        assert out.splitlines()[-1].startswith("stopped after ")
        assert (uids[0], len(set(uids))) == (7, 3)
