"""What the board of the engineer on duty shows, as rows of panels in the order of the questions.

Is anything wrong, do the rigs send, is the screen fresh, does anything pile up, do rows arrive?
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

RIG: Final = '{instance=~"$instance",rig=~"$rig"}'
OWN: Final = '{instance=~"$instance"}'
_GOOD_BAD: Final = (("green", None), ("red", 1.0))
_BAD_GOOD: Final = (("red", None), ("green", 1.0))


class Query(NamedTuple):
    """One PromQL expression and how its series are called."""

    expr: str
    legend: str = ""


class Panel(NamedTuple):
    """One panel; `width` of the grid's 24 columns.

    Attributes:
        title: At its top.
        queries: What is drawn.
        unit: Grafana's name of it.
        width: Columns.
        kind: Grafana's name of the panel's type.
        steps: Colours with the value from which they hold.
        help: What a stranger needs to know.
        words: Values told as words.
    """

    title: str
    queries: Sequence[Query]
    unit: str = "short"
    width: int = 8
    kind: str = "timeseries"
    steps: Sequence[tuple[str, float | None]] = (("green", None),)
    help: str = ""
    words: tuple[tuple[str, str], ...] = ()


class Row(NamedTuple):
    """A row's title, the height of its panels, and they themselves."""

    title: str
    height: int
    panels: Sequence[Panel]


def _rate(metric: str, by: str, selector: str = OWN) -> str:
    return f"sum by ({by}) (rate({metric}{selector}[$__rate_interval]))"


def _quantile(metric: str, share: float, by: str = "", selector: str = OWN) -> str:
    labels = f"{by}, le" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket{selector}[$__rate_interval])))"


def _increase(metric: str, by: str, selector: str = OWN) -> str:
    return f"sum by ({by}) (increase({metric}{selector}[$__range]))"


