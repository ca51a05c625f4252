"""The pages behind mailed links, as a browser and a screen reader get them."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.translation import LANGUAGES, NAMES, PSEUDO
from tests.pages.markup import Markup
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server

pytestmark = sqlite_only

PAGES = ("/reset-password", "/confirm-email", "/dispute", "/activate?district=jackson")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)


async def markup(server: Server, page: str, accept_language: str = "") -> Markup:
    answer = await server.http.get(page, headers={"Accept-Language": accept_language})
    assert answer.status_code == 200
    return Markup(answer.text)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
async def test_nothing_keeps_frames_or_passes_on_a_page(server: Server, page: str) -> None:
    answer = await server.http.get(page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "Accept-Language" in answer.headers["vary"]
    assert "set-cookie" not in answer.headers


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
async def test_a_page_loads_its_own_files_and_holds_no_code_and_no_style(server: Server, page: str) -> None:
    read = await markup(server, page)
    loaded = [element["src"] or element["href"] for element in read.all("script", "link", "img", "iframe", "source")]
    assert len(loaded) == 2
    for address in loaded:
        assert address.startswith("pages/assets/")
        assert (await server.http.get(f"/{address}")).status_code == 200
    assert read.one("script")["type"] == "module"
    assert read.one("script").text == ""
    assert read.all("style") == []
    attributes = {name for element in read.elements for name in element.attributes}
    assert {name for name in attributes if name == "style" or name.startswith("on")} == set()
    assert [address for address in read.addresses() if "//" in address] == []


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
async def test_a_page_says_what_it_is_and_names_every_field(server: Server, page: str) -> None:
    read = await markup(server, page)
    assert read.one("title").text.startswith(read.one("h1").text)
    assert len(read.ids()) == len(set(read.ids()))
    assert len(read.all("main")) == 1
    labels = {label["for"]: label.text for label in read.all("label")}
    for field in read.all("input"):
        assert labels[field["id"]]
        assert field["name"] == field["id"]
        assert field["autocomplete"]
        assert f"{field['id']}-fault" in field["aria-describedby"].split()
    assert referred(read) <= set(read.ids())
    assert all(button.text and button["type"] in {"submit", "button"} for button in read.all("button"))


def referred(read: Markup) -> set[str]:
    """Ids that other elements name."""
    names = ("for", "aria-describedby", "aria-labelledby", "aria-controls")
    return {word for element in read.elements for name in names for word in element[name].split()}


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
async def test_a_form_can_send_nothing_by_itself(server: Server, page: str) -> None:
    """Were the script missing, a password would else stand in the address."""
    forms = (await markup(server, page)).all("form")
    assert forms
    assert all(form["method"] == "post" and "action" not in form.attributes for form in forms)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
async def test_what_somebody_reads_without_scripts_says_what_to_do(server: Server, page: str) -> None:
    assert "JavaScript" in (await markup(server, page)).one("noscript").text


async def test_password_managers_learn_what_is_typed_where(server: Server, office: Office) -> None:
    read = await markup(server, f"/activate?district={office.district}")
    assert {field["id"]: (field["type"], field["autocomplete"]) for field in read.all("input")} == {
        "activation_key": ("text", "off"),
        "username": ("text", "username"),
        "password": ("password", "new-password"),
        "password_confirm": ("password", "new-password"),
        "recovery_email": ("email", "email"),
    }


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("accept_language", "chosen", "shown"),
    [
        ("", "", "en"),
        ("es-MX, en;q=0.5", "", "es"),
        ("es", "en", "en"),
        ("en", "es", "es"),
        ("es", "tlh", "es"),
        ("es", "<script>", "es"),
        ("zh-TW, ;;;", "", "zh-Hant"),
        ("am, fil;q=0.5", "", "tl"),
        ("en", "ar", "ar"),
    ],
)
async def test_the_reader_chooses_the_language_and_the_browser_suggests_it(
    server: Server, page: str, accept_language: str, chosen: str, shown: str
) -> None:
    separator = "&" if "?" in page else "?"
    address = f"{page}{separator}lang={chosen}" if chosen else page
    answer = await server.http.get(address, headers={"Accept-Language": accept_language})
    read = Markup(answer.text)
    assert answer.headers["content-language"] == shown
    assert (read.one("html")["lang"], read.one("html")["dir"]) == (shown, "rtl" if shown == "ar" else "ltr")
    links = [link for link in read.all("a") if link["hreflang"]]
    assert [link["hreflang"] for link in links] == list(LANGUAGES)
    assert [link["hreflang"] for link in links if link["aria-current"]] == [shown]
    assert [link.text for link in links] == list(NAMES.values())


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("page", PAGES)
async def test_every_text_of_a_page_is_translated_and_may_run_from_right_to_left(server: Server, page: str) -> None:
    separator = "&" if "?" in page else "?"
    read = await markup(server, f"{page}{separator}lang={PSEUDO}")
    assert (read.one("html")["lang"], read.one("html")["dir"]) == (PSEUDO, "rtl")
    assert untranslated(read, known=("Campus Accounts", "Jackson County Schools", *NAMES.values(), "·")) == []


def untranslated(read: Markup, known: Sequence[str]) -> list[str]:
    """Words that stand outside the brackets in which every message of the pseudo language stands."""
    own = [value for each in read.elements for name, value in each.attributes.items() if name.startswith("data-")]
    names = {"unscripted", "begin", "choose", "done", "broken", "length", "alphanumeric", "strong", "same"}
    names |= {"parent", "student", "staff", "jackson"}
    texts = [read.one("body").text, read.one("title").text, *(text for text in own if text not in names)]
    outside = re.sub(r"⟦[^⟦⟧]*⟧", " ", " ".join(texts))
    for word in known:
        outside = outside.replace(word, " ")
    return outside.split()


async def test_a_change_of_language_keeps_the_district(server: Server, office: Office) -> None:
    read = await markup(server, f"/activate?district={office.district}")
    assert [link["href"] for link in read.all("a") if link["hreflang"]] == [
        f"?district=jackson&lang={tag}" for tag in LANGUAGES
    ]


async def test_the_activation_page_bears_the_districts_name_and_how_to_reach_it(server: Server, office: Office) -> None:
    await office.set("support.phone=555-0100", "support.email=help@example.org", "support.url=https://example.org/help")
    read = await markup(server, f"/activate?district={office.district}")
    assert read.one("header").text == "Jackson County Schools"
    assert "555-0100" in read.one("footer").text
    assert {"mailto:help@example.org", "https://example.org/help"} <= set(read.addresses())


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("district", ["", "nowhere", "<b>", "a" * 65, "jackson%00", "jackson%26lang"])
async def test_an_activation_link_of_no_district_says_so_and_asks_for_nothing(server: Server, district: str) -> None:
    read = await markup(server, f"/activate?district={district}")
    assert "which school district" in read.one("main").text
    assert read.all("form", "input", "script", "noscript", "b") == []


async def test_a_district_that_is_only_in_the_directory_has_no_keys(server: Server, tmp_path: Path) -> None:
    directory = tmp_path / "directory.csv"
    directory.write_text("id,name,state,city\nlisted,Listed Schools,GA,Athens\n", encoding="utf-8")
    await server.campus.directory.import_directory(directory)
    assert "which school district" in (await markup(server, "/activate?district=listed")).one("main").text


@pytest.mark.usefixtures("office")
async def test_what_a_page_shows_is_written_as_text(server: Server, office: Office) -> None:
    await office.set("support.phone=<script>alert(1)</script>")
    answer = await server.http.get("/activate?district=jackson")
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
