"""A letter becomes a mail that its reader understands, in every program that shows mails."""

import re
from datetime import UTC, datetime
from email import message_from_string
from email.message import EmailMessage
from email.policy import SMTPUTF8, default
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError

from app.mail.compose import SUBJECTS, compose
from app.mail.letter import DistrictSender
from app.mail.outcomes import MailRefused
from app.services.outbox import MailKind
from app.translation import LANGUAGES, PSEUDO, translator
from tests.mail.letters import (
    FACTS,
    JACKSON,
    KINDS,
    LOCALES,
    MAIL_FROM,
    NOW,
    expected_file,
    html_of,
    letter,
    mailed,
    shown,
    text_of,
    words_of,
)

HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Language",
]  # fmt: skip
OF_A_LETTER = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "div",
    "h1",
    "h2",
    "p",
    "a",
    "br",
    "bdi",
    "span",
    "strong",
    "footer",
}
VOID = {"meta", "br"}

every_kind = pytest.mark.parametrize("kind", KINDS)
every_locale = pytest.mark.parametrize("locale", LOCALES)


# --- words ------------------------------------------------------------------------------------------------------------


@every_kind
@every_locale
def test_a_letter_reads_like_this(kind: str, locale: str) -> None:
    assert shown(mailed(letter(kind, locale))) == expected_file(kind, locale).read_text(encoding="utf-8")


def test_there_are_words_for_every_mail_that_the_outbox_may_promise() -> None:
    assert set(SUBJECTS) == set(KINDS) == {kind.value for kind in MailKind}


@every_kind
def test_nothing_but_facts_is_left_untranslated(kind: str) -> None:
    """In the pseudo-locale whatever came from a catalogue stands in brackets."""
    mail = mailed(letter(kind, PSEUDO))
    moments = re.compile(r"[\u0600-\u06ff].*\)")
    facts = {
        str(value) for account in FACTS[kind].get("accounts", [{}]) for value in {**FACTS[kind], **account}.values()
    }
    for line in f"{text_of(mail)}\n{words_of(html_of(mail))}".splitlines():
        rest = moments.sub("", re.sub(r"⟦[^⟧]*⟧", "", line)).strip(" \u2013")
        assert rest in {"", *facts, *vars(JACKSON).values()}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_a_letter_of_every_kind_can_be_written_in_every_language(locale: str) -> None:
    for kind in KINDS:
        mail = mailed(letter(kind, locale))
        direction = translator(locale).direction
        assert mail["Content-Language"] == locale
        assert f'<div class="letter" lang="{locale}" dir="{direction}">' in html_of(mail)
        assert not re.search(r"[{}]", f"{mail['Subject']}{text_of(mail)}{words_of(html_of(mail))}"), kind


@every_locale
def test_no_mail_names_a_child(locale: str) -> None:
    """A student is greeted without a name, and listed by the username alone."""
    for kind in KINDS:
        assert "Ana" not in shown(mailed(letter(kind, locale, portal="student", first_name="Ana")))
    assert "Maria" in text_of(mailed(letter("password_reset", locale, portal="parent")))


def test_who_has_no_first_name_is_greeted_all_the_same() -> None:
    assert text_of(mailed(letter("password_reset", first_name=None))).startswith("Hello,\n")


def test_a_link_that_no_longer_works_is_not_mailed() -> None:
    notices = [kind for kind in KINDS if "dispute_link" in FACTS[kind]]
    assert len(notices) == 12
    for kind in notices:
        mail = mailed(letter(kind, dispute_link=None))
        assert "/dispute" not in shown(mail)
        assert "If it was not you" not in shown(mail)


def test_a_district_without_contacts_names_the_office() -> None:
    mail = mailed(letter("password_reset", district=DistrictSender("Jackson County Schools")))
    for part in (text_of(mail), words_of(html_of(mail))):
        assert "If you need help, please ask the office of your school." in part
        assert "Help from your school district" not in part
    only_phone = mailed(letter("password_reset", district=DistrictSender("Jackson", support_phone="555-0100")))
    assert "Help from your school district:\n555-0100\n\nJackson\n" in text_of(only_phone)


