"""Every knob: name, type, default, unit, meaning. Read once at start from the environment and `.env`.

Names are flat and upper case; a new one carries its unit. Errors name the setting and never the value.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from dotenv import dotenv_values
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ENV_FILE = ".env"
_MOST_TARGETS = 4
_RIG_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")
_FOREIGN: Final = ("COMPOSE_", "DOCKER_")
"""Keys of `.env` that are none of ours: Docker Compose reads the same file."""
_OURS: Final = ("DATACLOUD_", "DRIVER_")
"""Nobody else's variables begin so: in the environment, one that is no setting is a misspelt one."""
_REMEDIES: Final[Mapping[str, str]] = {  # by pydantic's type of an error, which also tells what is in its context
    "int_parsing": "is not a whole number: write digits only",
    "int_from_float": "is not a whole number: write digits only",
    "float_parsing": "is not a number: write digits, and a point for decimals",
    "finite_number": "is not a number: write digits, and a point for decimals",
    "bool_parsing": "is neither true nor false: write one of them",
    "greater_than": "is too small: it must be more than {gt}",
    "greater_than_equal": "is too small: it must be at least {ge}",
    "less_than": "is too large: it must be less than {lt}",
    "less_than_equal": "is too large: it must be at most {le}",
    "literal_error": "is none of the known words: write {expected}",
    "string_too_long": "is too long: write at most {max_length} characters",
    "string_type": "is no text: put it in quotes",
    "extra_forbidden": "is no setting of a rig: correct its spelling, or take it out",
    "missing": "is missing: every rig needs it",
    "value_error": "{error}",
}

_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]{1,253}|[0-9a-fA-F:.]{2,45}")
_ORIGIN = re.compile(r"https?://([A-Za-z0-9_.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(:[0-9]{1,5})?", re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x7e]{24,512}")

UdpPort = Annotated[int, Field(ge=0, le=65535)]
Listed = Annotated[tuple[str, ...], NoDecode]
"""Several words with commas between them."""


def _listed(given: object) -> list[object]:
    """A list as such, or as text with commas."""
    if isinstance(given, str):
        return [part.strip() for part in given.split(",") if part.strip()]
    return list(given) if isinstance(given, list | tuple) else [given]


def _networks(given: object) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(
            each if isinstance(each, IPv4Network | IPv6Network) else ip_network(str(each), strict=False)
            for each in _listed(given)
        )
    except ValueError:
        raise ValueError(
            "must be IP addresses or networks with commas, such as 192.168.1.8 or 192.168.1.0/28"
        ) from None


def _targets(given: object) -> tuple[str, ...]:
    targets = tuple(str(each) for each in _listed(given))
    if len(targets) > _MOST_TARGETS:
        raise ValueError(f"must be at most {_MOST_TARGETS} targets")
    return targets


def _unless_wrong(read: Callable[[object], tuple[object, ...]], given: object) -> tuple[object, ...]:
    """What was given; nothing when it is wrong, since its own setting says so already."""
    try:
        return read(given)
    except ValueError:
        return ()


Sources = Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_networks)]
Targets = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_targets)]


class BadSettings(Exception):
    """The configuration cannot be used; the message lists every setting that is wrong, one a line."""


