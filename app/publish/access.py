"""Who may do what: every route and every message of `/ws` with its access class, in one table.

The door (`door`) serves by this table alone: a route that is not in it is refused, so forgetting one closes it rather
than opening it. Whatever changes something is the operator's by construction, since no method but GET and HEAD is ever
looked up.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final


class Access(Enum):
    """Who is let in."""

    VIEW = "view"
    """Whoever is on the network: a big screen cannot log in."""
    PROBE = "probe"
    """As view; asked by machines that look whether the gateway lives."""
    METRICS = "metrics"
    """As view, until METRICS_TOKEN or METRICS_ALLOW closes it."""
    OPERATOR = "operator"
    """Whoever knows the operator token."""


FILES: Final = ""
"""The mount that answers every other path with a file of `web/`."""

SAFE_METHODS: Final = ("GET", "HEAD")
"""Those that change nothing (RFC 9110, 9.2.1) and that we serve."""

ROUTES: Final[Mapping[str, Access]] = {
    FILES: Access.VIEW,
    "/api/cloud": Access.VIEW,
    "/api/cloud/objects/{name}/resume": Access.OPERATOR,
    "/api/day": Access.VIEW,
    "/api/display": Access.VIEW,
    "/api/laps": Access.VIEW,
    "/api/laps.csv": Access.VIEW,
    "/api/laps/{lap_id:path}": Access.VIEW,
    "/api/map": Access.VIEW,
    "/api/operator": Access.OPERATOR,
    "/api/ops": Access.VIEW,
    "/api/{rest:path}": Access.VIEW,
    "/api/rigs/{rig_id}/claim": Access.OPERATOR,
    "/api/rigs/{rig_id}/rebind": Access.OPERATOR,
    "/compare": Access.VIEW,
    "/health": Access.PROBE,
    "/healthz": Access.PROBE,
    "/metrics": Access.METRICS,
    "/ops": Access.VIEW,
    "/readyz": Access.PROBE,
    "/rig/{rig_id}": Access.VIEW,
    "/ws": Access.VIEW,
}
"""By the path as the route table has it."""

MESSAGES: Final[Mapping[str, Access]] = {
    "subscribe_rig": Access.VIEW,
    "unsubscribe_rig": Access.VIEW,
}
"""What a client may say on `/ws`. The socket itself is open to all, so only messages of class view are heard there."""


def access_of(path: str | None, method: str) -> Access | None:
    """The class of a request to a route; None for one that nobody declared, which is served to nobody."""
    if method not in SAFE_METHODS:
        return Access.OPERATOR
    return None if path is None else ROUTES.get(path)
