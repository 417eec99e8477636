"""The catalogue of metrics for people: what each is, which values its labels have, what to do when it looks wrong.

`python -m app.catalogue` prints docs/metrics.md. The closed list of every label stands here, taken from where its
values live; a metric whose label has no list is an error, which is how a new metric is noticed. From the lists
follows how many series there can ever be.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from app.datacloud.retry import Outcome
from app.datacloud.schema import OBJECTS
from app.ingest.forwarder import TARGETS
from app.ingest.layouts import PACKET_NAMES
from app.metrics import DISTRIBUTIONS, METRICS, DistributionSpec, MetricSpec
from app.normalize.events import FACTS, SAMPLES
from app.normalize.normalizer import IGNORED_REASONS
from app.normalize.vocabulary import BASE
from app.pipeline import REJECT_REASONS
from app.publish.rules import REASONS
from app.uplink import ROW_OUTCOMES

_KINDS: Final = tuple(kind.__name__ for kind in (*SAMPLES, *FACTS))
OF_SETTINGS: Final = {"rig": "each `rig_id` of the settings", "port": "each UDP port of the settings"}
"""Labels whose values come from the settings, with what they are; there are never more of them than rigs."""

OF_LABEL: Final[Mapping[str, tuple[str, ...]]] = {
    "packet": tuple(PACKET_NAMES.values()),
    "object": tuple(spec.name for spec in OBJECTS),
    "kind": (*_KINDS, "unusable"),
    "table": (*BASE, "event_code"),
    "target": TARGETS,
    "subscriber": ("live_samples", "live_facts", "referee", "history", "cloud_samples", "cloud_facts"),
    "stage": ("live", "referee", "history", "cloud_feed", "cloud_upload", "clock"),
}
"""Values of a label that means the same in every metric."""

OF_METRIC: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("f1_ingest_rejected", "reason"): REJECT_REASONS,
    ("f1_normalize_ignored", "reason"): IGNORED_REASONS,
    ("f1_normalize_events", "kind"): _KINDS,
    ("f1_datacloud_rows", "outcome"): ROW_OUTCOMES,
    ("f1_datacloud_requests", "outcome"): tuple(outcome.value for outcome in Outcome),
    ("f1_publish_refused", "reason"): REASONS,
    ("f1_history_laps", "outcome"): ("stored", "updated", "withdrawn"),
}
"""Values of a label that means something of its own in this metric, by metric and label."""

ADVICE: Final[Mapping[str, str]] = {
    "f1_packets_received": "0 a second: the game's UDP Telemetry is off, or its address or port is another.",
    "f1_event_queue_size": "Grows: a stage does not keep up; see `f1_bus_waiting` for which.",
    "f1_datacloud_uploaded": "Stands still while rows wait: see `f1_datacloud_requests_total`.",
    "f1_datacloud_failed": "Grows: `python -m app.datacloud letters` says why the org refuses.",
    "f1_datacloud_rows": "`evicted`, `damaged`, `not_stored`, `unfit` are rows lost; `over_budget` is by your limit.",
    "f1_datacloud_waiting_rows": "Grows: the org does not take rows; the panel of the cloud says why.",
    "f1_datacloud_buffer_oldest_age_seconds": "Over minutes: nothing of the object gets through.",
    "f1_datacloud_dead_letters": "Read them by `python -m app.datacloud letters`, mend the schema, then `replay`.",
    "f1_datacloud_parked": "Mend what the panel names, then `python -m app.datacloud resume`.",
    "f1_datacloud_requests": "Anything but `delivered` that goes on needs a look at the panel.",
    "f1_datacloud_body_limit_bytes": "Far below DATACLOUD_MAX_BODY_BYTES: something on the way refuses large bodies.",
    "f1_datacloud_circuit_open": "1: the org does not answer; check the host PC's way to the internet.",
    "f1_datacloud_buffer_bytes": "Near `f1_datacloud_buffer_limit_bytes`: the oldest telemetry will go.",
    "f1_datacloud_disk_free_bytes": "Near `f1_datacloud_disk_reserve_bytes`: free the disk, or telemetry is given up.",
    "f1_datacloud_buffer_failed": "1: mend the disk that `/health` names; rows wait in memory for minutes only.",
    "f1_datacloud_logins": "More than some an hour: the org ends our sessions.",
    "f1_datacloud_logged_in": "0 while rows wait: see `f1_datacloud_login_refused`, else the network.",
    "f1_datacloud_login_refused": "1: `python -m app.datacloud.doctor` names what to mend.",
    "f1_datacloud_clock_offset_seconds": "Beyond 30: set the host PC's clock, best by NTP.",
    "f1_datacloud_last_accepted_age_seconds": "Grows while rigs drive: nothing gets through.",
    "f1_datacloud_rows_today": "More than planned: lower DATACLOUD_TELEMETRY_HZ.",
    "f1_ingest_rejected": "`unknown_format`: set UDP Format to 2025. `other_sender`: two games send to one port.",
    "f1_ingest_kernel_dropped": "Grows while the filter's share is 1: the PC is too slow, or the buffer too short.",
    "f1_ingest_source_filter_share": "Below 1: a stranger floods the port; /ops names it. The rig is not hurt.",
    "f1_ingest_unclaimed": "Grows: a machine that is in no rig's `source` sends here; /ops names it.",
    "f1_ingest_forward_dropped": "Grows: the way to that target is full; nothing else is hurt.",
    "f1_ingest_socket_errors": "Grows: the operating system's log says why.",
    "f1_ingest_last_packet_age_seconds": "Grows while somebody drives: look at the cable, then at the game's settings.",
    "f1_ingest_loss_ratio": "Above 0.01: use a cable in place of Wi-Fi, and a switch of its own.",
    "f1_ingest_send_rate_hz": "Not 60: set UDP Send Rate to 60 Hz.",
    "f1_ingest_receive_buffer_bytes": "Less than was asked for: `sysctl -w net.core.rmem_max=8388608`.",
    "f1_ingest_record_dropped": "Grows: the disk of RECORD_DIR is too slow.",
    "f1_ingest_record_failed": "Grows: the disk of RECORD_DIR is full or gone; `/health` says which.",
    "f1_normalize_ignored": "`duplicate` grows: it is sent to us twice; `other_session`: two games behind one address.",
    "f1_normalize_unknown": "Grows: the game is newer than this gateway; tell us, with a recording.",
    "f1_normalize_implausible": "Grows: tell us, with a recording.",
    "f1_normalize_jumps": "Grows: somebody else may send in the rig's name; give the rig a `source`.",
    "f1_bus_dropped": "Anything: the subscriber hangs, or the host PC is too slow; see `f1_loop_lag_seconds`.",
    "f1_bus_waiting": "Grows: the subscriber does not keep up.",
    "f1_history_dropped": "Anything: the disk of HISTORY_PATH hung for long.",
    "f1_history_failed": "1: mend the disk that `/health` names.",
    "f1_publish_clients_cut": "Grows: a browser hangs or its Wi-Fi is bad; it comes back by itself.",
    "f1_publish_clients_overflowed": "Grows: a browser is too slow for the facts; it comes back by itself.",
    "f1_publish_clients_refused": "Grows: more than 1000 connections, or more than 100 from one address.",
    "f1_publish_refused": "The reason says what it is; `host` and `origin` are mended in the settings.",
    "f1_publish_states_skipped": "Some are harmless: a slow browser is shown the newest.",
    "f1_gateway_starts": "Grows by itself: the process ends and is started again; see its log.",
    "f1_gateway_unclean_ends": "Grows: the process was killed, crashed, or lost its power.",
    "f1_gateway_log_lost": "Grows: mend the disk of LOG_DIR.",
    "f1_gateway_tasks": "Grows and never falls: tell us, with a support bundle.",
    "f1_stage_up": "0: the process is ending because of it; the log has the traceback.",
    "f1_loop_lag_seconds": "99 % above 50 ms: the host PC is busy with something else.",
    "f1_publish_frame_age_seconds": "95 % above 50 ms: see `f1_loop_lag_seconds`; what is shown is late by so much.",
}
"""What to do when it looks wrong; what only ever informs has none."""

_ROOMS: Final = {
    "f1_packets": "Receiving", "f1_ingest": "Receiving", "f1_normalize": "Understanding",
    "f1_event": "The bus", "f1_bus": "The bus", "f1_publish": "The live view", "f1_history": "The day's laps",
    "f1_datacloud": "Data Cloud", "f1_loop": "The process", "f1_stage": "The process", "f1_gateway": "The process",
}  # fmt: skip
_UNITS: Final = {"_seconds": "s", "_bytes": "bytes", "_ratio": "0 to 1", "_share": "0 to 1", "_hz": "Hz"}

HEAD: Final = """# Metrics

