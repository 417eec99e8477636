"""podman and buildah with a store of their own in a folder: this machine's images and containers are not touched."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

_PATIENCE_S: Final = 300.0


class Refused(Exception):
    """A command of the engine failed; the message has what it said."""


class Engine:
    """The two programs on one store.

    Args:
        folder: Where the store lives; the caller removes it after `clear`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._store = ["--root", str(folder / "root"), "--runroot", str(folder / "run")]

    def podman(self, *arguments: str, patience_s: float = _PATIENCE_S, with_errors: bool = False) -> str:
        """What a command of podman prints.

        Args:
            arguments: The command.
            patience_s: How long it may take.
            with_errors: Together with what it prints to stderr: a container's log is on both.

        Raises:
            Refused: It failed, or took too long.
        """
        own = ["--runtime", "runc", "--cgroup-manager", "cgroupfs", "--tmpdir", str(self._folder / "tmp")]
        return _said(["podman", *self._store, *own, *arguments], patience_s, with_errors)

    def build(self, context: Path, tag: str, wheels: Path) -> None:
        """Build an image without a registry and without the network, in the form that keeps its health check.

        Raises:
            Refused: It cannot be built.
        """
        how = ["bud", "--isolation", "chroot", "--pull-never", "--format", "docker", "--volume", f"{wheels}:/wheels:ro"]
        said = ["--build-arg", "PIP_FIND_LINKS=/wheels", "--build-arg", "PIP_NO_INDEX=1", "--tag", tag]
        _said(["buildah", *self._store, *how, *said, str(context)], _PATIENCE_S)

    def image(self, tag: str) -> dict[str, Any]:
        """What the engine knows of an image."""
        known: list[dict[str, Any]] = json.loads(self.podman("image", "inspect", tag))
        return known[0]

    def run(self, name: str, image: str, options: Sequence[str], command: Sequence[str] = ()) -> Container:
        """A container in the background.

        Raises:
            Refused: It cannot be started.
        """
        self.podman("run", "--detach", "--name", name, *options, image, *command)
        return Container(self, name)

    def clear(self) -> None:
        """End whatever runs, and let go of whatever is mounted; it never fails."""
        for step in (["rm", "--all", "--force", "--time", "0"], ["volume", "rm", "--all", "--force"]):
            try:
                self.podman(*step, patience_s=60)
            except Refused:
                continue
        for mounted in _mounted_below(self._folder):
            subprocess.run(["umount", "--lazy", mounted], check=False, stderr=subprocess.DEVNULL)


class Container:
    """One that was started.

    Args:
        engine: Whose it is.
        name: Its name there.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.name = name
        self._engine = engine

    def python(self, text: str) -> str:
        """What a piece of Python prints inside."""
        return self._engine.podman("exec", self.name, "python3", "-c", text).strip()

    def is_well(self, command: Sequence[str]) -> bool:
        """Whether a health command says yes inside."""
        try:
            self._engine.podman("exec", self.name, *command, patience_s=30)
        except Refused:
            return False
        return True

    def wait_until_well(self, command: Sequence[str], within_s: float = 30.0) -> float:
        """The seconds until a health command says yes.

        Raises:
            Refused: It did not in time; with the log.
        """
        began_s = time.monotonic()
        while not self.is_well(command):
            if time.monotonic() - began_s > within_s or not self.state()["Running"]:
                raise Refused(f"{self.name} is not well after {time.monotonic() - began_s:.0f} s:\n{self.log()}")
            time.sleep(0.1)
        return time.monotonic() - began_s

    def state(self) -> dict[str, Any]:
        """Whether it runs, and how it ended."""
        known: list[dict[str, Any]] = json.loads(self._engine.podman("container", "inspect", self.name))
        state: dict[str, Any] = known[0]["State"]
        return state

    def log(self, lines: int = 40) -> str:
        """The last lines that it said."""
        return self._engine.podman("logs", "--tail", str(lines), self.name, with_errors=True)

    def stop(self) -> tuple[float, int]:
        """Ask it to end, as the engine does; how many seconds that took, and its exit code."""
        began_s = time.monotonic()
        self._engine.podman("stop", self.name)
        took_s = time.monotonic() - began_s
        return took_s, int(self.state()["ExitCode"])

    def remove(self) -> None:
        """Let it go, but not its volumes."""
        self._engine.podman("rm", "--force", "--time", "0", self.name)


@contextmanager
def own_engine(folder: Path) -> Iterator[Engine]:
    """An engine in a folder that is gone afterwards, whatever happens."""
    engine = Engine(folder / "store")
    try:
        yield engine
    finally:
        engine.clear()
        shutil.rmtree(folder / "store", ignore_errors=True)


def _mounted_below(folder: Path) -> list[str]:
    """What is mounted below a folder, the innermost first."""
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    places = [line.split()[4] for line in lines]
    return sorted((place for place in places if Path(place).is_relative_to(folder)), reverse=True)


def _said(command: Sequence[str], patience_s: float, with_errors: bool = False) -> str:
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=patience_s, check=False)
    except subprocess.TimeoutExpired:
        raise Refused(f"{command[0]} did not end within {patience_s:.0f} s") from None
    if answer.returncode != 0:
        # podman also warns about networks of other engines: what matters stands at the end.
        told = "\n".join((answer.stdout + answer.stderr).splitlines()[-15:])
        raise Refused(f"{command[0]} ended with {answer.returncode}: {told}")
    return answer.stdout + answer.stderr if with_errors else answer.stdout
