"""What an emulated org is like: every switch, with the default that is nearest to the real service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from app.datacloud.schema import OBJECTS, ObjectSpec

OWN_ORIGIN: Final = "own"
"""Stands among the audiences for the emulator's own origin."""
SCOPES: Final = frozenset({"cdp_ingest_api", "api", "refresh_token", "offline_access"})
INGEST_SCOPE: Final = "cdp_ingest_api"


@dataclass(frozen=True)
class App:
    """An app of the org that may log in.

    Attributes:
        key_pem: Its certificate, or its public key, in PEM.
        scopes: What its tokens are good for.
        preauthorised: The users that an admin has approved for it.
        jwt_format_tokens: Whether the option is ticked that makes its tokens unfit for the exchange.
    """

    key_pem: str
    scopes: frozenset[str] = SCOPES
    preauthorised: frozenset[str] = frozenset()
    jwt_format_tokens: bool = False


@dataclass(frozen=True)
class User:
    """An integration user."""

    active: bool = True
    datacloud_access: bool = True


@dataclass(frozen=True)
class EmulatorConfig:
    """The switches.

    Attributes:
        host: Address to listen on.
        port: 0 takes a free one.
        apps: By consumer key.
        users: By username.
        audiences: Accepted in an assertion; `own` stands for the emulator's origin.
        exp_max_s: An assertion must not be good for longer.
        exp_leeway_s: An assertion that ended so long ago is still taken.
        core_ttl_s: Lifetime of the login's token.
        dc_ttl_s: Lifetime of the Data Cloud token.
        tell_expires_in: Whether the exchange says how long its token is good.
        one_exchange_per_core_token: Whether a second exchange is answered with a page.
        instance_url_form: How the exchange names the tenant: `bare` host and port, or `url`.
        sources: The connectors: source name to its objects. An object's name stands in one source only.
        undeployed: Objects without a data stream.
        partial: Objects whose refresh mode is Partial.
        validation: `strict` refuses bad rows at once, `lenient` takes them and makes problem records.
        max_body_bytes: Largest body.
        oversize_status: The answer to a larger one.
        rate_limit_rps: Requests a second over all of the Ingestion API.
        burst: Requests that may come at once.
        retry_after_s: Told with 429 and 503; None tells nothing.
        retry_after_form: How it is told.
        process_interval_s: Between two processings; None only on request.
        accept_gzip: Whether compressed bodies are taken.
        require_all_fields: Whether a missing field is wrong outside Partial.
        unknown_fields: What a name is that the schema does not know.
        record_modified_ties: Which of two rows with the same Record Modified stays: the new one, or the old.
        check_duplicate_keys: Whether a name that stands twice in a JSON object is refused.
        credits_per_million: For a million rows processed.
        keep_deliveries: Accepted records remembered per object; counters go on beyond.
        keep_requests: Requests remembered.
        keep_bodies: Whether their bodies are remembered too.
        journal: File that each accepted record is appended to before it is acknowledged: object, tab, JSON.
    """

    host: str = "127.0.0.1"
    port: int = 0
    apps: Mapping[str, App] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    audiences: tuple[str, ...] = ("https://login.salesforce.com", "https://test.salesforce.com", OWN_ORIGIN)
    exp_max_s: float = 300
    exp_leeway_s: float = 0
    core_ttl_s: float = 7200
    dc_ttl_s: float = 7191
    tell_expires_in: bool = True
    one_exchange_per_core_token: bool = False
    instance_url_form: Literal["bare", "url"] = "bare"
    sources: Mapping[str, tuple[ObjectSpec, ...]] = field(default_factory=lambda: {"F1Telemetry": OBJECTS})
    undeployed: frozenset[str] = frozenset()
    partial: frozenset[str] = frozenset()
    validation: Literal["lenient", "strict"] = "lenient"
    max_body_bytes: int = 200_000
    oversize_status: int = 413
    rate_limit_rps: float = 250
    burst: float = 250
    retry_after_s: float | None = None
    retry_after_form: Literal["seconds", "date"] = "seconds"
    process_interval_s: float | None = 180
    accept_gzip: bool = False
    require_all_fields: bool = True
    unknown_fields: Literal["ignore", "reject"] = "ignore"
    record_modified_ties: Literal["overwrite", "keep"] = "overwrite"
    check_duplicate_keys: bool = True
    credits_per_million: float = 5000
    keep_deliveries: int = 200_000
    keep_requests: int = 100_000
    keep_bodies: bool = False
    journal: Path | None = None

    def __post_init__(self) -> None:
        specs = {spec.name: spec for objects in self.sources.values() for spec in objects}
        if len(specs) != sum(map(len, self.sources.values())):
            raise ValueError("an object stands in two sources")
        for name in sorted(self.partial):
            if name in specs and specs[name].category == "Engagement":
                raise ValueError(f"{name} is an Engagement object, which has no Partial refresh mode")

    def object_named(self, name: str) -> ObjectSpec | None:
        """The object of that name, in whatever source."""
        return next((spec for objects in self.sources.values() for spec in objects if spec.name == name), None)

    def takes_all_fields(self, object_name: str) -> bool:
        """Whether every field must stand in every row of the object."""
        return self.require_all_fields and object_name not in self.partial


# Any: settings of every type, about to be checked.
def changed(config: EmulatorConfig, changes: Mapping[str, Any]) -> EmulatorConfig:
    """The configuration with other values for some settings.

    Raises:
        ValueError: A name is no setting, or a value does not suit it; the message names it.
    """
    known = [spec.name for spec in fields(config)]
    for name in changes:
        if name not in known:
            raise ValueError(f"{name} is not a setting of the emulator")
    try:
        return _ADAPTER.validate_python({**{name: getattr(config, name) for name in known}, **changes})
    except ValidationError as refused:
        lines = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in refused.errors(include_input=False))
        raise ValueError("; ".join(lines)) from None


_ADAPTER: Final = TypeAdapter(EmulatorConfig)
