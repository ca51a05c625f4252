"""Everybody reads the language that is asked for, as far as there are words in it, and no word is forgotten."""

import ast
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from babel.messages.catalog import Catalog
from hypothesis import example, given
from hypothesis import strategies as st

from app.clock import ManualClock
from app.errors import FieldError, NotFound, ValidationFailed, every_refusal
from app.locales import awaited, catalogue
from app.locales.messages import APP, messages
from app.problems import problem_body
from app.services.roster.codes import ADVICE
from app.settings import Settings
from app.translation import (
    CATALOGUES,
    LANGUAGES,
    NOBODY,
    PSEUDO,
    catalogue_file,
    negotiate,
    reviewed_by,
    reviewer,
    translator,
)
from tests.support.engines import sqlite_only
from tests.support.portal import Server, serving

NOON = datetime(2026, 8, 3, 16, 0, tzinfo=UTC)


# --- which language ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept_language", "offered", "best"),
    [
        (None, LANGUAGES, "en"),
        ("", LANGUAGES, "en"),
        ("es", LANGUAGES, "es"),
        ("ES-mx", LANGUAGES, "es"),
        ("en-GB, es;q=0.9", LANGUAGES, "en"),
        ("en;q=0.3, es-419 ; q=0.8", LANGUAGES, "es"),
        ("am, am-ET;q=0.9, es;q=0.1", LANGUAGES, "es"),
        ("es;q=0, en;q=0.001", LANGUAGES, "en"),
        ("es;q=0", LANGUAGES, "en"),
        ("*, es;q=0.5", LANGUAGES, "es"),
        ("*", LANGUAGES, "en"),
        ("am", LANGUAGES, "en"),
        ("fil-PH", LANGUAGES, "tl"),
        ("mww, en;q=0.5", LANGUAGES, "hmn"),
        ("hnj-Hmnp-LA", LANGUAGES, "hmn"),
        ("zh-TW", LANGUAGES, "zh-Hant"),
        ("zh-HK", LANGUAGES, "zh-Hant"),
        ("yue", LANGUAGES, "zh-Hant"),
        ("zh", LANGUAGES, "zh-Hans"),
        ("zh-CN", LANGUAGES, "zh-Hans"),
        ("cmn-Hans-CN", LANGUAGES, "zh-Hans"),
        ("pt-PT", LANGUAGES, "pt"),
        ("ar-EG", LANGUAGES, "ar"),
        ("english please", LANGUAGES, "en"),
        (",;q=,-,es;q=2,es;q=0.12345,\x00", LANGUAGES, "en"),
        (PSEUDO, LANGUAGES, "ar"),
        ("hmn, en", ("en", "hmn"), "hmn"),
        ("zh-TW", ("en", "zh", "zh-Hant"), "zh-Hant"),
        ("zh-TW", ("en", "zh-Hans", "zh-Hant"), "zh-Hant"),
        ("zh-HK", ("en", "zh-Hans", "zh-TW"), "zh-TW"),
        ("zh-CN", ("en", "zh-Hant", "zh-Hans"), "zh-Hans"),
        ("zh", ("en", "zh-Hant", "zh-Hans"), "zh-Hans"),
        ("zh-TW", ("en", "zh"), "zh"),
        ("zh-Hant-TW-x-private", ("en", "zh-Hant"), "zh-Hant"),
        ("es-MX", ("en", "es-ES", "es"), "es"),
        ("es-MX", ("en", "es-US"), "es-US"),
        ("en", ("es", "ht"), "es"),
    ],
)
def test_the_reader_gets_the_best_of_what_is_offered(
    accept_language: str | None, offered: tuple[str, ...], best: str
) -> None:
    assert negotiate(accept_language, offered) == best


@given(st.text() | st.text(alphabet="enszhTWq=;,-*. 0159"))
@example("es," * 100_000)
@example("a" * 100_000)
@example("es;q=" + "0" * 100_000)
def test_whatever_a_header_says_some_language_is_chosen(accept_language: str) -> None:
    assert negotiate(accept_language) in LANGUAGES
    assert translator(accept_language).tag in LANGUAGES


# --- words ------------------------------------------------------------------------------------------------------------


def test_a_message_that_nobody_translated_is_english_and_the_others_are_not() -> None:
    spanish = translator("es-MX")
    assert spanish.text("Your username:") == "Su nombre de usuario:"
    assert spanish.text("The cafeteria is closed on {day}.", day="lunes") == "The cafeteria is closed on lunes."


def test_what_is_put_into_a_message_is_never_read_as_a_template() -> None:
    english = translator("en")
    assert english.text("Hello {name},", name="{name} {0.__class__} %s") == "Hello {name} {0.__class__} %s,"
    assert english.text("Hello {name},", nobody=1) == "Hello {name},"
    assert english.text("{0.__class__} {name!r} {name:>9} {}", name="Maria") == "{0.__class__} {name!r} {name:>9} {}"


