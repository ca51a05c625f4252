"""What a provider, and whoever looks at a locked screen, gets to know: that something happened, and ids to ask us about it.

No name and no student data. The words depend on the kind and the language alone, they have no placeholders, and all else is UUIDs:
whoever opens the app reads there, signed in, what it is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.translation import msg, translator

Provider = Literal["fcm", "apns"]


@dataclass(frozen=True)
class Words:
    title: str
    body: str


WORDS = {
    "new_device": Words(
        msg("New sign-in"),
        msg("Somebody signed in to your account on a device that is new to it. If it was not you, open the app."),
    ),
    "password_changed": Words(
        msg("Password changed"), msg("The password of your account was changed. If it was not you, open the app.")
    ),
    "recovery_email_changed": Words(
        msg("Recovery address changed"),
        msg("The recovery e-mail address of your account was changed. If it was not you, open the app."),
    ),
    "accounts_linked": Words(
        msg("Accounts linked"),
        msg("Your account was linked with an account in another district. If it was not you, open the app."),
    ),
    "accounts_unlinked": Words(
        msg("Link removed"),
        msg("Your account is no longer linked with one in another district. If it was not you, open the app."),
    ),
    "sign_ins_refused": Words(
        msg("Sign-ins refused"),
        msg("Somebody tried many wrong passwords for your account. If it was not you, open the app."),
    ),
    "totp_changed": Words(
        msg("Authenticator app set up"),
        msg("An authenticator app was set up for your account. If it was not you, open the app."),
    ),
    "totp_removed": Words(
        msg("Authenticator app turned off"),
        msg("The authenticator app of your account was turned off. If it was not you, open the app."),
    ),
    "passkey_added": Words(
        msg("Passkey added"), msg("A passkey was added to your account. If it was not you, open the app.")
    ),
    "passkey_removed": Words(
        msg("Passkey removed"), msg("A passkey of your account was removed. If it was not you, open the app.")
    ),
    "answers_changed": Words(
        msg("Challenge answers changed"),
        msg("The answers to the challenge questions of your account were changed. If it was not you, open the app."),
    ),
    "recovery_code_used": Words(
        msg("Recovery code used"),
        msg("Somebody signed in with one of your recovery codes. If it was not you, open the app."),
    ),
}
"""All that a push message ever says, by kind."""


@dataclass(frozen=True)
class PushMessage:
    message_id: UUID
    """The same each time that this message is sent, so that a repetition can be recognised."""
    provider: Provider
    token: str = field(repr=False)
    title: str
    body: str
    data: Mapping[str, str]
    collapse_id: str | None
    """A later message of the same id replaces this one on the screen; 64 bytes at most."""
    expires_at: datetime
    """Aware. A device that is off until then is not told."""

    @property
    def kind(self) -> str:
        return self.data.get("kind", "")


def push_message(
    kind: str,
    locale: str | None,
    *,
    message_id: UUID,
    provider: Provider,
    token: str,
    ids: Mapping[str, UUID],
    expires_at: datetime,
    collapse_id: str | None = None,
) -> PushMessage:
    """The message of a kind of `WORDS`, in the reader's language. The app gets `kind`, `message_id` and the `ids` as its data."""
    speak = translator(locale).text
    words = WORDS[kind]
    data = {name: str(value) for name, value in {**ids, "message_id": message_id}.items()}
    return PushMessage(
        message_id=message_id,
        provider=provider,
        token=token,
        title=speak(words.title),
        body=speak(words.body),
        data={**data, "kind": kind},
        collapse_id=collapse_id,
        expires_at=expires_at,
    )
