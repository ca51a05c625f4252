"""The page for those who build apps, held to the specification and to a running service."""

import inspect
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.clock import ManualClock
from app.problems import MEDIA_TYPE
from app.routers.pages import router as pages_router
from app.services.account_view import AccountView
from app.services.district_settings import DistrictSettings
from app.services.setting_paths import setting_paths
from app.services.sso.sign_in import SsoError
from app.settings import Settings
from tests.documents.blocks import ROOT, Block, block, blocks, specification
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server, serving

PAGE = (ROOT / "docs" / "apps.md").read_text(encoding="utf-8")
DIAGRAMS = [each for each in blocks() if each.language == "mermaid"]
MESSAGE = re.compile(r"(\w+)(->>|-->>)(\w+): ([^#;\n]+)")
PARTICIPANT = re.compile(r"(?:participant|actor) (\w+)(?: as .+)?")
NOTE = re.compile(r"Note (?:over|left of|right of) (\w+)(?:,(\w+))?: [^#;\n]+")
REQUEST = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/[^ ?\n]+)")
ANSWER = re.compile(r"([1-5]\d\d)(?: (\w+))?")
OPENING, BETWEEN = ("alt", "opt", "loop"), "else"


@pytest.fixture(scope="module")
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    paths = specification()["paths"]
    return {(method.upper(), path): body for path, methods in paths.items() for method, body in methods.items()}


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda diagram: diagram.place)
def test_a_diagram_can_be_drawn(diagram: Block) -> None:
    """The little of Mermaid's grammar that sequence diagrams here need."""
    first, *lines = diagram.text.splitlines()
    assert first == "sequenceDiagram"
    participants, open_blocks = set(), 0
    for line in (each.strip() for each in lines):
        word, _, label = line.partition(" ")
        if found := PARTICIPANT.fullmatch(line):
            participants.add(found[1])
        elif found := MESSAGE.fullmatch(line):
            assert {found[1], found[3]} <= participants, line
        elif found := NOTE.fullmatch(line):
            assert {name for name in found.groups() if name} <= participants, line
        else:
            assert word in {*OPENING, BETWEEN, "end"}, line
            assert bool(label) == (word != "end"), line
            open_blocks += (word in OPENING) - (word == "end")
            assert open_blocks > 0 or word == "end", line
    assert open_blocks == 0


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=lambda diagram: diagram.place)
def test_a_diagram_says_what_the_specification_says(
    diagram: Block, operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """Every request is an operation; every answer is one that it may give, a refusal by its code."""
    asked: dict[str, Any] | None = None
    for _, arrow, _, text in MESSAGE.findall(diagram.text):
        if found := REQUEST.match(text):
            asked = operations[found[1], found[2]]
        elif arrow == "-->>":
            assert asked is not None, text
            found = ANSWER.match(text)
            assert found, text
            answer = asked["responses"][found[1]]
            if found[1] >= "400":
                assert found[2] in answer["content"][MEDIA_TYPE]["examples"], text


def test_every_flow_has_its_diagram() -> None:
    asked = {path for diagram in DIAGRAMS for _, path in REQUEST.findall(diagram.text)}
    assert len(DIAGRAMS) >= 11
    assert asked >= {
        *("/activate", "/login", "/login/refresh", "/password-reset/confirm", "/password-reset/answers"),
        *("/username-recovery", "/me/recovery-email/confirm", "/activate/claim/complete", "/activate/key-requests"),
        *("/districts/link", "/districts/link/{account_id}/switch", "/me/totp/confirm", "/me/step-up"),
    }


def test_every_code_in_the_text_is_one() -> None:
    """Words with an underline between back-ticks: codes, steps, settings of districts, members of requests and answers, or errors of a way back."""
    known = json.dumps(specification())
    named = (
        set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PAGE)) - set(steps()) - set(SsoError) - {"site_key"}
    )  # a hosted provider's own word
    settings = {name for path in setting_paths(DistrictSettings) for name in path.split(".")}
    assert {word for word in named - settings if f'"{word}"' not in known} == set()


def test_the_pages_that_mails_lead_to_are_served() -> None:
    table = PAGE.split("| page | carries |")[1].split("\n\n")[0]
    pages = set(re.findall(r"^\| `(/[a-z-]+)[?#]", table, re.MULTILINE))
    assert pages == pages_router.paths - {"/pages/assets/{name}"}


def test_the_next_steps_are_those_of_the_code_in_their_order() -> None:
    table = PAGE.split("| step | how |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == steps()


@pytest.fixture
async def server(settings: Settings, clock: ManualClock) -> AsyncIterator[Server]:
    async with serving(settings, clock) as server:
        yield server


@sqlite_only
async def test_a_refusal_looks_as_it_is_shown(server: Server) -> None:
    await Office.open(server, "jackson-ga")
    shown = json.loads(block("what it says"))
    answer = await curl(server.http, block("a refusal"))
    assert {**answer.json(), "request_id": shown["request_id"]} == shown


async def curl(http: httpx.AsyncClient, command: str) -> httpx.Response:
    """One command of the page, sent to this server."""
    words = re.search(r"127\.0\.0\.1:8000(\S+)", command)
    body = re.search(r"-d '(.+)'", command)
    assert words
    assert body
    headers = dict(header.split(": ", 1) for header in re.findall(r"-H '(.+?)'", command))
    return await http.post(words[1], content=body[1], headers=headers)


def steps() -> list[str]:
    """What the account's property may name, in its order."""
    getter = AccountView.next_steps.fget  # type: ignore[attr-defined]  # a property, as mypy sees it on the class
    return list(re.findall(r'steps\.append\("(\w+)"\)', inspect.getsource(getter)))