def test_in_a_language_from_right_to_left_a_name_keeps_to_itself() -> None:
    pseudo = translator(PSEUDO)
    assert (pseudo.tag, pseudo.direction) == ("ar-XB", "rtl")
    assert pseudo.text("Hello {name},", name="Maria") == "⟦Hello \u2068Maria\u2069,⟧"
    assert [tag for tag in LANGUAGES if translator(tag).direction == "rtl"] == ["ar"]


@pytest.mark.parametrize(
    ("locale", "timezone", "said"),
    [
        ("en", "America/New_York", "Monday, August 3, 2026, 12:00 PM (Eastern Daylight Time)"),
        ("en", "Pacific/Honolulu", "Monday, August 3, 2026, 6:00 AM (Hawaii-Aleutian Standard Time)"),
        ("es", "America/Chicago", "lunes, 3 de agosto de 2026, 11:00 a.m. (hora de verano central)"),
        ("hmn", "America/New_York", "Monday, August 3, 2026, 12:00 PM (Eastern Daylight Time)"),
        ("ht", "America/New_York", "lundi 3 août 2026, 12:00 (heure d\u2019été de l\u2019Est nord-américain)"),
        ("ko", "America/New_York", "2026년 8월 3일 월요일 오후 12:00 (미 동부 하계 표준시)"),
        (
            "tl",
            "America/New_York",
            "Lunes, Agosto 3, 2026, 12:00 PM (Daylight na Oras sa Silangan ng Hilagang Amerika)",
        ),
    ],
)
def test_a_moment_is_told_as_people_there_say_it(locale: str, timezone: str, said: str) -> None:
    assert translator(locale).moment(NOON, timezone) == said


# --- no word is forgotten -----------------------------------------------------------------------------------------------


def test_what_is_offered_is_what_there_are_catalogues_for() -> None:
    tags = {path.parent.parent.name.replace("_", "-") for path in CATALOGUES.glob("*/LC_MESSAGES/messages.po")}
    assert tags == set(LANGUAGES[1:])


@pytest.mark.parametrize("tag", LANGUAGES[1:])
def test_every_message_is_translated_and_nothing_else(tag: str) -> None:
    """`python -m app.locales` brings the catalogues up to the code; `--await` lists what translators have still to get."""
    assert catalogue.faults(catalogue.read(tag), awaited.awaited(tag)) == []


def test_only_what_is_lacking_is_awaited_and_spanish_never_waits() -> None:
    assert awaited.listed() == awaited.lacking(), "run python -m app.locales --await"
    assert awaited.awaited("es") == set()


@pytest.mark.parametrize("tag", LANGUAGES[1:])
def test_a_catalogue_stands_in_the_order_of_the_code(tag: str) -> None:
    kept = catalogue.read(tag)
    assert entries(catalogue.renewed(kept)) == entries(kept), "run python -m app.locales"


def test_a_catalogue_with_faults_is_found_out() -> None:
    own = catalogue.renewed(Catalog())
    for entry in own:
        entry.string = entry.id
    assert catalogue.faults(own) == []
    own["Your username:"].string = ""
    own["Language"].flags.add("fuzzy")
    own["Hello {name},"].string = "Hola, {nombre}:"
    own["`available_at` says from when on the account can be claimed."].string = "`disponible` dice desde cuándo."
    own.add("The cafeteria is closed.", "La cafetería está cerrada.")
    assert catalogue.faults(own) == [
        "not translated: Your username:",
        "not translated: Language",
        "no longer used: The cafeteria is closed.",
        "other placeholders: Hello {name},",
        "other codes: `available_at` says from when on the account can be claimed.",
    ]
    assert catalogue.untranslated(own) == ["Your username:", "Language"]
    assert catalogue.faults(own, {"Your username:", "Language"})[0].startswith("no longer used")


def test_nobody_is_said_to_have_reviewed_a_language_but_who_stands_in_its_catalogue() -> None:
    heads = {tag: catalogue_file(tag).read_text(encoding="utf-8").split("\n\n")[0] for tag in LANGUAGES[1:]}
    assert reviewer('"Language: es\\n"\n"X-Reviewed-By: Ana Ruiz, 2026-12-01\\n"\n') == "Ana Ruiz, 2026-12-01"
    assert reviewer(heads["es"]) == reviewed_by("es")
    assert {
        tag for tag, head in heads.items() if f'"X-Reviewed-By: {reviewed_by(tag) or NOBODY}\\n"' not in head
    } == set()


def test_messages_are_found_wherever_people_read_them() -> None:
    found = messages()
    refusals = [words for kind in every_refusal() for words in (kind.title, kind.detail, kind.remedy)]
    assert [words for words in (*refusals, *ADVICE.values()) if words not in found] == []
    assert found["Use at least {min} characters."] == ["app/problems.py", "app/services/credential_policy.py"]
    assert "app/mail/templates/layout.txt.j2" in found["Hello {name},"]
    assert "app/mail/compose.py" in found["{district}: your password was changed"]


def test_the_sentence_of_every_field_error_is_marked() -> None:
    """Where it is made, or given to a helper that makes it."""
    assert [place for path in sorted(APP.rglob("*.py")) for place in unmarked_sentences(path)] == []


