"""`CAMPUS_*` settings: read from the environment once, frozen, validated all at once."""

import json
import os
import re
from collections.abc import Mapping
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    ValidationError,
    field_validator,
)

from app.app_releases import AppRelease

PREFIX = "CAMPUS_"
MIN_SECRET_LENGTH = 32


class Environment(StrEnum):
    DEV = "dev"
    PRODUCTION = "production"


class SettingsError(Exception):
    """The environment does not make a usable configuration; `faults` names each variable and what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


def _http_url(value: str) -> str:
    if not value.startswith(("http://", "https://")) or "?" in value or "#" in value:
        raise ValueError("must be an http:// or https:// URL without query or fragment")
    return value.rstrip("/")


def _domain(value: str) -> str:
    if not re.fullmatch(r"(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*", value) or value.replace(".", "").isdigit():
        raise ValueError("must be a domain such as example.org, without https:// and without a port")
    return value


def _database_url(value: str) -> str:
    if not value.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("must start with sqlite:/// or postgresql://")
    if value.startswith("sqlite:") and value.removeprefix("sqlite:///") in {"", ":memory:"}:
        raise ValueError("must name a file: several processes share it")
    return value


def _network(value: object) -> IPv4Network | IPv6Network:
    try:
        return ip_network(str(value), strict=False)
    except ValueError:
        raise ValueError("each must be an address or a network such as 10.0.0.0/8") from None


def _mail_url(value: str) -> str:
    if not value.startswith(("outbox:///", "smtp://", "smtps://")):
        raise ValueError("must start with outbox:///, smtp:// or smtps://")
    return value


def _redis_url(value: str) -> str:
    if not value.startswith(("redis://", "rediss://", "valkey://", "valkeys://", "unix://")):
        raise ValueError("must start with redis://, rediss:// or unix://")
    return value


def _service_account(value: SecretStr) -> SecretStr:
    try:
        file = json.loads(value.get_secret_value())
        wanted = [file[name] for name in ("project_id", "client_email", "private_key_id", "private_key", "token_uri")]
        is_one = file["type"] == "service_account" and all(isinstance(text, str) and text for text in wanted)
    except (ValueError, TypeError, LookupError, RecursionError):
        is_one = False
    if not is_one or not file["token_uri"].startswith(("http://", "https://")):
        raise ValueError("must be the JSON of a service account's key, as Firebase gives it out")
    return value


_HttpUrl = Annotated[str, AfterValidator(_http_url)]


class Settings(BaseModel):
    """What an operator decides. Every field is the environment variable `CAMPUS_` + its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    env: Environment = Field(
        Environment.DEV, description="in production unsafe settings are refused, and nothing is made up"
    )
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "sqlite:///var/campus.db", repr=False, description="`sqlite:///file` or `postgresql://user:password@host/name`"
    )
    database_pool_size: int = Field(
        10, ge=1, le=200, description="connections to PostgreSQL per process, for reading and for writing each"
    )
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = Field(
        None, repr=False, description="Redis or Valkey, where several processes run"
    )
    mail_url: Annotated[str, AfterValidator(_mail_url)] | None = Field(
        None,
        repr=False,
        description="a folder `outbox` beside the data if left out; `outbox:///folder`, `smtp://user:password@host:587` or "
        "`smtps://host:465`; over smtp TLS is required in production",
    )
    mail_from: str = Field(
        "no-reply@localhost",
        pattern=r"^[^@\s<>]+@[^@\s<>]+$",
        description="the address that mails come from; the display name is the district's",
    )
    public_url: _HttpUrl = Field(
        "http://127.0.0.1:8000", description="where clients reach the service; the issuer of its tokens"
    )
    secret_keys: tuple[SecretStr, ...] = Field(
        (),
        description="strings of 32 characters or more, comma-separated, newest first; needed in production",
    )
    signing_keys: tuple[SecretStr, ...] = Field(
        (),
        description="EC P-256 private keys in PEM, newest first; needed in production",
    )
    workers: int = Field(1, ge=1, le=64, description="server processes of `campus serve`")
    hash_threads: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        le=256,
        description="threads that compute password hashes, at low priority",
    )
    hash_queue: int = Field(
        512, ge=1, le=100_000, description="hashes that may wait in a process; beyond that 503 at once"
    )
    max_body_bytes: int = Field(65_536, ge=1024, le=10_485_760, description="largest request body")
    max_roster_bytes: int = Field(
        50_000_000,
        ge=1024,
        le=1_000_000_000,
        description="largest zip of a roster that an office may upload; it lies in a temporary file (`TMPDIR`) while it is read",
    )
    linking_states: frozenset[Annotated[str, StringConstraints(to_upper=True, pattern="^[A-Za-z]{2}$")]] = Field(
        frozenset({"NC", "DE"}), description="states where a district may offer linking"
    )
    trusted_proxies: tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...] = Field(
        (), description="addresses and networks of the proxies in front, comma-separated"
    )
    rate_login: int = Field(120, ge=1, le=1_000_000, description="sign-ins a minute from one address")
    rate_activate: int = Field(
        60, ge=1, le=1_000_000, description="requests with activation keys a minute from one address"
    )
    rate_recovery: int = Field(30, ge=1, le=1_000_000, description="requests of recovery a minute from one address")
    rate_public: int = Field(300, ge=1, le=1_000_000, description="other public requests a minute from one address")
    rate_session: int = Field(300, ge=1, le=1_000_000, description="requests a minute of one session")
    rate_district: int = Field(
        6_000, ge=1, le=1_000_000, description="sign-ins, activations and recoveries a minute that name one district"
    )
    rate_everyone: int = Field(30_000, ge=1, le=1_000_000, description="the same of all districts together")
    captcha_provider: Literal["altcha", "turnstile", "hcaptcha", "recaptcha"] = Field(
        "altcha", description="who asks for CAPTCHAs: `altcha` is this service itself"
    )
    captcha_site_key: str | None = Field(None, description="of a hosted CAPTCHA provider; public")
    captcha_secret: SecretStr | None = Field(None, description="of a hosted CAPTCHA provider")
    captcha_verify_url: _HttpUrl | None = Field(
        None, description="where a hosted provider is asked; its own address if left out"
    )
    captcha_work: int = Field(
        5_000,
        ge=1,
        le=1_000_000,
        description="rounds of one try at an ALTCHA challenge, which takes 256 tries on average (about half a second of one core)",
    )
    push_fcm_credentials: Annotated[SecretStr, AfterValidator(_service_account)] | None = Field(
        None,
        description="the key of a Firebase service account, in JSON, as Firebase gives it out; if left out, messages for FCM go to the log",
    )
    push_fcm_url: _HttpUrl = Field("https://fcm.googleapis.com", description="where FCM is asked")
    push_apns_key: SecretStr | None = Field(
        None, description="a key for APNs (the `.p8` file), in PEM; if left out, messages for APNs go to the log"
    )
    push_apns_key_id: str | None = Field(None, description="of the key for APNs")
    push_apns_team_id: str | None = Field(None, description="whose key for APNs it is")
    push_apns_topic: str | None = Field(
        None, description="the bundle id of the app on Apple's devices; with a wrong one all their tokens are dropped"
    )
    push_apns_url: _HttpUrl = Field(
        "https://api.push.apple.com",
        description="where APNs is asked; `https://api.sandbox.push.apple.com` for apps under development",
    )
    apps: tuple[AppRelease, ...] = Field(
        (), description="the apps that you publish, as a JSON list: versions, store, and who opens mailed links"
    )
    sso_private_networks: tuple[Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)], ...] = Field(
        (),
        description="your own networks where a single sign-on provider may be, comma-separated; else none is asked that is not public",
    )
    maintenance: bool = Field(
        False, description="what `GET /app-config` tells apps; requests are answered all the same"
    )
    change_password_url: _HttpUrl | None = Field(
        None, description="where `/.well-known/change-password` leads: the page of your front end"
    )
    passkey_domain: Annotated[str, AfterValidator(_domain)] | None = Field(
        None,
        description="the domain that passkeys belong to (WebAuthn's RP ID); the host of `CAMPUS_PUBLIC_URL` if left out. Once there are "
        "passkeys it must stay: with another one none of them opens anything",
    )
    sentry_dsn: SecretStr | None = Field(
        None, description="where unexpected errors are told to Sentry, without any value; needs the extra `sentry`"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="the least that is logged")

    @property
    def is_production(self) -> bool:
        return self.env is Environment.PRODUCTION

    @property
    def is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite:")

    @property
    def passkey_rp_id(self) -> str:
        """The domain that passkeys belong to. No browser takes an address for one; on this machine it is called `localhost`."""
        host = urlsplit(self.public_url).hostname or ""
        return self.passkey_domain or ("localhost" if host in {"127.0.0.1", "::1"} else host)

    @property
    def sqlite_path(self) -> Path:
        """The file of an embedded database, relative to the working directory unless the URL has four slashes."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def data_folder(self) -> Path:
        """Where files of the embedded set-up lie: beside the SQLite file, else `var/`."""
        return self.sqlite_path.parent if self.is_sqlite else Path("var")

    @property
    def mail_folder(self) -> Path | None:
        """Where mails are written as files, unless a mail server takes them."""
        if self.mail_url is None:
            return self.data_folder / "outbox"
        return Path(self.mail_url.removeprefix("outbox://")) if self.mail_url.startswith("outbox:") else None

    @field_validator("apps", mode="before")
    @classmethod
    def _from_json(cls, apps: object) -> object:
        try:
            return json.loads(apps) if isinstance(apps, str) else apps
        except (ValueError, RecursionError):
            raise ValueError("must be a JSON list of apps") from None

    @field_validator("apps")
    @classmethod
    def _each_once(cls, apps: tuple[AppRelease, ...]) -> tuple[AppRelease, ...]:
        if len({(app.product, app.platform) for app in apps}) != len(apps):
            raise ValueError("names the same product twice for one platform")
        return apps

    @field_validator("secret_keys")
    @classmethod
    def _long_enough(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < MIN_SECRET_LENGTH for key in keys):
            raise ValueError(f"each key needs {MIN_SECRET_LENGTH} characters or more")
        if len({key.get_secret_value() for key in keys}) != len(keys):
            raise ValueError("the same key stands twice")
        return keys


_LISTS = {
    "secret_keys": r"[,\r\n]",
    "linking_states": r"[,\r\n]",
    "trusted_proxies": r"[,\r\n]",
    "sso_private_networks": r"[,\r\n]",
}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Reads `CAMPUS_*` and `CAMPUS_*_FILE`.

    Raises:
        SettingsError: with every fault at once, none of which repeats a value.
    """
    source = os.environ if environ is None else environ
    values, faults = _collect(source)
    faults += _missing(values)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        faults += [
            _sentence(fault["loc"], fault["msg"]) for fault in error.errors(include_input=False, include_url=False)
        ]
    if faults:
        raise SettingsError(sorted(faults))
    return settings


