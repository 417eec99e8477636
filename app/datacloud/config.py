"""What the connection to the org needs, out of the settings: all of it checked, and all mistakes told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from cryptography.x509 import load_pem_x509_certificates

from app.datacloud.endpoints import Destination, destinations, host_of, origin, suffixes_of
from app.datacloud.keys import PrivateKey, load_key
from app.datacloud.retry import Outcome
from app.errors import BadKey
from app.settings import BadSettings, Settings

_T = TypeVar("_T")

LOGIN: Final = "https://login.salesforce.com"
TEST: Final = "https://test.salesforce.com"

_OVERRIDES: Final[Mapping[str, Outcome]] = {
    word: Outcome(word) for word in ("transient", "auth", "size", "record", "config")
}


@dataclass(frozen=True)
class CloudConfig:
    """Everything the connection needs; its `repr` shows no secret.

    Attributes:
        login_url: Origin of the login host.
        audience: Whom the login assertion is meant for.
        client_id: Consumer key of the app.
        username: The integration user.
        key: What signs the login.
        destinations: Where rows go, by the object's name in our schema.
        dataspace: Named at the token exchange; None is the default one.
        revoke_core_token: Whether the login's own token is given back after each exchange.
        gzip: Whether request bodies are compressed.
        host_suffixes: Endings of the hosts that may be talked to, without leading dots.
        allow_insecure_loopback: Whether plain http to this machine is allowed.
        ca_file: Further certificate authorities.
        status_overrides: What an answer's status means, where this org differs.
    """

    login_url: str
    audience: str
    client_id: str = field(repr=False)
    username: str
    key: PrivateKey
    destinations: Mapping[str, Destination]
    dataspace: str | None = None
    revoke_core_token: bool = False
    gzip: bool = False
    host_suffixes: tuple[str, ...] = ("salesforce.com",)
    allow_insecure_loopback: bool = False
    ca_file: Path | None = None
    status_overrides: Mapping[int, Outcome] = field(default_factory=dict)


def cloud_config(settings: Settings) -> CloudConfig:
    """The connection's configuration.

    Raises:
        BadSettings: With one line per setting that is wrong, named, without its value.
    """
    problems = _Problems()
    login_url = problems.collect("", lambda: _login_url(settings))
    key = problems.collect("", lambda: _key(settings))
    targets = problems.collect("", lambda: destinations(settings))
    suffixes = problems.collect("DATACLOUD_HOST_SUFFIXES", lambda: suffixes_of(settings.datacloud_host_suffixes))
    ca_file = problems.collect("DATACLOUD_CA_FILE", lambda: _ca_file(settings.datacloud_ca_file))
    overrides = problems.collect("DATACLOUD_STATUS_OVERRIDES", lambda: _overrides(settings.datacloud_status_overrides))
    client_id = problems.collect("", lambda: _given(settings, "sf_client_id", settings.sf_client_id.get_secret_value()))
    username = problems.collect("", lambda: _given(settings, "sf_username", settings.sf_username))
    if problems.lines:
        raise BadSettings("\n".join(problems.lines))
    return CloudConfig(
        login_url=login_url(),
        audience=settings.sf_jwt_audience.strip() or audience_of(login_url()),
        client_id=client_id(),
        username=username(),
        key=key(),
        destinations=targets(),
        dataspace=settings.dc_dataspace.strip() or None,
        revoke_core_token=settings.sf_revoke_core_token,
        gzip=settings.datacloud_gzip,
        host_suffixes=suffixes(),
        allow_insecure_loopback=settings.datacloud_allow_insecure_loopback,
        ca_file=ca_file(),
        status_overrides=overrides(),
    )


def audience_of(login_url: str) -> str:
    """The audience that suits a login host, unless the operator knows better."""
    host = host_of(login_url)
    is_sandbox = host == "test.salesforce.com" or host.endswith(".sandbox.my.salesforce.com")
    return TEST if is_sandbox else LOGIN


class _Problems:
    """What is wrong, collected rather than raised."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def collect(self, setting: str, make: Callable[[], _T]) -> Callable[[], _T]:
        """What gives the value that `make` makes; of use only when nothing was wrong.

        Args:
            setting: Its name, where `make` does not name it.
            make: Raises ValueError or BadSettings when something is wrong.
        """
        try:
            value = make()
        except (ValueError, BadSettings) as wrong:
            self.lines += [f"{setting}: {wrong}"] if setting else str(wrong).splitlines()
            return make
        return lambda: value


def _given(settings: Settings, name: str, value: str) -> str:
    if not value.strip():
        raise BadSettings(f"{name.upper()}: {_empty(settings)}")
    return value.strip()


def _empty(settings: Settings) -> str:
    return "is empty" + (", and DATACLOUD_ENABLED is true" if settings.datacloud_enabled else "")


def _login_url(settings: Settings) -> str:
    name = "SF_LOGIN_URL" if settings.sf_login_url.strip() else "SALESFORCE_DOMAIN"
    text = settings.sf_login_url.strip() or settings.salesforce_domain.strip()
    if not text:
        raise BadSettings(f"SALESFORCE_DOMAIN: {_empty(settings)}")
    try:
        login_url = origin(text, None, settings.datacloud_allow_insecure_loopback)
    except ValueError as wrong:
        raise BadSettings(f"{name}: {wrong}") from None
    if host_of(login_url).endswith(".lightning.force.com"):
        raise BadSettings(f"{name}: is the address of the org's pages; its My Domain ends in .my.salesforce.com")
    return login_url


def _key(settings: Settings) -> PrivateKey:
    path, inline = settings.sf_private_key_path.strip(), settings.sf_private_key.get_secret_value()
    if path and inline.strip():
        raise BadSettings("SF_PRIVATE_KEY: is set, and so is SF_PRIVATE_KEY_PATH; choose one")
    if not path and not inline.strip():
        raise BadSettings(f"SF_PRIVATE_KEY_PATH: {_empty(settings)}")
    try:
        return load_key(path or None, inline, settings.sf_private_key_passphrase.get_secret_value() or None)
    except BadKey as wrong:
        raise BadSettings(f"{'SF_PRIVATE_KEY_PATH' if path else 'SF_PRIVATE_KEY'}: {wrong}") from None


def _ca_file(text: str) -> Path | None:
    if not text.strip():
        return None
    path = Path(text.strip())
    try:
        load_pem_x509_certificates(path.read_bytes())
    except OSError as refusal:
        raise ValueError(f"{path} cannot be read: {refusal.strerror}") from None
    except ValueError:
        raise ValueError(f"{path} holds no certificate in PEM form") from None
    return path


def _overrides(given: Mapping[int, str]) -> Mapping[int, Outcome]:
    if not all(300 <= status <= 599 and word in _OVERRIDES for status, word in given.items()):
        raise ValueError(f"is not a JSON object from a status, 300 to 599, to one of {', '.join(_OVERRIDES)}")
    return {status: _OVERRIDES[word] for status, word in given.items()}
