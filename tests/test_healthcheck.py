"""The health command asks the right place, once, and says in its exit code what it heard."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.healthcheck import is_well, main, target
from tests.gateway import ROOT, free_port


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path in ("/readyz", "/other") else 503)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("environment", "asked"),
    [
        ({}, ("127.0.0.1", 8080)),
        ({"PORT": "", "HTTP_HOST": ""}, ("127.0.0.1", 8080)),
        ({"PORT": "9000", "HTTP_HOST": "0.0.0.0"}, ("127.0.0.1", 9000)),
        ({"HTTP_HOST": "::"}, ("::1", 8080)),
        ({"HTTP_HOST": "192.168.1.5"}, ("192.168.1.5", 8080)),
    ],
)
def test_it_asks_where_the_gateway_listens(environment: dict[str, str], asked: tuple[str, int]) -> None:
    assert target(environment) == asked


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_named_and_counts_as_ill(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main([], {"PORT": port})

    assert code == 1
    assert capsys.readouterr().err == "PORT must be 1 to 65535\n"


def test_an_answer_of_200_is_well_and_any_other_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with answering() as port:
        codes = [main(path, {"PORT": str(port)}) for path in ([], ["/other"], ["/healthz"])]

    assert codes == [0, 0, 1]
    said = capsys.readouterr()
    assert (said.out, said.err) == ("/readyz: 200\n/other: 200\n", "/healthz: 503\n")


def test_nobody_who_listens_is_not_well() -> None:
    well, told = is_well("127.0.0.1", free_port(), "/readyz")

    assert not well
    assert told.startswith("/readyz: no answer: ")


def test_a_gateway_that_hangs_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began_s = time.monotonic()
        well, _ = is_well("127.0.0.1", silent.getsockname()[1], "/readyz", patience_s=0.1)
        took_s = time.monotonic() - began_s

    assert not well
    assert took_s < 2


def test_the_command_needs_nothing_but_the_standard_library() -> None:
    text = (
        "import sys, app.healthcheck; print([name for name in sys.modules if name in ('pydantic', 'fastapi', 'httpx')])"
    )

    said = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {text}"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )

    assert said.stdout == "[]\n"
