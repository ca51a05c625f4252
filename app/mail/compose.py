"""A letter in somebody's words: plain text and HTML, with everything around it that a mail needs."""

from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from app.mail.addresses import mail_address, one_line
from app.mail.letter import Letter
from app.portals import Portal
from app.translation import Translator, msg, translator

if TYPE_CHECKING:
    from jinja2 import Environment

DISPUTE_DAYS = 7
"""How long a notice can be disputed (contract, section 3)."""

SUBJECTS = {
    "password_reset": msg("{district}: choose a new password"),
    "username_recovery": msg("{district}: your username"),
    "confirm_recovery_email": msg("{district}: confirm your e-mail address"),
    "recovery_email_changed": msg("{district}: your recovery e-mail address was changed"),
    "password_changed": msg("{district}: your password was changed"),
    "new_device": msg("{district}: sign-in from a new device"),
    "accounts_linked": msg("{district}: your account was linked"),
    "accounts_unlinked": msg("{district}: your account was unlinked"),
    "sign_ins_refused": msg("{district}: wrong passwords for your account"),
    "totp_changed": msg("{district}: an authenticator app was set up"),
    "totp_removed": msg("{district}: the authenticator app was turned off"),
    "passkey_added": msg("{district}: a passkey was added"),
    "passkey_removed": msg("{district}: a passkey was removed"),
    "answers_changed": msg("{district}: your challenge answers were changed"),
    "student_claimed": msg("{district}: a student's account was claimed"),
    "ticket_received": msg("{district}: we have your request {reference}"),
    "ticket_waiting": msg("{district}: support ticket {reference}"),
    "ticket_resolved": msg("{district}: your request {reference} has been dealt with"),
    "ticket_declined": msg("{district}: your request {reference} was closed"),
    "household_accepted": msg("{district}: your household was corrected"),
    "household_declined": msg("{district}: your correction was not accepted"),
    "household_changed": msg("{district}: your household was changed"),
    "recovery_code_used": msg("{district}: a recovery code was used"),
    "activation_key": msg("{district}: your activation key"),
}
_PORTALS = {
    Portal.PARENT: msg("Portal for parents and guardians"),
    Portal.STUDENT: msg("Portal for students"),
    Portal.STAFF: msg("Portal for staff"),
}

_CATEGORIES = {
    "cannot_answer_challenge_questions": msg("Cannot answer the challenge questions"),
    "cannot_reset_online": msg("Cannot reset the password online"),
    "wrong_address_on_record": msg("Wrong address on record"),
    "child_not_shown": msg("A child is not shown"),
    "other": msg("Something else"),
}
"""Of support tickets."""


class _Headers(HeaderRegistry):
    """Makes the class for a header once. Python's own makes one each time that it reads a header: a quarter of composing a mail."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type] = {}

    def __getitem__(self, name: str) -> type:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = super().__getitem__(name)
        return made


_POLICY = SMTP.clone(header_factory=_Headers())


def compose(letter: Letter, mail_from: str, date: datetime) -> EmailMessage:
    """The whole mail, from the district's name at `mail_from` (a bare address), written at `date` (aware).

    Raises:
        MailRefused: nothing can be sent to this address.
    """
    words = translator(letter.locale)
    district = one_line(letter.district.name)
    subject = words.text(SUBJECTS[letter.kind], district=district, reference=letter.facts.get("reference", ""))
    view = _view(letter, words, subject)
    mail = EmailMessage(policy=_POLICY)
    mail["From"] = mail_address(mail_from, district)
    mail["To"] = mail_address(letter.to_address)
    mail["Subject"] = subject
    mail["Date"] = date
    mail["Message-ID"] = f"<{one_line(letter.message_id).strip('<>')}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office note answers it
    mail.set_content(_render(f"{letter.kind}.txt.j2", view))
    mail.make_alternative(boundary=uuid4().hex)  # else one is looked for when the mail is written, in all its text
    mail.add_alternative(_render(f"{letter.kind}.html.j2", view), subtype="html")
    mail["Content-Language"] = words.tag  # last: parts take Content- headers over from the whole
    return mail


def _view(letter: Letter, words: Translator, subject: str) -> dict[str, Any]:
    """What the templates see: facts on one line each, moments as people write them, and `_` for words."""
    facts = _tidied(letter.facts)
    moments = {
        name: words.moment(value, facts["timezone"]) for name, value in facts.items() if isinstance(value, datetime)
    }
    accounts = [
        {**_named(account), "portal": words.text(_PORTALS[Portal(account["portal"])])}
        for account in facts.get("accounts", ())
    ]
    return {
        "first_name": None,
        **_named(facts),
        **moments,
        "accounts": accounts,
        "category": words.text(_CATEGORIES[facts["category"]]) if "category" in facts else None,
        "district": _tidied(vars(letter.district)),
        "subject": subject,
        "dispute_days": DISPUTE_DAYS,
        "lang": words.tag,
        "dir": words.direction,
        "_": words.text,
    }


def _named(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The first name is for grown-ups: no mail names a child."""
    return {**facts, "first_name": None} if facts.get("portal") == Portal.STUDENT else dict(facts)


def _tidied(value: Any) -> Any:
    match value:
        case str():
            return one_line(value)
        case Mapping():
            return {name: _tidied(part) for name, part in value.items()}
        case list() | tuple():
            return [_tidied(part) for part in value]
        case _:
            return value


def _render(template: str, view: Mapping[str, Any]) -> str:
    return _templates().get_template(template).render(view)


@cache
def _templates() -> "Environment":
    from jinja2 import (  # noqa: PLC0415  # slow to import, and a server that only answers composes no mail
        Environment,
        PackageLoader,
        StrictUndefined,
        select_autoescape,
    )

    return Environment(
        loader=PackageLoader("app.mail"),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
