"""Every Prometheus metric, declared once, and how it gets its number.

Counts are kept as plain integers by those who count, and read when Prometheus asks: a datagram costs no
metric call. Only the two distributions (loop lag, frame age) are observed as they happen. Label values
come from closed lists; never a session, a driver, an address or a text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Literal, NamedTuple

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class MetricSpec(NamedTuple):
    """One metric: its name without `_total`, type, labels and help."""

    name: str
    type: Literal["counter", "gauge"]
    labels: tuple[str, ...]
    help: str


METRICS: Final = (
    MetricSpec("f1_packets_received", "counter", ("rig",), "Valid datagrams."),
    MetricSpec("f1_event_queue_size", "gauge", (), "Events waiting in all inboxes of the bus."),
    MetricSpec("f1_datacloud_uploaded", "counter", (), "Rows that Data Cloud accepted; 0 while it is off."),
    MetricSpec("f1_datacloud_failed", "counter", (), "Rows that Data Cloud refused; 0 while it is off."),
    MetricSpec("f1_datacloud_rows", "counter", ("object", "outcome"), "Rows by what became of them."),
    MetricSpec("f1_datacloud_waiting_rows", "gauge", ("object",), "Rows in the outbox, not yet delivered."),
    MetricSpec("f1_datacloud_buffer_oldest_age_seconds", "gauge", ("object",), "Age of the oldest row that waits."),
    MetricSpec("f1_datacloud_dead_letters", "gauge", ("object",), "Rows that the org refused, kept for an operator."),
    MetricSpec("f1_datacloud_parked", "gauge", ("object",), "1 while nothing is sent to the object."),
    MetricSpec("f1_datacloud_requests", "counter", ("outcome",), "Answers to uploads by what they meant."),
    MetricSpec("f1_datacloud_sent_bytes", "counter", (), "Request bodies sent, resent ones again."),
    MetricSpec("f1_datacloud_in_flight", "gauge", (), "Uploads on their way."),
    MetricSpec("f1_datacloud_body_limit_bytes", "gauge", (), "Largest request body that is sent, as learnt."),
    MetricSpec("f1_datacloud_circuit_open", "gauge", (), "1 while the service counts as gone."),
    MetricSpec("f1_datacloud_buffer_bytes", "gauge", (), "Size of the outbox on disk."),
    MetricSpec("f1_datacloud_buffer_limit_bytes", "gauge", (), "Budget of the outbox on disk; then telemetry goes."),
    MetricSpec("f1_datacloud_disk_free_bytes", "gauge", (), "Free space of the outbox's disk."),
    MetricSpec("f1_datacloud_disk_reserve_bytes", "gauge", (), "Free space that the outbox leaves to others."),
    MetricSpec("f1_datacloud_buffer_failed", "gauge", (), "1 while the outbox cannot store rows."),
    MetricSpec("f1_datacloud_logins", "counter", (), "Logins tried."),
    MetricSpec("f1_datacloud_logged_in", "gauge", (), "1 while there is a good token."),
    MetricSpec("f1_datacloud_login_refused", "gauge", (), "1 while the org's last word on a login is no."),
    MetricSpec("f1_datacloud_token_age_seconds", "gauge", (), "Age of the token."),
    MetricSpec("f1_datacloud_clock_offset_seconds", "gauge", (), "How far the org's clock is ahead of ours."),
    MetricSpec("f1_datacloud_last_accepted_age_seconds", "gauge", (), "Time since rows were accepted."),
    MetricSpec("f1_datacloud_rows_today", "gauge", (), "Rows of this UTC day."),
    MetricSpec("f1_datacloud_credits_today", "gauge", (), "Credits of this UTC day, at DATACLOUD_CREDITS_PER_MILLION."),
    MetricSpec("f1_ingest_packets", "counter", ("rig", "packet"), "Valid datagrams by packet type."),
    MetricSpec("f1_ingest_rejected", "counter", ("rig", "reason"), "Datagrams that are not the game's, by reason."),
    MetricSpec("f1_ingest_socket_errors", "counter", ("rig",), "Errors that the operating system reported."),
    MetricSpec("f1_ingest_last_packet_age_seconds", "gauge", ("rig",), "Age of the last valid datagram."),
    MetricSpec("f1_ingest_loss_ratio", "gauge", ("rig",), "Estimated share of datagrams lost, over ten seconds."),
    MetricSpec("f1_ingest_send_rate_hz", "gauge", ("rig",), "Send rate set in the game's menu, as inferred."),
    MetricSpec("f1_ingest_receive_buffer_bytes", "gauge", ("rig",), "Kernel receive buffer granted."),
    MetricSpec(
        "f1_ingest_kernel_dropped",
        "counter",
        ("rig",),
        "Datagrams that the kernel dropped at the rig's port: no room in its buffer, or filtered out as a stranger's."
        " It does not tell which; while f1_ingest_source_filter_share is 1 nothing is filtered out.",
    ),
    MetricSpec("f1_ingest_source_filter", "gauge", ("rig",), "1 while the kernel filters strangers out of the port."),
    MetricSpec(
        "f1_ingest_source_filter_share",
        "gauge",
        ("rig",),
        "Share of a stranger's datagrams that is let through, the least of all; below 1 while the port is flooded.",
    ),
    MetricSpec("f1_ingest_unclaimed", "counter", ("port",), "Datagrams on a port of several rigs that are no rig's."),
    MetricSpec("f1_ingest_forwarded", "counter", ("rig", "target"), "Datagrams passed on."),
    MetricSpec(
        "f1_ingest_forward_dropped", "counter", ("rig", "target"), "Datagrams that could not be passed on at once."
    ),
    MetricSpec("f1_ingest_recorded", "counter", (), "Datagrams recorded, where RECORD_DIR is set."),
    MetricSpec("f1_ingest_record_dropped", "counter", (), "Datagrams not recorded: the recorder's queue was full."),
    MetricSpec("f1_ingest_record_failed", "counter", (), "Datagrams not recorded: the disk refused them."),
    MetricSpec("f1_normalize_events", "counter", ("rig", "kind"), "Canonical events published."),
    MetricSpec("f1_normalize_ignored", "counter", ("rig", "reason"), "Valid datagrams that changed nothing."),
    MetricSpec("f1_normalize_unknown", "counter", ("rig", "table"), "Values that no document lists."),
    MetricSpec("f1_normalize_implausible", "counter", ("rig", "kind"), "Events with values that cannot be true."),
    MetricSpec(
        "f1_normalize_jumps",
        "counter",
        ("rig",),
        "Datagrams whose session clock was more than 10 s off without a flashback: perhaps not the rig's.",
    ),
    MetricSpec("f1_normalize_session_active", "gauge", ("rig",), "1 while the rig is in a session."),
    MetricSpec("f1_normalize_driving", "gauge", ("rig",), "1 while the rig's last word is that its car drives."),
    MetricSpec("f1_bus_delivered", "counter", ("subscriber",), "Events taken out of an inbox."),
    MetricSpec("f1_bus_dropped", "counter", ("subscriber",), "Events lost to a full inbox."),
    MetricSpec("f1_bus_conflated", "counter", ("subscriber",), "Samples replaced by newer ones before they were read."),
    MetricSpec("f1_bus_waiting", "gauge", ("subscriber",), "Events waiting in an inbox."),
    MetricSpec("f1_history_laps", "counter", ("outcome",), "Laps of the day by what became of them."),
    MetricSpec("f1_history_dropped", "counter", (), "Laps and traces that found no room while the disk hung."),
    MetricSpec("f1_history_bytes", "gauge", (), "Size of the history on disk."),
    MetricSpec("f1_history_failed", "gauge", (), "1 while the history cannot be written."),
    MetricSpec("f1_publish_clients", "gauge", (), "WebSocket clients connected."),
    MetricSpec("f1_publish_clients_cut", "counter", (), "Clients cut because they did not read."),
    MetricSpec(
        "f1_publish_clients_overflowed", "counter", (), "Clients closed because they fell behind with the facts."
    ),
    MetricSpec("f1_publish_clients_refused", "counter", (), "Clients refused at a connection cap."),
    MetricSpec("f1_publish_refused", "counter", ("reason",), "Requests and connections turned away, by reason."),
    MetricSpec("f1_publish_frames", "counter", ("rig",), "State frames made; each is sent to all clients."),
    MetricSpec("f1_publish_states_sent", "counter", (), "State frames sent, over all clients."),
    MetricSpec("f1_publish_states_skipped", "counter", (), "State frames that a slow client skipped."),
    MetricSpec("f1_publish_facts_sent", "counter", (), "Event messages sent, over all clients."),
    MetricSpec("f1_gateway_starts", "counter", (), "Runs of the gateway so far, this one included."),
    MetricSpec("f1_gateway_unclean_ends", "counter", (), "Runs that ended without being told to."),
    MetricSpec("f1_gateway_log_lost", "counter", (), "Lines that LOG_DIR did not take: the disk hangs or refuses."),
    MetricSpec("f1_gateway_tasks", "gauge", (), "Tasks on the event loop; constant but for clients and uploads."),
    MetricSpec("f1_stage_up", "gauge", ("stage",), "1 while a stage of the gateway runs."),
)


class DistributionSpec(NamedTuple):
    """One histogram: its name, labels, buckets and help."""

    name: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...]
    help: str


LOOP_LAG: Final = DistributionSpec(
    "f1_loop_lag_seconds",
    (),
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
    "How late the event loop wakes a timer.",
)
FRAME_AGE: Final = DistributionSpec(
    "f1_publish_frame_age_seconds",
    ("rig",),
    (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5),
    "Age of the newest datagram in a state frame when it is handed to the clients.",
)
DISTRIBUTIONS: Final = (LOOP_LAG, FRAME_AGE)

Reading = tuple[str, tuple[str, ...], float]
"""A metric's name, its label values, its number."""


class GatewayCollector(Collector):
    """Turns readings into metrics at scrape time; a name that is not declared is an error."""

    def __init__(self, read: Callable[[], Iterable[Reading]]) -> None:
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """All declared metrics, those without a reading included."""
        families = {spec.name: _family(spec) for spec in METRICS}
        for name, labels, value in self._read():
            families[name].add_metric(labels, value)
        yield from families.values()


def _family(spec: MetricSpec) -> CounterMetricFamily | GaugeMetricFamily:
    make = CounterMetricFamily if spec.type == "counter" else GaugeMetricFamily
    return make(spec.name, spec.help, labels=spec.labels)


class Distributions:
    """The two distributions that are observed as they happen."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.loop_lag_s = _histogram(LOOP_LAG, registry)
        self.frame_age_s = _histogram(FRAME_AGE, registry)


def _histogram(spec: DistributionSpec, registry: CollectorRegistry) -> Histogram:
    return Histogram(spec.name, spec.help, labelnames=spec.labels, buckets=spec.buckets, registry=registry)
