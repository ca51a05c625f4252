"""The providers that sign a district's people in, as its office puts them in order."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.portals import Portal
from app.schemas.common import Answer, Line, Request, no_control_characters
from app.schemas.sso import ProviderName
from app.services.office.sso_desk import Examined, ProviderSettings
from app.services.sso.providers import MOST_PROVIDERS, DistrictProvider, Identifier, PortalMatch, RequiredClaim

_Long = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(no_control_characters)]
Issuer = Annotated[
    _Long,
    Field(
        description="As the provider writes it itself, in `issuer` of its /.well-known/openid-configuration",
        examples=["https://accounts.google.com"],
    ),
]
ClientId = Annotated[_Long, Field(description="From the provider", examples=["1234-campus.apps.example.com"])]
Secret = Annotated[
    str,
    StringConstraints(max_length=500, pattern=r"^[\x21-\x7e]*$"),
    Field(
        description="From the provider; sealed, and never shown again. Left out it stays, as long as the issuer does; an empty text takes it away",
        examples=["GOCSPX-a-secret-of-the-provider"],
    ),
]
Scope = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")]
Scopes = Annotated[
    tuple[Scope, ...],
    Field(max_length=20, description="`openid` is always asked for", examples=[["openid", "email"]]),
]
Claim = Annotated[Line, Field(description="The name of a claim", examples=["sub"])]


class PortalMatchBody(Request):
    """How the provider's claims name people of one portal."""

    portal: Portal
    claim: Claim
    identifier: Identifier = Field(
        description="What of the roster the claim is compared with. `email` counts only where the provider says `email_verified`"
    )


class RequiredClaimBody(Request):
    """What a token must say besides, such as the organisation, where one issuer serves many."""

    claim: Annotated[Line, Field(examples=["hd"])]
    value: Annotated[Line, Field(examples=["jackson.example.org"])]


class SsoProviderBody(Request):
    """All of it takes the place of what was there; only a secret that is left out stays."""

    label: Annotated[Line, Field(description="As the button calls it", examples=["Google"])]
    issuer: Issuer
    client_id: ClientId
    client_secret: Secret | None = None
    scopes: Scopes = ("openid",)
    portals: Annotated[tuple[PortalMatchBody, ...], Field(min_length=1, max_length=3)]
    required_claims: Annotated[tuple[RequiredClaimBody, ...], Field(max_length=5)] = ()
    makes_accounts: bool = Field(
        default=True, description="Whether somebody of the roster who has no account gets one at the first sign-in"
    )
    trusts_mfa: bool = Field(
        default=False,
        description="Whether `mfa` in the token's `amr` takes the place of the code of our own authenticator",
    )
    enabled: bool = True

    def settings(self) -> ProviderSettings:
        values = {
            **dict(self),
            "portals": [PortalMatch(one.portal, one.claim, one.identifier) for one in self.portals],
            "required_claims": [RequiredClaim(one.claim, one.value) for one in self.required_claims],
        }
        return ProviderSettings(**values)


class PortalMatchAnswer(Answer):
    portal: Portal
    claim: Annotated[str, Field(max_length=100, examples=["sub"])]
    identifier: Identifier


class RequiredClaimAnswer(Answer):
    claim: Annotated[str, Field(max_length=100, examples=["hd"])]
    value: Annotated[str, Field(max_length=100, examples=["jackson.example.org"])]


class SsoProviderAnswer(Answer):
    """A provider, without its secret."""

    name: ProviderName
    label: Annotated[str, Field(max_length=100, examples=["Google"])]
    issuer: Annotated[str, Field(max_length=500, examples=["https://accounts.google.com"])]
    client_id: Annotated[str, Field(max_length=500, examples=["1234-campus.apps.example.com"])]
    has_client_secret: bool
    scopes: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=21, examples=[["openid"]])]
    portals: Annotated[list[PortalMatchAnswer], Field(max_length=3)]
    required_claims: Annotated[list[RequiredClaimAnswer], Field(max_length=5)]
    makes_accounts: bool
    trusts_mfa: bool
    enabled: bool
    callback_url: Annotated[
        str,
        Field(
            max_length=700,
            description="Register this with the provider as redirect URI",
            examples=["https://accounts.example.org/login/sso/jackson-ga/google/callback"],
        ),
    ]

    @classmethod
    def of(cls, one: DistrictProvider) -> "SsoProviderAnswer":
        protocol = one.provider
        return cls(
            name=one.name,
            label=one.label,
            issuer=protocol.issuer,
            client_id=protocol.client_id,
            has_client_secret=protocol.client_secret is not None,
            scopes=list(protocol.scopes),
            portals=[PortalMatchAnswer.model_validate(match) for match in one.portals],
            required_claims=[RequiredClaimAnswer.model_validate(required) for required in one.required_claims],
            makes_accounts=one.makes_accounts,
            trusts_mfa=one.trusts_mfa,
            enabled=one.enabled,
            callback_url=protocol.callback_url,
        )


class SsoProviderList(Answer):
    items: Annotated[list[SsoProviderAnswer], Field(max_length=MOST_PROVIDERS)]


class SsoCheckAnswer(Answer):
    """What came of asking the provider."""

    works: bool
    fault: (
        Annotated[
            str, Field(max_length=64, pattern="^[A-Za-z0-9_]+$", description="What is wrong", examples=["timed_out"])
        ]
        | None
    ) = None
    signing_keys: Annotated[int, Field(ge=0, le=1_000, description="So many it publishes", examples=[2])] | None = None

    @classmethod
    def of(cls, examined: Examined) -> "SsoCheckAnswer":
        keys = examined.health.signing_keys if examined.health else None
        works = keys is not None and keys > 0
        return cls(works=works, fault=None if works else examined.fault or "no_keys", signing_keys=keys)
