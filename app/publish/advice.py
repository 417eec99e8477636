"""What the operator should do, from plain figures: one sentence a problem, with its remedy behind the colon.

Figures in, sentences out; where the figures come from is `main`'s business, how they are shown that of `ops`. A
sentence that another part has already (`RigFigures.problem`, `GatewayFigures.problems`) is passed on word for word, and
what follows from it is not told a second time.

Not all of this makes the gateway "degraded": a rig that never sent is how every event day begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from typing import Final, Literal, NamedTuple

WANTED_FORMAT: Final = 2025
WANTED_RATE_HZ: Final = 60
_LOSS_RATIO: Final = 0.01
"""Above this, gaps show in the traces; a cable loses nothing."""
_SHORT_SHARE: Final = 0.5
"""A packet type is missing when less than this share of it comes."""
_LOST_ON_THE_WAY: Final = 0.3
"""With such losses every type is short, and not because the game does not send it."""
_LAG_MS: Final = 50.0
"""A frame on the wall: above it the wall stutters."""
_SKIPPED_SHARE: Final = 0.05
"""A screen that skips more of its states than this is too slow; any screen skips a few when it is moved or resized."""
_SETTLED_S: Final = 10.0
"""A screen that came just now is not judged."""

Link = Literal["live", "stale", "never"]


class PacketFigures(NamedTuple):
    """One packet type: what should come, what comes (None where unknown), and how many came in all."""

    packet: str
    expected_hz: float | None
    seen_hz: float | None
    total: int


class RigFigures(NamedTuple):
    """One rig in figures; None is unknown.

    Attributes:
        rig_id: Its name.
        driver_name: The guest.
        device_id: Its id in Salesforce.
        link: Whether it sends now, or ever did.
        port: Where the gateway listens for it.
        source_address: Who sends.
        packet_format: As set in the game.
        game_year: Of the game, last two digits; 0 where F1 25 is set to format 2023.
        game_version: The game's build.
        session_type: In words.
        mode: What it does: menu, driving, spectating or no_car.
        telemetry_public: The player's "Your Telemetry".
        last_packet_age_s: Since the last valid datagram.
        packets_per_s: Valid datagrams in the last second.
        packets_received: Valid datagrams so far.
        rejected: Datagrams that are not the game's, by reason.
        ignored: Valid datagrams that changed nothing, by reason.
        send_rate_hz: The menu's, as inferred.
        loss_ratio: Lost share, 0 to 1.
        receive_buffer_bytes: What the kernel granted.
        packets: By packet type.
        problem: What the pipeline has to say, word for word.
        jump_s: How far a datagram's session clock was off lately.
    """

    rig_id: str
    driver_name: str | None
    device_id: str
    link: Link
    port: int
    source_address: str | None
    packet_format: int | None
    game_year: int | None
    game_version: str | None
    session_type: str | None
    mode: str | None
    telemetry_public: bool | None
    last_packet_age_s: float | None
    packets_per_s: int
    packets_received: int
    rejected: Mapping[str, int]
    ignored: Mapping[str, int]
    send_rate_hz: int | None
    loss_ratio: float | None
    receive_buffer_bytes: int | None
    packets: Sequence[PacketFigures]
    problem: str | None
    jump_s: float | None = None


SenderState = Literal["accepted", "refused", "unclaimed"]


class SenderFigures(NamedTuple):
    """One address that sends to one of the ports.

    Attributes:
        port: The port.
        rig_id: The rig that it is, or that refuses it; None where it is no rig's.
        address: Its IP address.
        state: Accepted as the rig, refused by it, or no rig's.
        datagrams_per_s: As measured in the last second; on a share where the kernel lets only a share through.
        last_age_s: Since it was heard.
    """

    port: int
    rig_id: str | None
    address: str
    state: SenderState
    datagrams_per_s: float
    last_age_s: float


class PortFigures(NamedTuple):
    """One UDP port.

    Attributes:
        port: Its number.
        rig_ids: The rigs behind it.
        no_filter: Why the kernel does not filter strangers out; None when it does.
        least_share: Of a stranger's datagrams, what is let through.
        kernel_dropped: Datagrams that the kernel dropped, filtered ones included; None where it does not tell.
        senders_unlisted: Addresses that send too, beyond those that are listed.
    """

    port: int
    rig_ids: Sequence[str]
    no_filter: str | None
    least_share: float
    kernel_dropped: int | None
    senders_unlisted: int


class QueueFigures(NamedTuple):
    """One subscriber of the bus: events waiting, handed out, lost, and replaced by newer ones."""

    subscriber: str
    waiting: int
    delivered: int
    dropped: int
    conflated: int


class ClientFigures(NamedTuple):
    """One dashboard: where, for how long, what it asked for, states it skipped, texts that wait for it."""

    address: str
    connected_s: float
    rigs: Sequence[str]
    states_skipped: int
    waiting: int


class GatewayFigures(NamedTuple):
    """The gateway in figures; None is unknown.

    Attributes:
        now: UTC.
        version: The gateway's.
        uptime_s: Since it started.
        host_name: The host's.
        addresses: Where a rig may be told to send to, the likeliest first.
        http_port: Where the pages are.
        stages: Every stage by name, and whether it runs.
        problems: What `/health` says, word for word; the rigs' own sentences may be among them.
        wanted_buffer_bytes: Kernel receive buffer asked for, per rig.
        live_rate_hz: Most states a second and rig.
        clients_cut: Dashboards cut because they did not read.
        clients_refused: Dashboards turned away because there were too many.
        loop_lag_ms: How late the loop woke a timer last.
        worst_loop_lag_ms: The most in the last minute.
        cloud_offset_s: How far Data Cloud's clock is ahead of the host's.
        utc_offset_s: How far the host's local time is ahead of UTC.
        starts: Runs of the gateway so far, this one included.
        unclean_ends: Of them, those that ended without being told to.
    """

    now: datetime
    version: str
    uptime_s: float
    host_name: str
    addresses: Sequence[str]
    http_port: int
    stages: Mapping[str, bool]
    problems: Sequence[str]
    wanted_buffer_bytes: int
    live_rate_hz: float
    clients_cut: int
    clients_refused: int
    loop_lag_ms: float | None
    worst_loop_lag_ms: float | None
    cloud_offset_s: float | None
    utc_offset_s: float | None
    starts: int | None = None
    unclean_ends: int | None = None


class Gravity(IntEnum):
    """How bad it is; the gravest is told first."""

    DEAD = 0
    BROKEN = 1
    SILENT = 2
    WRONG = 3
    WORSE = 4
    UNTIDY = 5


class Advice(NamedTuple):
    """One sentence and how bad it is."""

    gravity: Gravity
    sentence: str


def rig_advice(rig: RigFigures, addresses: Sequence[str]) -> list[Advice]:
    """What should be done at one rig, the gravest first.

    Args:
        rig: Its figures.
        addresses: Where it may be told to send to.
    """
    found = [] if rig.problem is None else [Advice(Gravity.BROKEN, rig.problem)]
    if rig.link == "live":
        found += _of_a_live_rig(rig)
    elif not found:  # else something arrives that cannot be used, and the rig is silent for that reason
        found.append(_never_sent(rig, addresses) if rig.link == "never" else _silent(rig))
    return sorted(found, key=lambda advice: advice.gravity)


def gateway_advice(
    gateway: GatewayFigures, rigs: Iterable[RigFigures], clients: Iterable[ClientFigures]
) -> list[Advice]:
    """What should be done at the gateway and its screens, the gravest first; the rigs' own sentences included."""
    rigs = list(rigs)
    found = [Advice(Gravity.DEAD, _stopped(stage)) for stage, runs in gateway.stages.items() if not runs]
    found += [Advice(Gravity.BROKEN, sentence) for sentence in gateway.problems]
    for rig in rigs:
        found += rig_advice(rig, gateway.addresses)
    found += _lag(gateway.worst_loop_lag_ms)
    found += _buffer(gateway.wanted_buffer_bytes, rigs)
    found += _slow_screens(gateway.live_rate_hz, clients)
    return sorted(found, key=lambda advice: advice.gravity)


