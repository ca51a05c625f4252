"""Passkeys, in the JSON of WebAuthn: its own camelCase names, as browsers and phones read and write them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

from app.portals import Portal
from app.schemas.common import Answer, DistrictId, Line, Moment, Request
from app.schemas.session import DeviceBody
from app.security.passkeys import ALGORITHMS, Credential
from app.services.own_passkeys import MOST_PASSKEYS, PasskeyView
from app.services.passkey_options import TIMEOUT_MS, CreationOptions, KnownCredential, RequestOptions
from app.services.passkey_sign_in import PasskeyRequest
from app.services.sessions import Device

_ID = "mS3xPq0ZVtWc7yLk2RfJdA"
_CLIENT_DATA = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiLi4uIn0"
_AUTHENTICATOR_DATA = "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MdAAAAAA"
_MOST_TRANSPORTS = 10

_Text = Annotated[str, StringConstraints(min_length=1, max_length=8_000, pattern=r"^[A-Za-z0-9_-]+$")]
CredentialId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1_400, pattern=r"^[A-Za-z0-9_-]+$"),
    Field(description="Of the credential, in base64url without padding", examples=[_ID]),
]
Transport = Annotated[
    str, StringConstraints(min_length=1, max_length=20, pattern=r"^[a-z-]+$"), Field(examples=["internal"])
]
PublicKeyType = Annotated[Literal["public-key"], Field(description="There is only one")]


class WebAuthnPart(Request):
    """A part of what `credential.toJSON()` gives, in base64url without padding. What browsers add to it is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class AttestationPart(WebAuthnPart):
    client_data_json: Annotated[_Text, Field(alias="clientDataJSON", examples=[_CLIENT_DATA])]
    attestation_object: Annotated[_Text, Field(examples=["o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVikSZYN5YgO"])]
    transports: Annotated[list[Transport], Field(max_length=_MOST_TRANSPORTS)] | None = None


class AssertionPart(WebAuthnPart):
    client_data_json: Annotated[_Text, Field(alias="clientDataJSON", examples=[_CLIENT_DATA])]
    authenticator_data: Annotated[_Text, Field(examples=[_AUTHENTICATOR_DATA])]
    signature: Annotated[_Text, Field(examples=["MEUCIQDx7o5HfW3r0YpV4zT8bNnJc1KqXeM2GsLaRw9UdQIgBvCk"])]
    user_handle: (
        Annotated[
            str,
            StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$"),
            Field(
                description="Whose passkey it is; every passkey of ours says it", examples=["AZjzomwde0CeVS9tHAqOMQ"]
            ),
        ]
        | None
    ) = None


class NewCredentialBody(WebAuthnPart):
    """WebAuthn's `RegistrationResponseJSON`."""

    id: CredentialId
    raw_id: CredentialId
    type: PublicKeyType
    response: AttestationPart

    def credential(self) -> Credential:
        return self.model_dump(by_alias=True, exclude_none=True)


class CredentialBody(WebAuthnPart):
    """WebAuthn's `AuthenticationResponseJSON`."""

    id: CredentialId
    raw_id: CredentialId
    type: PublicKeyType
    response: AssertionPart

    def credential(self) -> Credential:
        return self.model_dump(by_alias=True, exclude_none=True)


class AddPasskeyBody(Request):
    credential: NewCredentialBody
    name: Line | None = Field(default=None, description="As its owner calls it", examples=["Maria's phone"])


class RenamePasskeyBody(Request):
    name: Line = Field(description="As its owner calls it", examples=["Maria's phone"])


class PasskeyDoorBody(Request):
    district: DistrictId
    portal: Portal


class PasskeyLoginBody(Request):
    district: DistrictId
    portal: Portal
    credential: CredentialBody
    device: DeviceBody | None = None

    def request(self) -> PasskeyRequest:
        device = self.device.device() if self.device else Device()
        return PasskeyRequest(self.district, self.portal, self.credential.credential(), device)


class WebAuthnAnswer(Answer):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class RelyingPartyAnswer(WebAuthnAnswer):
    id: Annotated[
        str, Field(max_length=253, description="The domain that passkeys belong to", examples=["portal.example.org"])
    ]
    name: Annotated[str, Field(max_length=255, examples=["Jackson County Schools"])]


class PasskeyUserAnswer(WebAuthnAnswer):
    id: Annotated[
        str, Field(max_length=100, description="The user handle; it says nothing", examples=["AZjzomwde0CeVS9tHAqOMQ"])
    ]
    name: Annotated[
        str,
        Field(
            max_length=400,
            description="What people see when they choose",
            examples=["maria2026 (Jackson County Schools)"],
        ),
    ]
    display_name: Annotated[str, Field(max_length=400, examples=["maria2026 (Jackson County Schools)"])]


