"""What is wrong with a configuration: every finding at once, each with what to do.

`unsafe` findings keep a production server from starting; `warning` ones do not.
"""

import ipaddress
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qs, urlsplit

from app.clock import SystemClock
from app.security.signing_key_file import SigningKeyFile
from app.security.signing_key_list import SigningKeysRefused
from app.security.signing_keys import SigningKeyPair
from app.settings import PREFIX, Settings, SettingsError, unknown_variables
from app.telemetry.extras import missing_extras

_MIN_DISTINCT_CHARACTERS = 12
"""Fewer in a secret key mean that a person made it up."""
_OLD_DAYS = 400
_A_DAY = timedelta(days=1)
_MIN_CAPTCHA_WORK = 1_000
"""About a tenth of a second of one core for each challenge."""
_VERIFIED = {"verify-ca", "verify-full", "true"}
"""Words of asyncpg's `ssl` with which PostgreSQL's certificate is verified."""


@dataclass(frozen=True)
class Finding:
    severity: Literal["unsafe", "warning"]
    part: str
    """The variable or the part that it is about."""
    advice: str
    id: str
    """For scripts: stays the same from release to release, as the words need not."""


def examine(settings: Settings, environ: Mapping[str, str] | None = None) -> list[Finding]:
    """Everything that can be told without asking a database; what is unsafe in production is a warning in development."""
    environ = os.environ if environ is None else environ
    findings = [
        *_public_url(settings),
        *_keys(settings),
        *_several_processes(settings),
        *_files(settings, environ),
        *_ages(environ),
        *_connections(settings),
        *_mail(settings),
        *_guard(settings),
        *_extras(settings, environ),
    ]
    if not settings.is_production:
        findings = [replace(finding, severity="warning") for finding in findings]
    return [
        *findings,
        *(
            Finding("warning", name, "there is no such setting", "settings.unknown")
            for name in unknown_variables(environ)
        ),
    ]


def refuse_unsafe(settings: Settings) -> None:
    """Raises SettingsError where a production server must not start with these settings."""
    unsafe = [f"{finding.part}: {finding.advice}" for finding in examine(settings) if finding.severity == "unsafe"]
    if unsafe:
        raise SettingsError(unsafe)


def _public_url(settings: Settings) -> Iterator[Finding]:
    parts = urlsplit(settings.public_url)
    if settings.is_production and parts.scheme != "https":
        yield Finding(
            "unsafe",
            f"{PREFIX}PUBLIC_URL",
            "must be https:// in production: tokens and passwords travel over it",
            "public_url.insecure",
        )
    if settings.is_production and _is_loopback(parts.hostname or ""):
        yield Finding(
            "unsafe",
            f"{PREFIX}PUBLIC_URL",
            "names this machine only; set the address that clients use",
            "public_url.loopback",
        )
    elif _is_address(settings.passkey_rp_id):
        yield Finding(
            "warning",
            f"{PREFIX}PASSKEY_DOMAIN",
            "no passkeys without it: they belong to a domain, and CAMPUS_PUBLIC_URL names an address",
            "passkey_domain.missing",
        )


def _keys(settings: Settings) -> Iterator[Finding]:
    for place, key in enumerate(settings.secret_keys, start=1):
        if len(set(key.get_secret_value())) < _MIN_DISTINCT_CHARACTERS:
            yield Finding(
                "unsafe",
                f"{PREFIX}SECRET_KEYS",
                f"key {place} is easy to guess; make one with `openssl rand -base64 48`",
                "secret_keys.weak",
            )
    for place, key in enumerate(settings.signing_keys, start=1):
        try:
            SigningKeyPair.from_pem(key.get_secret_value())
        except ValueError:
            advice = f"key {place} is no EC P-256 private key in PEM; make one with `openssl ecparam -name prime256v1 -genkey -noout`"
            yield Finding("unsafe", f"{PREFIX}SIGNING_KEYS", advice, "signing_keys.unusable")


def _several_processes(settings: Settings) -> Iterator[Finding]:
    if settings.workers > 1 and settings.redis_url is None:
        yield Finding(
            "unsafe",
            f"{PREFIX}REDIS_URL",
            "several workers without Redis or Valkey each count for themselves",
            "redis.needed",
        )


