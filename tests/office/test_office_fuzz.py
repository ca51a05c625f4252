"""Whatever is sent to the office's routes is either done or refused as the specification says; nothing breaks, nothing leaks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.office.hostile import CURSORS, as_json, is_list, some_of, with_strange_bodies, with_strange_words
from tests.office.requests import PHONE, Family, Operation, Request, family, operations
from tests.support.desk import at_desk
from tests.support.office import Office
from tests.support.portal import User, refused

OPERATIONS = operations()
LISTS = [operation for operation in OPERATIONS if is_list(operation)]
WILD = ("%", "_", "\\", "%%", "__", "\\%", "_am0", "fa_0", "f%0", "*", "' OR 1=1 --", "fam0' OR '", "$1", "?")
SEARCHES = {"searchAccounts", "searchPeople", "searchRelationships"}


@pytest.fixture
async def its(office: Office) -> Family:
    await office.set(f"support.phone={PHONE}")
    return await family(office, 0, await office.school("Jefferson High"))


@pytest.mark.parametrize("strange", [with_strange_words, with_strange_bodies])
async def test_nothing_that_is_sent_breaks_anything(dana: User, its: Family, strange: Any) -> None:
    """What is fine is done; all else is a problem that the specification names (which `server.http` looks at)."""
    for operation in OPERATIONS:
        told = {}
        for request in strange(operation, its):
            answer = await sent(request, operation, dana)
            told[describe(request)] = answer.status_code
            if answer.is_error:
                refused(answer)
        assert not {what: status for what, status in told.items() if status >= 500}, operation


async def test_a_cursor_of_another_list_or_of_nobody_is_refused_or_shows_a_page(dana: User, its: Family) -> None:
    """Never a row of another district, whoever's cursor it is."""
    hall = await Office.open(its.office.server, "hall", "Hall County Schools")
    ada = await at_desk(hall, name="Ada Hall")
    await family(hall, 1, await hall.school("Hall High"))
    await family(hall, 2, await hall.school("Hall Middle"))
    await family(its.office, 3, its.school)
    await its.office.school("Another School")
    here, there = await cursors(dana), await cursors(ada)
    assert len(here) == len(there) == len(LISTS)
    for number, operation in enumerate(LISTS):
        for cursor in (*some_of(CURSORS, number), *here.values(), *there.values()):
            answer = await page(dana, operation, cursor=cursor, limit=100)
            assert answer.status_code in {200, 422}, (operation, cursor)
            if answer.is_error:
                assert [error["pointer"] for error in answer.json()["errors"]] == ["/query/cursor"]
            assert not any(mark in answer.text for mark in ("Fam1", "Fam2", "Ada"))
        if operation.id in SEARCHES:
            beyond = (await page(dana, operation, cursor=there[operation.id])).json()
            assert beyond["items"] == [], "nor does it tell where in the alphabet somebody of another district stands"


async def cursors(clerk: User) -> Mapping[str, str]:
    """The `next_cursor` of each list, by operation."""
    pages = {operation.id: (await page(clerk, operation, limit=1)).json() for operation in LISTS}
    return {name: shown["next_cursor"] for name, shown in pages.items() if "next_cursor" in shown}


async def page(clerk: User, operation: Operation, **query: object) -> httpx.Response:
    return await clerk.ask("GET", operation.path, params=query)


async def test_the_signs_of_patterns_and_of_sql_mean_themselves(office: Office, its: Family, dana: User) -> None:
    """Neither everybody nor a part of them is found by a sign; and whose name has one is."""
    odd = await office.guardian("Per%Cent O'Hara_x", [await office.student("Back\\Slash Kid")])
    for operation in OPERATIONS:
        for q in WILD if operation.id in SEARCHES else ():
            shown = (await dana.ask("GET", operation.path, params={"q": q})).json()
            assert (shown["items"], shown.get("without_account", [])) == ([], []), (operation, q)
    for q in ("O'Hara", "per%cent", "hara_x", "x per"):
        people = (await dana.ask("GET", "/admin/people", params={"q": q})).json()["items"]
        assert [person["id"] for person in people] == [str(odd)], q
    for tag in ("office:account_", "o_f", "_"):
        assert (await dana.ask("GET", "/admin/audit-events", params={"tag": tag})).json()["items"] == []
    assert its.account in (await dana.ask("GET", "/admin/accounts", params={"q": its.parent.username})).text


async def sent(request: Request, operation: Operation, who: User) -> httpx.Response:
    if request.body is not None:
        headers = {**request.headers, "Content-Type": "application/json"}
        request = replace(request, body=None, content=as_json(request.body), headers=headers)
    return await request.send(operation, who, who.http)


def describe(request: Request) -> str:
    return f"{request.path} {request.query} {request.headers} {request.body or request.content!r}"[:300]
