"""The kinds of values that `CAMPUS_*` variables have, each with what it refuses."""

import json
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, SecretStr, StringConstraints


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


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Domain = Annotated[str, AfterValidator(_domain)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
MailUrl = Annotated[str, AfterValidator(_mail_url)]
RedisUrl = Annotated[str, AfterValidator(_redis_url)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]
ServiceAccount = Annotated[SecretStr, AfterValidator(_service_account)]
State = Annotated[str, StringConstraints(to_upper=True, pattern="^[A-Za-z]{2}$")]