def _files(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    for name in (
        "SECRET_KEYS",
        "SIGNING_KEYS",
        "DATABASE_URL",
        "REDIS_URL",
        "CAPTCHA_SECRET",
        "PUSH_FCM_CREDENTIALS",
        "PUSH_APNS_KEY",
    ):
        file = environ.get(f"{PREFIX}{name}_FILE")
        if file and _others_may_read(Path(file)):
            yield Finding(
                "unsafe",
                f"{PREFIX}{name}_FILE",
                "everybody on this machine may read the file; chmod 600 it",
                "files.readable",
            )
    if settings.is_sqlite and _others_may_read(settings.sqlite_path):
        yield Finding(
            "unsafe",
            f"{PREFIX}DATABASE_URL",
            "everybody on this machine may read the database file; chmod 600 it",
            "database.readable",
        )


def _ages(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Of signing keys; what is no list of them is found elsewhere."""
    try:
        listed = SigningKeyFile.of(environ).keys
    except (SigningKeysRefused, OSError):
        return
    part, now = f"{PREFIX}SIGNING_KEYS", SystemClock().now()
    first = listed.keys[0] if listed.keys else None
    since = first and (first.signs_since or first.listed_at or listed.changed_at)
    if since and (days := (now - since).days) > _OLD_DAYS:
        advice = f"the first key has signed for {days} days; `campus signing-keys new` makes another"
        yield Finding("warning", part, advice, "signing_keys.old")
    due = [moment for key in listed.keys for moment in (listed.may_sign_at(key), listed.may_go_at(key)) if moment]
    if any(moment < now - _A_DAY for moment in due):
        advice = (
            "a key stands behind the first since yesterday or longer; `campus signing-keys status` names the next step"
        )
        yield Finding("warning", part, advice, "signing_keys.unfinished")


def _connections(settings: Settings) -> Iterator[Finding]:
    """To parts on other machines. Mail goes encrypted in production, or not at all."""
    parts = urlsplit(settings.database_url)
    ssl = parse_qs(parts.query).get("ssl", [""])[-1]
    if not settings.is_sqlite and _is_remote(parts) and ssl not in _VERIFIED:
        unverified = ("anybody may answer in its place; add ?ssl=verify-full", "database.unverified")
        unencrypted = ("the connection may go unencrypted; add ?ssl=verify-full", "database.unencrypted")
        yield Finding("warning", f"{PREFIX}DATABASE_URL", *(unverified if ssl == "require" else unencrypted))
    cache = urlsplit(settings.redis_url or "")
    if cache.scheme in {"redis", "valkey"} and _is_remote(cache):
        advice = "the connection goes unencrypted; use rediss://"
        yield Finding("warning", f"{PREFIX}REDIS_URL", advice, "redis.unencrypted")
    provider = urlsplit(settings.captcha_verify_url or "")
    if provider.scheme == "http" and _is_remote(provider):
        advice = "must be https://: the secret of the provider travels over it"
        yield Finding("unsafe", f"{PREFIX}CAPTCHA_VERIFY_URL", advice, "captcha.insecure")


def _mail(settings: Settings) -> Iterator[Finding]:
    if settings.is_production and settings.mail_folder is not None:
        yield Finding(
            "warning", f"{PREFIX}MAIL_URL", "mails are written into a folder; nobody gets them", "mail.folder"
        )
    if settings.is_production and settings.mail_from.endswith("@localhost"):
        yield Finding(
            "warning", f"{PREFIX}MAIL_FROM", "is no address of yours; mail servers will refuse it", "mail.from"
        )


def _guard(settings: Settings) -> Iterator[Finding]:
    for network in settings.trusted_proxies:
        if network.prefixlen == 0:
            yield Finding(
                "unsafe", f"{PREFIX}TRUSTED_PROXIES", f"{network} lets everybody claim any address", "proxies.everybody"
            )
    if settings.is_production and not settings.trusted_proxies:
        advice = "is empty: behind a proxy all people count as one address, and are limited together"
        yield Finding("warning", f"{PREFIX}TRUSTED_PROXIES", advice, "proxies.none")
    if settings.captcha_work < _MIN_CAPTCHA_WORK:
        advice = f"is less than {_MIN_CAPTCHA_WORK}: a machine would hardly notice the work"
        yield Finding("warning", f"{PREFIX}CAPTCHA_WORK", advice, "captcha.work")


def _extras(settings: Settings, environ: Mapping[str, str]) -> Iterator[Finding]:
    for variable, extra in missing_extras(settings, environ).items():
        yield Finding("unsafe", variable, f"needs what is not installed: campus-accounts[{extra}]", "extras.missing")


def _others_may_read(file: Path) -> bool:
    return file.exists() and bool(file.stat().st_mode & stat.S_IROTH)


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _is_remote(parts: SplitResult) -> bool:
    return parts.hostname is not None and not _is_loopback(parts.hostname)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"localhost", ""}
