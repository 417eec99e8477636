"""Every knob: name, type, default, unit, meaning. Read once at start from the environment and `.env`.

Names are flat and upper case; a new one carries its unit. Errors name the setting and never the value.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Literal

from dotenv import dotenv_values
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

ENV_FILE = ".env"
_RIG_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")

UdpPort = Annotated[int, Field(ge=0, le=65535)]


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
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    rig_id: str
    udp_port: UdpPort
    device_id: str = ""
    driver_name: str | None = None
    individual_id: str | None = None

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

    rigs: tuple[RigSettings, ...] = ()
    """All rigs as a JSON list; without it there are RIG_A on 20777 and RIG_B on 20778."""
    driver_a_name: str = ""
    """The guest on RIG_A, where RIGS is not set."""
    driver_a_individual_id: str = ""
    """That guest's id in Salesforce."""
    driver_b_name: str = ""
    """The guest on RIG_B, where RIGS is not set."""
    driver_b_individual_id: str = ""
    """That guest's id in Salesforce."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """HTTP port of `python -m app`; 0 takes a free one."""
    http_host: str = "0.0.0.0"  # a big screen elsewhere on the LAN shows the page
    """Address that `python -m app` listens on for HTTP."""
    udp_host: str = "0.0.0.0"  # the rigs are other machines
    """Address that the rigs' UDP ports listen on."""
    udp_receive_buffer_bytes: Annotated[int, Field(ge=65_536, le=268_435_456)] = 4_194_304
    """Kernel receive buffer asked for, per rig."""
    live_rate_hz: Annotated[float, Field(ge=1, le=20)] = 20
    """Most state frames a second and rig on the WebSocket."""
    stale_after_s: Annotated[float, Field(ge=0.5, le=60)] = 2
    """A rig without fresh values for so long is shown as stale."""
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
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe line that is logged."""
    log_format: Literal["auto", "text", "json"] = "auto"
    """Lines for people (text) or machines (json); auto is text on a terminal."""

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
            }
            for letter, port in (("a", 20777), ("b", 20778))
        ]
        return {**given, "rigs": rigs}

    @field_validator("rigs")
    @classmethod
    def _all_apart(cls, rigs: tuple[RigSettings, ...]) -> tuple[RigSettings, ...]:
        for what in ("rig_id", "udp_port"):
            values = [getattr(rig, what) for rig in rigs if getattr(rig, what) != 0]
            twice = sorted({str(value) for value in values if values.count(value) > 1})
            if twice:
                raise ValueError(f"two rigs with the same {what}: {', '.join(twice)}")
        return rigs


def load_settings(env_file: Path | str | None = ENV_FILE) -> Settings:
    """The settings of this process.

    Raises:
        BadSettings: With one line per setting that is wrong, named, without its value.
    """
    try:
        return Settings(_env_file=env_file)  # type: ignore[call-arg]  # pydantic-settings' documented parameter
    except UnicodeDecodeError:
        lines = [f"{env_file}: is not UTF-8 text; save it as UTF-8"]
    except ValidationError as refused:
        lines = [f"{_setting(error['loc'])}: {error['msg']}" for error in refused.errors(include_input=False)]
    except SettingsError as refused:
        lines = [f"{refused}: RIGS must be a JSON list, as in .env.example"]
    raise BadSettings("\n".join(lines))


def unknown_keys(env_file: Path | str = ENV_FILE) -> list[str]:
    """A sentence for every key of the `.env` file that is no setting, with the nearest one that is."""
    known = [name.upper() for name in Settings.model_fields]
    sentences = []
    for key in dotenv_values(env_file):
        if key.upper() not in known:
            near = difflib.get_close_matches(key.upper(), known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            sentences.append(f"{env_file}: {key} is not a setting and has no effect{hint}")
    return sentences


def _setting(location: tuple[int | str, ...]) -> str:
    if not location:
        return "settings"
    first, *rest = location
    return str(first).upper() + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
