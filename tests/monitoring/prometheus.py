"""A real Prometheus on loopback, and its tool; rules whose durations are shortened, so that a test need not wait."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from tests.chaos.stage import until
from tests.gateway import ROOT, free_port
from tests.prepare import monitoring_program

DEPLOY: Final = ROOT / "deploy" / "prometheus"
RULES: Final = DEPLOY / "rules.yml"
SCRAPE_S: Final = 1
_START_S: Final = 30.0
_SHORTEST_WINDOW_S: Final = 4
"""A rate needs two scrapes; with four a late one spoils nothing."""
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_DURATION: Final = re.compile(r"(for: |\[)(\d+)([smh])")


class Rule(NamedTuple):
    """One alert of rules.yml."""

    name: str
    expr: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def program(name: str) -> str:
    """`prometheus` or `promtool`."""
    found = monitoring_program(name)
    assert found is not None, f"{name} is missing: run python -m tests.prepare"
    return str(found)


def promtool(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run it, with what it says."""
    return subprocess.run(
        [program("promtool"), *arguments], input=given, capture_output=True, text=True, timeout=120, check=False
    )


def alerts(text: str | None = None) -> list[Rule]:
    """Every alert of rules.yml, or of another text like it."""
    groups = yaml.safe_load(text or RULES.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    return [Rule(rule["alert"], rule["expr"], rule["labels"], rule["annotations"]) for rule in rules]


def shortened(text: str, factor: int, *, windows: bool = True) -> str:
    """Rules with every `for` and every window divided; none below a second, no window below four scrapes of a test.

    Args:
        text: Of a rules file.
        factor: By which they are divided.
        windows: False leaves them as they are: an average over a few seconds is no measure of a machine.
    """

    def divided(found: re.Match[str]) -> str:
        if found[1] == "[" and not windows:
            return found[0]
        least = 1 if found[1] == "for: " else _SHORTEST_WINDOW_S
        return f"{found[1]}{max(least, round(int(found[2]) * _UNITS[found[3]] / factor))}s"

    return _DURATION.sub(divided, text)


# Any: JSON.
class Prometheus:
    """A server that runs."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def query(self, expr: str) -> list[Any]:
        """The series of an expression right now; each with `metric` and `value`."""
        found: list[Any] = self._ask("query", query=expr)["result"]
        return found

    def values(self, expr: str) -> list[float]:
        """Their numbers."""
        return [float(each["value"][1]) for each in self.query(expr)]

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {each["labels"]["alertname"] for each in self._ask("alerts")["alerts"] if each["state"] == "firing"}

    def ever(self, *, pending: bool = False) -> set[str]:
        """The names of the alerts that fired, or at least were pending, since the start."""
        state = "" if pending else '{alertstate="firing"}'
        return {each["metric"]["alertname"] for each in self.query(f"max_over_time(ALERTS{state}[1h])")}

    def rules(self) -> list[Any]:
        """Every rule with its health and last error."""
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> list[Any]:
        """What is scraped."""
        found: list[Any] = self._ask("targets")["activeTargets"]
        return found

    def until(self, what: str, holds: Callable[[], bool], patience_s: float) -> float:
        """Wait until something holds, looking twice a second; how many seconds it took.

        Raises:
            TimeoutError: It did not in time.
        """
        try:
            return until(what, holds, patience_s, pause_s=0.5)
        except TimeoutError as late:
            raise TimeoutError(f"{late}; firing {sorted(self.firing())}") from None

    def _ask(self, what: str, **given: str) -> Any:
        url = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(given)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.loads(answer.read())["data"]


@contextmanager
def running_prometheus(folder: Path, gateway_port: int, rules: str) -> Iterator[Prometheus]:
    """A server that scrapes one gateway every second; ended with the block.

    Args:
        folder: Takes its configuration and its data.
        gateway_port: Where the gateway's page is, or will be.
        rules: Text of a rules file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    (folder / "prometheus.yml").write_text(_configuration(gateway_port), encoding="utf-8")
    port = free_port()
    command = [program("prometheus"), f"--config.file={folder / 'prometheus.yml'}"]
    command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait_until_ready(process, port, folder / "log")
        yield Prometheus(port)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _configuration(gateway_port: int) -> str:
    """The one that is deployed, but for the target and the pace."""
    given = yaml.safe_load((DEPLOY / "prometheus.yml").read_text(encoding="utf-8"))
    pace = f"{SCRAPE_S}s"
    given["global"] |= {"scrape_interval": pace, "scrape_timeout": pace, "evaluation_interval": pace}
    given["scrape_configs"][0]["static_configs"] = [{"targets": [f"127.0.0.1:{gateway_port}"]}]
    return yaml.safe_dump(given)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        assert process.poll() is None, f"Prometheus ended: {log.read_text(encoding='utf-8')}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError("Prometheus did not start")
