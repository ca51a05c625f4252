"""What a district's office sees and changes of its settings. Defaults and ranges are those of `services/district_settings.py`."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from app.schemas.admin.areas import AreasChange, FeatureClosureBody
from app.schemas.admin.changes import Change
from app.schemas.common import Answer, Request
from app.services.app_areas import MOST_CLOSURES
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
    SsoPolicy,
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


class FeaturesChange(Change, Features):
    pass


class PasswordPolicyChange(Change, PasswordPolicy):
    pass


class UsernamePolicyChange(Change, UsernamePolicy):
    pass


class ActivationKeyChange(Change, ActivationKeyPolicy):
    pass


class CaptchaChange(Change, CaptchaPolicy):
    pass


class UsernameRecoveryChange(Change, UsernameRecoveryPolicy):
    pass


class ClaimChange(Change, ClaimPolicy):
    pass


class ChallengeQuestionsChange(Change, ChallengePolicy):
    pass


class KeyRequestChange(Change, KeyRequestPolicy):
    pass


class RosterChange(Change, RosterPolicy):
    pass


class AuditChange(Change, AuditPolicy):
    pass


class PrivacyChange(Change, PrivacyPolicy):
    pass


class NetworksChange(Change, Networks):
    pass


class SsoChange(Change, SsoPolicy):
    pass


# Texts may be empty here, which takes them away; what they may be else, the settings themselves say.
_Line = Annotated[str, StringConstraints(max_length=200)]
_Url = Annotated[str, StringConstraints(max_length=500)]


class TicketLinkChange(Change):
    label: _Line | None = None
    url: _Url | None = None


class SupportChange(Change):
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
    sso: SsoChange | None = None
    support: SupportChange | None = None
    areas: AreasChange | None = None
    feature_closures: Annotated[tuple[FeatureClosureBody, ...], Field(max_length=MOST_CLOSURES)] | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent, group by group."""
        return self.model_dump(mode="json", exclude_unset=True, exclude_none=True)
