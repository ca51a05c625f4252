"""One letter of each kind, as the worker writes them, and what is in a mail.

`python -m tests.mail.letters` writes the expected mails anew; read the difference before you keep it.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import unescape
from pathlib import Path
from typing import Any

from app.mail.compose import compose
from app.mail.letter import DistrictSender, Letter
from app.translation import PSEUDO

NOW = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
MAIL_FROM = "no-reply@campus.example"
JACKSON = DistrictSender(
    name="Jackson County Schools",
    support_phone="+1 706 555 0100",
    support_email="help@jackson.example",
    support_url="https://jackson.example/help",
)
ZONE = {"timezone": "America/New_York"}
FACTS: Mapping[str, Mapping[str, Any]] = {
    "password_reset": {
        **ZONE,
        "first_name": "Maria",
        "username": "maria2026",
        "link": "https://portal.example/reset-password#token=rst_1",
        "expires_at": datetime(2026, 8, 3, 12, 30, tzinfo=UTC),
    },
    "username_recovery": {
        **ZONE,
        "accounts": [
            {
                "username": "maria2026",
                "portal": "parent",
                "first_name": "Maria",
                "link": "https://portal.example/reset-password#token=rst_2",
            },
            {"username": "S0123456", "portal": "student", "first_name": "Ana", "link": None},
        ],
        "expires_at": datetime(2026, 8, 3, 12, 30, tzinfo=UTC),
    },
    "confirm_recovery_email": {
        **ZONE,
        "first_name": "Maria",
        "link": "https://portal.example/confirm-email#token=cfm_1",
        "code": "K7QF-2MXW",
        "expires_at": datetime(2026, 8, 4, 12, 0, tzinfo=UTC),
    },
    "recovery_email_changed": {
        **ZONE,
        "first_name": "Maria",
        "new_address_masked": "n***@mail.example",
        "dispute_link": "https://portal.example/dispute#token=dsp_1",
        "changed_at": NOW,
    },
    "password_changed": {
        **ZONE,
        "first_name": "Maria",
        "dispute_link": "https://portal.example/dispute#token=dsp_2",
        "changed_at": NOW,
    },
    "new_device": {
        **ZONE,
        "first_name": "Maria",
        "dispute_link": "https://portal.example/dispute#token=dsp_3",
        "happened_at": NOW,
    },
    "accounts_linked": {
        **ZONE,
        "first_name": "Maria",
        "dispute_link": "https://portal.example/dispute#token=dsp_4",
        "happened_at": NOW,
    },
    "accounts_unlinked": {
        **ZONE,
        "first_name": "Maria",
        "dispute_link": "https://portal.example/dispute#token=dsp_5",
        "happened_at": NOW,
    },
    "sign_ins_refused": {
        **ZONE,
        "first_name": "Maria",
        "dispute_link": "https://portal.example/dispute#token=dsp_6",
        "happened_at": NOW,
    },
    "totp_changed": {
        **ZONE,
        "first_name": "Dana",
        "dispute_link": "https://portal.example/dispute#token=dsp_7",
        "happened_at": NOW,
    },
    **{
        kind: {
            **ZONE,
            "first_name": "Maria",
            "dispute_link": "https://portal.example/dispute#token=dsp_10",
            "happened_at": NOW,
        }
        for kind in ("totp_removed", "passkey_added", "passkey_removed")
    },
    "recovery_code_used": {
        **ZONE,
        "first_name": "Dana",
        "dispute_link": "https://portal.example/dispute#token=dsp_8",
        "happened_at": NOW,
    },
    "activation_key": {
        **ZONE,
        "first_name": "Maria",
        "activation_key": "F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V",
        "link": "https://portal.example/activate?district=jackson#key=F7KQ2-9XWMA-RT4BH-6YPCN-3ZD8V",
        "expires_at": datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
    },
    **{
        kind: {**ZONE, "reference": "K7QF-2MXW", "category": "cannot_reset_online"}
        for kind in ("ticket_received", "ticket_waiting", "ticket_resolved", "ticket_declined")
    },
    "household_accepted": {**ZONE, "first_name": "Maria", "happened_at": NOW},
    "household_changed": {**ZONE, "first_name": "Jorge", "happened_at": NOW},
    "household_declined": {**ZONE, "first_name": "Maria", "happened_at": NOW, "reason": "proof_needed"},
    "student_claimed": {**ZONE, "first_name": "Maria", "happened_at": NOW},
    "answers_changed": {
        **ZONE,
        "first_name": "Maria",
        "dispute_link": "https://portal.example/dispute#token=dsp_9",
        "happened_at": NOW,
    },
}
KINDS = list(FACTS)
LOCALES = ["en", "es", PSEUDO]
"""Those whose letters lie in a folder, to be read at each change."""
_EXPECTED = Path(__file__).parent / "expected"


def letter(
    kind: str,
    locale: str = "en",
    *,
    to: str = "maria@home.example",
    district: DistrictSender = JACKSON,
    **facts: object,
) -> Letter:
    return Letter(
        kind=kind,
        message_id="<0198-1@campus.example>",
        to_address=to,
        locale=locale,
        district=district,
        facts={**FACTS[kind], **facts},
    )


def mailed(written: Letter) -> EmailMessage:
    """The mail as it is read at the other end."""
    return message_from_bytes(compose(written, MAIL_FROM, NOW).as_bytes(), EmailMessage, policy=default)


def text_of(mail: EmailMessage) -> str:
    return _content(mail, "plain")


def html_of(mail: EmailMessage) -> str:
    return _content(mail, "html")


def words_of(html: str) -> str:
    """What is read of an HTML part, a line for each block."""
    body = html.split("<body>")[1]
    lines = re.sub(r"<(?:/p|/h1|/h2|br)>", "\n", body.replace("\n", " "))
    text = unescape(re.sub(r"<[^>]+>", "", lines))
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def shown(mail: EmailMessage) -> str:
    """A mail as one reads it: subject, plain text, the words of the HTML part."""
    return f"{mail['Subject']}\n\n{text_of(mail)}\n--- HTML ---\n\n{words_of(html_of(mail))}\n"


def expected_file(kind: str, locale: str) -> Path:
    return _EXPECTED / f"{kind}.{locale}.txt"


def _content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


if __name__ == "__main__":
    for each in KINDS:
        for tag in LOCALES:
            expected_file(each, tag).write_text(shown(mailed(letter(each, tag))), encoding="utf-8")