class RigSettings(BaseModel):
    """One rig.

    Attributes:
        rig_id: Its name in messages, labels and pages: 1 to 32 of letters, digits, `_`, `-`.
        udp_port: Where its game sends telemetry; 0 takes a free port.
        device_id: Its id in Salesforce.
        driver_name: The guest's name; the game's own name for the car is shown without it.
        individual_id: The guest's id in Salesforce.
        source: Addresses or networks that its game sends from; empty takes the first valid sender.
        forward_to: Where each of its datagrams is passed on to, as `host:port`; at most four.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    rig_id: str
    udp_port: UdpPort
    device_id: str = ""
    driver_name: str | None = None
    individual_id: str | None = None
    source: Sources = ()
    forward_to: Targets = ()

    @field_validator("rig_id")
    @classmethod
    def _plain(cls, rig_id: str) -> str:
        if not _RIG_ID.fullmatch(rig_id):
            raise ValueError("must be 1 to 32 letters, digits, _ or -")
        if rig_id == "all":
            raise ValueError('must not be "all", which means every rig')
        return rig_id

    @field_validator("driver_name", "individual_id")
    @classmethod
    def _empty_is_none(cls, text: str | None) -> str | None:
        return text or None

    @model_validator(mode="before")
    @classmethod
    def _default_device(cls, given: object) -> object:
        if isinstance(given, dict) and not given.get("device_id"):
            return {**given, "device_id": given.get("rig_id", "")}
        return given


class Settings(BaseSettings):
    """What an operator can set. Attribute names are the settings' names in lower case."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    rigs: Annotated[tuple[RigSettings, ...], NoDecode] = ()
    """All rigs as a JSON list; without it there are RIG_A on 20777 and RIG_B on 20778."""
    driver_a_name: str = ""
    """The guest on RIG_A, where RIGS is not set."""
    driver_a_individual_id: str = ""
    """That guest's id in Salesforce."""
    driver_b_name: str = ""
    """The guest on RIG_B, where RIGS is not set."""
    driver_b_individual_id: str = ""
    """That guest's id in Salesforce."""
    rig_a_source: Sources = ()
    """Addresses or networks that RIG_A's game sends from, where RIGS is not set; empty takes the first valid sender."""
    rig_b_source: Sources = ()
    """The same for RIG_B."""
    rig_a_forward_to: Targets = ()
    """Where each of RIG_A's datagrams is passed on to, as host:port, at most four; where RIGS is not set."""
    rig_b_forward_to: Targets = ()
    """The same for RIG_B."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """HTTP port of `python -m app`; 0 takes a free one."""
    http_host: str = "0.0.0.0"  # a big screen elsewhere on the LAN shows the page
    """Address that `python -m app` listens on for HTTP."""
    operator_token: SecretStr = SecretStr("")
    """Lets its bearer change things; without it there is one in OPERATOR_TOKEN_PATH, made at the first start."""
    operator_token_path: str = "data/operator-token"
    """Where that one is kept."""
    allowed_hosts: Listed = ()
    """Further names by which browsers may ask for the gateway, with commas; its own and addresses always may."""
    allowed_origins: Listed = ()
    """Pages of other hosts that may talk to the gateway, such as https://screens.example, with commas."""
    metrics_token: SecretStr = SecretStr("")
    """Closes /metrics to whoever does not show this token."""
    metrics_allow: Listed = ()
    """Closes /metrics to all but these addresses and networks, with commas; of this and the token either is enough."""
    udp_host: str = "0.0.0.0"  # the rigs are other machines
    """Address that the rigs' UDP ports listen on."""
    udp_receive_buffer_bytes: Annotated[int, Field(ge=65_536, le=268_435_456)] = 4_194_304
    """Kernel receive buffer asked for, per rig."""
    udp_max_datagrams_per_s: Annotated[int, Field(ge=100)] = 1660
    """What a rig sends beyond it is not taken: four times what a game at 60 Hz sends."""
    sources_path: str = "data/sources.json"
    """Where the addresses are kept that an operator has claimed for rigs."""
    live_rate_hz: Annotated[float, Field(ge=1, le=20)] = 20
    """Most state frames a second and rig on the WebSocket."""
    stale_after_s: Annotated[float, Field(ge=0.5, le=60)] = 2
    """A rig without fresh values for so long is shown as stale."""
    display_event_name: Annotated[str, Field(max_length=40)] = ""
    """Name of the event at the top of the wall."""
    display_speed_unit: Literal["kph", "mph"] = "kph"
    """Speeds on all pages in km/h or mph."""
    display_temperature_unit: Literal["c", "f"] = "c"
    """Temperatures on all pages in °C or °F."""
    history_path: str = "data/history.sqlite3"
    """Where the laps of the day, their traces and the track maps are kept."""
    history_keep_days: Annotated[int, Field(ge=1)] = 90
    """Laps that are older go."""
    history_max_mb: Annotated[int, Field(ge=16)] = 1024
    """Disk budget of the history in MiB; when it is full, the oldest traces go, laps stay."""
    day_starts_at_hour: Annotated[int, Field(ge=0, le=23)] = 4
    """The hour, local time, at which a new day board begins; an evening that goes past midnight is one day."""
    record_dir: str = ""
    """Where every datagram is recorded as received; empty records nothing."""
    record_max_mb: Annotated[int, Field(ge=1)] = 20_480
    """All recordings together, in MiB; the oldest go first. Two rigs in a race fill 2.5 GiB an hour."""
    record_max_age_h: Annotated[float, Field(ge=0.1)] = 72
    """No recording that is older stays."""
    record_file_minutes: Annotated[float, Field(gt=0, le=1440)] = 15
    """A recording file covers at most so long, and at most 64 MiB."""
    record_blank_names: bool = False
    """People's names never reach a recording."""
    datacloud_enabled: bool = False
    """Rows for Data Cloud are kept in the outbox and uploaded."""
    salesforce_domain: str = ""
    """The org's My Domain, e.g. acme.my.salesforce.com."""
    sf_login_url: str = ""
    """Login host in place of SALESFORCE_DOMAIN, as a URL; only for an emulator or an unusual org."""
    sf_client_id: SecretStr = SecretStr("")
    """Consumer key of the app in the org."""
    sf_username: str = ""
    """The integration user."""
    sf_private_key_path: str = ""
    """PEM file of the key whose certificate the app holds."""
    sf_private_key: SecretStr = SecretStr("")
    r"""The key itself in place of a file; \n stands for line breaks."""
    sf_private_key_passphrase: SecretStr = SecretStr("")
    """Of an encrypted key."""
    sf_jwt_audience: str = ""
    """Audience of the login assertion, where the usual one is refused."""
    sf_revoke_core_token: bool = False
    """Give the login's own token back after each exchange."""
    dc_source_name: str = "F1Telemetry"
    """The Ingestion API connector."""
    dc_object_telemetry: str = "TelemetryEvent"
    """Object that takes telemetry rows."""
    dc_object_lap: str = "LapEvent"
    """Object that takes laps."""
    dc_object_race: str = "RaceEvent"
    """Object that takes race events."""
    dc_object_session: str = "SessionEvent"
    """Object that takes sessions."""
    dc_telemetry_endpoint: str = ""
    """URL or path of the telemetry object's endpoint; source and object are taken from it."""
    dc_events_endpoint: str = ""
    """The same for laps."""
    dc_race_events_endpoint: str = ""
    """The same for race events."""
    dc_sessions_endpoint: str = ""
    """The same for sessions."""
    dc_dataspace: str = ""
    """Data space named at the token exchange; empty is the default one."""
    datacloud_flush_ms: Annotated[int, Field(ge=250, le=10_000)] = 500
    """A row waits at most so long for company before it is sent."""
    datacloud_max_body_bytes: Annotated[int, Field(ge=32_000, le=200_000)] = 190_000
    """Largest request body; the service refuses more than 200 000."""
    datacloud_max_rps: Annotated[float, Field(ge=0.1, le=250)] = 25
    """Most requests a second; all integrations of a tenant share 250."""
    datacloud_telemetry_hz: Annotated[float, Field(ge=0, le=60)] = 10
    """Telemetry rows a second and rig; 0 sends none, 60 every frame."""
    datacloud_telemetry_mode: Literal["last", "mean"] = "last"
    """A telemetry row is the newest frame of its window, or the mean of all."""
    datacloud_lap_cars: Literal["own", "all"] = "own"
    """Whose laps are sent: the rig's own car's, or those of every car in the session."""
    datacloud_warn_rows_per_day: Annotated[int, Field(ge=0)] = 0
    """From so many rows a day (UTC) on there is a warning; 0 never."""
    datacloud_max_rows_per_day: Annotated[int, Field(ge=0)] = 0
    """After so many rows a day (UTC) telemetry stops; laps, race events and sessions go on; 0 never."""
    datacloud_credits_per_million: Annotated[float, Field(ge=0)] = 5000
    """Credits that a million streamed rows cost by your contract."""
    datacloud_gzip: bool = False
    """Compress request bodies; not documented by the service."""
    datacloud_outbox_path: str = "data/outbox.sqlite3"
    """Where rows wait until they are delivered."""
    datacloud_outbox_max_mb: Annotated[int, Field(ge=8)] = 2048
    """Disk budget of the outbox in MiB; when it is full, the oldest telemetry goes."""
    datacloud_outbox_min_free_mb: Annotated[int, Field(ge=0)] = 512
    """The outbox grows no further when less than so many MiB of the disk are free."""
    datacloud_ca_file: str = ""
    """PEM file of further certificate authorities, for a proxy that inspects TLS."""
    datacloud_host_suffixes: str = ".salesforce.com"
    """Hosts that rows may be sent to end so; several with commas."""
    datacloud_allow_insecure_loopback: bool = False
    """Plain http to this very machine is allowed, for the emulator."""
    datacloud_status_overrides: Annotated[dict[int, str], NoDecode] = {}
    """What an answer means, where your org differs: HTTP status to transient, auth, size, record or config, as JSON."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe line that is logged."""
    log_format: Literal["auto", "text", "json"] = "auto"
    """Lines for people (text) or machines (json); auto is text on a terminal."""
    log_dir: str = ""
    """Where the log is kept as well, as JSON lines, for whoever helps; empty is a folder `log` beside the history."""
    log_keep_mb: Annotated[float, Field(ge=0, le=1024)] = 10
    """All its files together, in MiB; 0 keeps none."""

    @property
    def log_folder(self) -> Path:
        """Where the log is kept; beside the history, whose folder is one that can be written in a container too."""
        return Path(self.log_dir) if self.log_dir else Path(self.history_path).parent / "log"

    @model_validator(mode="before")
    @classmethod
    def _default_rigs(cls, given: object) -> object:
        if not isinstance(given, dict) or given.get("rigs"):
            return given
        rigs = [
            {
                "rig_id": f"RIG_{letter.upper()}",
                "udp_port": port,
                "device_id": f"SIM_{letter.upper()}",
                "driver_name": given.get(f"driver_{letter}_name"),
                "individual_id": given.get(f"driver_{letter}_individual_id"),
                "source": _unless_wrong(_networks, given.get(f"rig_{letter}_source", ())),
                "forward_to": _unless_wrong(_targets, given.get(f"rig_{letter}_forward_to", ())),
            }
            for letter, port in (("a", 20777), ("b", 20778))
        ]
        return {**given, "rigs": rigs}

    @field_validator("allowed_hosts", "allowed_origins", "metrics_allow", mode="before")
    @classmethod
    def _separated(cls, given: object) -> object:
        if isinstance(given, str):
            return tuple(part.strip() for part in given.split(",") if part.strip())
        return given

    @field_validator("allowed_hosts")
    @classmethod
    def _names(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_HOST_NAME.fullmatch(host) for host in hosts):
            raise ValueError("must be names without scheme and port, such as wall.example, with commas between them")
        return hosts

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in origins):
            raise ValueError("must be origins such as https://screens.example:8443, without a path, with commas")
        return origins

    @field_validator("metrics_allow")
    @classmethod
    def _networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(network, strict=False)) for network in networks)
        except ValueError:
            raise ValueError("must be addresses or networks such as 10.0.0.5, 10.0.0.0/24, with commas") from None

    @field_validator("operator_token", "metrics_token")
    @classmethod
    def _hard_to_guess(cls, token: SecretStr) -> SecretStr:
        if token.get_secret_value() and not _TOKEN.fullmatch(token.get_secret_value()):
            raise ValueError("must be 24 to 512 characters without blanks: openssl rand -base64 32 makes one")
        return token

    @field_validator("rigs", mode="before")
    @classmethod
    def _rigs_from_json(cls, given: object) -> object:
        return _from_json(given, list, "must be a JSON list, as in .env.example")

    @field_validator("datacloud_status_overrides", mode="before")
    @classmethod
    def _overrides_from_json(cls, given: object) -> object:
        return _from_json(given, dict, 'must be a JSON object, such as {"409": "transient"}')

    @field_validator("rigs")
    @classmethod
    def _all_apart(cls, rigs: tuple[RigSettings, ...]) -> tuple[RigSettings, ...]:
        found = []
        for what in ("rig_id", "device_id"):  # in one lobby the rigs' keys differ by the device alone
            values = [getattr(rig, what) for rig in rigs]
            twice = sorted({str(value) for value in values if values.count(value) > 1})
            if twice:
                found.append(f"two rigs with the same {what}: {', '.join(twice)}; give each its own")
        if found:
            raise ValueError("; ".join(found))
        return rigs

    @field_validator("rigs")
    @classmethod
    def _told_apart_on_a_port(cls, rigs: tuple[RigSettings, ...]) -> tuple[RigSettings, ...]:
        for one, other in combinations(rigs, 2):
            if one.udp_port != other.udp_port or one.udp_port == 0:
                continue
            both = f"{one.rig_id} and {other.rig_id} share udp_port {one.udp_port}"
            if not one.source or not other.source:
                raise ValueError(f"{both}: give each a port of its own, or each the source that it sends from")
            if any(_overlap(here, there) for here in one.source for there in other.source):
                raise ValueError(f"{both} and a source: give each a source that the other has not")
        return rigs

    def setting_of(self, rig: RigSettings, what: str) -> str:
        """Name of the setting that `what` of a rig was taken from."""
        letter = rig.rig_id.removeprefix("RIG_")
        if letter in ("A", "B") and getattr(rig, what) == getattr(self, f"rig_{letter.lower()}_{what}"):
            return f"{rig.rig_id}_{what.upper()}"
        return f"RIGS[{self.rigs.index(rig)}].{what}"

    def secrets(self) -> list[str]:
        """Every secret that is set, for the log to keep to itself."""
        values = [getattr(self, name) for name in type(self).model_fields]
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr) and value]


