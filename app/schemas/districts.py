"""The directory, and the login screen of one district."""

from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from app.portals import Portal
from app.schemas.common import Answer, Moment
from app.schemas.cursors import Count, CursorOf, NextCursor, Words
from app.services.app_areas import DatedFeature
from app.services.credential_policy import PASSWORD_MAX_LENGTH
from app.services.directory.index import DirectoryPage, Position
from app.services.district_settings import (
    ClaimPolicy,
    DistrictSettings,
    KeyRequestPolicy,
    PasswordPolicy,
    Support,
    UsernamePolicy,
)
from app.services.districts import LoginScreen
from app.services.sso.providers import MOST_PROVIDERS, SsoButton

Name = Annotated[str, Field(max_length=200, examples=["Jackson County Schools"])]
State = Annotated[str, Field(min_length=2, max_length=2, examples=["GA"])]
Url = Annotated[str, Field(max_length=500, examples=["https://www.jackson.example.org"])]
BY_RANK: CursorOf[Position] = CursorOf(tuple[Count, Words, Words])

_PAGES_REMEMBERED = 512


class AskedFact(StrEnum):
    SSN_LAST4 = "ssn_last4"
    BIRTH_DATE = "birth_date"
    GUARDIAN_FIRST_NAME = "guardian_first_name"
    GUARDIAN_LAST_NAME = "guardian_last_name"


class DistrictItem(Answer):
    id: Annotated[str, Field(max_length=64, examples=["jackson-ga"])]
    name: Name
    state: State
    city: Annotated[str, Field(max_length=100, examples=["Jefferson"])] | None = None
    portals: Annotated[list[Portal], Field(max_length=3, description="Empty where the district does not take part")]


class DistrictList(Answer):
    items: Annotated[list[DistrictItem], Field(max_length=100)]
    next_cursor: NextCursor | None = None

    @classmethod
    @lru_cache(_PAGES_REMEMBERED)
    def of(cls, page: DirectoryPage) -> "DistrictList":
        """The same answer for the same page, for the directory changes less often than it is searched."""
        items = [DistrictItem.model_validate(entry) for entry in page.items]
        return cls(items=items, next_cursor=BY_RANK.write(page.end))


class AnnouncementLink(Answer):
    label: Annotated[str, Field(max_length=200, examples=["How to register"])]
    url: Url


class AnnouncementAnswer(Answer):
    id: Annotated[str, Field(max_length=64)]
    published_on: date
    title: Annotated[str, Field(max_length=200, examples=["Welcome back"])]
    body: Annotated[str, Field(max_length=10_000)]
    links: Annotated[list[AnnouncementLink], Field(max_length=20)]


class FeaturesAnswer(Answer):
    """What the district has switched on."""

    activation: bool
    password_reset: bool
    username_recovery: bool
    key_request: bool
    claim: bool
    challenge_questions: bool
    linking: bool
    push: bool
    sso: bool


class ClosedFeatureAnswer(Answer):
    """A feature that the district has, and that is closed for a time."""

    feature: DatedFeature
    back_on: Annotated[date, Field(description="By the district's calendar; left out where nobody knows")] | None = None


class PasswordPolicyAnswer(Answer):
    min_length: Annotated[int, Field(ge=6, le=64, examples=[8])]
    max_length: Annotated[int, Field(ge=64, le=128, examples=[128])]
    alphanumeric: Annotated[bool, Field(description="A letter and a digit are needed")]
    strong: Annotated[bool, Field(description="Three of lower case, upper case, digit, symbol are needed")]
    history: Annotated[
        int, Field(ge=0, le=24, description="So many earlier passwords cannot be used again", examples=[5])
    ]

    @classmethod
    def of(cls, policy: PasswordPolicy) -> "PasswordPolicyAnswer":
        return cls(max_length=PASSWORD_MAX_LENGTH, **policy.model_dump())


class UsernamePolicyAnswer(Answer):
    """Letters and digits, at least one of each."""

    min_length: Annotated[int, Field(ge=4, le=32, examples=[4])]
    max_length: Annotated[int, Field(ge=4, le=32, examples=[32])]

    @classmethod
    def of(cls, policy: UsernamePolicy) -> "UsernamePolicyAnswer":
        return cls.model_validate(policy)


class KeyRequestPolicyAnswer(Answer):
    """What POST /activate/key-requests asks for beside the student number, and where the key goes."""

    fields: Annotated[list[AskedFact], Field(max_length=4, examples=[["ssn_last4"]])]
    delivery: Annotated[
        str,
        Field(
            max_length=20,
            pattern="^(email|display)$",
            description="`email`: to the address in the roster; `display`: on the screen",
            examples=["email"],
        ),
    ]

    @classmethod
    def of(cls, policy: KeyRequestPolicy) -> "KeyRequestPolicyAnswer":
        return cls(fields=[AskedFact(name) for name in policy.asked], delivery=policy.delivery)


