"""`python -m app.healthcheck`: asks the gateway of this machine whether it is ready; 0 yes, 1 no.

For a container's HEALTHCHECK and for service managers: no shell, no curl, and nothing but the standard library, since
it is started every few seconds. It asks where `python -m app` listens by the same `PORT` and `HTTP_HOST`, in the
environment alone. Another path can be given, for another server: `python -m app.healthcheck /healthz`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from typing import Final

PATIENCE_S: Final = 2.0
_ANYWHERE: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that say "all of this machine's", and the one to ask in their place."""


def target(environment: Mapping[str, str]) -> tuple[str, int]:
    """Host and port to ask.

    Raises:
        ValueError: PORT is no port.
    """
    host = environment.get("HTTP_HOST", "")
    port = environment.get("PORT", "") or "8080"
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError("PORT must be 1 to 65535")
    return _ANYWHERE.get(host, host), int(port)


def is_well(host: str, port: int, path: str, patience_s: float = PATIENCE_S) -> tuple[bool, str]:
    """Whether a GET is answered by 200 in time, and what to say about it in one line."""
    connection = HTTPConnection(host, port, timeout=patience_s)
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, HTTPException) as failed:
        return False, f"{path}: no answer: {failed or type(failed).__name__}"
    finally:
        connection.close()
    return status == 200, f"{path}: {status}"


def main(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> int:
    """The command; its exit code is what Docker reads."""
    try:
        host, port = target(environment)
    except ValueError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    well, told = is_well(host, port, arguments[0] if arguments else "/readyz")
    (sys.stdout if well else sys.stderr).write(f"{told}\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
