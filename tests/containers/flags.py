"""What Compose's merged file says of a service, as options of `podman run`. Pure.

So the check runs what the file promises and nothing else: a key that is not known here is an error, not an omission.
The host's ports are the one thing that the caller chooses, since the file's may be taken by a gateway that works.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

Service = Mapping[str, Any]
"""A service of `docker compose config --format json`; Any: it is foreign JSON."""

Target = tuple[int, str]
"""A port in the container, and its protocol."""

_LEFT_OUT: Final = {
    "build",  # done before
    "depends_on",  # the check starts things in order, and waits for their health commands
    "healthcheck",  # scheduling needs systemd; the check runs the command itself
    "image",
    "command",  # both stand behind the options
    "logging",  # podman has drivers of its own
    "networks",  # the default one
    "ports",
    "profiles",
    "restart",  # the check wants to see what ends
    "secrets",
    "volumes",
}
LOWERED: Final = ("--ulimit", "nofile=1024:2048", "--ulimit", "nproc=512:512")
"""Below podman's defaults, which need CAP_SYS_RESOURCE of whoever runs the check."""


def run_options(
    project: Mapping[str, Any],
    service: Service,
    ports: Mapping[Target, int],
    volumes: Mapping[str, str],
    containers: Mapping[str, str],
) -> list[str]:
    """Options of `podman run` for a service.

    Args:
        project: The whole merged file, for its secrets.
        service: The service in it.
        ports: The host's port for each that the service publishes; those that are missing are not published.
        volumes: The engine's name of each named volume.
        containers: The engine's name of each service whose network may be shared.

    Raises:
        ValueError: The service says something that is not known here.
    """
    options = list(LOWERED)
    for key, value in service.items():
        if key in _LEFT_OUT or value is None:
            continue
        if key == "network_mode":
            options += ["--network", _network(value, containers)]
        elif key in _OPTIONS:
            options += _OPTIONS[key](value)
        else:
            raise ValueError(f"{key} of a service has no option of podman here: tell tests/containers/flags.py of it")
    options += _published(service, ports)
    options += [part for mount in service.get("volumes", ()) for part in ("--volume", _volume(mount, volumes))]
    for secret in service.get("secrets", ()):
        options += ["--volume", f"{project['secrets'][secret['source']]['file']}:{secret['target']}:ro"]
    return options


def targets(service: Service) -> list[Target]:
    """The ports in the container that a service publishes."""
    return [(int(port["target"]), str(port["protocol"])) for port in service.get("ports", ())]


def health_command(service: Service) -> list[str]:
    """The command that says whether the service is well.

    Raises:
        ValueError: There is none, or it needs a shell.
    """
    kind, *command = service.get("healthcheck", {}).get("test") or ["NONE"]
    if kind != "CMD":
        raise ValueError(f"a health check that runs without a shell is wanted, not {kind}")
    return [str(part) for part in command]


def _each(option: str) -> Callable[[Sequence[str]], list[str]]:
    return lambda values: [part for value in values for part in (option, str(value))]


def _one(option: str) -> Callable[[object], list[str]]:
    return lambda value: [option, str(value)]


def _if_true(option: str) -> Callable[[object], list[str]]:
    return lambda value: [option] if value else []


def _environment(values: Mapping[str, str | None]) -> list[str]:
    return [part for name, value in values.items() for part in ("--env", f"{name}={'' if value is None else value}")]


def _network(mode: str, containers: Mapping[str, str]) -> str:
    kind, _, service = mode.partition(":")
    return f"container:{containers[service]}" if kind == "service" else mode


def _published(service: Service, ports: Mapping[Target, int]) -> list[str]:
    wanted = [target for target in targets(service) if target in ports]
    return [part for t in wanted for part in ("--publish", f"127.0.0.1:{ports[t]}:{t[0]}/{t[1]}")]


def _volume(mount: Mapping[str, Any], volumes: Mapping[str, str]) -> str:
    source = volumes[mount["source"]] if mount["type"] == "volume" else mount["source"]
    return f"{source}:{mount['target']}" + (":ro" if mount.get("read_only") else "")


_OPTIONS: Final[Mapping[str, Callable[[Any], list[str]]]] = {
    "cap_drop": _each("--cap-drop"),
    "cpus": _one("--cpus"),
    "environment": _environment,
    "extra_hosts": _each("--add-host"),
    "hostname": _one("--hostname"),
    "init": _if_true("--init"),
    "mem_limit": _one("--memory"),
    "memswap_limit": _one("--memory-swap"),
    "pids_limit": _one("--pids-limit"),
    "read_only": lambda value: ["--read-only", "--read-only-tmpfs=false"] if value else [],  # as Docker means it
    "security_opt": lambda values: [part for v in values for part in ("--security-opt", v.removesuffix(":true"))],
    "stop_grace_period": lambda value: ["--stop-timeout", str(value).removesuffix("s")],
    "tmpfs": _each("--tmpfs"),
    "user": _one("--user"),
}