<!-- Made by `make metrics-doc` from app/metrics.py and app/catalogue.py: change those. -->

`/metrics` on the gateway's HTTP port answers Prometheus in its text form. `deploy/prometheus/prometheus.yml` scrapes
it every 5 s, `deploy/prometheus/rules.yml` has the alerts, `deploy/grafana` a board. What each alert asks of you is
told in [operations.md](operations.md). METRICS_TOKEN and METRICS_ALLOW close `/metrics` to others.

All numbers are read in one go, so they fit together. Counters begin at 0 with the process, but for those that a file
keeps for all time: `evicted`, `damaged` and `not_stored` of `f1_datacloud_rows_total`, `f1_gateway_starts_total` and
`f1_gateway_unclean_ends_total`. A metric without a reading has no series: those of Data Cloud while it is off, those
of a recorder that nobody asked for, the age of a rig's last packet before its first.

A label's value never comes from what is received: no session, driver, lap, address or text. The lists are closed, and
a test holds real traffic against them.
"""


class Row(NamedTuple):
    """One metric as the catalogue tells it; `name` is as Prometheus sees it."""

    name: str
    type: str
    unit: str
    labels: tuple[str, ...]
    help: str
    advice: str


def allowed(metric: str, label: str) -> tuple[str, ...] | None:
    """The values that a label of a metric can have; None where the settings have them.

    Raises:
        LookupError: Nobody has said.
    """
    if label in OF_SETTINGS:
        return None
    values = OF_METRIC.get((metric, label), OF_LABEL.get(label))
    if values is None:
        raise LookupError(f"the values of {metric}'s label {label} are not told: list them in app/catalogue.py")
    return values


def most_series(spec: MetricSpec | DistributionSpec, rigs: int) -> int:
    """How many series a metric can ever have."""
    number = len(spec.buckets) + 4 if isinstance(spec, DistributionSpec) else 1  # +Inf, sum, count, created
    for label in spec.labels:
        values = allowed(spec.name, label)
        number *= rigs if values is None else len(values)
    return number


def most_series_of_all(rigs: int) -> int:
    """How many series of ours a gateway with so many rigs can ever expose."""
    return sum(most_series(spec, rigs) for spec in (*METRICS, *DISTRIBUTIONS))


def rows() -> Iterator[Row]:
    """Every metric, in the order of its declaration."""
    for spec in METRICS:
        name = spec.name + "_total" * (spec.type == "counter")
        yield Row(name, spec.type, _unit(spec), spec.labels, spec.help, ADVICE.get(spec.name, ""))
    for each in DISTRIBUTIONS:
        yield Row(each.name, "histogram", "s", each.labels, each.help, ADVICE.get(each.name, ""))


def _unit(spec: MetricSpec) -> str:
    if spec.help.startswith("1 while"):
        return "0 or 1"
    return next((unit for suffix, unit in _UNITS.items() if spec.name.endswith(suffix)), "count")


def markdown() -> str:
    """docs/metrics.md."""
    found: dict[str, list[Row]] = {}
    for row in rows():
        found.setdefault(_ROOMS["_".join(row.name.split("_")[:2])], []).append(row)
    parts = [HEAD]
    for room in dict.fromkeys(_ROOMS.values()):
        parts.append(f"## {room}\n")
        cells = [
            (f"`{row.name}`", row.type, row.unit, ", ".join(row.labels), row.help, row.advice) for row in found[room]
        ]
        parts.append(_table(("metric", "type", "unit", "labels", "meaning", "when it looks wrong"), cells))
    parts += ["## Labels\n", _table(("label", "of", "values"), list(_label_cells())), _process(), _series()]
    return "\n".join(parts)


def _label_cells() -> Iterator[tuple[str, str, str]]:
    for label, told in OF_SETTINGS.items():
        yield f"`{label}`", "all with it", told
    for label, values in OF_LABEL.items():
        yield f"`{label}`", "all with it" if label != "kind" else "`f1_normalize_implausible_total`", _listed(values)
    for (metric, label), values in OF_METRIC.items():
        yield f"`{label}`", f"`{metric}_total`", _listed(values)


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _table(head: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *cells]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _process() -> str:
    return (
        "## Python and the operating system\n\n"
        "From the Prometheus client: `process_cpu_seconds_total`, `process_resident_memory_bytes`, "
        "`process_virtual_memory_bytes`,\n`process_open_fds`, `process_max_fds`, `process_start_time_seconds` (Linux "
        "only; a step of the last is a restart),\n`python_gc_collections_total`, `python_gc_objects_collected_total`, "
        "`python_gc_objects_uncollectable_total`, `python_info`.\n"
    )


def _series() -> str:
    each = most_series_of_all(2) - most_series_of_all(1)
    fixed = most_series_of_all(0)
    return (
        "## How many series\n\n"
        f"At most {each} a rig and {fixed} besides, whatever is sent to the gateway: the product of the lists above.\n"
        "A rig that says all it can has some 60 of them: a kind of event, or a table of words, has a series from its "
        "first one\non. Most of the rest are packet types and the buckets of one histogram.\n"
    )


if __name__ == "__main__":
    sys.stdout.write(markdown())