class AlgorithmAnswer(WebAuthnAnswer):
    type: PublicKeyType = "public-key"
    alg: Annotated[int, Field(ge=-65_536, le=0, description="COSE: ES256, EdDSA or RS256", examples=[ALGORITHMS[0]])]


class KnownCredentialAnswer(WebAuthnAnswer):
    type: PublicKeyType = "public-key"
    id: CredentialId
    transports: Annotated[list[Transport], Field(max_length=_MOST_TRANSPORTS)]

    @classmethod
    def of_all(cls, known: "tuple[KnownCredential, ...] | list[KnownCredential]") -> "list[KnownCredentialAnswer]":
        return [cls(id=each.id, transports=list(each.transports)) for each in known]


class SelectionAnswer(WebAuthnAnswer):
    """Passkeys are found without a name (discoverable) and know their user by finger, face or PIN."""

    resident_key: Literal["required"] = "required"
    require_resident_key: Annotated[bool, Field(examples=[True])] = True
    user_verification: Literal["required"] = "required"


class CreationOptionsAnswer(WebAuthnAnswer):
    """WebAuthn's `PublicKeyCredentialCreationOptionsJSON`."""

    rp: RelyingPartyAnswer
    user: PasskeyUserAnswer
    challenge: Annotated[str, Field(max_length=200, examples=["8tGkz2Qe5RbYxPf0LmWc1A"])]
    pub_key_cred_params: Annotated[list[AlgorithmAnswer], Field(max_length=10)]
    timeout: Annotated[int, Field(ge=0, le=3_600_000, description="Milliseconds", examples=[TIMEOUT_MS])] = TIMEOUT_MS
    exclude_credentials: Annotated[list[KnownCredentialAnswer], Field(max_length=MOST_PASSKEYS)]
    authenticator_selection: SelectionAnswer
    attestation: Literal["none"] = "none"


class RequestOptionsAnswer(WebAuthnAnswer):
    """WebAuthn's `PublicKeyCredentialRequestOptionsJSON`."""

    rp_id: Annotated[str, Field(max_length=253, examples=["portal.example.org"])]
    challenge: Annotated[str, Field(max_length=200, examples=["8tGkz2Qe5RbYxPf0LmWc1A"])]
    timeout: Annotated[int, Field(ge=0, le=3_600_000, description="Milliseconds", examples=[TIMEOUT_MS])] = TIMEOUT_MS
    allow_credentials: Annotated[
        list[KnownCredentialAnswer],
        Field(max_length=MOST_PASSKEYS, description="Empty at sign-in: any passkey of this site may answer"),
    ]
    user_verification: Literal["required"] = "required"


class NewPasskeyOptionsAnswer(Answer):
    """For `navigator.credentials.create`, or the platform's own call, within five minutes."""

    public_key: CreationOptionsAnswer

    @classmethod
    def of(cls, options: CreationOptions) -> "NewPasskeyOptionsAnswer":
        return cls(
            public_key=CreationOptionsAnswer(
                rp=RelyingPartyAnswer(id=options.rp_id, name=options.rp_name),
                user=PasskeyUserAnswer(id=options.user_id, name=options.user_name, display_name=options.user_name),
                challenge=options.challenge_text,
                pub_key_cred_params=[AlgorithmAnswer(alg=number) for number in options.algorithms],
                exclude_credentials=KnownCredentialAnswer.of_all(list(options.known)),
                authenticator_selection=SelectionAnswer(),
            )
        )


class PasskeyOptionsAnswer(Answer):
    """For `navigator.credentials.get`, or the platform's own call, within five minutes."""

    public_key: RequestOptionsAnswer

    @classmethod
    def of(cls, options: RequestOptions) -> "PasskeyOptionsAnswer":
        return cls(
            public_key=RequestOptionsAnswer(
                rp_id=options.rp_id,
                challenge=options.challenge_text,
                allow_credentials=KnownCredentialAnswer.of_all(list(options.known)),
            )
        )


class PasskeyItem(Answer):
    """A passkey of the account."""

    id: UUID
    name: Annotated[str, Field(max_length=100, examples=["Maria's phone"])] | None = None
    created_at: Moment
    last_used_at: Moment | None = None
    backed_up: Annotated[
        bool, Field(description="Kept by a password manager on several devices; else it is lost with its device")
    ]


class PasskeyList(Answer):
    items: Annotated[list[PasskeyItem], Field(max_length=MOST_PASSKEYS)]

    @classmethod
    def of(cls, passkeys: "list[PasskeyView]") -> "PasskeyList":
        return cls(items=[PasskeyItem.model_validate(passkey) for passkey in passkeys])
