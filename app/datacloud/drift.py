"""Whether a schema file that an org was given can become ours: it may get new fields, and never lose or retype one.

The file is read as it is, whatever it holds: what the emulator or the rules of the Ingestion API say of it is not
asked here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import yaml

from app.datacloud.schema import OBJECTS, ObjectSpec


class Drift(NamedTuple):
    """What tells a file from ours, each as the name of a field or an object with a word on it.

    Attributes:
        new: In ours only; the org can take it.
        gone: In the file only; the org cannot lose it.
        retyped: In both with different types; the org cannot change it.
    """

    new: tuple[str, ...]
    gone: tuple[str, ...]
    retyped: tuple[str, ...]

    @property
    def is_possible(self) -> bool:
        """Whether the org can take ours."""
        return not (self.gone or self.retyped)


def drift(text: str, objects: Iterable[ObjectSpec] = OBJECTS) -> Drift:
    """What tells a schema file from ours.

    Args:
        text: The file.
        objects: Ours.

    Raises:
        ValueError: It is no schema file; the message is the end of a sentence.
    """
    theirs = types_of(text)
    ours: dict[str, Mapping[str, str]] = {spec.name: dict(spec.types) for spec in objects}
    new = [f"{name} (the whole object)" for name in ours if name not in theirs]
    gone = [f"{name} (the whole object)" for name in theirs if name not in ours]
    retyped = []
    for name in theirs:
        if name not in ours:
            continue
        before, now = theirs[name], ours[name]
        new += [f"{name}.{field} ({now[field]})" for field in now if field not in before]
        gone += [f"{name}.{field} ({before[field]})" for field in before if field not in now]
        retyped += [
            f"{name}.{field} ({before[field]}, in ours {now[field]})"
            for field in before
            if field in now and before[field] != now[field]
        ]
    return Drift(tuple(new), tuple(gone), tuple(retyped))


def types_of(text: str) -> dict[str, dict[str, str]]:
    """The types of a schema file by object and field; of a text with a format, the format.

    Raises:
        ValueError: It is no schema file; the message is the end of a sentence.
    """
    try:
        file = yaml.safe_load(text)
    except yaml.YAMLError as refused:
        raise ValueError(f"is not YAML: {' '.join(str(refused).split())}") from None
    schemas = _inside(file, "components", "schemas")
    return {str(name): _fields(str(name), body) for name, body in schemas.items()}


def _fields(name: str, body: Any) -> dict[str, str]:  # Any: what a YAML file holds, about to be found out
    fields = {}
    for field, told in _inside(body, "properties", where=name).items():
        if not isinstance(told, dict) or "type" not in told:
            raise ValueError(f"is no schema file: {name}.{field} has no type")
        fields[str(field)] = str(told.get("format", told["type"]))
    return fields


def _inside(value: Any, *names: str, where: str = "it") -> dict[Any, Any]:
    """The mapping at the end of a path through mappings."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, dict):
        raise ValueError(f"is no schema file: {where} has no {'.'.join(names)}")
    return value