def entries(catalog: Catalog) -> list[tuple[str, str, list[str]]]:
    return [
        (str(entry.id), str(entry.string), [place for place, _ in entry.locations]) for entry in catalog if entry.id
    ]


def unmarked_sentences(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    makers = {"FieldError"} | {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        and isinstance(function.returns, ast.Name)
        and function.returns.id == "FieldError"
    }
    for call in ast.walk(tree):
        match call:
            case ast.Call(func=ast.Name(id=name), args=args) if name in makers and path.parent.name != "openapi":
                yield from (
                    f"{path.relative_to(APP)}:{part.lineno}"
                    for part in args
                    if isinstance(part, ast.JoinedStr)
                    or (isinstance(part, ast.Constant) and isinstance(part.value, str) and " " in part.value)
                )


# --- refusals -----------------------------------------------------------------------------------------------------------


def test_a_problem_is_told_in_the_language_of_the_reader() -> None:
    error = ValidationFailed(
        [FieldError("/password", "password_too_short", "Use at least {min} characters.", {"min": 8})]
    )
    assert problem_body(error, "0123456789", "es") == {
        "type": "/problems/validation-failed",
        "title": "Algunos campos necesitan otro valor",
        "status": 422,
        "code": "validation_failed",
        "detail": "Algunos campos necesitan otro valor. En cada uno se dice qué está mal.",
        "request_id": "0123456789",
        "errors": [
            {
                "pointer": "/password",
                "code": "password_too_short",
                "detail": "Use al menos 8 caracteres.",
                "params": {"min": 8},
            }
        ],
    }


def test_what_one_refusal_says_of_its_own_stays_as_it_is() -> None:
    body = problem_body(NotFound("Nobody in jackson-ga has the username {maria}."), "0123456789", "es")
    assert body["title"] == "Aquí no hay nada"
    assert body["detail"] == "Nobody in jackson-ga has the username {maria}."


@pytest.fixture
async def server(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    async with serving(settings, clock) as server:
        yield server


@sqlite_only
async def test_refusals_of_every_layer_answer_in_spanish(server: Server) -> None:
    origin = {"Origin": "https://stranger.example", "Access-Control-Request-Method": "GET"}
    text, spanish = {"Content-Type": "text/plain"}, {"Accept-Language": "es-US,es;q=0.9,en;q=0.1"}
    answers = {
        "preflight": await server.http.options("/districts", headers={**spanish, **origin}),
        "body": await server.http.post("/login", headers={**spanish, **text}, content=b"maria"),
        "schema": await server.http.post("/login", headers=spanish, json={}),
        "route": await server.http.get("/nowhere", headers=spanish),
    }
    assert {layer: answer.json()["detail"] for layer, answer in answers.items()} == {
        "preflight": "Este origen web no está registrado en ningún distrito, o no puede enviar este método o encabezado.",
        "body": "Envíe el cuerpo como application/json.",
        "schema": "Algunos campos necesitan otro valor. En cada uno se dice qué está mal.",
        "route": "Esto no está aquí, o ya no está.",
    }
    assert {fault["detail"] for fault in answers["schema"].json()["errors"]} == {"Este campo es obligatorio."}
    assert {answer.headers["Content-Language"] for answer in answers.values()} == {"es"}
    assert [vary(answer) for answer in answers.values()] == [{"Accept-Language", "Origin"}] * 4


@sqlite_only
async def test_a_failure_of_the_service_itself_is_told_in_spanish_too(server: Server) -> None:
    del server.app.state.campus
    transport = httpx.ASGITransport(app=server.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://campus.test") as http:
        answer = await http.get("/districts", headers={"Accept-Language": "es"})
    assert (answer.status_code, answer.json()["title"]) == (500, "Algo falló de nuestro lado")
    assert answer.headers["Content-Language"] == "es"


@sqlite_only
async def test_several_headers_count_as_one_and_nobody_asked_is_english(server: Server) -> None:
    several = [("Accept-Language", "am"), ("Accept-Language", "es;q=0.4")]
    answers = [await server.http.get("/nowhere", headers=several), await server.http.get("/nowhere")]
    assert [answer.headers["Content-Language"] for answer in answers] == ["es", "en"]
    assert [answer.json()["title"] for answer in answers] == ["Aquí no hay nada", "There is nothing here"]


@sqlite_only
async def test_the_pages_about_problems_are_translated(server: Server) -> None:
    answer = await server.http.get("/problems/username-taken", headers={"Accept-Language": "es"})
    assert answer.json() == {
        "type": "/problems/username-taken",
        "code": "username_taken",
        "status": 409,
        "title": "Este nombre de usuario ya está ocupado",
        "remedy": (
            "Elija otro nombre de usuario. Las mayúsculas y las formas parecidas de una letra cuentan como iguales."
        ),
    }


def vary(answer: httpx.Response) -> set[str]:
    return {part.strip() for part in answer.headers["Vary"].split(",")}