class ClaimPolicyAnswer(Answer):
    """What POST /activate/claim asks for beside names and student number."""

    fields: Annotated[list[AskedFact], Field(max_length=1, examples=[["birth_date"]])]

    @classmethod
    def of(cls, policy: ClaimPolicy) -> "ClaimPolicyAnswer":
        return cls(fields=[AskedFact(name) for name in policy.fields])


class TicketLink(Answer):
    label: Annotated[str, Field(max_length=200, examples=["Let's Talk"])] | None = None
    url: Url | None = None


class SupportAnswer(Answer):
    """How to reach a person."""

    phone: Annotated[str, Field(max_length=200, examples=["404-802-1000"])] | None = None
    email: Annotated[str, Field(max_length=254, examples=["help@example.org"])] | None = None
    url: Url | None = None
    ticket: TicketLink | None = None

    @classmethod
    def of(cls, support: Support) -> "SupportAnswer":
        ticket = TicketLink.model_validate(support.ticket) if support.ticket.url else None
        return cls(phone=support.phone, email=support.email, url=support.url, ticket=ticket)


class SsoButtonAnswer(Answer):
    """A button on the sign-in page: GET /login/sso/{district_id} with its `name` as `provider`."""

    name: Annotated[str, Field(max_length=32, examples=["google"])]
    label: Annotated[str, Field(max_length=100, examples=["Google"])]
    portals: Annotated[list[Portal], Field(max_length=3)]

    @classmethod
    def of(cls, button: SsoButton) -> "SsoButtonAnswer":
        return cls.model_validate(button)


class LoginScreenAnswer(Answer):
    """Everything that an app shows before anybody has signed in."""

    id: Annotated[str, Field(max_length=64, examples=["jackson-ga"])]
    name: Name
    state: State
    city: Annotated[str, Field(max_length=100, examples=["Jefferson"])] | None = None
    timezone: Annotated[str, Field(max_length=64, examples=["America/New_York"])]
    portals: Annotated[
        list[Portal], Field(max_length=3, description="Of families. Staff of an open district can always sign in")
    ]
    languages: Annotated[list[Annotated[str, Field(max_length=35)]], Field(max_length=50, examples=[["en", "es"]])]
    announcements: Annotated[list[AnnouncementAnswer], Field(max_length=100)]
    features: FeaturesAnswer
    closed_features: Annotated[list[ClosedFeatureAnswer], Field(max_length=len(DatedFeature))]
    password_policy: PasswordPolicyAnswer
    username_policy: UsernamePolicyAnswer
    key_request: KeyRequestPolicyAnswer
    claim: ClaimPolicyAnswer
    sso: Annotated[
        list[SsoButtonAnswer],
        Field(max_length=MOST_PROVIDERS, description="Buttons for the sign-in page; empty unless `features.sso` is on"),
    ]
    support: SupportAnswer
    status: Annotated[str, Field(max_length=20, pattern="^(open|maintenance)$", examples=["open"])]
    until: Moment | None = None

    @classmethod
    def of(cls, screen: LoginScreen) -> "LoginScreenAnswer":
        district, settings = screen.district, screen.district.settings
        return cls(
            id=district.id,
            name=district.name,
            state=district.state,
            city=district.city,
            timezone=district.timezone,
            portals=list(settings.portals) if district.opened else [],
            languages=list(settings.languages),
            announcements=[AnnouncementAnswer.model_validate(notice) for notice in screen.announcements],
            features=_features(screen, settings),
            closed_features=[
                ClosedFeatureAnswer(feature=DatedFeature(feature), back_on=back_on)
                for feature, back_on in screen.closed_features.items()
            ],
            password_policy=PasswordPolicyAnswer.of(settings.password_policy),
            username_policy=UsernamePolicyAnswer.of(settings.username_policy),
            key_request=KeyRequestPolicyAnswer.of(settings.key_request),
            claim=ClaimPolicyAnswer.of(settings.claim),
            sso=[SsoButtonAnswer.of(button) for button in screen.sso],
            support=SupportAnswer.of(settings.support),
            status="maintenance" if screen.maintenance_until else "open",
            until=screen.maintenance_until,
        )


def _features(screen: LoginScreen, settings: DistrictSettings) -> FeaturesAnswer:
    closed = dict.fromkeys(screen.closed_features, False)
    on = {**settings.features.model_dump(), "linking": screen.linking_available, **closed}
    return FeaturesAnswer(**{name: value and screen.district.opened for name, value in on.items()})
