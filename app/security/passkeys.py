"""What a browser or a phone answers for a passkey, verified (WebAuthn Level 3, sections 7.1 and 7.2).

The one module that knows py_webauthn. It is imported at the first use, as its parsers of CBOR and certificates take half a second; so
verify in a thread.
"""

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

Credential = Mapping[str, Any]
"""WebAuthn's `RegistrationResponseJSON` or `AuthenticationResponseJSON`."""

ES256, EDDSA, RS256 = -7, -8, -257
ALGORITHMS = (ES256, EDDSA, RS256)
"""COSE, in the order in which we like them."""
_ATTESTATIONS = {"none", "packed"}
"""We ask for none; a browser may leave a self attestation (packed) as it is. What would need roots and certificates is refused unread."""


class NotGenuine(Exception):
    """Not an answer to our challenge by this passkey.

    `reason` is for the audit trail: `wrong_origin`, `embedded`, `attested`, `other_user` or `not_genuine`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Expected:
    """What an answer has to fit."""

    challenge: bytes
    rp_id: str
    origins: Collection[str]


@dataclass(frozen=True)
class MadePasskey:
    credential_id: str
    public_key: str
    sign_count: int
    backup_eligible: bool
    backed_up: bool


@dataclass(frozen=True)
class UsedPasskey:
    sign_count: int
    backup_eligible: bool
    backed_up: bool


def challenge_of(credential: Credential) -> bytes | None:
    """The challenge that somebody says he answers; nothing of it is proved."""
    try:
        return from_text(str(_client_data(credential)["challenge"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def verify_new(credential: Credential, expected: Expected) -> MadePasskey:
    """A passkey that was made now, by somebody whom his device knows (user verification). Raises NotGenuine."""
    _check_place(credential, expected)
    from webauthn import verify_registration_response  # noqa: PLC0415  # slow to import, and most processes need it late
    from webauthn.helpers import parse_attestation_object  # noqa: PLC0415  # see above
    from webauthn.helpers.cose import COSEAlgorithmIdentifier  # noqa: PLC0415  # see above

    try:
        fmt = parse_attestation_object(from_text(credential["response"]["attestationObject"])).fmt
        made = fmt in _ATTESTATIONS and verify_registration_response(
            credential=dict(credential),
            expected_challenge=expected.challenge,
            expected_rp_id=expected.rp_id,
            expected_origin=list(expected.origins),
            require_user_verification=True,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
        )
    except Exception as fault:  # its parsers meet bytes of strangers, and fail in ways that it does not name
        raise NotGenuine("not_genuine") from fault
    if not made:
        raise NotGenuine("attested")
    return MadePasskey(
        credential_id=as_text(made.credential_id),
        public_key=as_text(made.credential_public_key),
        sign_count=made.sign_count,
        backup_eligible=made.credential_device_type == "multi_device",
        backed_up=made.credential_backed_up,
    )


def verify_use(credential: Credential, expected: Expected, public_key: str) -> UsedPasskey:
    """A passkey that was used now, by somebody whom his device knows (user verification). Raises NotGenuine.

    The count of uses is only read: what it means is for the caller to say.
    """
    _check_place(credential, expected)
    from webauthn import verify_authentication_response  # noqa: PLC0415  # slow to import

    try:
        used = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=expected.challenge,
            expected_rp_id=expected.rp_id,
            expected_origin=list(expected.origins),
            credential_public_key=from_text(public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except Exception as fault:  # see above
        raise NotGenuine("not_genuine") from fault
    eligible = used.credential_device_type == "multi_device"
    return UsedPasskey(used.new_sign_count, backup_eligible=eligible, backed_up=used.credential_backed_up)


def as_text(data: bytes) -> str:
    """Base64url without padding, as WebAuthn's JSON has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_text(text: str) -> bytes:
    """Raises ValueError for what is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check_place(credential: Credential, expected: Expected) -> None:
    """Told apart from the rest, since an operator can mend it: a front end that no district registered."""
    try:
        client_data = _client_data(credential)
        origin, is_embedded = client_data["origin"], client_data.get("crossOrigin", False)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NotGenuine("not_genuine") from None
    if is_embedded is not False:
        raise NotGenuine("embedded")
    if origin not in expected.origins:
        raise NotGenuine("wrong_origin")


def _client_data(credential: Credential) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(from_text(credential["response"]["clientDataJSON"]))
    return content
