"""A session, as activation, sign-in and refresh give it."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.portals import Portal
from app.schemas.common import Answer, Line, Moment, Named, Request, SecretText
from app.services.account_view import AccountView
from app.services.own_sessions import SessionView
from app.services.sessions import Device, OpenedSession


class DeviceBody(Request):
    """The device that signs in. All of it is optional; without an installation id every sign-in looks like a new device."""

    installation_id: Line | None = Field(
        default=None, description="Chosen by the app, stable until it is reinstalled", examples=["8f14e45f"]
    )
    device_token: SecretText | None = Field(
        default=None, description="The `device_token` that this device got at an earlier sign-in"
    )
    name: Line | None = Field(default=None, description="Shown in the list of sessions", examples=["Maria's phone"])
    shared: bool = Field(
        default=False, description="A device of the school or a library: the session ends after an hour"
    )

    def device(self) -> Device:
        return Device(self.installation_id, self.device_token, self.name, self.shared)


class RecoveryEmail(Answer):
    address_masked: Annotated[str, Field(max_length=254, examples=["m***@e***.org"])]
    confirmed: bool


class AccountAnswer(Answer):
    """The login of one person in one district and one portal."""

    id: UUID
    district: Named
    portal: Portal
    username: Annotated[str, Field(max_length=128, examples=["maria2026"])]
    first_name: Annotated[str, Field(max_length=255, examples=["Maria"])]
    last_name: Annotated[str, Field(max_length=255, examples=["Lopez"])]
    locale: Annotated[str, Field(max_length=35, examples=["es"])] | None = None
    recovery_email: RecoveryEmail | None = None

    @classmethod
    def of(cls, account: AccountView) -> "AccountAnswer":
        masked = account.recovery_email_masked
        return cls(
            id=account.id,
            district=Named(id=account.district_id, name=account.district_name),
            portal=account.portal,
            username=account.username,
            first_name=account.first_name,
            last_name=account.last_name,
            locale=account.locale,
            recovery_email=RecoveryEmail(address_masked=masked, confirmed=account.recovery_email_confirmed)
            if masked
            else None,
        )


class SessionAnswer(Answer):
    """Tokens, whose account they open, and what the app should ask next."""

    status: Literal["signed_in"] = "signed_in"
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105  # the name of a scheme
    access_token: Annotated[
        str,
        Field(
            max_length=2_000,
            description="For `Authorization: Bearer`; ends after `expires_in` seconds, or with its session",
        ),
    ]
    expires_in: Annotated[int, Field(ge=1, le=3_600, description="Seconds", examples=[600])]
    refresh_token: (
        Annotated[
            str,
            Field(
                max_length=500,
                description="For POST /login/refresh, once; keep it where the platform keeps secrets. Left out where the "
                "session keeps the one that it has: after a step-up",
            ),
        ]
        | None
    ) = None
    device_token: (
        Annotated[
            str,
            Field(
                max_length=500, description="Keep it with the username and send it at the next sign-in from this device"
            ),
        ]
        | None
    ) = None
    account: AccountAnswer
    push_activated: (
        Annotated[bool, Field(description="After a switch: whether push messages were turned on for this account now")]
        | None
    ) = None
    recovery_codes: (
        Annotated[
            list[Annotated[str, Field(max_length=20, examples=["K7QM4-TRX2P"])]],
            Field(
                max_length=20,
                description="After an authenticator was set up: for paper; each stands in for one code, once, and none can be shown again",
            ),
        ]
        | None
    ) = None
    next_steps: Annotated[
        list[Annotated[str, Field(max_length=40)]],
        Field(
            max_length=10,
            description="What the app should ask next; empty for nothing. `set_recovery_email`, `confirm_recovery_email`, "
            "`set_challenge_answers`, `set_up_totp`, `confirm_links`; more may come",
        ),
    ]

    @classmethod
    def of(cls, opened: OpenedSession) -> "SessionAnswer":
        return cls(
            access_token=opened.access_token,
            expires_in=opened.expires_in,
            refresh_token=opened.refresh_token,
            device_token=opened.device_token,
            push_activated=opened.push_activated,
            recovery_codes=list(opened.recovery_codes) or None,
            account=AccountAnswer.of(opened.account),
            next_steps=list(opened.next_steps),
        )


class SessionItem(Answer):
    """One sign-in of the account, on one device."""

    id: UUID
    device_name: Annotated[str, Field(max_length=100, examples=["Maria's phone"])] | None = None
    shared: bool
    signed_in_at: Moment
    last_used_at: Moment
    expires_at: Moment
    current: Annotated[bool, Field(description="The session of this very request")]


class SessionList(Answer):
    items: Annotated[list[SessionItem], Field(max_length=1_000)]

    @classmethod
    def of(cls, sessions: list[SessionView]) -> "SessionList":
        return cls(items=[SessionItem.model_validate(session) for session in sessions])
