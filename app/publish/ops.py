"""The JSON of `/api/ops`: figures in, body out. What is wrong with them is `advice`'s business."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from app.normalize.events import utc_text
from app.publish.advice import (
    WANTED_FORMAT,
    WANTED_RATE_HZ,
    ClientFigures,
    GatewayFigures,
    PacketFigures,
    PortFigures,
    QueueFigures,
    RigFigures,
    SenderFigures,
    gateway_advice,
    is_short,
    rig_advice,
    sentences,
)
from app.publish.health import status_of


class Ops(Protocol):
    """Where the figures come from."""

    def gateway_figures(self) -> GatewayFigures:
        """The gateway itself."""

    def rig_figures(self) -> Sequence[RigFigures]:
        """Every configured rig, in order."""

    def queue_figures(self) -> Sequence[QueueFigures]:
        """Every subscriber of the bus."""

    def client_figures(self) -> Sequence[ClientFigures]:
        """Every connected dashboard."""

    def port_figures(self) -> Sequence[PortFigures]:
        """Every UDP port."""

    def sender_figures(self) -> Sequence[SenderFigures]:
        """Everybody who sends to one of the ports."""


# Any: JSON.
def ops_body(
    gateway: GatewayFigures,
    rigs: Sequence[RigFigures],
    queues: Sequence[QueueFigures],
    clients: Sequence[ClientFigures],
    ports: Sequence[PortFigures] = (),
    senders: Sequence[SenderFigures] = (),
) -> dict[str, Any]:
    """The JSON of `/api/ops`; its names are a contract.

    `status` is that of `/health`. `problems` says more than that: every sentence of the rigs, the gateway and its
    screens, the gravest first.
    """
    return {
        "now": utc_text(gateway.now),
        "version": gateway.version,
        "uptime_s": round(gateway.uptime_s, 1),
        "runs": {"starts": gateway.starts, "unclean_ends": gateway.unclean_ends},
        "status": status_of(gateway.stages.values(), gateway.problems),
        "problems": sentences(gateway_advice(gateway, rigs, clients)),
        "host": {"name": gateway.host_name, "addresses": list(gateway.addresses), "port": gateway.http_port},
        "rigs": [_rig_body(rig, gateway.addresses) for rig in rigs],
        "stages": dict(gateway.stages),
        "queues": [queue._asdict() for queue in queues],
        "clients": [_client_body(client) for client in clients],
        "clients_cut": gateway.clients_cut,
        "clients_refused": gateway.clients_refused,
        "ports": [_port_body(port) for port in ports],
        "senders": [_sender_body(sender) for sender in senders],
        "loop_lag_ms": {
            "newest": _rounded(gateway.loop_lag_ms, 1),
            "worst_1min": _rounded(gateway.worst_loop_lag_ms, 1),
        },
        "clock": {"cloud_offset_s": _rounded(gateway.cloud_offset_s, 3), "utc_offset_s": gateway.utc_offset_s},
    }


def _rig_body(rig: RigFigures, addresses: Sequence[str]) -> dict[str, Any]:
    return {
        "rig_id": rig.rig_id,
        "driver_name": rig.driver_name,
        "device_id": rig.device_id,
        "link": rig.link,
        "port": rig.port,
        "source_address": rig.source_address,
        "packet_format": rig.packet_format,
        "game_version": rig.game_version,
        "session_type": rig.session_type,
        "telemetry_public": rig.telemetry_public,
        "last_packet_age_s": _rounded(rig.last_packet_age_s, 2),
        "packets_per_s": rig.packets_per_s,
        "packets_received": rig.packets_received,
        "rejected": dict(rig.rejected),
        "ignored": dict(rig.ignored),
        "send_rate_hz": rig.send_rate_hz,
        "loss_percent": None if rig.loss_ratio is None else round(100 * rig.loss_ratio, 2),
        "receive_buffer_bytes": rig.receive_buffer_bytes,
        "packets": [_packet_body(row) for row in rig.packets],
        "type_in": _type_in(rig.port, addresses),
        "problems": sentences(rig_advice(rig, addresses)),
    }


def _packet_body(row: PacketFigures) -> dict[str, Any]:
    return {**row._replace(seen_hz=_rounded(row.seen_hz, 2))._asdict(), "short": is_short(row)}


def _type_in(port: int, addresses: Sequence[str]) -> dict[str, Any]:
    """What belongs into the game's Telemetry Settings, in the words of that menu."""
    return {
        "udp_telemetry": "On",
        "broadcast": "Off",
        "ip_addresses": list(addresses),
        "port": port,
        "send_rate_hz": WANTED_RATE_HZ,
        "format": WANTED_FORMAT,
        "your_telemetry": "Public",
    }


def _port_body(port: PortFigures) -> dict[str, Any]:
    return {
        "port": port.port,
        "rig_ids": list(port.rig_ids),
        "source_filter": "kernel" if port.no_filter is None else "gateway",
        "source_filter_note": port.no_filter,
        "least_share": port.least_share,
        "kernel_dropped": port.kernel_dropped,
        "senders_unlisted": port.senders_unlisted,
    }


def _sender_body(sender: SenderFigures) -> dict[str, Any]:
    rounded = {"datagrams_per_s": round(sender.datagrams_per_s, 1), "last_age_s": round(sender.last_age_s, 2)}
    return {**sender._asdict(), **rounded}


def _client_body(client: ClientFigures) -> dict[str, Any]:
    return client._replace(connected_s=round(client.connected_s, 1), rigs=list(client.rigs))._asdict()


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
