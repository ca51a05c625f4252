"""What a district decides: features and policies with their defaults and ranges (contract, section 8).

A district stores only what it has changed, as a nested mapping; `DistrictSettings.model_validate` of it gives the whole.
`setting_paths.py` has how a setting is named and changed.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from app.portals import Portal
from app.services.app_areas import AreaSettings, FeatureClosures
from app.services.setting_values import BaseUrl, LanguageTag, Line, MailAddress, Network, Origin, RedirectUri, WebUrl
from app.services.settings_group import SettingsGroup

DISTRICT_ID_MAX_LENGTH = 64
GUARDIAN_NAMES = ("guardian_first_name", "guardian_last_name")
LEAST_AUDIT_DAYS = 365

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
    email: MailAddress | None = None
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

    portal_url: BaseUrl | None = None
    maintenance_until: AwareDatetime | None = None