YES_NO: Final = (("0", "no"), ("1", "yes"))
ROWS: Final = (
    Row(
        "Is anything wrong?",
        6,
        (
            Panel("Alerts", (), width=8, kind="alertlist", help="What deploy/prometheus/rules.yml finds right now."),
            Panel(
                "Gateway",
                (Query(f'up{{job="rig-gateway",{OWN[1:]}', "{{instance}}"),),
                width=3,
                kind="stat",
                steps=_BAD_GOOD,
                words=(("0", "down"), ("1", "up")),
            ),
            Panel(
                "Rigs that send",
                (Query(f"sum(f1_ingest_last_packet_age_seconds{OWN} < bool 2) or vector(0)"),),
                width=3,
                kind="stat",
            ),
            Panel("Screens", (Query(f"sum(f1_publish_clients{OWN})"),), width=3, kind="stat"),
            Panel(
                "Rows waiting",
                (Query(f"sum(f1_datacloud_waiting_rows{OWN})"),),
                width=3,
                kind="stat",
                help="Nothing while Data Cloud is off.",
            ),
            Panel(
                "Oldest row",
                (Query(f"max(f1_datacloud_buffer_oldest_age_seconds{OWN})"),),
                "s",
                4,
                "stat",
                (("green", None), ("orange", 60.0), ("red", 300.0)),
            ),
            Panel(
                "Alerts, when",
                (
                    Query(
                        'max by (alertname, rig, object) (ALERTS{instance=~"$instance",alertstate="firing"})',
                        "{{alertname}} {{rig}}{{object}}",
                    ),
                ),
                width=24,
                kind="state-timeline",
                steps=_GOOD_BAD,
                words=(("1", "fires"),),
            ),
        ),
    ),
    Row(
        "Rigs",
        8,
        (
            Panel(
                "Datagrams a second",
                (Query(_rate("f1_packets_received_total", "rig", RIG), "{{rig}}"),),
                "pps",
                help="Some 360 from a game at 60 Hz in a race.",
            ),
            Panel(
                "Last packet",
                (Query(f"f1_ingest_last_packet_age_seconds{RIG}", "{{rig}}"),),
                "s",
                4,
                "stat",
                (("green", None), ("orange", 2.0), ("red", 10.0)),
            ),
            Panel(
                "Loss on the way",
                (Query(f"f1_ingest_loss_ratio{RIG}", "{{rig}}"),),
                "percentunit",
                4,
                steps=(("green", None), ("red", 0.02)),
            ),
            Panel(
                "In a session, driving",
                (
                    Query(f"f1_normalize_session_active{RIG}", "{{rig}} session"),
                    Query(f"f1_normalize_driving{RIG}", "{{rig}} driving"),
                ),
                kind="state-timeline",
                steps=(("#6b7280", None), ("green", 1.0)),
                words=YES_NO,
            ),
            Panel(
                "Refused, by reason",
                (Query(_rate("f1_ingest_rejected_total", "rig, reason", RIG), "{{rig}} {{reason}}"),),
                "pps",
            ),
            Panel(
                "Without effect, by reason",
                (Query(_rate("f1_normalize_ignored_total", "rig, reason", RIG), "{{rig}} {{reason}}"),),
                "pps",
            ),
            Panel(
                "Not understood",
                (
                    Query(_rate("f1_normalize_unknown_total", "rig, table", RIG), "{{rig}} unknown {{table}}"),
                    Query(_rate("f1_normalize_implausible_total", "rig, kind", RIG), "{{rig}} implausible {{kind}}"),
                    Query(_rate("f1_normalize_jumps_total", "rig", RIG), "{{rig}} session clock jumps"),
                    Query(_rate("f1_ingest_socket_errors_total", "rig", RIG), "{{rig}} socket errors"),
                ),
                "cps",
                help="A game that is newer than this gateway shows here.",
            ),
            Panel(
                "Lost at the port, passed on",
                (
                    Query(_rate("f1_ingest_kernel_dropped_total", "rig", RIG), "{{rig}} dropped by the kernel"),
                    Query(_rate("f1_ingest_unclaimed_total", "port"), "port {{port}} of no rig"),
                    Query(_rate("f1_ingest_forwarded_total", "rig, target", RIG), "{{rig}} passed on to {{target}}"),
                    Query(_rate("f1_ingest_forward_dropped_total", "rig, target", RIG), "{{rig}} not to {{target}}"),
                ),
                "pps",
                16,
                help="What the kernel drops while it filters a stranger out is the stranger's.",
            ),
            Panel(
                "Of a stranger's datagrams, let through",
                (Query(f"f1_ingest_source_filter_share{RIG}", "{{rig}}"),),
                "percentunit",
                help="Below 100 % while a port is flooded. Linux only.",
            ),
            Panel(
                "By packet type",
                (Query(_rate("f1_ingest_packets_total", "packet", RIG), "{{packet}}"),),
                "pps",
                12,
            ),
            Panel(
                "Events",
                (Query(_rate("f1_normalize_events_total", "kind", RIG), "{{kind}}"),),
                "cps",
                12,
            ),
        ),
    ),
    Row(
        "Live view",
        8,
        (
            Panel(
                "Age of what is shown",
                (
                    Query(
                        f"sum by (le) (increase(f1_publish_frame_age_seconds_bucket{RIG}[$__rate_interval]))", "{{le}}"
                    ),
                ),
                "s",
                kind="heatmap",
                help="How old the newest datagram in a frame is when the frame is handed to the screens.",
            ),
            Panel(
                "Age of what is shown, shares",
                (
                    Query(_quantile("f1_publish_frame_age_seconds", 0.5, "rig", RIG), "{{rig}} half"),
                    Query(_quantile("f1_publish_frame_age_seconds", 0.95, "rig", RIG), "{{rig}} 95 %"),
                    Query(_quantile("f1_publish_frame_age_seconds", 0.99, "rig", RIG), "{{rig}} 99 %"),
                ),
                "s",
                steps=(("green", None), ("red", 0.05)),
            ),
            Panel(
                "Event loop: how late it wakes up",
                (
                    Query(_quantile("f1_loop_lag_seconds", 0.5), "half"),
                    Query(_quantile("f1_loop_lag_seconds", 0.99), "99 %"),
                ),
                "s",
                steps=(("green", None), ("red", 0.05)),
            ),
            Panel("Screens connected", (Query(f"f1_publish_clients{OWN}", "{{instance}}"),)),
            Panel(
                "Frames",
                (
                    Query(_rate("f1_publish_frames_total", "rig", RIG), "{{rig}} made"),
                    Query(_rate("f1_publish_states_sent_total", "instance"), "sent to all screens"),
                    Query(_rate("f1_publish_states_skipped_total", "instance"), "skipped by slow screens"),
                    Query(_rate("f1_publish_facts_sent_total", "instance"), "facts sent"),
                ),
                "cps",
            ),
            Panel(
                "Screens lost",
                (
                    Query(_increase("f1_publish_clients_cut_total", "instance"), "cut: did not read"),
                    Query(_increase("f1_publish_clients_overflowed_total", "instance"), "too slow for the facts"),
                    Query(_increase("f1_publish_clients_refused_total", "instance"), "refused at a cap"),
                    Query(_increase("f1_publish_refused_total", "reason"), "turned away: {{reason}}"),
                ),
                kind="stat",
                help="Over the range that is shown.",
            ),
        ),
    ),
    Row(
        "Bus",
        7,
        (
            Panel(
                "Waiting",
                (
                    Query(f"f1_bus_waiting{OWN}", "{{subscriber}}"),
                    Query(f"f1_event_queue_size{OWN}", "all together"),
                ),
            ),
            Panel("Delivered", (Query(_rate("f1_bus_delivered_total", "subscriber"), "{{subscriber}}"),), "cps"),
            Panel(
                "Lost, and replaced by newer",
                (
                    Query(_rate("f1_bus_dropped_total", "subscriber"), "{{subscriber}} lost"),
                    Query(_rate("f1_bus_conflated_total", "subscriber"), "{{subscriber}} replaced"),
                ),
                "cps",
                help="Lost must be 0. Samples that are replaced by newer ones are how the live view keeps up.",
            ),
        ),
    ),
    Row(
        "Data Cloud",
        7,
        (
            Panel("Rows waiting, by object", (Query(f"f1_datacloud_waiting_rows{OWN}", "{{object}}"),)),
            Panel(
                "Oldest row, by object",
                (Query(f"f1_datacloud_buffer_oldest_age_seconds{OWN}", "{{object}}"),),
                "s",
                steps=(("green", None), ("red", 300.0)),
            ),
            Panel(
                "Rows, by what became of them",
                (Query(_rate("f1_datacloud_rows_total", "outcome"), "{{outcome}}"),),
                "cps",
            ),
            Panel("Answers", (Query(_rate("f1_datacloud_requests_total", "outcome"), "{{outcome}}"),), "reqps"),
            Panel(
                "Sent",
                (Query(_rate("f1_datacloud_sent_bytes_total", "instance"), "request bodies"),),
                "Bps",
            ),
            Panel(
                "Login",
                (
                    Query(f"f1_datacloud_logged_in{OWN}", "good token"),
                    Query(f"f1_datacloud_login_refused{OWN}", "refused"),
                    Query(f"f1_datacloud_circuit_open{OWN}", "org counts as gone"),
                ),
                kind="state-timeline",
                steps=(("#6b7280", None), ("blue", 1.0)),
                words=YES_NO,
            ),
            Panel(
                "Parked",
                (Query(f"f1_datacloud_parked{OWN}", "{{object}}"),),
                width=4,
                kind="stat",
                steps=_GOOD_BAD,
                words=YES_NO,
            ),
            Panel(
                "Dead letters",
                (Query(f"f1_datacloud_dead_letters{OWN}", "{{object}}"),),
                width=4,
                kind="stat",
                steps=_GOOD_BAD,
            ),
            Panel(
                "Clock: the org's is ahead by",
                (Query(f"f1_datacloud_clock_offset_seconds{OWN}", "{{instance}}"),),
                "s",
                4,
                steps=(("green", None), ("red", 30.0)),
            ),
            Panel(
                "Disk",
                (
                    Query(f"f1_datacloud_buffer_bytes{OWN}", "outbox"),
                    Query(f"f1_datacloud_buffer_limit_bytes{OWN}", "its budget"),
                    Query(f"f1_datacloud_disk_free_bytes{OWN}", "free on the disk"),
                    Query(f"f1_datacloud_disk_reserve_bytes{OWN}", "left to others"),
                ),
                "bytes",
                6,
            ),
            Panel(
                "Cannot be stored",
                (Query(f"f1_datacloud_buffer_failed{OWN}", "{{instance}}"),),
                width=3,
                kind="stat",
                steps=_GOOD_BAD,
                words=YES_NO,
            ),
            Panel("Credits today", (Query(f"f1_datacloud_credits_today{OWN}", "{{instance}}"),), width=3, kind="stat"),
        ),
    ),
    Row(
        "The day's laps, and recordings",
        6,
        (
            Panel(
                "Laps",
                (Query(_increase("f1_history_laps_total", "outcome"), "{{outcome}}"),),
                width=6,
                kind="stat",
                help="Over the range that is shown.",
            ),
            Panel("History on disk", (Query(f"f1_history_bytes{OWN}", "{{instance}}"),), "bytes", 6),
            Panel(
                "History",
                (
                    Query(f"f1_history_failed{OWN}", "cannot be written"),
                    Query(_increase("f1_history_dropped_total", "instance"), "laps lost"),
                ),
                width=6,
                kind="stat",
                steps=_GOOD_BAD,
            ),
            Panel(
                "Recorder",
                (
                    Query(_rate("f1_ingest_recorded_total", "instance"), "recorded"),
                    Query(_rate("f1_ingest_record_dropped_total", "instance"), "lost: queue full"),
                    Query(_rate("f1_ingest_record_failed_total", "instance"), "lost: disk"),
                ),
                "pps",
                6,
                help="Nothing where RECORD_DIR is not set.",
            ),
        ),
    ),
    Row(
        "Process",
        7,
        (
            Panel("Processor", (Query(_rate("process_cpu_seconds_total", "instance"), "{{instance}}"),), "percentunit"),
            Panel("Memory", (Query(f"process_resident_memory_bytes{OWN}", "{{instance}}"),), "bytes", 6),
            Panel("Descriptors", (Query(f"process_open_fds{OWN}", "{{instance}}"),), width=5),
            Panel(
                "Running for",
                (Query(f"time() - process_start_time_seconds{OWN}", "{{instance}}"),),
                "s",
                5,
                "stat",
            ),
            Panel(
                "Starts, and ends that nobody asked for",
                (
                    Query(f"f1_gateway_starts_total{OWN}", "starts"),
                    Query(f"f1_gateway_unclean_ends_total{OWN}", "ends unasked"),
                    Query(f"f1_gateway_log_lost_total{OWN}", "log lines lost"),
                ),
                width=8,
                kind="stat",
            ),
            Panel(
                "Stages",
                (Query(f"f1_stage_up{OWN}", "{{stage}}"),),
                width=16,
                kind="state-timeline",
                steps=_BAD_GOOD,
                words=(("0", "down"), ("1", "up")),
            ),
        ),
    ),
)
