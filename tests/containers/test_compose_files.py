"""The Compose files keep what docs/containers.md says of every service; `make container-check` asks Compose itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from app.datacloud.emulator.__main__ import PORT as EMULATOR_PORT
from app.datacloud.emulator.throwaway import throwaway_app
from app.settings import Settings
from tests.containers.promises import OURS, broken
from tests.gateway import ROOT


class _Loader(yaml.SafeLoader):
    """YAML with Compose's own tags."""


_Loader.add_constructor("!reset", lambda loader, node: None)


def _file(name: str) -> dict[str, Any]:
    # Any: a foreign file. The loader is SafeLoader with one tag more.
    parsed: dict[str, Any] = yaml.load((ROOT / name).read_text(encoding="utf-8"), Loader=_Loader)
    return parsed


COMPOSE: Final = _file("docker-compose.yml")
SERVICES: Final = COMPOSE["services"]
DEMO: Final = [name for name, service in SERVICES.items() if service.get("profiles") == ["demo"]]


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_keeps_what_is_promised_of_all(name: str) -> None:
    assert broken(name, SERVICES[name]) == []


def test_the_gateway_alone_starts_without_a_profile() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["gateway"]
    assert {profile for service in SERVICES.values() for profile in service.get("profiles", ())} == {
        "demo",
        "observability",
    }


def test_the_ports_are_those_of_the_settings() -> None:
    settings = Settings(_env_file=None)  # type: ignore[call-arg]
    gateway = SERVICES["gateway"]

    assert gateway["ports"][0] == "${PORT:-8080}:8080/tcp"
    assert gateway["environment"]["PORT"] == str(settings.port)
    first, last = map(int, re.findall(r"\d+", gateway["ports"][1])[2:])
    assert {rig.udp_port for rig in settings.rigs} <= set(range(first, last + 1))


@pytest.mark.parametrize("name", OURS)
def test_only_settings_are_set(name: str) -> None:
    known = {field.upper() for field in Settings.model_fields}

    assert set(SERVICES[name].get("environment", {})) <= known


def test_a_gateway_without_an_env_file_and_without_a_key_starts() -> None:
    gateway = SERVICES["gateway"]

    assert gateway["env_file"] == [{"path": ".env", "required": False}]
    for secret in gateway["secrets"]:
        named = re.fullmatch(r"\$\{([A-Z_]+):-(.+)\}", COMPOSE["secrets"][secret]["file"])
        assert named is not None
        assert (ROOT / named[2]).is_file()
        assert gateway["environment"][named[1]] == f"${{{named[1]}:+/run/secrets/{secret}}}"


@pytest.mark.parametrize("name", DEMO)
def test_the_demo_knows_no_org_but_its_own(name: str) -> None:
    service = SERVICES[name]

    assert not {"env_file", "secrets"} & set(service)
    assert "data:/data" not in service.get("volumes", ())
    assert name == "org" or service["network_mode"] == "service:org"


def test_the_demo_s_gateway_has_the_settings_that_the_emulator_prints(tmp_path: Path) -> None:
    environment = SERVICES["gateway-demo"]["environment"]
    command = SERVICES["org"]["command"]
    directory = command[command.index("--state-dir") + 1]

    printed = throwaway_app(tmp_path).settings(f"http://127.0.0.1:{EMULATOR_PORT}")
    key = Path(printed.pop("SF_PRIVATE_KEY_PATH"))

    assert {name: environment[name] for name in printed} == printed
    assert environment["SF_PRIVATE_KEY_PATH"] == f"{directory}/{key.name}"
    assert SERVICES["org"]["environment"]["PORT"] == str(EMULATOR_PORT)


def test_grafana_has_no_administrator_and_so_no_password() -> None:
    environment = SERVICES["grafana"]["environment"]

    assert environment["GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION"] == "true"
    assert environment["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert not [name for name in environment if "PASSWORD" in name]


def test_grafana_and_prometheus_are_given_the_folders_of_deploy() -> None:
    mounted = [mount for name in ("prometheus", "grafana") for mount in SERVICES[name]["volumes"]]

    assert [mount.split(":")[::2] for mount in mounted if mount.startswith("./")] == [
        ["./deploy/prometheus", "ro"],
        ["./deploy/grafana/provisioning", "ro"],
        ["./deploy/grafana/dashboards", "ro"],
    ]


def test_what_the_host_s_override_changes_is_where_the_gateway_listens() -> None:
    gateway = _file("docker-compose.host.yml")["services"]["gateway"]

    assert gateway["network_mode"] == "host"
    assert gateway["ports"] is None
    assert gateway["environment"]["PORT"] == "${PORT:-8080}"


def test_every_variable_that_compose_reads_is_a_setting_or_compose_s_own() -> None:
    text = "".join(
        (ROOT / name).read_text(encoding="utf-8") for name in ("docker-compose.yml", "docker-compose.host.yml")
    )
    known = {field.upper() for field in Settings.model_fields}

    read = set(re.findall(r"\$\{([A-Z_]+)", text))
    assert {name for name in read if not name.startswith("COMPOSE_")} <= known


@pytest.mark.parametrize("key", ["read_only", "cap_drop", "security_opt", "init", "user", "mem_limit", "cpus", "tmpfs"])
def test_a_promise_that_is_broken_is_told(key: str) -> None:
    without = {name: value for name, value in SERVICES["gateway"].items() if name != key}

    told = broken("gateway", without)

    assert len(told) == 1
    assert told[0].startswith("gateway: ")


def test_a_foreign_image_without_a_version_and_a_port_for_all_are_told() -> None:
    loose = {**SERVICES["prometheus"], "image": "prom/prometheus", "ports": ["9090:9090"]}

    assert broken("prometheus", loose) == [
        "prometheus: its image has no version",
        "prometheus: it is published beyond 127.0.0.1",
    ]
