"""Finding one's district among thousands, by a fragment, however it is typed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from app.clock import ManualClock
from app.models import District
from app.settings import Settings
from app.text import search_words
from tests.support.cursors import as_cursor
from tests.support.office import Office
from tests.support.portal import Server, faults, refused, serving

DIRECTORY = [
    ("4700148", "Shelby County Schools", "TN", "Memphis"),
    ("0100001", "Shelby County", "AL", "Columbiana"),
    ("1302550", "Jackson County Schools", "GA", "Jefferson"),
    ("0101860", "Jefferson County", "AL", "Birmingham"),
    ("2901000", "Ca\u00f1on City R\u00e9-1", "CO", "Ca\u00f1on City"),
    ("4807620", "Bynum Independent School District", "TX", "Bynum"),
    ("3620580", "New York City Geographic District #1", "NY", "New York"),
    ("9900001", "Stra\u00dfburg 100%_Schools", "VA", "Strasburg"),
]


@pytest.fixture
async def directory(server: Server) -> Server:
    """The directory; nobody has opened a district yet."""
    async with server.campus.database.transaction() as session:
        session.add_all(entry(*columns) for columns in DIRECTORY)
    return server


def entry(district_id: str, name: str, state: str, city: str) -> District:
    words = {"name_words": search_words(name), "city_words": search_words(city)}
    return District(id=district_id, name=name, state=state, city=city, **words)


async def found(server: Server, **query: str) -> list[str]:
    answer = await server.http.get("/districts", params=query)
    return [item["name"] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("bynum", ["Bynum Independent School District"]),
        ("  BYNUM  ", ["Bynum Independent School District"]),
        ("ynu", ["Bynum Independent School District"]),
        ("county shelby", ["Shelby County", "Shelby County Schools"]),
        ("shelby memphis", ["Shelby County Schools"]),
        ("canon", ["Ca\u00f1on City R\u00e9-1"]),
        ("CA\u00d1ON", ["Ca\u00f1on City R\u00e9-1"]),
        ("can\u0303on re 1", ["Ca\u00f1on City R\u00e9-1"]),
        ("strassburg", ["Stra\u00dfburg 100%_Schools"]),
        ("\uff22\uff59\uff4e\uff55\uff4d", ["Bynum Independent School District"]),
        ("district #1", ["New York City Geographic District #1"]),
        ("100%", ["Stra\u00dfburg 100%_Schools"]),
        ("bynum isd", ["Bynum Independent School District"]),
        ("shelby co", ["Shelby County", "Shelby County Schools"]),
        ("bynun", ["Bynum Independent School District"]),
        ("strassbrug", ["Stra\u00dfburg 100%_Schools"]),
        ("shelby tennessee", ["Shelby County Schools"]),
        ("nowhere", []),
        ("bynum x", []),
    ],
)
async def test_a_fragment_finds_whatever_case_accents_and_order(
    directory: Server, words: str, names: list[str]
) -> None:
    assert await found(directory, q=words) == names


async def test_a_match_in_the_name_ranks_before_one_in_the_city(directory: Server) -> None:
    assert await found(directory, q="jefferson") == ["Jefferson County", "Jackson County Schools"]


async def test_signs_that_mean_something_to_a_database_mean_nothing_here(directory: Server) -> None:
    """They separate words, as they do in names; alone they ask for nothing in particular."""
    assert await found(directory, q="bynum%") == ["Bynum Independent School District"]
    assert await found(directory, q="b%zz") == []
    assert await found(directory, q="q_z") == []
    assert await found(directory, q="'; DROP TABLE districts; --") == []
    for nothing in ("%", "_", "'", "\\", "\x00", "   ", ""):
        assert len(await found(directory, q=nothing)) == len(DIRECTORY)


async def test_the_state_narrows_the_search(directory: Server) -> None:
    assert await found(directory, state="AL") == ["Jefferson County", "Shelby County"]
    assert await found(directory, state="al", q="shelby") == ["Shelby County"]
    assert await found(directory, state="ZZ") == []
    for wrong in ("A", "ALA", "1A", "\u00c4L"):
        answer = await directory.http.get("/districts", params={"state": wrong})
        assert {pointer for pointer, _ in faults(answer)} == {"/query/state"}


async def test_only_an_opened_district_has_portals(directory: Server) -> None:
    await Office.open(directory, "1302550", "Jackson County Schools", "GA")
    answer = await directory.http.get("/districts", params={"q": "county schools"})
    assert answer.json() == {
        "items": [
            {
                "id": "1302550",
                "name": "Jackson County Schools",
                "state": "GA",
                "city": "Jefferson",
                "portals": ["parent", "student"],
            },
            {"id": "4700148", "name": "Shelby County Schools", "state": "TN", "city": "Memphis", "portals": []},
        ]
    }


@pytest.mark.parametrize("query", [{}, {"q": "county"}, {"q": "jefferson"}, {"q": "co", "state": "AL"}])
async def test_pages_follow_each_other_without_gap_or_repetition(directory: Server, query: dict[str, str]) -> None:
    whole = await found(directory, **query)
    assert whole
    for limit in (1, 2, 3, len(whole)):
        assert await paged(directory, query, limit, at_most=len(whole)) == whole


async def paged(server: Server, query: dict[str, str], limit: int, *, at_most: int) -> list[str]:
    """The names of all pages, of which there are no more than entries, and perhaps an empty last one."""
    names: list[str] = []
    parameters = {**query, "limit": str(limit)}
    for _ in range(at_most + 1):
        page = (await server.http.get("/districts", params=parameters)).json()
        assert len(page["items"]) <= limit
        names += [item["name"] for item in page["items"]]
        if "next_cursor" not in page:
            return names
        parameters["cursor"] = page["next_cursor"]
    raise AssertionError("the pages do not end")


async def test_two_districts_of_one_name_both_appear_across_pages(directory: Server) -> None:
    async with directory.campus.database.transaction() as session:
        session.add_all(entry(f"twin-{number}", "Twin Lakes", "WI", "Twin Lakes") for number in range(3))
    first = (await directory.http.get("/districts", params={"q": "twin", "limit": 2})).json()
    rest = (
        await directory.http.get("/districts", params={"q": "twin", "limit": 2, "cursor": first["next_cursor"]})
    ).json()
    assert [item["id"] for item in [*first["items"], *rest["items"]]] == ["twin-0", "twin-1", "twin-2"]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.5", "9" * 40])
async def test_a_page_has_1_to_100_entries(server: Server, limit: str) -> None:
    answer = await server.http.get("/districts", params={"limit": limit})
    assert {pointer for pointer, _ in faults(answer)} == {"/query/limit"}


@pytest.mark.parametrize(
    "cursor",
    ["x", "\u00e4", "AAAA", [], {}, [0, "a"], ["0", "a", "b"], [0, "\x00", "x"], [0, "\ud800", "x"], [True, "a", "b"]],
)
async def test_a_cursor_that_this_service_did_not_give_is_refused(server: Server, cursor: Any) -> None:
    made_up = cursor if isinstance(cursor, str) else as_cursor(cursor)
    answer = await server.http.get("/districts", params={"cursor": made_up})
    assert faults(answer) == {("/query/cursor", "cursor_invalid"): {}}


async def test_a_cursor_far_beyond_the_end_finds_nothing_and_harms_nobody(directory: Server) -> None:
    for rank in (-(10**30), 7, 10**30):
        cursor = as_cursor([rank, "zzz", "zzz"])
        answer = await directory.http.get("/districts", params={"cursor": cursor, "q": "county"})
        assert answer.is_success or refused(answer) == (422, "validation_failed")


async def test_what_is_imported_opened_or_changed_is_found_at_once_and_by_every_server(
    server: Server, settings: Settings, clock: ManualClock, tmp_path: Path
) -> None:
    async with serving(settings, clock) as other:
        assert await found(server) == await found(other) == []
        await import_directory(server, tmp_path, "1,Twin Lakes,WI,Twin Lakes", "2,Twin Falls,ID,Twin Falls")
        assert await found(server, q="twin") == await found(other, q="twin") == ["Twin Falls", "Twin Lakes"]
        lakes = await Office.open(other, "1", "Twin Lakes", "WI")
        assert await found(server, q="twin") == await found(other, q="twin") == ["Twin Lakes", "Twin Falls"]
        await lakes.set("portals=parent")
        item = (await server.http.get("/districts", params={"q": "twin lakes"})).json()["items"][0]
        assert item["portals"] == ["parent"]
        await import_directory(server, tmp_path, "1,Triplet Lakes,WI,Twin Lakes")
        assert await found(other, q="triplet") == ["Triplet Lakes"]


async def test_pages_stay_in_step_while_an_import_adds_districts(server: Server, tmp_path: Path) -> None:
    """Whoever turns the pages sees once what was there all the time; the import is seen whole or not at all."""
    await import_directory(server, tmp_path, *(f"old{n:02},Lake {n:02},WI,Lake" for n in range(0, 60, 2)))
    added = [f"new{n:02},Lake {n:02},WI,Lake" for n in range(1, 60, 2)]
    importing = asyncio.create_task(import_directory(server, tmp_path, *added))
    query, names = {"q": "lake", "limit": "3"}, []
    while True:
        page = (await server.http.get("/districts", params=query)).json()
        names += [item["name"] for item in page["items"]]
        if "next_cursor" not in page:
            break
        query["cursor"] = page["next_cursor"]
    await importing
    assert names == sorted(set(names))
    assert {f"Lake {n:02}" for n in range(0, 60, 2)} <= set(names)
    assert len(await found(server, q="lake", limit="100")) == 60


async def test_many_who_ask_while_the_directory_changes_are_all_answered(server: Server, tmp_path: Path) -> None:
    await import_directory(server, tmp_path, "1,Twin Lakes,WI,Twin Lakes")
    asked = (found(server, q="twin") for _ in range(20))
    _, *answers = await asyncio.gather(import_directory(server, tmp_path, "2,Twin Falls,ID,Twin Falls"), *asked)
    for names in answers:
        assert names in (["Twin Lakes"], ["Twin Falls", "Twin Lakes"])
    assert await found(server, q="twin") == ["Twin Falls", "Twin Lakes"]


async def import_directory(server: Server, folder: Path, *lines: str) -> None:
    file = folder / f"{len(lines)}.csv"
    file.write_text("\n".join(["nces_id,name,state,city", *lines]), encoding="utf-8")
    await server.campus.directory.import_directory(file)