def load_settings(env_file: Path | str | None = ENV_FILE) -> Settings:
    """The settings of this process.

    Raises:
        BadSettings: With one line per setting that is wrong, named, without its value.
    """
    settings, mistakes = read_settings(env_file)
    if mistakes:
        raise BadSettings("\n".join(mistakes.values()))
    return settings


def read_settings(env_file: Path | str | None = ENV_FILE) -> tuple[Settings, Mapping[str, str]]:
    """The settings of this process, and what is wrong with them.

    Returns:
        Settings in which whatever is wrong has its default, so that the rest can be looked at too; and lines by the
        names of the settings that they are about, each with what to do and without any value.
    """
    try:
        return _read(env_file), {}
    except UnicodeDecodeError:
        settings, mistakes = read_settings(None)
        return settings, {str(env_file): f"{env_file}: is not UTF-8 text: save it as UTF-8", **mistakes}
    except ValidationError as refused:
        wrong: dict[str, list[str]] = {}
        for error in refused.errors(include_input=False, include_url=False):
            name = str(error["loc"][0]) if error["loc"] else "settings"
            wrong.setdefault(name, []).append(f"{_setting(error['loc'])}: {_remedy(error)}")
    fields = Settings.model_fields
    defaults = {name: fields[name].default for name in wrong if name in fields}
    return _read(env_file, **defaults), {name.upper(): "\n".join(lines) for name, lines in wrong.items()}


