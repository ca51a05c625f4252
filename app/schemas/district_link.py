"""Linked accounts of several districts."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.schemas.common import Answer, Line, Moment, Request, no_control_characters
from app.schemas.session import AccountAnswer
from app.services.linking import Links

LinkReason = Annotated[
    str,
    Field(
        max_length=40,
        description="Why linking is not available: `state_not_enabled` or `switched_off` (by the district)",
        examples=["state_not_enabled"],
    ),
]


class LinksAnswer(Answer):
    available: Annotated[bool, Field(description="Whether this district offers linking")]
    reason: LinkReason | None = None
    needs_confirmation: Annotated[
        bool, Field(description="After a reset: the links wait until POST /districts/link/confirm")
    ]
    accounts: Annotated[
        list[AccountAnswer], Field(max_length=1_000, description="Linked with this one, and usable now")
    ]

    @classmethod
    def of(cls, links: Links) -> "LinksAnswer":
        return cls(
            available=links.reason is None,
            reason=links.reason,
            needs_confirmation=links.needs_confirmation,
            accounts=[AccountAnswer.of(account) for account in links.accounts],
        )


class LinkCodeAnswer(Answer):
    code: Annotated[str, Field(max_length=20, description="To be read aloud or typed", examples=["K7QM-4TRX"])]
    expires_at: Moment


class RedeemLinkCodeBody(Request):
    code: Annotated[
        str,
        StringConstraints(min_length=1, max_length=40),
        AfterValidator(no_control_characters),
        Field(description="As it was typed: any case, dashes and spaces do not matter", examples=["k7qm 4trx"]),
    ]


class SwitchBody(Request):
    installation_id: Line | None = Field(
        default=None, description="The app's, as at sign-in; the session's own if left out", examples=["8f14e45f"]
    )
