"""The list of signing keys as an operator keeps it: PEMs, the first of which signs, each under a note of since when it stands where.

A key comes in behind the others (`added`), is put first (`promoted`), and the one before is taken out (`dropped`). Between the steps
every process starts again, and time goes by: until nobody knows a list of public keys without the new one, and until nobody holds a
token of the old one. A list without notes, made by hand, is as old as its file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from app.clock import rfc3339
from app.security.access_tokens import LIFETIME
from app.security.signing_keys import JWKS_KEPT_FOR, SigningKeyPair

Standing = Literal["signs", "next", "former", "behind"]
"""The first; one that comes in; one that has signed; one behind the first of which nobody noted which it is."""

_ENTRY = re.compile(
    r"(?:^# (?P<kid>\S+)(?: listed (?P<listed>\S+))?(?: signs since (?P<signs>\S+))?\s*$\s*)?"
    r"(?P<pem>^-----BEGIN (?P<kind>[A-Z ]+)-----.*?^-----END (?P=kind)-----)",
    re.MULTILINE | re.DOTALL,
)


class SigningKeysRefused(Exception):
    """A step that cannot be done, or not yet; the message says what to do."""


@dataclass(frozen=True)
class ListedKey:
    kid: str
    pem: str
    listed_at: datetime | None = None
    signs_since: datetime | None = None
    """Stays when it signs no longer. None of either: nobody noted it."""

    @classmethod
    def of(cls, entry: re.Match[str]) -> "ListedKey":
        kid, pem = SigningKeyPair.from_pem(entry["pem"]).kid, entry["pem"]
        if entry["kid"] != kid:
            return cls(kid, pem)
        try:
            return cls(kid, pem, *(_moment(entry[name]) for name in ("listed", "signs")))
        except ValueError:
            return cls(kid, pem)

    @property
    def text(self) -> str:
        listed = f" listed {rfc3339(self.listed_at)}" if self.listed_at else ""
        signs = f" signs since {rfc3339(self.signs_since)}" if self.signs_since else ""
        return f"# {self.kid}{listed}{signs}\n{self.pem}\n"


@dataclass(frozen=True)
class SigningKeyList:
    keys: Sequence[ListedKey] = ()
    """The first signs."""
    changed_at: datetime | None = None
    """Of the file, for what nobody noted."""

    @classmethod
    def parse(cls, text: str, changed_at: datetime | None = None) -> "SigningKeyList":
        """Raises SigningKeysRefused where something in it is no signing key."""
        entries = list(_ENTRY.finditer(text.replace("\\n", "\n")))
        try:
            keys = [ListedKey.of(entry) for entry in entries]
        except ValueError as fault:
            raise SigningKeysRefused(f"the list of signing keys holds something else: {fault}") from fault
        if text.strip() and not keys:
            raise SigningKeysRefused("the list of signing keys holds no key in PEM")
        return cls(keys, changed_at)

    @property
    def text(self) -> str:
        """As a file holds it; nothing in it is lost by being read and written again."""
        return "\n".join(key.text for key in self.keys)

    def standing(self, key: ListedKey) -> Standing:
        if key is self.keys[0]:
            return "signs"
        if key.signs_since:
            return "former"
        return "next" if key.listed_at else "behind"

    def may_sign_at(self, key: ListedKey) -> datetime | None:
        """When nobody keeps public keys without it any more; None for one that is not on its way in, or where nothing tells."""
        since = key.listed_at or self.changed_at
        return since + JWKS_KEPT_FOR if since and self.standing(key) in {"next", "behind"} else None

    def may_go_at(self, key: ListedKey) -> datetime | None:
        """When its last token has expired; None for one that is not on its way out, or where nothing tells."""
        since = self.keys[0].signs_since or self.changed_at
        return since + LIFETIME if since and self.standing(key) in {"former", "behind"} else None

    def added(self, now: datetime) -> "SigningKeyList":
        """With a new key behind the others; the only one signs at once."""
        if coming := self._standing("next", "behind"):
            raise SigningKeysRefused(
                f"{coming[0].kid} stands behind the first: `campus signing-keys promote` lets it sign"
            )
        pair = SigningKeyPair.generate()
        new = ListedKey(pair.kid, pair.private_pem.strip(), now, None if self.keys else now)
        return replace(self, keys=[*self.keys, new])

    def promoted(self, now: datetime, *, anyway: bool = False) -> "SigningKeyList":
        """With the key in front that has come in."""
        coming = self._standing("next", "behind")
        if not coming:
            raise SigningKeysRefused("no key is on its way in: `campus signing-keys new` makes one")
        if len(coming) > 1:
            raise SigningKeysRefused(
                "nothing tells which of the keys behind the first is to sign: put it first by hand"
            )
        (new,) = coming
        _wait(self.may_sign_at(new), now, anyway, f"others may keep the public keys without {new.kid}")
        first, *behind = self.keys
        signed = replace(first, signs_since=first.signs_since or first.listed_at or self.changed_at or now)
        left = [key for key in behind if key is not new]
        return replace(self, keys=[replace(new, signs_since=now), signed, *left])

    def dropped(self, now: datetime, *, anyway: bool = False) -> "SigningKeyList":
        """Without the keys that sign no longer."""
        going = self._standing("former", "behind")
        if not going:
            raise SigningKeysRefused(
                "no key has signed and does so no longer: `campus signing-keys status` tells how far it is"
            )
        for key in going:
            _wait(self.may_go_at(key), now, anyway, f"tokens of {key.kid} may be good")
        return replace(self, keys=[key for key in self.keys if key not in going])

    def _standing(self, *wanted: Standing) -> list[ListedKey]:
        return [key for key in self.keys if self.standing(key) in wanted]


def _moment(noted: str | None) -> datetime | None:
    return datetime.fromisoformat(noted).astimezone(UTC) if noted else None


def _wait(until: datetime | None, now: datetime, anyway: bool, reason: str) -> None:
    if anyway or (until and until <= now):
        return
    if until is None:
        raise SigningKeysRefused(f"{reason}, and nobody noted since when: wait for ten minutes, and say --anyway")
    raise SigningKeysRefused(f"{reason} until {rfc3339(until)}: do it then, or say --anyway")
