"""Where a rig's datagrams are passed on to, as the settings say: the mistakes of all, each with its setting."""

from __future__ import annotations

from app.errors import BadTarget
from app.ingest.forwarder import Target, resolve
from app.settings import BadSettings, RigSettings, Settings


def targets_of(rig: RigSettings, settings: Settings) -> list[Target]:
    """Where a rig's datagrams are passed on to; looks names up.

    Raises:
        BadSettings: A target cannot be used; one line for each such.
    """
    own_ports = {each.udp_port for each in settings.rigs}
    targets, wrong = [], []
    for number, text in enumerate(rig.forward_to, 1):
        try:
            targets.append(resolve(text, settings.udp_host, own_ports))
        except BadTarget as refused:
            wrong.append(f"{settings.setting_of(rig, 'forward_to')}: target {number} {refused}")
    if wrong:
        raise BadSettings("\n".join(wrong))
    return targets
