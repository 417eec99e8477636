"""Compose's own reading of our files: merged, checked against its schema, as JSON."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.containers.engine import Refused
from tests.gateway import ROOT

FILES: Final = ("docker-compose.yml", "docker-compose.host.yml")
_NONE: Final = "deploy/none"


class Composer:
    """Compose on a copy of the files, in a folder without `.env`: no setting of this machine is in what it says.

    Args:
        compose: The program.
        folder: Where the copy goes; secrets that are not given lie there as long as it does.
    """

    def __init__(self, compose: Path, folder: Path) -> None:
        self._compose = compose
        self._folder = folder
        (folder / _NONE).parent.mkdir(parents=True, exist_ok=True)
        for name in (*FILES, _NONE):
            shutil.copyfile(ROOT / name, folder / name)

    def merged(
        self, profiles: Sequence[str] = (), on_host: bool = False, env: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """The project as Compose reads it.

        Args:
            profiles: Which are switched on.
            on_host: With the override for the host's network.
            env: Settings, as `.env` would have them.

        Raises:
            Refused: Compose does not accept it; the message is its own.
        """
        bare = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
        files = [part for name in FILES[: 2 if on_host else 1] for part in ("--file", name)]
        wanted = [part for profile in profiles for part in ("--profile", profile)]
        answer = subprocess.run(
            [self._compose, *files, *wanted, "config", "--format", "json"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=self._folder,
            env={**bare, **(env or {})},
        )
        if answer.returncode != 0:
            raise Refused(f"Compose does not accept the files: {answer.stderr.strip()}")
        project: dict[str, Any] = json.loads(answer.stdout)
        return project
