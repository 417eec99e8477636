"""Where rows go: settings become destinations, and what is called a host becomes an origin that may be trusted.

Nothing is sent anywhere on the word of an answer alone. A host that the org names must be one of ours by its ending,
and must be reached by https; the only exception is an emulator on this very machine, where the operator allows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from app.datacloud.schema import LAP, RACE, SESSION, TELEMETRY
from app.settings import BadSettings, Settings

INGEST: Final = "/api/v1/ingest/sources"

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_HOST: Final = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[::1\]"
_ORIGIN: Final = re.compile(rf"(?:(https?)://)?({_HOST})(:[0-9]{{1,5}})?/?", re.IGNORECASE)
_ENDPOINT: Final = re.compile(
    rf"(?:(?:https?://)?({_HOST})(:[0-9]{{1,5}})?)?{INGEST}/([A-Za-z0-9_-]{{1,80}})/([A-Za-z0-9_-]{{1,80}})/?",
    re.IGNORECASE,
)
_LOOPBACK: Final = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|\[::1\]")


class Destination(NamedTuple):
    """Where one object's rows go.

    Attributes:
        source: Name of the Ingestion API connector.
        object: The object's name in the org's schema.
        host: Host of a configured endpoint, to compare with what the org says; None when only names are configured.
    """

    source: str
    object: str
    host: str | None = None

    @property
    def path(self) -> str:
        """Path of the endpoint on the tenant's host."""
        return f"{INGEST}/{self.source}/{self.object}"


class _Knob(NamedTuple):
    object: str
    name_setting: str
    endpoint_setting: str


_KNOBS: Final = (
    _Knob(TELEMETRY.name, "dc_object_telemetry", "dc_telemetry_endpoint"),
    _Knob(LAP.name, "dc_object_lap", "dc_events_endpoint"),
    _Knob(RACE.name, "dc_object_race", "dc_race_events_endpoint"),
    _Knob(SESSION.name, "dc_object_session", "dc_sessions_endpoint"),
)


def destinations(settings: Settings) -> Mapping[str, Destination]:
    """The destination of every object, by the object's name in our schema.

    Raises:
        BadSettings: With one line per setting that is wrong.
    """
    found: dict[str, Destination] = {}
    problems: dict[str, None] = {}
    for knob in _KNOBS:
        endpoint = getattr(settings, knob.endpoint_setting).strip()
        if endpoint:
            made, lines = _from_endpoint(knob, endpoint)
        else:
            made, lines = _from_names(knob, settings)
        problems |= dict.fromkeys(lines)
        if made is not None:
            found[knob.object] = made
    lines = list(problems) or _shared(found)
    if lines:
        raise BadSettings("\n".join(lines))
    return found


def _from_endpoint(knob: _Knob, endpoint: str) -> tuple[Destination | None, list[str]]:
    matched = _ENDPOINT.fullmatch(endpoint)
    if matched is None:
        return None, [f"{knob.endpoint_setting.upper()}: is not a URL or path that ends in {INGEST}/SOURCE/OBJECT"]
    host, port, source, object_name = matched.groups()
    return Destination(source, object_name, host and host.lower() + (port or "")), []


def _from_names(knob: _Knob, settings: Settings) -> tuple[Destination | None, list[str]]:
    source, object_name = settings.dc_source_name.strip(), getattr(settings, knob.name_setting).strip()
    bad = [
        f"{setting.upper()}: is not a name of 1 to 80 letters, digits, _ or -"
        for setting, name in (("dc_source_name", source), (knob.name_setting, object_name))
        if not _NAME.fullmatch(name)
    ]
    return (None, bad) if bad else (Destination(source, object_name), [])


def _shared(found: Mapping[str, Destination]) -> list[str]:
    """Two objects must not fill the same one: their rows would not fit it."""
    lines, taken = [], dict[str, str]()
    for knob in _KNOBS:
        path = found[knob.object].path
        if path in taken:
            lines.append(f"{knob.name_setting.upper()}: names the same object as {taken[path]}")
        taken.setdefault(path, knob.name_setting.upper())
    return lines


def origin(text: str, suffixes: Iterable[str] | None, insecure_loopback: bool) -> str:
    """The origin, such as `https://acme.my.salesforce.com`, that a host or URL stands for.

    Args:
        text: A host with or without scheme, port and trailing slash; without a path.
        suffixes: Endings of which the host must have one; None where the operator names the host.
        insecure_loopback: Whether this very machine may be meant, and reached by plain http.

    Raises:
        ValueError: It is not such a host, or not an allowed one; the message is the end of a sentence.
    """
    text = text.strip()
    matched = _ORIGIN.fullmatch(text)
    if matched is None:
        raise ValueError("is not a host such as acme.my.salesforce.com")
    scheme, host, port = matched.group(1), matched.group(2).lower(), matched.group(3) or ""
    if insecure_loopback and is_loopback(host):
        return f"{(scheme or 'http').lower()}://{host}{port}"
    if (scheme or "https").lower() != "https":
        raise ValueError("is plain http, which is for this machine alone, with DATACLOUD_ALLOW_INSECURE_LOOPBACK=true")
    if suffixes is not None and not any(_ends(host, suffix) for suffix in suffixes):
        raise ValueError("does not end in one of DATACLOUD_HOST_SUFFIXES")
    return f"https://{host}{port}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this very machine."""
    return _LOOPBACK.fullmatch(host) is not None


def host_of(origin: str) -> str:
    """Host of an origin, without its port."""
    return urlsplit(origin).hostname or ""


def with_port(origin: str) -> str:
    """Host of an origin, with its port where it has one."""
    return urlsplit(origin).netloc


def suffixes_of(text: str) -> tuple[str, ...]:
    """The endings in a list with commas, without leading dots and stars.

    Raises:
        ValueError: One is no host name, or there is none; the message is the end of a sentence.
    """
    found = tuple(part.strip().lower().removeprefix("*").removeprefix(".") for part in text.split(",") if part.strip())
    if not found or not all(re.fullmatch(_HOST, suffix) for suffix in found):
        raise ValueError("is not a list of endings such as .salesforce.com")
    return found


def _ends(host: str, suffix: str) -> bool:
    return host == suffix or host.endswith(f".{suffix}")
