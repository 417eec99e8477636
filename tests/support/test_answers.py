"""The running gateway is asked over loopback, and silence is an answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.support.answers import ask, url_of
from tests.gateway import free_port


class Answering(BaseHTTPRequestHandler):
    """Answers as a gateway of which a stage has died."""

    def do_GET(self) -> None:
        self.send_response(503 if self.path == "/readyz" else 200)
        self.end_headers()
        if self.path == "/metrics":
            self.wfile.write(self.headers.get("Authorization", "nothing").encode())
        else:
            self.wfile.write(b"not ready: live\n" if self.path == "/readyz" else b'{"status": "failed"}')

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def answering() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("192.168.1.20", "http://192.168.1.20:8080"),
        ("::", "http://[::1]:8080"),
    ],
)
def test_a_gateway_that_listens_everywhere_is_asked_at_this_machine(host: str, url: str) -> None:
    assert url_of(host, 8080) == url


def test_an_answer_that_tells_of_trouble_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with answering() as url:
        health, ready = ask(url, paths=("/health", "/readyz"))

    assert (health.status, health.body) == (200, {"status": "failed"})
    assert (ready.status, ready.text, ready.body) == (503, "not ready: live\n", None)


def test_where_nobody_answers_it_is_asked_once() -> None:
    (silence,) = ask(f"http://127.0.0.1:{free_port()}", paths=("/health", "/readyz"))

    assert (silence.status, silence.body) == (None, None)
    assert "refused" in silence.text


def test_metrics_that_a_token_closes_are_asked_for_with_it_and_nothing_else_is() -> None:
    with answering() as url:
        open_ones, closed = ask(url, paths=("/metrics",)), ask(url, "a-token-of-24-characters", paths=("/metrics",))

    assert [heard.text for heard in (*open_ones, *closed)] == ["nothing", "Bearer a-token-of-24-characters"]
