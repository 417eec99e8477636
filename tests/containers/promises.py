"""What docs/containers.md promises of every service, as sentences about the ones that break it. Pure.

The tests hold the files against it as they are written, `make container-check` as Compose reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

OURS: Final = ("gateway", "gateway-demo", "org", "rigs")
"""The services that run our image."""
USER: Final = "10001:10001"
_SIZES: Final = {"mem_limit": "memory", "cpus": "CPU", "pids_limit": "processes"}
_LOCAL: Final = "127.0.0.1"


def broken(name: str, service: Mapping[str, Any]) -> list[str]:
    """What a service does not keep of what every service promises."""
    told = [
        (service.get("read_only") is True, "its root can be written"),
        (service.get("cap_drop") == ["ALL"] and not service.get("cap_add"), "it has capabilities"),
        ("no-new-privileges:true" in service.get("security_opt", ()), "it may gain privileges"),
        (not service.get("privileged"), "it is privileged"),
        (service.get("init") is True, "nothing reaps its processes"),
        (service.get("restart") == "unless-stopped", "it is not started again"),
        (_seconds(service.get("stop_grace_period")) >= 15, "it has less than 15 s to end"),
        (bool(service.get("logging", {}).get("options", {}).get("max-size")), "its log has no bound"),
        (any(str(place).startswith("/tmp:size=") for place in service.get("tmpfs", ())), "/tmp has no bound"),
        *((bool(service.get(size)), f"its {what} has no bound") for size, what in _SIZES.items()),
        (not service.get("network_mode") or _is_shared(service), "it is in the host's network"),
    ]
    if name in OURS:
        told += [
            (service.get("user") == USER, f"its user is not {USER}"),
            (all(_is_data(mount) for mount in service.get("volumes", ())), "it writes elsewhere than to /data"),
        ]
    else:
        told += [
            (_is_pinned(str(service.get("image"))), "its image has no version"),
            (all(_is_near(port) for port in service.get("ports", ())), f"it is published beyond {_LOCAL}"),
        ]
    return [f"{name}: {wrong}" for holds, wrong in told if not holds]


def _seconds(duration: object) -> float:
    text = str(duration or "0s")
    return float(text.removesuffix("s")) if text.endswith("s") and "m" not in text else 0.0


def _is_shared(service: Mapping[str, Any]) -> bool:
    return str(service["network_mode"]).startswith("service:")


def _is_data(mount: object) -> bool:
    if isinstance(mount, str):
        return mount.rpartition(":")[2] == "/data"
    return isinstance(mount, Mapping) and mount["type"] == "volume" and mount["target"] == "/data"


def _is_pinned(image: str) -> bool:
    tag = image.rpartition(":")[2].rstrip("}")
    return ":" in image and any(character.isdigit() for character in tag) and tag != "latest"


def _is_near(port: object) -> bool:
    if isinstance(port, str):
        return port.startswith(f"{_LOCAL}:")
    return isinstance(port, Mapping) and port.get("host_ip") == _LOCAL