def sentences(advice: Iterable[Advice]) -> list[str]:
    """The sentences in their order, each once."""
    return list(dict.fromkeys(each.sentence for each in advice))


# --- a rig ----------------------------------------------------------------------------------------


def _never_sent(rig: RigFigures, addresses: Sequence[str]) -> Advice:
    address = " or ".join(addresses) or "this host's address"
    return Advice(
        Gravity.SILENT,
        f"{rig.rig_id} has never sent: in the game's Telemetry Settings set UDP Telemetry On, UDP IP Address {address}"
        f" and UDP Port {rig.port}, and let UDP {rig.port} through this host's firewall",
    )


def _silent(rig: RigFigures) -> Advice:
    age_s = rig.last_packet_age_s
    lasting = "is silent" if age_s is None else f"has been silent for {_lasting(age_s)}"
    remedy = "leave the game's pause menu, or see that the game runs and its cable is in"
    return Advice(Gravity.SILENT, f"{rig.rig_id} {lasting}: {remedy}")


def _of_a_live_rig(rig: RigFigures) -> list[Advice]:
    told = [
        (Gravity.WRONG, _format(rig)),
        (Gravity.WRONG, _no_car(rig)),
        (Gravity.WRONG, _missing(rig)),
        (Gravity.WORSE, _jumped(rig)),
        (Gravity.WORSE, _loss(rig)),
        (Gravity.WORSE, _rate(rig)),
        (Gravity.WORSE, _restricted(rig)),
    ]
    return [Advice(gravity, sentence) for gravity, sentence in told if sentence is not None]


