"""What clients rely on does not break unless the changelog says so."""

import re
from pathlib import Path

import pytest

from app.main import create_app
from app.settings import Settings
from tests.support.surface import FILE, Surface, breaking, read, surface_of, written

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def now() -> Surface:
    return surface_of(create_app(Settings()).openapi())


def test_the_changelog_names_every_change_that_breaks_a_client(now: Surface) -> None:
    """In the section of the next release, under `### Breaking`, with the name in backticks as it stands here.

    After the release `make released` takes the specification as it is then. So does whoever changes what was never released.
    """
    newest = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").split("\n## ")[1]
    named = set(re.findall(r"`([^`]+)`", newest.partition("### Breaking")[2].partition("\n### ")[0]))
    changes = breaking(read(FILE.read_text(encoding="utf-8")), now)
    assert {name: why for name, why in changes.items() if name not in named} == {}


def test_what_is_written_can_be_read(now: Surface) -> None:
    assert read(written(now)) == now


BEFORE = {
    "POST /login": "public",
    "POST /login > LoginBody as application/json": "",
    "POST /login < 200 SessionAnswer application/json": "",
    "POST /login < 401 invalid_credentials": "",
    "> GET /districts limit": "optional integer 1..100",
    "> LoginBody.captcha": "optional string 1..16384",
    "> LoginBody.username": "needed string ..128",
    "> Portal = parent": "",
    "> Portal = staff": "",
    "< SessionAnswer.expires_in": "always integer 1..3600",
    "GET /districts": "public",
}


@pytest.mark.parametrize(
    ("gone", "new", "told"),
    [
        ("POST /login < 401 invalid_credentials", {}, {"POST /login < 401 invalid_credentials": "is gone"}),
        ("> LoginBody.captcha", {}, {"LoginBody.captcha": "is gone"}),
        ("> Portal = staff", {}, {"Portal = staff": "is gone"}),
        ("", {"POST /login": "signed in"}, {"POST /login": "needs a session now"}),
        ("", {"> LoginBody.captcha": "needed string 1..16384"}, {"LoginBody.captcha": "is needed now"}),
        ("", {"> LoginBody.captcha": "optional string 1..100"}, {"LoginBody.captcha": "takes less than before"}),
        ("", {"> LoginBody.username": "needed string 4..128"}, {"LoginBody.username": "takes less than before"}),
        ("", {"> LoginBody.email": "needed string ..254"}, {"LoginBody.email": "is needed now"}),
        ("", {"> GET /districts state": "needed string 2..2"}, {"GET /districts state": "is needed now"}),
        (
            "",
            {"< SessionAnswer.expires_in": "always string ..20"},
            {"SessionAnswer.expires_in": "was always integer 1..3600, is always string ..20"},
        ),
        (
            "",
            {"< SessionAnswer.expires_in": "optional integer 1..3600"},
            {"SessionAnswer.expires_in": "may be left out now"},
        ),
    ],
)
def test_a_change_that_breaks_clients_is_noticed(gone: str, new: Surface, told: Surface) -> None:
    after = {name: said for name, said in {**BEFORE, **new}.items() if name != gone}
    assert breaking(BEFORE, after) == told


def test_a_whole_operation_that_is_gone_is_told_once() -> None:
    after = {name: said for name, said in BEFORE.items() if not name.startswith("POST /login")}
    assert breaking(BEFORE, after) == {"POST /login": "is gone"}


def test_what_only_adds_or_forgives_breaks_nobody() -> None:
    more = {
        "GET /me": "signed in",
        "POST /login < 403 account_locked": "",
        "> LoginBody.totp": "optional string 6..20",
        "> LoginBody.username": "optional string ..200",
        "> NewBody.name": "needed string ..100",
        "> Portal = alumni": "",
        "< SessionAnswer.expires_in": "always integer 1..7200",
        "< SessionAnswer.scope": "always string ..20",
    }
    assert breaking(BEFORE, {**BEFORE, **more}) == {}
