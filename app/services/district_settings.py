"""What a district decides: features and policies with their defaults and ranges (contract, section 8).

A district stores only what it has changed, as a nested mapping; `DistrictSettings.model_validate` of it gives the whole.
`campus districts set` and the office name a setting by its path, such as `password_policy.min_length`.
"""

import ipaddress
import re
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeVar, Union

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from app.portals import Portal
from app.services.app_areas import AreaSettings, FeatureClosures
from app.services.settings_group import SettingsGroup

DISTRICT_ID_MAX_LENGTH = 64
GUARDIAN_NAMES = ("guardian_first_name", "guardian_last_name")
WIDEST_IPV4, WIDEST_IPV6 = 8, 32
LEAST_AUDIT_DAYS = 365


Settings = TypeVar("Settings", bound=BaseModel)


class SettingRefused(Exception):
    """A setting that does not exist or a value outside its range; the message names both."""


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


_APPS_SCHEME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
WebUrl = Annotated[str, StringConstraints(max_length=500), AfterValidator(_web_url)]
Network = Annotated[str, StringConstraints(max_length=50), AfterValidator(_network)]
Origin = Annotated[str, StringConstraints(max_length=255), AfterValidator(_origin)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)]

RedirectUri = Annotated[str, StringConstraints(max_length=500), AfterValidator(_redirect_uri)]

Portals = Annotated[tuple[Portal, ...], Field(max_length=3)]
Languages = Annotated[tuple[LanguageTag, ...], Field(min_length=1, max_length=50)]
Origins = Annotated[tuple[Origin, ...], Field(max_length=50)]


class Features(SettingsGroup):
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


class PasswordPolicy(SettingsGroup):
    min_length: int = Field(8, ge=6, le=64)
    alphanumeric: bool = False
    """A letter and a digit."""
    strong: bool = False
    """Three of lower case, upper case, digit, symbol."""
    history: int = Field(5, ge=0, le=24)


class UsernamePolicy(SettingsGroup):
    min_length: int = Field(4, ge=4, le=32)
    max_length: int = Field(32, ge=4, le=32)

    @field_validator("max_length")
    @classmethod
    def _not_below_the_least(cls, value: int, info: ValidationInfo) -> int:
        if value < (least := info.data.get("min_length", value)):
            raise PydanticCustomError("max_below_min", "must be {min} or more, the least length", {"min": least})
        return value


class ActivationKeyPolicy(SettingsGroup):
    days: int = Field(90, ge=1, le=365)


class CaptchaPolicy(SettingsGroup):
    threshold: int = Field(3, ge=1, le=20)


class UsernameRecoveryPolicy(SettingsGroup):
    lockout: Literal["recovery", "account"] = "recovery"


class ClaimPolicy(SettingsGroup):
    delay_hours: int = Field(24, ge=0, le=720)
    fields: Annotated[tuple[Literal["birth_date"], ...], Field(max_length=1)] = ()
    match: Literal["forgiving", "exact"] = "forgiving"


class ChallengePolicy(SettingsGroup):
    count: int = Field(3, ge=1, le=10)
    """How many of them somebody chooses and answers."""
    questions: tuple[Line, ...] = Field((), max_length=50)
    """The district's own; empty for the ten that ship."""


class KeyRequestPolicy(SettingsGroup):
    fields: Annotated[
        tuple[Literal["ssn_last4", "birth_date", "guardian_first_name", "guardian_last_name"], ...], Field(max_length=4)
    ] = ("birth_date",)
    delivery: Literal["email", "display"] = "email"

    @property
    def asked(self) -> tuple[str, ...]:
        """All that a request must name beside the student number: where the key is shown, the guardian's name in any case."""
        names = GUARDIAN_NAMES if self.delivery == "display" else ()
        return tuple(dict.fromkeys((*self.fields, *names)))


class RosterPolicy(SettingsGroup):
    grace_days: int = Field(0, ge=0, le=365)


class AuditPolicy(SettingsGroup):
    retention_days: int = Field(1_095, ge=LEAST_AUDIT_DAYS, le=3_650)
    """How long the trail of the district is kept: three years, and never less than one."""


class PrivacyPolicy(SettingsGroup):
    erase_after_days: int = Field(0, ge=0, le=3_650)
    """So long after somebody left the roster he is erased with his accounts; 0: never by itself."""