def _missing(values: Mapping[str, object]) -> list[str]:
    """Asked before the rest is validated, so that all faults are told at once."""
    hosted = values.get("captcha_provider", "altcha") != "altcha"
    wanted = [
        ("in production", values.get("env") == Environment.PRODUCTION, "secret_keys signing_keys"),
        ("for a hosted CAPTCHA provider", hosted, "captcha_site_key captcha_secret"),
        ("with a key for APNs", "push_apns_key" in values, "push_apns_key_id push_apns_team_id push_apns_topic"),
    ]
    return [
        f"{PREFIX}{name.upper()}: must be set {when}"
        for when, is_wanted, names in wanted
        for name in names.split()
        if is_wanted and name not in values
    ]


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """`CAMPUS_*` variables that mean nothing here: often a misspelt setting."""
    known = {f"{PREFIX}{name.upper()}{ending}" for name in Settings.model_fields for ending in ("", "_FILE")}
    return sorted(name for name in environ if name.startswith(PREFIX) and name not in known)


def _collect(source: Mapping[str, str]) -> tuple[dict[str, object], list[str]]:
    values: dict[str, object] = {}
    faults: list[str] = []
    for variable, raw in sorted(source.items()):
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        text = raw
        if name not in Settings.model_fields and name.endswith("_file") and name[:-5] in Settings.model_fields:
            name = name[:-5]
            if f"{PREFIX}{name.upper()}" in source:
                faults.append(f"{variable}: {PREFIX}{name.upper()} is set too; keep one of them")
            try:
                text = Path(raw).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                faults.append(f"{variable}: cannot read the file ({getattr(error, 'strerror', 'it is not UTF-8')})")
                continue
        if name in Settings.model_fields and text != "":
            values[name] = _split(name, text)
    return values, faults


def _split(name: str, text: str) -> object:
    if name == "signing_keys":
        end = "-----END"
        return (
            tuple(f"-----BEGIN{part}" for part in text.replace("\\n", "\n").split("-----BEGIN")[1:])
            if end in text
            else (text,)
        )
    if name == "push_apns_key":
        return text.replace("\\n", "\n")
    if separator := _LISTS.get(name):
        return tuple(part.strip() for part in re.split(separator, text) if part.strip())
    return text


def _sentence(location: tuple[int | str, ...], message: str) -> str:
    message = message.removeprefix("Value error, ")
    return f"{PREFIX}{str(location[0]).upper()}: {message}" if location else message
