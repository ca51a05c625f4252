"""Addresses as a header can hold them, whatever was typed."""

import unicodedata
from email.headerregistry import Address

from app.mail.outcomes import MailRefused

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_SYNTAX = frozenset('"(),:;<>@[\\]')
"""What means something in an address header (RFC 5322), where a display name that is folded may lose its quotes."""


def one_line(text: str) -> str:
    """Without line breaks and control characters, and without marks that turn the direction of what stands around it."""
    kept = (" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text if c not in _BIDI_CONTROLS)
    return " ".join("".join(kept).split())


def mail_address(address: str, display_name: str = "") -> Address:
    """An address for a header. An international domain is encoded, an unusual local part quoted.

    Raises:
        MailRefused: `address_unusable`; nothing can be sent there.
    """
    local, at, domain = address.rpartition("@")
    name = one_line("".join(c for c in display_name if c not in _SYNTAX))
    if not (local and at) or local != one_line(local) or " " in local:
        raise MailRefused("address_unusable")
    return Address(name, local, _ascii_domain(domain))


def _ascii_domain(domain: str) -> str:
    try:
        encoded = domain.encode("idna").decode("ascii").lower()
        unchanged = encoded.encode("ascii").decode("idna").lower() == domain.lower()
    except UnicodeError:
        raise MailRefused("address_unusable") from None
    # Python's codec writes some letters another way (a sharp s as ss), which is another domain.
    if not unchanged or not all(label.replace("-", "").isalnum() for label in encoded.split(".")):
        raise MailRefused("address_unusable")
    return encoded
