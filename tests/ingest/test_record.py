"""The record command: its arguments, its ports, its end; and that a recording plays back."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.ingest.capture import read_capture
from app.ingest.record import Options, main, parse_arguments, record
from app.ingest.recorder import DEFAULT_LIMITS
from app.ingest.replay import main as replay
from app.ingest.rotation import MIB, Limits, series
from tests.gateway import CATALUNYA, ROOT, free_port

TIMEOUT_S = 10.0
WINDOW_S = 1.0  # of the capture; 155 datagrams, fewer than a receive buffer of 200 KiB, doubled by Linux, holds


@contextmanager
def _recording(directory: Path, *arguments: str, rigs: int = 1) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """The command in a process of its own, with RIG_0, RIG_1, ... on free ports; it listens."""
    ports = [free_port(socket.SOCK_DGRAM) for _ in range(rigs)]
    named = [text for number, port in enumerate(ports) for text in ("--rig", f"RIG_{number}={port}")]
    with subprocess.Popen(
        [sys.executable, "-m", "app.ingest.record", *named, "--to", str(directory), *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("recording RIG_0 on UDP ")
            yield process, ports
        finally:
            process.kill()


def _play(path: Path, port: int, *arguments: str) -> None:
    assert replay([str(path), "--to", f"127.0.0.1:{port}", "--speed", "0", *arguments]) == 0


def _captured(until_s: float = WINDOW_S) -> list[bytes]:
    datagrams = list(read_capture(CATALUNYA))
    return [datagram.payload for datagram in datagrams if datagram.at_s - datagrams[0].at_s <= until_s]


def _payloads(directory: Path, rig_id: str) -> list[bytes]:
    files = series(path.name for path in directory.iterdir()).get(rig_id, [])
    return [datagram.payload for name in files for datagram in read_capture(directory / name)]


class TestArguments:
    def test_rigs_and_a_directory_are_enough(self, tmp_path: Path) -> None:
        options = parse_arguments(["--rig", "RIG_A=20777", "--rig", "RIG_B=20778", "--to", str(tmp_path)])

        assert options == Options({"RIG_A": 20_777, "RIG_B": 20_778}, tmp_path, DEFAULT_LIMITS, blank_names=False)

    def test_limits_and_names_are_the_caller_s_choice(self, tmp_path: Path) -> None:
        options = parse_arguments(
            ["--rig", "A=1", "--to", str(tmp_path), "--max-mb", "500", "--max-age-h", "1.5", "--blank-names"]
        )

        limits = Limits(total_bytes=500 * MIB, max_age_s=5400)
        assert options == Options({"A": 1}, tmp_path, limits, blank_names=True)

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--to", "DIR"], "the following arguments are required: --rig"),
            (["--rig", "A=1"], "the following arguments are required: --to"),
            (["--rig", "20777", "--to", "DIR"], "--rig 20777 is not RIG=PORT, such as RIG_A=20777"),
            (["--rig", "A=0", "--to", "DIR"], "--rig A=0 is not RIG=PORT, such as RIG_A=20777"),
            (["--rig", "A=65536", "--to", "DIR"], "--rig A=65536 is not RIG=PORT, such as RIG_A=20777"),
            (["--rig", "../A=1", "--to", "DIR"], "--rig ../A=1 is not RIG=PORT, such as RIG_A=20777"),
            (["--rig", "A=1", "--rig", "A=2", "--to", "DIR"], "--rig A=2: this rig or this port is given twice"),
            (["--rig", "A=1", "--rig", "B=1", "--to", "DIR"], "--rig B=1: this rig or this port is given twice"),
            (["--rig", "A=1", "--to", "DIR", "--max-mb", "0"], "--max-mb 0 is not a number from 1 up"),
            (["--rig", "A=1", "--to", "DIR", "--max-age-h", "inf"], "--max-age-h inf is not a number from 0.1 up"),
            (["--rig", "A=1", "--to", "DIR", "--max-age-h", "day"], "--max-age-h day is not a number from 0.1 up"),
            (["--rig", "A=1", "--to", "pyproject.toml"], "--to pyproject.toml is a file; give a directory"),
        ],
    )
    def test_a_wrong_argument_leaves_with_2_and_one_sentence(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
    ) -> None:
        monkeypatch.chdir(ROOT)

        with pytest.raises(SystemExit) as left:
            parse_arguments(arguments)

        assert left.value.code == 2
        assert capsys.readouterr().err == f"record: {sentence}\n"


class TestCommand:
    def test_a_taken_port_leaves_with_3_and_is_named(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
            holder.bind(("0.0.0.0", 0))
            port = holder.getsockname()[1]

            code = main(["--rig", f"RIG_A={port}", "--to", str(tmp_path)])

        assert code == 3
        assert capsys.readouterr().err.startswith(f"record: RIG_A: UDP port {port} on 0.0.0.0 cannot be opened: ")

    async def test_it_says_from_time_to_time_what_came(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        port, before = free_port(socket.SOCK_DGRAM), signal.getsignal(signal.SIGTERM)
        task = asyncio.create_task(record(Options({"RIG_A": port}, tmp_path), tell_s=0.01))
        said = ""
        while said.count("\n") < 3:
            await asyncio.sleep(0.01)
            said += capsys.readouterr().out

        signal.raise_signal(signal.SIGTERM)
        await asyncio.wait_for(task, TIMEOUT_S)

        first, second, *_ = said.splitlines()
        assert first == f"recording RIG_A on UDP {port} to {tmp_path}"
        assert second == "RIG_A 0 received; 0 written, 0 dropped, 0 failed"
        assert signal.getsignal(signal.SIGTERM) is before

    @pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
    def test_it_records_until_it_is_stopped_and_leaves_with_0(self, tmp_path: Path, stop: signal.Signals) -> None:
        with _recording(tmp_path, "--blank-names", rigs=2) as (process, ports):
            for port in ports:
                _play(CATALUNYA, port, "--until", "0.1")
            process.send_signal(stop)
            out, err = process.communicate(timeout=TIMEOUT_S)

        count = len(_captured(0.1))
        assert process.returncode == 0
        assert out == f"stopped: RIG_0 {count}, RIG_1 {count} received; {2 * count} written, 0 dropped, 0 failed\n"
        assert "Traceback" not in err

    def test_a_killed_process_has_lost_nothing_older_than_a_second(self, tmp_path: Path) -> None:
        sent = _captured()
        with _recording(tmp_path) as (process, (port,)):
            _play(CATALUNYA, port, "--until", str(WINDOW_S))
            time.sleep(1)
            process.kill()
            process.wait(TIMEOUT_S)

        assert _payloads(tmp_path, "RIG_0") == sent


class TestPlayingBack:
    def test_a_recording_plays_back_the_same_datagrams_in_the_same_order(self, tmp_path: Path) -> None:
        sent, received = _captured(), list[bytes]()
        with _recording(tmp_path, "--max-mb", "1", rigs=4) as (process, (port, *_)):
            _play(CATALUNYA, port, "--until", str(WINDOW_S))
            process.terminate()
            process.communicate(timeout=TIMEOUT_S)
        files = len(list(tmp_path.iterdir()))

        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            receiver.settimeout(TIMEOUT_S)
            receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_194_304)
            listener = threading.Thread(target=lambda: received.extend(receiver.recv(2048) for _ in sent))
            listener.start()
            _play(tmp_path / "RIG_0", receiver.getsockname()[1])
            listener.join()

        assert files > 1
        assert received == sent