def test_times_are_told_in_the_zone_of_the_district_whatever_zone_they_come_in() -> None:
    new_year = datetime(2027, 1, 1, 4, 30, tzinfo=UTC)
    text = text_of(mailed(letter("password_changed", changed_at=new_year, timezone="America/Los_Angeles")))
    assert "Changed: Thursday, December 31, 2026, 8:30 PM (Pacific Standard Time)\n" in text


def test_a_missing_fact_is_an_error_and_never_a_gap() -> None:
    incomplete = letter("password_reset")
    facts = {name: value for name, value in incomplete.facts.items() if name != "link"}
    with pytest.raises(UndefinedError, match="'link' is undefined"):
        compose(type(incomplete)(**{**vars(incomplete), "facts": facts}), MAIL_FROM, NOW)


# --- headers ----------------------------------------------------------------------------------------------------------


def test_the_headers_say_who_writes_and_that_it_is_a_machine() -> None:
    mail = mailed(letter("password_reset", "es-MX"))
    assert mail.keys() == HEADERS
    assert {name: str(mail[name]) for name in HEADERS if name != "Content-Type"} == {
        "From": "Jackson County Schools <no-reply@campus.example>",
        "To": "maria@home.example",
        "Subject": "Jackson County Schools: elija una contraseña nueva",
        "Date": "Mon, 03 Aug 2026 12:00:00 +0000",
        "Message-ID": "<0198-1@campus.example>",
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Language": "es",
    }
    assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]


def test_a_message_id_gets_its_brackets_once() -> None:
    for given_id in ("0198-2@campus.example", "<0198-2@campus.example>"):
        written = letter("password_reset")
        mail = compose(type(written)(**{**vars(written), "message_id": given_id}), MAIL_FROM, NOW)
        assert mail["Message-ID"] == "<0198-2@campus.example>"


@settings(deadline=None)
@given(st.text(max_size=60))
@example("Schools\r\nBcc: everybody@evil.example\r\n\r\nDear all,")
@example('Evil <boss@evil.example>, "Jackson\\" Schools" (x); y:')
@example("Distrito Escolar de la Cañada de San José, Condado de Jackson, Georgia, «sección norte», y otros más")
@example("=?utf-8?q?Bcc=3A_x?= \u2028\u2029\x85\x00\u202e\ud7ff")
def test_no_name_can_add_a_header_an_address_or_a_line(name: str) -> None:
    usual = mailed(letter("password_reset", district=DistrictSender("D")))
    mail = mailed(letter("password_reset", first_name=f"M{name}", district=DistrictSender(f"D{name}")))
    assert mail.keys() == usual.keys()
    assert [address.addr_spec for address in mail["From"].addresses] == [MAIL_FROM]
    assert [address.addr_spec for address in mail["To"].addresses] == ["maria@home.example"]
    assert not re.search(r"[\r\n\x00-\x1f\u2028\u202e]", str(mail["Subject"]))
    assert len(text_of(mail).splitlines()) == len(text_of(usual).splitlines())
    assert outline(html_of(mail)) == outline(html_of(usual))


@settings(deadline=None)
@given(
    st.from_regex(
        r"\A[^@\s\x00-\x1f\ud800-\udfff]+@[^@\s\x00-\x1f.\ud800-\udfff]+(\.[^@\s\x00-\x1f.\ud800-\udfff]+)+\Z"
    )
)
@example('"a,b"<x>@home.example')
@example("maria@home.example>,<x")
@example("maria@home..example")
@example("josé@home.example")
def test_an_address_is_written_as_it_was_typed_or_refused(address: str) -> None:
    """Whatever the schemas let in."""
    try:
        written = compose(letter("password_changed", to=address), MAIL_FROM, NOW)
    except MailRefused:
        return
    mail = message_from_string(written.as_bytes(policy=SMTPUTF8).decode(), EmailMessage, policy=default)
    (only,) = mail["To"].addresses
    local, _, domain = address.rpartition("@")
    assert only.username == local
    assert only.domain.encode().decode("idna").lower() == domain.lower()
    assert mail.keys() == HEADERS


