"""A real Prometheus scrapes a real gateway: what it reads, what the board gets from it, the cheapest alerts.

One scene for all; the last tests do it harm. `make chaos` (ALERTS) causes every alert.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.chaos.alerts import FACTOR, LOAD, old_game, stranger
from tests.chaos.stage import Stage, kill
from tests.chaos.verdict import at_most, exactly
from tests.conftest import Reached
from tests.gateway import Running
from tests.monitoring.prometheus import RULES, Prometheus, promtool, running_prometheus, shortened
from tests.monitoring.queries import asked_for, offered
from tests.monitoring.test_board import panels, plain

pytestmark = pytest.mark.live

EMPTY_WHEN_ALL_IS_WELL = {
    "f1_ingest_recorded_total": "RECORD_DIR is not set",
    "f1_ingest_record_dropped_total": "RECORD_DIR is not set",
    "f1_ingest_record_failed_total": "RECORD_DIR is not set",
    "f1_ingest_unclaimed_total": "each rig has a port of its own",
    "f1_ingest_forwarded_total": "nothing is to be passed on",
    "f1_ingest_forward_dropped_total": "nothing is to be passed on",
    "f1_normalize_ignored_total": "the network is good",
    "f1_normalize_unknown_total": "the game is known",
    "f1_normalize_implausible_total": "the game makes sense",
    "f1_ingest_loss_ratio": "it takes ten seconds to be known",
}
"""What a board need not show of two good rigs, and why."""


class Scene(NamedTuple):
    """Two rigs that drive, a gateway that uploads to an org, and a Prometheus that watches it."""

    gateway: Running
    prometheus: Prometheus


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("scene")
    stage = Stage(folder)
    rules = shortened(RULES.read_text(encoding="utf-8"), FACTOR)
    with (
        stage.org("--strict"),
        stage.gateway() as gateway,
        stage.rigs(),
        running_prometheus(folder / "prometheus", stage.port, rules) as prometheus,
    ):
        uploads = 'min(increase(f1_datacloud_rows_total{outcome="accepted",object="TelemetryEvent"}[4s])) > 100'
        prometheus.until("rows arrive", lambda: bool(prometheus.query(uploads)), 30)
        yield Scene(gateway, prometheus)


def test_the_gateway_is_up_and_every_series_of_it_was_read(scene: Scene) -> None:
    (target,) = scene.prometheus.targets()
    families = list(text_string_to_metric_families(scene.gateway.get("/metrics")[1]))
    exposed = {sample.name for family in families for sample in family.samples}

    assert (target["health"], target["lastError"]) == ("up", "")
    assert scene.prometheus.values('up{job="rig-gateway"}') == [1.0]
    stored = {series["metric"]["__name__"] for series in scene.prometheus.query('{job="rig-gateway"}')}
    assert exposed - stored == set()
    told = {name for name in exposed if name.startswith("f1_") and not name.endswith("_created")}
    assert told <= offered()


def test_promtool_finds_nothing_wrong_in_what_is_exposed(scene: Scene) -> None:
    told = promtool("check", "metrics", given=scene.gateway.get("/metrics")[1])

    complaints = [line for line in (told.stdout + told.stderr).splitlines() if line.startswith("f1_")]
    assert complaints == []


def test_the_rules_are_loaded_and_none_of_them_fails(scene: Scene) -> None:
    wrong = [(rule["name"], rule.get("lastError")) for rule in scene.prometheus.rules() if rule["health"] != "ok"]

    assert wrong == []


def test_every_panel_of_the_board_gets_data(scene: Scene) -> None:
    asked = [(panel["title"], plain(target["expr"])) for panel in panels() for target in panel.get("targets", ())]

    empty = [
        (title, expr)
        for title, expr in asked
        if not scene.prometheus.query(expr) and not asked_for(expr) <= set(EMPTY_WHEN_ALL_IS_WELL)
    ]

    assert len(asked) > 60
    assert empty == []


def test_two_good_rigs_raise_no_alert(scene: Scene) -> None:
    assert scene.prometheus.ever() - LOAD == set()


def test_a_second_sender_with_a_game_set_wrong_raises_its_two_alerts_and_no_other(
    scene: Scene, reached: Reached
) -> None:
    wanted = {"RigTwoSenders", "RigWrongFormat"}

    port = scene.gateway.rig_ports[1]
    with stranger(port), old_game(port):
        took_s = scene.prometheus.until("both fire", lambda: wanted <= scene.prometheus.firing(), 20)

    reached(exactly("alerts that nobody caused", sorted(scene.prometheus.ever() - wanted - LOAD), []))
    scene.prometheus.until("both resolve", lambda: not scene.prometheus.firing() & wanted, 20)
    reached(at_most("a second sender is told after", took_s, 10, " s"))


def test_a_gateway_that_is_killed_raises_an_alert(scene: Scene, reached: Reached) -> None:
    kill(scene.gateway.process)

    took_s = scene.prometheus.until("it fires", lambda: "GatewayDown" in scene.prometheus.firing(), 20)

    reached(at_most("a gateway that is gone is told after", took_s, 10, " s"))
