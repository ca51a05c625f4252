"""What a district's office sees and changes of its settings. Defaults and ranges are those of `services/district_settings.py`."""

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from app.schemas.common import Answer, Request
from app.services.district_settings import (
    ActivationKeyPolicy,
    AuditPolicy,
    CaptchaPolicy,
    ChallengePolicy,
    ClaimPolicy,
    Features,
    KeyRequestPolicy,
    Languages,
    Networks,
    OfficeSettings,
    Origins,
    PasswordPolicy,
    Portals,
    PrivacyPolicy,
    RosterPolicy,
    UsernamePolicy,
    UsernameRecoveryPolicy,
)
from app.services.office.district_office import DistrictState
from app.services.office.policy_warnings import PolicyWarning, policy_warnings
from app.translation import Translator


class PolicyWarningAnswer(Answer):
    """A setting that works, but that today's practice advises against."""

    path: Annotated[str, Field(max_length=64, examples=["password_policy.min_length"])]
    code: Annotated[str, Field(max_length=64, pattern="^[a-z_]+$", examples=["password_short"])]
    detail: Annotated[str, Field(max_length=500)]

    @classmethod
    def of(cls, warning: PolicyWarning, words: Translator) -> "PolicyWarningAnswer":
        return cls(path=warning.path, code=warning.code, detail=words.text(warning.detail))


class DistrictSettingsAnswer(OfficeSettings, Answer):
    """All that the office may change, complete with defaults."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1, description="Another one after each change", examples=[7])]
    policy_warnings: Annotated[list[PolicyWarningAnswer], Field(max_length=50)]

    @classmethod
    def of(cls, state: DistrictState, words: Translator) -> "DistrictSettingsAnswer":
        warnings = [PolicyWarningAnswer.of(warning, words) for warning in policy_warnings(state.settings)]
        mine = {name: getattr(state.settings, name) for name in OfficeSettings.model_fields}
        return cls(version=state.version, policy_warnings=warnings, **mine)


def _without_defaults(schema: dict[str, Any]) -> None:
    """What is left out of a change stays as it is."""
    for field in schema["properties"].values():
        field.pop("default", None)


class _Change(Request):
    model_config = ConfigDict(json_schema_extra=_without_defaults)


class FeaturesChange(_Change, Features):
    pass


class PasswordPolicyChange(_Change, PasswordPolicy):
    pass


class UsernamePolicyChange(_Change, UsernamePolicy):
    pass


class ActivationKeyChange(_Change, ActivationKeyPolicy):
    pass


class CaptchaChange(_Change, CaptchaPolicy):
    pass


class UsernameRecoveryChange(_Change, UsernameRecoveryPolicy):
    pass


class ClaimChange(_Change, ClaimPolicy):
    pass


class ChallengeQuestionsChange(_Change, ChallengePolicy):
    pass


class KeyRequestChange(_Change, KeyRequestPolicy):
    pass


class RosterChange(_Change, RosterPolicy):
    pass


class AuditChange(_Change, AuditPolicy):
    pass


class PrivacyChange(_Change, PrivacyPolicy):
    pass


class NetworksChange(_Change, Networks):
    pass


# Texts may be empty here, which takes them away; what they may be else, the settings themselves say.
_Line = Annotated[str, StringConstraints(max_length=200)]
_Url = Annotated[str, StringConstraints(max_length=500)]


class TicketLinkChange(_Change):
    label: _Line | None = None
    url: _Url | None = None


class SupportChange(_Change):
    """An empty text takes away what was there."""

    phone: _Line | None = None
    email: Annotated[str, StringConstraints(max_length=254)] | None = None
    url: _Url | None = None
    ticket: TicketLinkChange | None = None


class ChangeDistrictBody(Request):
    """What is left out stays as it is; a list takes the place of the whole list."""

    portals: Portals | None = None
    languages: Languages | None = None
    features: FeaturesChange | None = None
    password_policy: PasswordPolicyChange | None = None
    username_policy: UsernamePolicyChange | None = None
    activation_key: ActivationKeyChange | None = None
    captcha: CaptchaChange | None = None
    username_recovery: UsernameRecoveryChange | None = None
    claim: ClaimChange | None = None
    challenge_questions: ChallengeQuestionsChange | None = None
    key_request: KeyRequestChange | None = None
    roster: RosterChange | None = None
    audit: AuditChange | None = None
    privacy: PrivacyChange | None = None
    networks: NetworksChange | None = None
    origins: Origins | None = None
    support: SupportChange | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent, group by group."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)
