"""What the running gateway says of itself, asked over loopback [edge]; that it does not answer is an answer too."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Final, NamedTuple

PATHS: Final = ("/health", "/readyz", "/api/ops", "/api/cloud", "/api/display", "/metrics")
_PATIENCE_S: Final = 3.0
_MOST_BYTES: Final = 4 * 1024 * 1024
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}


class Heard(NamedTuple):
    """One answer.

    Attributes:
        path: What was asked.
        status: Of HTTP; None when nobody answered.
        text: The body, or why there is none.
    """

    path: str
    status: int | None
    text: str

    # Any: JSON.
    @property
    def body(self) -> Any:
        """The body as JSON; None when it is none."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


def url_of(host: str, port: int) -> str:
    """Where a gateway that listens so is reached from its own machine."""
    host = _EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def ask(url: str, metrics_token: str = "", paths: tuple[str, ...] = PATHS) -> list[Heard]:
    """Ask for each path; after one that nobody answers, the rest is not asked.

    Args:
        url: The gateway's.
        metrics_token: Opens `/metrics` where a token closes it; it is shown nowhere else.
        paths: What is asked for.
    """
    asks = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy stands before this very machine
    heard: list[Heard] = []
    for path in paths:
        asked = urllib.request.Request(url + path)
        if path == "/metrics" and metrics_token:
            asked.add_header("Authorization", f"Bearer {metrics_token}")
        heard.append(_heard(asks, asked, path))
        if heard[-1].status is None:
            break
    return heard


def _heard(asks: urllib.request.OpenerDirector, asked: urllib.request.Request, path: str) -> Heard:
    try:
        with asks.open(asked, timeout=_PATIENCE_S) as answer:
            return Heard(path, answer.status, answer.read(_MOST_BYTES).decode(errors="replace"))
    except urllib.error.HTTPError as refused:
        with refused:
            return Heard(path, refused.code, refused.read(_MOST_BYTES).decode(errors="replace"))
    except (OSError, ValueError) as silence:
        return Heard(path, None, str(getattr(silence, "reason", silence)))
