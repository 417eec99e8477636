"""All UDP ports of the gateway, and who may speak as which rig [edge]: by the settings, by claim, or by coming first.

A `source` in the settings wins over a claim, a claim over who comes first. Claims are kept on disk (`claims`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from pathlib import Path

from app.claims import Claims
from app.ingest.forwarder import Forwarder
from app.line import Line
from app.metrics import Reading
from app.port import ports_of
from app.publish.advice import PortFigures, SenderFigures
from app.settings import RigSettings, Settings
from app.targets import targets_of

logger = logging.getLogger(__name__)


class Sources:
    """The ports, while they are open and before.

    Args:
        lines: Every rig.
        settings: All settings.
    """

    def __init__(self, lines: Sequence[Line], settings: Settings) -> None:
        self._lines = {line.rig.rig_id: line for line in lines}
        self._settings = settings
        self._ports = ports_of(lines, settings.udp_host, settings.udp_receive_buffer_bytes)
        self._port_of = {line.rig.rig_id: port for port in self._ports for line in port.lines}
        self._claims = Claims(Path(settings.sources_path))
        for rig_id, address in self._claims.by_rig.items():
            if rig_id in self._lines and not self._lines[rig_id].rig.source:
                self._lines[rig_id].lease.pin([ip_network(address)])

    async def open(self) -> None:
        """Open every port.

        Raises:
            PortUnavailable: One is taken; those opened before stay open until `close`.
        """
        for port in self._ports:
            await port.open()

    def close(self) -> None:
        """Close every port; what has been claimed is on the disk then."""
        for port in self._ports:
            port.close()
        self._claims.close()

    def tick(self) -> None:
        """Called four times a second."""
        for port in self._ports:
            port.tick()

    # --- commands ---------------------------------------------------------------------------------------

    def rebind(self, rig_id: str) -> bool:
        """Forget who sends for a rig, claims included: the next valid sender takes its place; False for no such rig."""
        line = self._lines.get(rig_id)
        if line is None:
            return False
        claimed = self._claims.drop(rig_id)
        logger.info(
            "%s is free for the next sender, by command",
            rig_id,
            extra={"rig": rig_id, "address": None, "before": line.lease.holder, "was_claimed": claimed},
        )
        self._port_of[rig_id].rebind(line)
        return True

    def claim(self, rig_id: str, address: str) -> None:
        """From now on the address is the rig's, also after a restart.

        Raises:
            ValueError: That cannot be; the message is a sentence for the operator.
        """
        line = self._lines.get(rig_id)
        if line is None:
            raise ValueError(f"there is no rig {rig_id}: name one of {', '.join(self._lines)}")
        try:
            address = str(ip_address(address.strip()))
        except ValueError:
            raise ValueError("that is no IP address: write one such as 192.168.1.8") from None
        if line.rig.source:
            setting = self._settings.setting_of(line.rig, "source")
            raise ValueError(f"the settings say who sends for {rig_id}: put {address} into {setting} instead")
        for other in self._lines.values():
            if other is not line and other.lease.allowed and other.lease.allows(address):
                raise ValueError(f"{address} belongs to {other.rig.rig_id}: rebind that rig first, or mend its source")
        self._claims.keep(rig_id, address)
        logger.info(
            "%s is claimed for an address, by command",
            rig_id,
            extra={"rig": rig_id, "address": address, "before": line.lease.holder},
        )
        self._port_of[rig_id].claim(line, address)

    # --- what it says of itself -------------------------------------------------------------------------

    def problems(self) -> list[str]:
        """One sentence for each thing that the operator can mend."""
        sentences = [sentence for port in self._ports for sentence in port.problems()]
        return sentences if self._claims.problem is None else [*sentences, self._claims.problem]

    def ports(self) -> list[PortFigures]:
        """Every port."""
        return [port.figures() for port in self._ports]

    def senders(self) -> list[SenderFigures]:
        """Everybody who sends to one of the ports."""
        return [sender for port in self._ports for sender in port.senders()]

    def readings(self) -> Iterator[Reading]:
        """The ports' numbers for Prometheus."""
        for port in self._ports:
            yield from port.readings()


def forwarder_of(rig: RigSettings, settings: Settings) -> Forwarder:
    """What passes a rig's datagrams on.

    Raises:
        BadSettings: A target cannot be used.
    """
    return Forwarder(targets_of(rig, settings))
