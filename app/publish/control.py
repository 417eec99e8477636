"""What an operator can do from outside the process: a Protocol for each thing, and what of a body is understood."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Final, Protocol

_LONGEST: Final = 64
"""Of an address, which is the only text that is taken."""


class Control(Protocol):
    """What changes the rigs. Each call may be made twice with the same effect: a button is pressed twice."""

    def rebind(self, rig_id: str) -> bool:
        """Let the next valid sender be the rig, at once; False when there is no such rig."""

    def claim(self, rig_id: str, address: str) -> None:
        """Let this address be the rig from now on.

        Raises:
            ValueError: With a sentence for the operator: no such rig, or the address is another's.
        """


class CloudControl(Protocol):
    """What changes the way to Data Cloud."""

    def resume(self, name: str) -> bool:
        """Send to a parked object again, at once, or to `all`; False when there is no such object."""


def address_of(body: bytes) -> str:
    """The address in the body of a claim: `{"address": "192.168.1.21"}`.

    Raises:
        ValueError: With a sentence for whoever sent it.
    """
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError('This is not JSON: send {"address": "192.168.1.21"}') from None
    address = said.get("address") if isinstance(said, dict) else None
    if not isinstance(address, str) or len(address) > _LONGEST:
        raise ValueError('It names no address: send {"address": "192.168.1.21"}')
    try:
        return str(ip_address(address.strip()))
    except ValueError:
        raise ValueError("That is no IP address: send the rig's, such as 192.168.1.21") from None
