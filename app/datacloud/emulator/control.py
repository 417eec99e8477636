"""The control plane: looking into the emulator and steering it over HTTP, from this machine only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from app.datacloud.emulator.lake import LakeKey
from app.datacloud.emulator.messages import Head, Reply, json_reply

if TYPE_CHECKING:
    from app.datacloud.emulator.org import Org

_T = TypeVar("_T")


def answer(head: Head, body: bytes, org: Org) -> Reply:
    """What the control plane says to a request.

    Args:
        head: The request; its path lies below `/__emulator__/`.
        body: Its body.
        org: What is looked into, or steered.
    """
    match head.method, head.segments[1:]:
        case "GET", ("state",):
            return json_reply(200, org.state())
        case "GET", ("requests",):
            return json_reply(200, [_without_bytes(asdict(seen)) for seen in org.seen])
        case "GET", ("rows", name):
            rows = org.lake.rows(name)
            return json_reply(200, [{"key": _listed(key), "record": record} for key, record in rows.items()])
        case "GET", ("deliveries", name):
            told = [{"key": key, "raw": raw.decode(), "at_s": at_s} for key, raw, at_s in org.lake.deliveries(name)]
            return json_reply(200, told)
        case "GET", ("problems", name):
            return json_reply(200, org.lake.problems(name))
        case "PUT", ("faults",):
            return _steered(body, list, org.set_faults)
        case "PUT", ("config",):
            return _steered(body, dict, org.configure)
        case "POST", ("process",):
            org.process()
            return json_reply(200, org.state())
        case "POST", ("reset",):
            org.reset()
            return json_reply(200, org.state())
    return json_reply(404, {"error": "there is no such control"})


# Any: what came as JSON, about to be checked by whoever it is for.
def _steered(body: bytes, kind: type[_T], steer: Callable[[Any], None]) -> Reply:
    try:
        value = orjson.loads(body)
        if not isinstance(value, kind):
            raise ValueError("a list of rules is required" if kind is list else "an object of settings is required")
        steer(value)
    except (ValueError, TypeError, AttributeError) as refused:
        return json_reply(400, {"error": str(refused)})
    return json_reply(200, {"ok": True})


def _listed(key: LakeKey) -> Any:
    return list(key) if isinstance(key, tuple) else key


def _without_bytes(seen: dict[str, Any]) -> dict[str, Any]:
    body = seen.get("body")
    return {**seen, "body": body.decode("utf-8", "replace") if isinstance(body, bytes) else None}