class Networks(SettingsGroup):
    shared: Annotated[tuple[Network, ...], Field(max_length=200)] = ()
    """The schools' own networks: many people behind one address."""


class SsoPolicy(SettingsGroup):
    redirect_uris: Annotated[tuple[RedirectUri, ...], Field(max_length=50)] = ()
    """Where apps take the answer of a sign-in by a provider; compared letter by letter. The providers themselves are not settings."""


class SupportTicketLink(SettingsGroup):
    label: Line | None = None
    url: WebUrl | None = None


class Support(SettingsGroup):
    phone: Line | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)] | None = None
    url: WebUrl | None = None
    ticket: SupportTicketLink = SupportTicketLink()


class OfficeSettings(SettingsGroup):
    """What the district's own office may change."""

    portals: Portals = (Portal.PARENT, Portal.STUDENT)
    languages: Languages = ("en", "es")
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
    audit: AuditPolicy = AuditPolicy()
    privacy: PrivacyPolicy = PrivacyPolicy()
    networks: Networks = Networks()
    origins: Origins = ()
    sso: SsoPolicy = SsoPolicy()
    support: Support = Support()
    areas: AreaSettings = AreaSettings()
    """What the app's menu shows, at all schools."""
    feature_closures: FeatureClosures = ()
    """Features that are closed for a time, such as claims over the summer."""


class DistrictSettings(OfficeSettings):
    """All of it. What only an operator may change stands here: mailed links begin at `portal_url`."""

    portal_url: Annotated[WebUrl, AfterValidator(_base_url)] | None = None
    maintenance_until: AwareDatetime | None = None


def setting_paths(kind: type[BaseModel] = DistrictSettings) -> list[str]:
    """Every setting by its path, such as `features.claim`."""
    return sorted(_paths(kind))


def changed(
    stored: Mapping[str, Any], assignments: Iterable[str], kind: type[BaseModel] = DistrictSettings
) -> dict[str, Any]:
    """The stored settings with `path=value` assignments applied; lists are comma-separated, an empty value restores the default.

    `kind` says which settings there are: a district's, or a school's.

    Raises:
        SettingRefused: an unknown path, or a value outside its range. Nothing is half applied.
    """
    result, paths = _deep_copy(stored), setting_paths(kind)
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or path not in paths:
            raise SettingRefused(f"There is no setting {path!r}. Settings are: {', '.join(paths)}")
        _assign(result, path.split("."), _value(kind, path, text))
    try:
        return kind.model_validate(result).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        faults = (
            "{}: {}".format(".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors()
        )
        raise SettingRefused("; ".join(faults)) from error


def merged(stored: Mapping[str, Any], changes: Mapping[str, Any], kind: type[Settings]) -> Settings:
    """The settings with `changes` over what is stored: a mapping goes into the group of its name, and "" takes a value away.

    Raises:
        ValidationError: a value outside its range, or two that do not go together.
    """
    result = _deep_copy(stored)
    _merge(result, changes)
    return kind.model_validate(result)


def differences(before: BaseModel, after: BaseModel, prefix: str = "") -> dict[str, tuple[Any, Any]]:
    """The settings that are not the same, by path, with their old and new values."""
    different: dict[str, tuple[Any, Any]] = {}
    for name in type(before).model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, BaseModel) and isinstance(new, BaseModel):
            different |= differences(old, new, f"{prefix}{name}.")
        elif old != new:
            different[prefix + name] = (old, new)
    return different


def _paths(group: type[BaseModel], prefix: str = "") -> Iterable[str]:
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def _value(kind: type[BaseModel], path: str, text: str) -> object:
    if text == "":
        return None
    annotation: Any = kind
    for part in path.split("."):
        annotation = annotation.model_fields[part].annotation
    if typing.get_origin(annotation) in {Union, types.UnionType}:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is tuple:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        read = getattr(typing.get_args(annotation)[0], "from_text", None)
        return [read(part) for part in parts] if read else parts
    return text


def _assign(tree: dict[str, Any], path: list[str], value: object) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    if value is None:
        tree.pop(path[-1], None)
    else:
        tree[path[-1]] = value


def _merge(tree: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, Mapping):
            _merge(tree.setdefault(name, {}), value)
        else:
            _assign(tree, [name], None if value == "" else value)


def _deep_copy(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _deep_copy(value) if isinstance(value, Mapping) else value for key, value in tree.items()}
