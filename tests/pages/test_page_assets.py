"""The files that the built-in pages load."""

import re

import pytest

from app.pages.assets import assets
from tests.support.engines import sqlite_only
from tests.support.portal import Server, refused


@sqlite_only
@pytest.mark.parametrize("name", assets())
async def test_a_browser_asks_whether_its_copy_still_holds(server: Server, name: str) -> None:
    first = await server.http.get(f"/pages/assets/{name}")
    assert first.status_code == 200
    assert first.headers["cache-control"] == "public, no-cache"
    kind = "text/css" if name.endswith("css") else "text/javascript"
    assert first.headers["content-type"].partition(";")[0] == kind
    again = await server.http.get(f"/pages/assets/{name}", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = await server.http.get(f"/pages/assets/{name}", headers={"If-None-Match": '"another"'})
    assert other.content == first.content


@sqlite_only
@pytest.mark.parametrize(
    "name", ["unknown.js", "page.html", "..%2fassets.py", "%2e%2e%2fassets.py", "page.css%00", "PAGE.CSS"]
)
async def test_nothing_but_these_files_is_there(server: Server, name: str) -> None:
    assert refused(await server.http.get(f"/pages/assets/{name}")) == (404, "not_found")


@pytest.mark.parametrize("name", assets())
def test_no_file_leads_to_another_place_or_runs_text_as_code(name: str) -> None:
    text = assets()[name].body.decode()
    assert re.findall(r"https?:|//\w|@import|url\(", text) == []
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text) == []


@pytest.mark.parametrize("name", [name for name in assets() if name.endswith(".js")])
def test_no_script_speaks_to_people_in_words_of_its_own(name: str) -> None:
    """Words come with the page, in its language: a sentence in a script would never be translated."""
    code = re.sub(r"^\s*(//|/\*\*).*$", "", assets()[name].body.decode(), flags=re.MULTILINE)
    assert [text for text in re.findall(r'"([^"\n]*)"', code) if re.search(r"[A-Za-z]+ [a-z]+", text)] == []
