"""A service of the merged file becomes options of podman, and nothing of it gets lost."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.containers.flags import health_command, run_options, targets

PROJECT: Final[dict[str, Any]] = {"secrets": {"key": {"file": "/keys/org.pem"}}}
SERVICE: Final[dict[str, Any]] = {
    "image": "rig-gateway:local",
    "command": None,
    "build": {"context": "."},
    "cap_drop": ["ALL"],
    "cpus": 2,
    "environment": {"PORT": "8080", "EMPTY": None},
    "healthcheck": {"test": ["CMD", "python3", "-m", "app.healthcheck"]},
    "hostname": "gateway",
    "init": True,
    "mem_limit": "1073741824",
    "pids_limit": 256,
    "ports": [{"target": 8080, "published": "8080", "protocol": "tcp"}, {"target": 20777, "protocol": "udp"}],
    "read_only": True,
    "secrets": [{"source": "key", "target": "/run/secrets/key"}],
    "security_opt": ["no-new-privileges:true"],
    "stop_grace_period": "15s",
    "tmpfs": ["/tmp:size=64m"],
    "user": "10001:10001",
    "volumes": [{"type": "volume", "source": "data", "target": "/data"}],
}


def options(**changed: object) -> str:
    given = run_options(PROJECT, {**SERVICE, **changed}, {(8080, "tcp"): 18080}, {"data": "check"}, {"org": "org-1"})
    return " ".join(given)


@pytest.mark.parametrize(
    "wanted",
    [
        "--cap-drop ALL",
        "--cpus 2",
        "--env PORT=8080 --env EMPTY=",
        "--hostname gateway",
        "--init",
        "--memory 1073741824",
        "--pids-limit 256",
        "--read-only --read-only-tmpfs=false",
        "--security-opt no-new-privileges",
        "--stop-timeout 15",
        "--tmpfs /tmp:size=64m",
        "--user 10001:10001",
        "--volume check:/data",
        "--volume /keys/org.pem:/run/secrets/key:ro",
    ],
)
def test_whatever_the_file_says_is_said_to_podman(wanted: str) -> None:
    assert f" {wanted} " in f" {options()} "


def test_a_port_is_published_where_the_check_wants_it_or_not_at_all() -> None:
    told = options()

    assert "--publish 127.0.0.1:18080:8080/tcp" in told
    assert "20777" not in told
    assert targets(SERVICE) == [(8080, "tcp"), (20777, "udp")]


def test_a_network_may_be_another_services() -> None:
    assert "--network container:org-1" in options(network_mode="service:org")
    assert "--network host" in options(network_mode="host")


def test_a_bind_mount_stays_read_only() -> None:
    mount = {"type": "bind", "source": "/srv/rules", "target": "/etc/rules", "read_only": True}

    assert "--volume /srv/rules:/etc/rules:ro" in options(volumes=[mount])


@pytest.mark.parametrize("key", ["cap_add", "devices", "privileged"])
def test_what_is_not_known_is_refused_rather_than_left_out(key: str) -> None:
    with pytest.raises(ValueError, match=f"{key} of a service has no option of podman here"):
        options(**{key: ["x"]})


def test_a_health_command_runs_without_a_shell() -> None:
    assert health_command(SERVICE) == ["python3", "-m", "app.healthcheck"]
    with pytest.raises(ValueError, match="without a shell"):
        health_command({"healthcheck": {"test": ["CMD-SHELL", "curl"]}})