def unknown_keys(env_file: Path | str = ENV_FILE, environment: Iterable[str] = ()) -> list[str]:
    """A line for every key of the `.env` file, and of ours in the environment, that is no setting.

    Args:
        env_file: Need not exist.
        environment: Names of the environment's variables.
    """
    known = [name.upper() for name in Settings.model_fields]
    try:
        keys = [(key, f"is no setting, and stands in {env_file}") for key in dotenv_values(env_file)]
    except UnicodeDecodeError:  # which `read_settings` tells
        keys = []
    keys += [(key, "is no setting, and stands in the environment") for key in environment if _is_ours(key)]
    lines = []
    for key, where in keys:
        if key.upper() not in known and not key.upper().startswith(_FOREIGN):
            near = difflib.get_close_matches(key.upper(), known, n=1)
            remedy = f"write {near[0]}, or take it out" if near else "take it out"
            lines.append(f"{key}: {where}: {remedy}")
    return lines


def _is_ours(key: str) -> bool:
    return key.upper().startswith(_OURS)


# Any: defaults of settings.
def _read(env_file: Path | str | None, **given: Any) -> Settings:
    return Settings(_env_file=env_file, **given)  # type: ignore[call-arg]  # pydantic-settings' documented parameter


def _from_json(given: object, kind: type, otherwise: str) -> object:
    """What a setting says in JSON; ValueError when it is none, or of another kind."""
    if not isinstance(given, str):
        return given
    try:
        value = json.loads(given)
    except ValueError:
        raise ValueError(otherwise) from None
    if not isinstance(value, kind):
        raise ValueError(otherwise)
    return value


# Any: pydantic's own mapping.
def _remedy(error: Mapping[str, Any]) -> str:
    """What is wrong and what to do, in our words; in pydantic's, which hold no value either, where we have none."""
    told = _REMEDIES.get(error["type"])
    return str(error["msg"]) if told is None else told.format(**error.get("ctx", {}))


def _overlap(one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.overlaps(other)
    return isinstance(other, IPv6Network) and one.overlaps(other)


def _setting(location: tuple[int | str, ...]) -> str:
    if not location:
        return "settings"
    first, *rest = location
    return str(first).upper() + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
