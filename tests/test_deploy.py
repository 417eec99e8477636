"""What is handed out for running the gateway is well-formed, and the papers about it are whole."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.arguments import EXIT_USAGE

ROOT = Path(__file__).resolve().parent.parent
UNIT = ROOT / "deploy" / "rig-gateway.service"
PLIST = ROOT / "deploy" / "org.rig-gateway.plist"
OPERATIONS = ROOT / "docs" / "operations.md"
MOST_EXPOSED = 20
"""Of 100, as systemd counts; what is usual for a service is 90."""
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
ALERTS = re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8"))

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")


def on_this_machine(folder: Path) -> Path:
    """The unit with a Python and a paper that exist here, which is all that is not."""
    unit = folder / UNIT.name
    text = UNIT.read_text(encoding="utf-8").replace("/opt/rig-gateway/.venv/bin/python", sys.executable)
    unit.write_text(re.sub("^Documentation=.*$", "", text, flags=re.MULTILINE), encoding="utf-8")
    return unit


def analysed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def kebab(alert: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", alert).lower()


@needs_systemd
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    told = analysed("verify", str(on_this_machine(tmp_path)))

    assert (told.returncode, told.stderr) == (0, "")


@needs_systemd
def test_the_unit_leaves_the_service_little_to_do_harm_with(tmp_path: Path) -> None:
    told = analysed("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(on_this_machine(tmp_path)))

    assert told.returncode == 0, told.stdout


def test_the_unit_gives_up_only_where_the_configuration_is_wrong() -> None:
    lines = UNIT.read_text(encoding="utf-8").splitlines()

    assert {"Restart=always", f"RestartPreventExitStatus={EXIT_USAGE}", "TimeoutStopSec=15"} <= set(lines)


def test_launchd_can_read_the_property_list() -> None:
    with PLIST.open("rb") as file:
        told = plistlib.load(file)

    assert told["ProgramArguments"][1:] == ["-m", "app"]
    assert (told["KeepAlive"], told["ExitTimeOut"]) == (True, 15)


def test_there_are_alerts() -> None:
    assert len(ALERTS) >= 19


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_section_that_tells_what_to_do(alert: str) -> None:
    assert kebab(alert) in anchors(OPERATIONS.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "paper", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]), ids=lambda paper: paper.name
)
def test_every_link_in_the_papers_leads_somewhere(paper: Path) -> None:
    text = paper.read_text(encoding="utf-8")

    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("http:", "https:", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (paper.parent / path).resolve() if path else paper
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file.read_text(encoding="utf-8")), target