@pytest.mark.parametrize(
    "address",
    [
        "",
        "maria",
        "@home.example",
        "maria@",
        "maria@straße.example",
        "ma ria@home.example",
        "maria@home.example\r\nBcc: x@evil.example",
        "maria@-.example",
        "maria@h,x.example",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(MailRefused, match=r"^address_unusable$"):
        compose(letter("password_reset", to=address), MAIL_FROM, NOW)


def test_an_international_domain_is_written_in_ascii() -> None:
    mail = mailed(letter("password_reset", to="maria@münchen.example"))
    assert str(mail["To"]) == "maria@xn--mnchen-3ya.example"


# --- HTML -------------------------------------------------------------------------------------------------------------


@every_kind
@every_locale
def test_the_html_part_is_accessible_and_loads_nothing(kind: str, locale: str) -> None:
    html = html_of(mailed(letter(kind, locale)))
    tags = outline(html)
    names = [name for name, _ in tags]
    direction = {"en": "ltr", "es": "ltr", PSEUDO: "rtl"}[locale]
    assert html.startswith("<!doctype html>\n")
    assert set(names) <= OF_A_LETTER
    assert names.count("h1") == 1
    assert "h2" not in names[: names.index("h1")]
    said = [attributes for name, attributes in tags if name in {"html", "div"}]
    assert [(attributes["lang"], attributes["dir"]) for attributes in said] == [(locale, direction)] * 2
    assert {name for _, attributes in tags for name in attributes} <= {
        "lang",
        "dir",
        "class",
        "href",
        "charset",
        "name",
        "content",
    }
    assert "url(" not in html
    assert "@import" not in html
    assert not re.search(r"(?<!-)\bcolor\s*:|background", html), "the reader's own colours, light or dark"


@every_kind
def test_links_say_what_they_do_and_their_bare_address_is_there_too(kind: str) -> None:
    html = html_of(mailed(letter(kind)))
    links = re.findall(r'<a class="action" href="([^"]+)">([^<]+)</a>', html)
    wanted = re.findall(r"https://portal[^']+", str(dict(FACTS[kind])))
    assert [address for address, _ in links] == wanted
    assert len({label for _, label in links}) == len(links)
    for address, label in links:
        assert "https" not in label
        assert f'<span dir="ltr">{address}</span>' in html
    assert sorted(set(re.findall(r'href="([^"]+)"', html)) - set(wanted)) == [
        "https://jackson.example/help",
        "mailto:help@jackson.example",
    ]


def test_names_are_text_in_html_and_never_markup() -> None:
    odd = DistrictSender("<b>Jackson</b> & Sons", support_email="help?subject=x&cc=y@jackson.example")
    html = html_of(mailed(letter("password_reset", first_name='<script>"x"</script>', username="<i>", district=odd)))
    assert "Hello &lt;script&gt;&#34;x&#34;&lt;/script&gt;," in html
    assert "&lt;b&gt;Jackson&lt;/b&gt; &amp; Sons" in html
    assert 'href="mailto:help%3Fsubject%3Dx%26cc%3Dy@jackson.example"' in html
    assert {name for name, _ in outline(html)} <= OF_A_LETTER
    text = text_of(mailed(letter("password_reset", first_name="Zoë & <Max>")))
    assert text.startswith("Hello Zoë & <Max>,\n")


def outline(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Every tag with its attributes; all that open are closed, in order."""
    reader = _Outline()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader.tags


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
