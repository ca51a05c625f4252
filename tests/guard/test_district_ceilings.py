"""A flood on one district does not stop the others, and no flood stops everybody's visitors one by one."""

import itertools
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from limits import RateLimitItem

from app.security.rate_windows import MemoryWindows, Window
from app.settings import Settings
from tests.guard.crowd import Standing, at, is_limited, limiting, use_windows
from tests.support.engines import sqlite_only
from tests.support.office import Office
from tests.support.portal import Server

pytestmark = sqlite_only
JSON = {"Content-Type": "application/json"}
DOORS = ["/login", "/activate/verify", "/activate", "/password-reset", "/username-recovery"]
"""Costly operations whose body names the district; without the rest of it they cost nothing here."""


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    """Two districts; eight costly requests a minute for each of them, and twelve for all together."""
    async with limiting(settings, rate_login=5, rate_district=8, rate_everyone=12) as server:
        await Office.open(server, "clarke", "Clarke County Schools")
        yield server


@pytest.fixture
def strangers() -> Iterator[str]:
    """Addresses that nobody has used."""
    return (f"198.51.100.{number}" for number in itertools.count(1))


async def ask(server: Server, address: str, district: str = "jackson", path: str = "/login") -> httpx.Response:
    return await at(server, address).post(path, json={"district": district})


async def test_a_flood_on_one_district_from_many_addresses_does_not_stop_another(
    server: Server, strangers: Iterator[str]
) -> None:
    flood = [await ask(server, next(strangers)) for _ in range(20)]
    assert [is_limited(answer) for answer in flood] == [False] * 8 + [True] * 12
    assert {(standing.limit, standing.quota) for standing in map(Standing.of, flood[8:])} == {("district", 8)}
    elsewhere = [await ask(server, next(strangers), "clarke") for _ in range(4)]
    assert not any(map(is_limited, elsewhere))


async def test_all_doors_of_a_district_have_one_ceiling(server: Server, strangers: Iterator[str]) -> None:
    doors = itertools.islice(itertools.cycle(DOORS), 9)
    answers = [await ask(server, next(strangers), path=door) for door in doors]
    assert [is_limited(answer) for answer in answers] == [False] * 8 + [True]


async def test_above_the_districts_stands_a_ceiling_for_everybody(server: Server, strangers: Iterator[str]) -> None:
    """Districts that do not exist, and requests that name none, count for it as well."""
    names: list[dict[str, Any]] = [{"district": f"made-up-{number}"} for number in range(10)]
    names += [{}, {"district": 7}, {"district": "clarke"}, {"district": "jackson"}]
    answers = [await at(server, next(strangers)).post("/login", json=body) for body in names]
    assert [is_limited(answer) for answer in answers] == [False] * 12 + [True] * 2
    assert {Standing.of(answer).limit for answer in answers[12:]} == {"everyone"}


async def test_who_is_refused_by_his_own_limit_takes_nothing_from_the_others(
    server: Server, strangers: Iterator[str]
) -> None:
    """Fifty requests of one address: five count for the district, so three are left for its people."""
    flood = [await ask(server, "203.0.113.66") for _ in range(50)]
    assert sum(map(is_limited, flood)) == 45
    assert {Standing.of(answer).limit for answer in flood} == {"login"}
    people = [await ask(server, next(strangers)) for _ in range(4)]
    assert [is_limited(answer) for answer in people] == [False, False, False, True]


async def test_who_only_looks_takes_nothing_from_those_who_sign_in(server: Server, strangers: Iterator[str]) -> None:
    for _ in range(20):
        assert not is_limited(await at(server).get("/districts/jackson"))
    assert not is_limited(await ask(server, next(strangers)))


async def test_an_answer_that_passed_speaks_of_the_visitors_own_limit(server: Server, strangers: Iterator[str]) -> None:
    answers = [await ask(server, next(strangers)) for _ in range(8)]
    assert {Standing.of(answer) for answer in answers} == {Standing("login", 5, 60, 4, 60)}


DISGUISES: dict[str, dict[str, Any]] = {
    "plainly": {"json": {"district": "jackson"}},
    "another_in_the_query": {"json": {"district": "jackson"}, "params": {"district": "{n}"}},
    "another_before_it": {"content": b'{"district": "{n}", "district": "jackson"}', "headers": JSON},
    "in_other_letters": {"content": b'{"\\u0064istrict": "\\u006aackson"}', "headers": JSON},
    "in_utf_16": {"content": '{"district": "jackson"}'.encode("utf-16"), "headers": JSON},
    "in_utf_32": {"content": '{"district": "jackson"}'.encode("utf-32-be"), "headers": JSON},
    "with_another_media_type": {"content": b'{"district": "jackson"}', "headers": {"Content-Type": "Application/JSON; x=y"}},
}  # fmt: skip


@pytest.mark.parametrize("disguise", DISGUISES)
async def test_d17_however_a_request_names_its_district_it_counts_there(
    server: Server, strangers: Iterator[str], disguise: str
) -> None:
    """The service reads `jackson` in all of them, so that is what counts; `{n}` is another name each time."""
    answers = []
    for number in range(10):
        content = DISGUISES[disguise].get("content", b"").replace(b"{n}", b"made-up-%d" % number)
        query = {"district": f"made-up-{number}"} if "params" in DISGUISES[disguise] else None
        request = {**DISGUISES[disguise], "params": query, **({"content": content} if content else {})}
        answers.append(await at(server, next(strangers)).post("/login", **request))
    assert [is_limited(answer) for answer in answers] == [False] * 8 + [True] * 2
    assert {Standing.of(answer).limit for answer in answers[8:]} == {"district"}


async def test_a_name_that_no_district_can_have_takes_no_room(server: Server, strangers: Iterator[str]) -> None:
    """It is refused like any other wrong name, and counts for everybody's ceiling."""
    windows = NotedWindows()
    use_windows(server, windows)
    for name in ("x" * 65, "x" * 60_000, "x\ny", "\ud800"):
        answer = await at(server, next(strangers)).post("/login", content=json.dumps({"district": name}), headers=JSON)
        assert answer.status_code in {400, 422}
    assert {scope for scope, *_ in windows.names} == {"login", "everyone"}


class NotedWindows(MemoryWindows):
    """Those of one process, and all names that were counted."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[tuple[str, ...]] = []

    async def hit(self, limit: RateLimitItem, *names: str) -> Window:
        self.names.append(names)
        return await super().hit(limit, *names)
