"""What an operator decides, with defaults and ranges; the operator's page has all of it as a table."""

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from app.app_releases import AppRelease
from app.settings.values import DatabaseUrl, Domain, HttpUrl, MailUrl, Network, RedisUrl, ServiceAccount, State

MIN_SECRET_LENGTH = 32


class Environment(StrEnum):
    DEV = "dev"
    PRODUCTION = "production"


class Settings(BaseModel):
    """What an operator decides. Every field is the environment variable `CAMPUS_` + its name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    env: Environment = Field(
        Environment.DEV, description="in production unsafe settings are refused, and nothing is made up"
    )
    database_url: DatabaseUrl = Field(
        "sqlite:///var/campus.db", repr=False, description="`sqlite:///file` or `postgresql://user:password@host/name`"
    )
    database_pool_size: int = Field(
        10, ge=1, le=200, description="connections to PostgreSQL per process, for reading and for writing each"
    )
    redis_url: RedisUrl | None = Field(None, repr=False, description="Redis or Valkey, where several processes run")
    mail_url: MailUrl | None = Field(
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
    public_url: HttpUrl = Field(
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
        description="password hashes that are computed at once, at low priority",
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
    linking_states: frozenset[State] = Field(
        frozenset({"NC", "DE"}), description="states where a district may offer linking"
    )
    trusted_proxies: tuple[Network, ...] = Field(
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
    captcha_verify_url: HttpUrl | None = Field(
        None, description="where a hosted provider is asked; its own address if left out"
    )
    captcha_work: int = Field(
        5_000,
        ge=1,
        le=1_000_000,
        description="rounds of one try at an ALTCHA challenge, which takes 256 tries on average (about half a second of one core)",
    )
    push_fcm_credentials: ServiceAccount | None = Field(
        None,
        description="the key of a Firebase service account, in JSON, as Firebase gives it out; if left out, messages for FCM go to the log",
    )
    push_fcm_url: HttpUrl = Field("https://fcm.googleapis.com", description="where FCM is asked")
    push_apns_key: SecretStr | None = Field(
        None, description="a key for APNs (the `.p8` file), in PEM; if left out, messages for APNs go to the log"
    )
    push_apns_key_id: str | None = Field(None, description="of the key for APNs")
    push_apns_team_id: str | None = Field(None, description="whose key for APNs it is")
    push_apns_topic: str | None = Field(
        None, description="the bundle id of the app on Apple's devices; with a wrong one all their tokens are dropped"
    )
    push_apns_url: HttpUrl = Field(
        "https://api.push.apple.com",
        description="where APNs is asked; `https://api.sandbox.push.apple.com` for apps under development",
    )
    apps: tuple[AppRelease, ...] = Field(
        (), description="the apps that you publish, as a JSON list: versions, store, and who opens mailed links"
    )
    sso_private_networks: tuple[Network, ...] = Field(
        (),
        description="your own networks where a single sign-on provider may be, comma-separated; else none is asked that is not public",
    )
    maintenance: bool = Field(
        False, description="what `GET /app-config` tells apps; requests are answered all the same"
    )
    change_password_url: HttpUrl | None = Field(
        None, description="where `/.well-known/change-password` leads: the page of your front end"
    )
    passkey_domain: Domain | None = Field(
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
