"""The names of metrics that PromQL asks for, and those that the gateway and its rules offer."""

from __future__ import annotations

import re
from typing import Final

import yaml

from app.catalogue import rows
from tests.monitoring.prometheus import RULES

_STRINGS: Final = re.compile(r'"[^"]*"')
_GROUPINGS: Final = re.compile(r"\b(?:by|without|on|ignoring)\s*\([^)]*\)")
_SELECTORS: Final = re.compile(r"\{[^}]*\}")
_NAMES: Final = re.compile(r"(?<![\w:$])(?:(?:rig|instance):)?(?:f1|process|python)_[a-zA-Z0-9_:]+|\bup\b")
PROCESS: Final = frozenset(
    {"up", "process_start_time_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes"}
    | {"process_open_fds"}
)
"""What Prometheus itself, and its client, add."""


def asked_for(expr: str) -> set[str]:
    """The names of the series that an expression reads."""
    bare = _SELECTORS.sub("", _GROUPINGS.sub("", _STRINGS.sub('""', expr)))
    return set(_NAMES.findall(bare))


def offered() -> set[str]:
    """Every name that there can be: of the catalogue, of the recording rules, of the process."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    recorded = {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}
    return recorded | PROCESS | {name for row in rows() for name in _exposed(row.name, row.type)}


def _exposed(name: str, kind: str) -> list[str]:
    return [f"{name}_{part}" for part in ("bucket", "sum", "count")] if kind == "histogram" else [name]
