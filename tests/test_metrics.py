"""The metric catalogue, as Prometheus reads it."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from app.metrics import DISTRIBUTIONS, METRICS, Distributions, GatewayCollector


def exposition(*readings: tuple[str, tuple[str, ...], float]) -> str:
    registry = CollectorRegistry()
    registry.register(GatewayCollector(lambda: readings))
    return generate_latest(registry).decode()


def test_the_contracts_names_are_in_the_exposition_with_their_suffixes() -> None:
    text = exposition(("f1_packets_received", ("RIG_A",), 3), ("f1_event_queue_size", (), 0))

    assert 'f1_packets_received_total{rig="RIG_A"} 3.0' in text
    assert "f1_event_queue_size 0.0" in text
    assert "# TYPE f1_datacloud_uploaded_total counter" in text
    assert "# TYPE f1_datacloud_failed_total counter" in text


def test_a_name_that_is_not_declared_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError, match="f1_surprise"):
        exposition(("f1_surprise", (), 1))


def test_every_metric_is_declared_once_and_explained() -> None:
    names = [spec.name for spec in (*METRICS, *DISTRIBUTIONS)]

    assert len(set(names)) == len(names)
    assert all(spec.help.endswith(".") for spec in (*METRICS, *DISTRIBUTIONS))
    assert not any(name.endswith("_total") for name in names)


def test_the_distributions_are_in_seconds() -> None:
    registry = CollectorRegistry()
    distributions = Distributions(registry)

    distributions.frame_age_s.labels("RIG_A").observe(0.003)
    distributions.loop_lag_s.observe(0.0004)

    text = generate_latest(registry).decode()
    assert 'f1_publish_frame_age_seconds_bucket{le="0.005",rig="RIG_A"} 1.0' in text
    assert 'f1_loop_lag_seconds_bucket{le="0.001"} 1.0' in text
