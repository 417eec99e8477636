"""Makes deploy/grafana/dashboards/rig-gateway.json from `panels`; `make metrics-doc` writes it.

The grid, the ids and the fifty lines of JSON that each panel takes follow from a few words.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any, Final

from tests.monitoring.panels import OWN, ROWS, Panel, Query

# Any: JSON.
Json = dict[str, Any]

UID: Final = "rig-gateway"
SOURCE_NAME: Final = "Prometheus"
SOURCE: Final[Json] = {"type": "prometheus", "uid": "rig-gateway-prometheus"}
COLUMNS: Final = 24


def board() -> Json:
    """The whole board."""
    return {
        "uid": UID,
        "title": "Rig Gateway",
        "description": "Made by tests/monitoring/board.py: change it there, then make metrics-doc.",
        "tags": ["f1", "rig-gateway"],
        "schemaVersion": 38,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "5s",
        "time": {"from": "now-30m", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [_variable("instance", "f1_event_queue_size"), _variable("rig", "f1_packets_received_total" + OWN)]
        },
        "annotations": {"list": []},
        "links": [],
        "panels": list(_panels()),
    }


def board_text() -> str:
    """The board as it is committed."""
    return json.dumps(board(), indent=1, ensure_ascii=False) + "\n"


def _panels() -> Iterator[Json]:
    number = y = 0
    for row in ROWS:
        number += 1
        place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        yield {"id": number, "type": "row", "title": row.title, "collapsed": False, "gridPos": place, "panels": []}
        x, y = 0, y + 1
        for panel in row.panels:
            if x + panel.width > COLUMNS:
                x, y = 0, y + row.height
            number += 1
            yield _panel(panel, number, {"x": x, "y": y, "w": panel.width, "h": row.height})
            x += panel.width
        y += row.height


def _panel(panel: Panel, number: int, place: Json) -> Json:
    made: Json = {"id": number, "type": panel.kind, "title": panel.title, "gridPos": place}
    if panel.help:
        made["description"] = panel.help
    if panel.kind == "alertlist":
        shown = {"firing": True, "pending": True, "noData": False, "normal": False, "error": True}
        made["options"] = {"viewMode": "list", "maxItems": 20, "datasource": SOURCE_NAME, "stateFilter": shown}
        return made
    made["datasource"] = SOURCE
    made["targets"] = [_target(query, place) for place, query in enumerate(panel.queries)]
    if panel.kind == "heatmap":
        for target in made["targets"]:
            target["format"] = "heatmap"
        made["options"] = {"calculate": False, "yAxis": {"unit": panel.unit}, "color": {"scheme": "Oranges"}}
        return made
    steps = [{"color": colour, "value": value} for colour, value in panel.steps]
    defaults: Json = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "timeseries":
        drawn = "line" if len(steps) > 1 else "off"
        defaults |= {"min": 0} if "Clock" not in panel.title else {}
        defaults["custom"] = {"thresholdsStyle": {"mode": drawn}, "lineWidth": 1, "showPoints": "never"}
        made["options"] = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}}
    else:
        defaults["color"] = {"mode": "thresholds"}
        made["options"] = {"reduceOptions": {"calcs": ["lastNotNull"]}} if panel.kind == "stat" else {}
    if panel.words:
        told = {value: {"text": word, "index": place} for place, (value, word) in enumerate(panel.words)}
        defaults["mappings"] = [{"type": "value", "options": told}]
    made["fieldConfig"] = {"defaults": defaults, "overrides": []}
    return made


def _target(query: Query, place: int) -> Json:
    return {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": query.expr, "legendFormat": query.legend}


def _variable(label: str, metric: str) -> Json:
    query = f"label_values({metric}, {label})"
    return {
        "name": label,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "definition": query,
        "query": {"query": query, "refId": "A"},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


if __name__ == "__main__":
    sys.stdout.write(board_text())
