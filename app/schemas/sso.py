"""Signing in by a provider of the district: the way there, the way back, and the exchange of the code."""

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import AfterValidator, Field, StringConstraints

from app.portals import Portal
from app.schemas.common import DistrictId, Request, SecretText, no_control_characters
from app.schemas.session import DeviceBody
from app.schemas.totp import TotpCode
from app.services.sessions import Device
from app.services.sso.codes import ExchangeRequest

PROVIDER_NAME = r"^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$"

_Text = AfterValidator(no_control_characters)
ProviderName = Annotated[
    str,
    StringConstraints(pattern=PROVIDER_NAME, min_length=1, max_length=32),
    Field(description="The provider's name in addresses", examples=["google"]),
]
RedirectTo = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500),
    _Text,
    Field(
        description="Where your app takes the answer: one of the district's `sso.redirect_uris`, letter by letter",
        examples=["https://portal.example.org/sso"],
    ),
]
ProviderInPath = Annotated[ProviderName, Path()]
WhichPortal = Annotated[Portal, Query(description="Which portal", examples=["parent"])]
WhereTo = Annotated[RedirectTo, Query()]
Challenge = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$", min_length=43, max_length=43),
    Query(
        description="RFC 7636, S256: the SHA-256 of your `code_verifier`, in base64url without padding",
        examples=["E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"],
    ),
]
ChallengeMethod = Annotated[
    Literal["S256"] | None, Query(description="Only this one is known; may be left out", examples=["S256"])
]
AppState = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=255), _Text] | None,
    Query(description="Comes back with the answer, as it is", examples=["af0ifjsldkj"]),
]
WhichProvider = Annotated[
    ProviderName | None, Query(description="Which of the district's `sso`; the first of the portal if left out")
]
Prompt = Annotated[
    Literal["login", "select_account"] | None,
    Query(description="Passed on to the provider: on a device that many share, ask who it is", examples=["login"]),
]
FromProvider = Annotated[
    # ASCII (RFC 6749, appendix A); four of them, percent-encoded, fit into the longest address that the server reads, 64 KB.
    Annotated[str, StringConstraints(max_length=4_096, pattern=r"^[ -~]*$")] | None,
    Query(description="From the provider"),
]


class ExchangeBody(Request):
    district: DistrictId | None = Field(
        default=None, description="Name it, so that a school's many people behind one address are counted as such"
    )
    code: SecretText = Field(description="The `code` that came to your `redirect_uri`; works once, for a minute")
    code_verifier: Annotated[str, StringConstraints(min_length=43, max_length=128, pattern=r"^[A-Za-z0-9._~-]+$")] = (
        Field(
            description="RFC 7636: what the challenge was made of",
            examples=["dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"],
        )
    )
    redirect_uri: RedirectTo | None = None
    totp: TotpCode | None = None
    device: DeviceBody | None = None

    def request(self) -> ExchangeRequest:
        device = self.device.device() if self.device else Device()
        return ExchangeRequest(self.code, self.code_verifier, self.redirect_uri, self.totp, device)
