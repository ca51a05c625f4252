"""The kinds of values that settings of districts and schools have, each with what it refuses."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

WIDEST_IPV4, WIDEST_IPV6 = 8, 32
_APPS_SCHEME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")


def _network(text: str) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise PydanticCustomError("network_expected", "must be a network such as 203.0.113.0/24") from None
    widest = WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6
    if network.prefixlen < widest:
        raise PydanticCustomError("network_too_wide", "wider than /{widest}", {"widest": widest})
    return str(network)


def _origin(text: str) -> str:
    scheme, separator, host = text.partition("://")
    is_host = host == host.lower() and not any(c in host for c in "/?#@\\*") and _is_printed(host)
    if scheme not in {"http", "https"} or not separator or not host or not is_host:
        raise PydanticCustomError("origin_expected", "must be an origin such as https://portal.example.org")
    return text


def _web_url(text: str) -> str:
    host = text.partition("://")[2].partition("/")[0]
    is_url = host and not any(c in text for c in '\\<>"') and _is_printed(text)
    if not text.startswith(("https://", "http://")) or not is_url:
        raise PydanticCustomError("web_address_expected", "must be an http:// or https:// URL")
    return text.rstrip("/")


def _is_printed(text: str) -> bool:
    return text.isprintable() and " " not in text


def _base_url(text: str) -> str:
    """Where mailed links begin: a path is appended to it, so nothing may follow the path, and no name may hide the host."""
    if any(c in text for c in "?#@"):
        raise ValueError("must be a URL without query, fragment or user name")
    return text


def _redirect_uri(text: str) -> str:
    """Where an app gets its answer: https, an app's own scheme (RFC 8252: a domain backwards), or this machine while one develops."""
    scheme, separator, rest = text.partition(":")
    host = rest.removeprefix("//").partition("/")[0]
    is_web = scheme == "https" and rest.startswith("//") and host
    is_local = scheme == "http" and rest.startswith("//") and host.partition(":")[0] in {"localhost", "127.0.0.1"}
    is_apps = separator and _APPS_SCHEME.fullmatch(scheme) and rest.startswith("/")
    if not (is_web or is_local or is_apps) or any(c in text for c in '#@\\<>"*') or not _is_printed(text):
        raise PydanticCustomError("redirect_uri_expected", "must be an address such as https://portal.example.org/sso")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
MailAddress = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
WebUrl = Annotated[str, StringConstraints(max_length=500), AfterValidator(_web_url)]
Network = Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]
Origin = Annotated[str, StringConstraints(max_length=255), AfterValidator(_origin)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]
RedirectUri = Annotated[str, StringConstraints(max_length=500), AfterValidator(_redirect_uri)]
BaseUrl = Annotated[WebUrl, AfterValidator(_base_url)]
