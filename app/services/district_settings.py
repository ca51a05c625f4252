"""What a district decides: features and policies with their defaults and ranges (contract, section 8).

A district stores only what it has changed, as a nested mapping; `DistrictSettings.model_validate` of it gives the whole.
`campus districts set` and the office name a setting by its path, such as `password_policy.min_length`.
"""

import ipaddress
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.portals import Portal

DISTRICT_ID_MAX_LENGTH = 64
WIDEST_IPV4, WIDEST_IPV6 = 8, 32


class SettingRefused(Exception):
    """A setting that does not exist or a value outside its range; the message names both."""


def _network(text: str) -> str:
    network = ipaddress.ip_network(text, strict=False)
    widest = WIDEST_IPV4 if network.version == 4 else WIDEST_IPV6
    if network.prefixlen < widest:
        raise ValueError(f"{text} is wider than /{widest}")
    return str(network)


def _origin(text: str) -> str:
    scheme, separator, host = text.partition("://")
    if (
        scheme not in {"http", "https"}
        or not separator
        or not host
        or any(c in host for c in "/?#@\\ *")
        or host != host.lower()
    ):
        raise ValueError(f"{text!r} is not an origin such as https://portal.example.org")
    return text


def _web_url(text: str) -> str:
    host = text.partition("://")[2].partition("/")[0]
    if not text.startswith(("https://", "http://")) or not host or any(c in text for c in ' \\<>"'):
        raise ValueError("must be an http:// or https:// URL")
    return text.rstrip("/")


def _base_url(text: str) -> str:
    """Where mailed links begin: a path is appended to it, so nothing may follow the path, and no name may hide the host."""
    if any(c in text for c in "?#@"):
        raise ValueError("must be a URL without query, fragment or user name")
    return text


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
WebUrl = Annotated[str, StringConstraints(max_length=500), AfterValidator(_web_url)]
Network = Annotated[str, AfterValidator(_network)]
Origin = Annotated[str, StringConstraints(max_length=255), AfterValidator(_origin)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Features(_Group):
    activation: bool = True
    password_reset: bool = True
    username_recovery: bool = True
    key_request: bool = False
    claim: bool = False
    challenge_questions: bool = False
    linking: bool = True
    """Counts only in the states where the operator allows linking."""
    push: bool = True
    sso: bool = False


class PasswordPolicy(_Group):
    min_length: int = Field(8, ge=6, le=64)
    alphanumeric: bool = False
    """A letter and a digit."""
    strong: bool = False
    """Three of lower case, upper case, digit, symbol."""
    history: int = Field(5, ge=0, le=24)


class UsernamePolicy(_Group):
    min_length: int = Field(4, ge=4, le=32)
    max_length: int = Field(32, ge=4, le=32)


class ActivationKeyPolicy(_Group):
    days: int = Field(90, ge=1, le=365)


class CaptchaPolicy(_Group):
    threshold: int = Field(3, ge=1, le=20)


class UsernameRecoveryPolicy(_Group):
    lockout: Literal["recovery", "account"] = "recovery"


class ClaimPolicy(_Group):
    delay_hours: int = Field(24, ge=0, le=720)
    fields: tuple[Literal["birth_date"], ...] = ()
    match: Literal["forgiving", "exact"] = "forgiving"


class ChallengePolicy(_Group):
    count: int = Field(3, ge=1, le=10)


class KeyRequestPolicy(_Group):
    fields: tuple[Literal["ssn_last4", "birth_date", "guardian_first_name", "guardian_last_name"], ...] = (
        "birth_date",
    )
    delivery: Literal["email", "display"] = "email"


class RosterPolicy(_Group):
    grace_days: int = Field(0, ge=0, le=365)


class Networks(_Group):
    shared: tuple[Network, ...] = ()
    """The schools' own networks: many people behind one address."""


class SupportTicketLink(_Group):
    label: Line | None = None
    url: WebUrl | None = None


class Support(_Group):
    phone: Line | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    url: WebUrl | None = None
    ticket: SupportTicketLink = SupportTicketLink()


class DistrictSettings(_Group):
    portals: tuple[Portal, ...] = (Portal.PARENT, Portal.STUDENT)
    languages: tuple[LanguageTag, ...] = Field(("en", "es"), min_length=1)
    features: Features = Features()
    password_policy: PasswordPolicy = PasswordPolicy()
    username_policy: UsernamePolicy = UsernamePolicy()
    activation_key: ActivationKeyPolicy = ActivationKeyPolicy()
    captcha: CaptchaPolicy = CaptchaPolicy()
    username_recovery: UsernameRecoveryPolicy = UsernameRecoveryPolicy()
    claim: ClaimPolicy = ClaimPolicy()
    challenge_questions: ChallengePolicy = ChallengePolicy()
    key_request: KeyRequestPolicy = KeyRequestPolicy()
    roster: RosterPolicy = RosterPolicy()
    networks: Networks = Networks()
    origins: tuple[Origin, ...] = ()
    portal_url: Annotated[WebUrl, AfterValidator(_base_url)] | None = None
    support: Support = Support()
    maintenance_until: AwareDatetime | None = None


def setting_paths() -> list[str]:
    """Every setting by its path, such as `features.claim`."""
    return sorted(_paths(DistrictSettings))


def changed(stored: Mapping[str, Any], assignments: Iterable[str]) -> dict[str, Any]:
    """The stored settings with `path=value` assignments applied; lists are comma-separated, an empty value restores the default.

    Raises:
        SettingRefused: an unknown path, or a value outside its range. Nothing is half applied.
    """
    result = _deep_copy(stored)
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or path not in setting_paths():
            raise SettingRefused(f"There is no setting {path!r}. Settings are: {', '.join(setting_paths())}")
        _assign(result, path.split("."), _value(path, text))
    try:
        return DistrictSettings.model_validate(result).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        faults = (
            "{}: {}".format(".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors()
        )
        raise SettingRefused("; ".join(faults)) from error


def _paths(group: type[BaseModel], prefix: str = "") -> Iterable[str]:
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def _value(path: str, text: str) -> object:
    if text == "":
        return None
    annotation: Any = DistrictSettings
    for part in path.split("."):
        annotation = annotation.model_fields[part].annotation
    if typing.get_origin(annotation) in {Union, types.UnionType}:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is tuple:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _assign(tree: dict[str, Any], path: list[str], value: object) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    if value is None:
        tree.pop(path[-1], None)
    else:
        tree[path[-1]] = value


def _deep_copy(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _deep_copy(value) if isinstance(value, Mapping) else value for key, value in tree.items()}
