"""The JSON Schema of all canonical events; `python -m app.normalize.schema` prints it (`make schema`).

It describes events as they travel in JSON: `kind` and `event_id` included. A consumer in another language reads this
file and not our source, so it is committed as `docs/events.schema.json` and a test holds the two together.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from app.normalize.events import FACTS, SAMPLES, Event

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


# Any: a JSON document.
def events_schema() -> dict[str, Any]:
    """One document: every event under `$defs`, its `kind` fixed, and the choice of all of them at the top."""
    kinds: tuple[type[Event], ...] = (*SAMPLES, *FACTS)
    _, document = models_json_schema(
        [(kind, "serialization") for kind in kinds], title="Canonical events of Rig Gateway"
    )
    for kind in kinds:
        properties = document["$defs"][kind.__name__]["properties"]
        properties["kind"] = {"const": kind.__name__, "title": "Kind", "type": "string"}
        properties["event_id"] |= {"readOnly": True}
    return {"$schema": _DIALECT, **document, "oneOf": [{"$ref": f"#/$defs/{kind.__name__}"} for kind in kinds]}


def schema_text() -> str:
    """The document as it is committed."""
    return json.dumps(events_schema(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_text())
