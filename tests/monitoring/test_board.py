"""The board: what is committed is what is made, every expression parses, every metric exists."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

from app.catalogue import rows
from tests.gateway import ROOT
from tests.monitoring.board import COLUMNS, SOURCE, SOURCE_NAME, UID, board, board_text
from tests.monitoring.prometheus import promtool
from tests.monitoring.queries import asked_for, offered

GRAFANA = ROOT / "deploy" / "grafana"
UNSHOWN = {
    "f1_datacloud_uploaded_total": "f1_datacloud_rows_total has it by object",
    "f1_datacloud_failed_total": "f1_datacloud_rows_total has it by object",
    "f1_datacloud_in_flight": "of use to a developer",
    "f1_datacloud_body_limit_bytes": "of use to a developer",
    "f1_datacloud_logins_total": "the login's state is shown",
    "f1_datacloud_token_age_seconds": "the login's state is shown",
    "f1_datacloud_last_accepted_age_seconds": "the oldest row's age is shown",
    "f1_datacloud_rows_today": "credits are shown",
    "f1_ingest_source_filter": "its share is shown",
    "f1_gateway_tasks": "of use to a developer",
    "f1_ingest_send_rate_hz": "/ops tells it with its remedy",
    "f1_ingest_receive_buffer_bytes": "/ops tells it with its remedy",
}
"""Metrics that the board leaves out, and why."""


# Any: JSON and YAML.
def panels() -> list[Any]:
    return list(board()["panels"])


def expressions() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel.get("targets", ())]


def plain(expr: str) -> str:
    """The expression as Grafana sends it with everything chosen."""
    chosen = {"$instance": ".*", "$rig": ".*", "$__rate_interval": "1m", "$__range": "30m"}
    for variable, value in chosen.items():
        expr = expr.replace(variable, value)
    return expr


def provisioned(path: str) -> Any:
    return yaml.safe_load((GRAFANA / "provisioning" / path).read_text(encoding="utf-8"))


def test_the_board_that_is_committed_is_the_one_that_is_made() -> None:
    committed = (GRAFANA / "dashboards" / "rig-gateway.json").read_text(encoding="utf-8")

    assert committed == board_text(), "run make metrics-doc"
    assert json.loads(committed)["uid"] == UID == "rig-gateway"


def test_promtool_parses_every_expression(tmp_path: Path) -> None:
    records = [{"record": f"panel:{n}", "expr": plain(expr)} for n, expr in enumerate(expressions())]
    rules = tmp_path / "board.yml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": records}]}), encoding="utf-8")

    told = promtool("check", "rules", "--lint=none", str(rules))

    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{len(records)} rules found" in told.stdout
    assert not any("$" in record["expr"] for record in records)


def test_the_board_asks_only_for_metrics_that_exist_and_follows_its_variables() -> None:
    asked = {name for expr in expressions() for name in asked_for(expr)}

    assert asked - offered() == set()
    assert [expr for expr in expressions() if "$instance" not in expr] == []


def test_every_metric_is_on_the_board_or_left_out_for_a_reason() -> None:
    asked = {name.removesuffix("_bucket") for expr in expressions() for name in asked_for(expr)}

    assert {row.name for row in rows()} - asked == set(UNSHOWN)


def test_panels_neither_overlap_nor_leave_the_grid_and_have_ids_of_their_own() -> None:
    cells: Counter[tuple[int, int]] = Counter()
    for panel in panels():
        place = panel["gridPos"]
        across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
        cells.update((x, y) for x in across for y in down)

    assert set(cells.values()) == {1}
    assert {x for x, _ in cells} == set(range(COLUMNS))
    assert len({panel["id"] for panel in panels()}) == len(panels()) > 40


def test_what_an_engineer_on_duty_asks_has_a_row_and_the_alerts_are_listed() -> None:
    titles = [panel["title"] for panel in panels() if panel["type"] == "row"]
    kinds = Counter(panel["type"] for panel in panels())

    assert titles == [
        "Is anything wrong?", "Rigs", "Live view", "Bus", "Data Cloud", "The day's laps, and recordings", "Process",
    ]  # fmt: skip
    assert kinds["alertlist"] == kinds["heatmap"] == 1


def test_grafana_is_provisioned_with_the_source_and_the_folder_that_the_board_counts_on() -> None:
    (source,) = provisioned("datasources/prometheus.yml")["datasources"]
    (provider,) = provisioned("dashboards/rig-gateway.yml")["providers"]

    assert (source["uid"], source["type"], source["url"]) == (SOURCE["uid"], "prometheus", "http://prometheus:9090")
    assert source["name"] == SOURCE_NAME  # the list of alerts asks by name
    assert provider["options"]["path"] == "/etc/grafana/dashboards"
    assert {target["datasource"]["uid"] for panel in panels() for target in panel.get("targets", ())} == {SOURCE["uid"]}