def _format(rig: RigFigures) -> str | None:
    """An older format says less; an older game has none that is newer."""
    older_game = rig.game_year is not None and 0 < rig.game_year < WANTED_FORMAT % 100
    if rig.packet_format is None or rig.packet_format >= WANTED_FORMAT or older_game:
        return None
    return f"{rig.rig_id} sends format {rig.packet_format}: set UDP Format to {WANTED_FORMAT} in the game"


def _no_car(rig: RigFigures) -> str | None:
    match rig.mode:
        case "spectating":
            return f"{rig.rig_id} is spectating, so nothing of a car can be shown: join the session as a driver"
        case "no_car":
            return f"{rig.rig_id} has no car in this session: let its player take part, or start a new session"
        case _:
            return None


def _missing(rig: RigFigures) -> str | None:
    names = [row.packet.replace("_", " ") for row in rig.packets if is_short(row)]
    if not names or (rig.loss_ratio is not None and rig.loss_ratio > _LOST_ON_THE_WAY):
        return None
    return f"{rig.rig_id} sends too few packets of {', '.join(names)}: leave the session, or else start the game anew"


def is_short(row: PacketFigures) -> bool:
    """Whether so little of a packet type comes that it counts as missing."""
    if row.expected_hz is None or row.seen_hz is None:
        return False
    return row.seen_hz < _SHORT_SHARE * row.expected_hz


def _loss(rig: RigFigures) -> str | None:
    if rig.loss_ratio is None or rig.loss_ratio <= _LOSS_RATIO:
        return None
    return f"{rig.rig_id} loses {100 * rig.loss_ratio:.1f} % of its packets: connect it by cable instead of Wi-Fi"


def _jumped(rig: RigFigures) -> str | None:
    if rig.jump_s is None:
        return None
    way = "ahead" if rig.jump_s > 0 else "back"
    return (
        f"{rig.rig_id}'s session clock jumped {abs(rig.jump_s):.0f} s {way} without a flashback: if nobody skipped time"
        " at the rig, another machine sends in its name, so give the rigs a network of their own"
    )


def _rate(rig: RigFigures) -> str | None:
    if rig.send_rate_hz is None or rig.send_rate_hz >= WANTED_RATE_HZ:
        return None
    remedy = f"set UDP Send Rate to {WANTED_RATE_HZ} Hz in the game"
    return f"{rig.rig_id} sends {rig.send_rate_hz} times a second: {remedy}"


def _restricted(rig: RigFigures) -> str | None:
    if rig.telemetry_public is not False:
        return None
    return f"{rig.rig_id} hides its telemetry from the other rigs: set Your Telemetry to Public in the game"


# --- the gateway ----------------------------------------------------------------------------------


def _stopped(stage: str) -> str:
    return f"The gateway's {stage} has stopped: start the gateway anew"


def _lag(worst_ms: float | None) -> list[Advice]:
    if worst_ms is None or worst_ms <= _LAG_MS:
        return []
    sentence = f"The gateway was held up for {worst_ms:.0f} ms within the last minute: close other programs on its host"
    return [Advice(Gravity.WORSE, sentence)]


def _buffer(wanted_bytes: int, rigs: Iterable[RigFigures]) -> list[Advice]:
    granted = [rig.receive_buffer_bytes for rig in rigs if rig.receive_buffer_bytes is not None]
    if not granted or min(granted) >= wanted_bytes:
        return []
    remedy = f"allow more (on Linux: sysctl -w net.core.rmem_max={wanted_bytes}) and start the gateway anew"
    what = f"The kernel grants {min(granted)} bytes of receive buffer instead of {wanted_bytes}"
    return [Advice(Gravity.UNTIDY, f"{what}, so a busy moment may lose packets: {remedy}")]


def _slow_screens(live_rate_hz: float, clients: Iterable[ClientFigures]) -> list[Advice]:
    return [
        Advice(Gravity.UNTIDY, f"The screen at {address} is too slow for all states: give it a cable, or a faster host")
        for address in sorted({client.address for client in clients if _is_slow(client, live_rate_hz)})
    ]


def _is_slow(client: ClientFigures, live_rate_hz: float) -> bool:
    if client.connected_s < _SETTLED_S:
        return False
    due = client.connected_s * live_rate_hz * max(1, len(client.rigs))
    return client.states_skipped > _SKIPPED_SHARE * due


def _lasting(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
