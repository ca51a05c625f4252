"""The index of the directory alone: ranks, abbreviations, typing errors, and how long the worst query takes."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.services.directory.index import DirectoryEntry, DirectoryIndex, Position
from app.services.directory.spelling import is_within
from app.text import search_words
from tests.support.real_directory import REAL_DIRECTORIES, districts_of, indexed
from tests.support.typical_queries import TYPICAL_QUERIES

DISTRICTS = [
    indexed("01", "Jackson County", "AL", "Scottsboro"),
    indexed("02", "JACKSON CO. SCHOOL DIST.", "MS", "Vancleave"),
    indexed("03", "Jackson City", "KY", "Jackson"),
    indexed("04", "Butts County", "GA", "Jackson"),
    indexed("05", "West Jacksonville Area SD", "PA", "Troy"),
    indexed("06", "SALADO ISD", "TX", "SALADO"),
    indexed("07", "Bynum Independent School District", "TX", "Bynum"),
    indexed("08", "ST. PAUL PUBLIC SCHOOL DISTRICT", "MN", "SAINT PAUL"),
    indexed("09", "Saint Clair Twp Schools", "OH", "Ft Laramie"),
    indexed("10", "Fort Laramie Township", "OH", "St Clair"),
    indexed("11", "Mt. Diablo Unified", "CA", "Concord"),
    indexed("12", "De Kalb Central Elementary", "IL", "O'Fallon"),
    indexed("13", "Philadelphia City SD", "PA", "Philadelphia"),
    indexed("14", "Ca\u00f1on City Fremont RE-1", "CO", "Ca\u00f1on City"),
    indexed("15", "Prince George\u2019s County Public Schools", "MD", "Upper Marlboro"),
    indexed("16", "Blackjack Academy", "NV", "Reno"),
    indexed("17", "Reno Preparatory", "NV", "Jackpot"),
    indexed("18", "Marion 10", "SC", "Marion"),
]
INDEX = DirectoryIndex(1, DISTRICTS)
BY_ID = {district.entry.id: district.entry for district in DISTRICTS}


def found(query: str, index: DirectoryIndex = INDEX, *, state: str | None = None, limit: int = 100) -> list[str]:
    return [entry.id for entry in look(query, index, state=state, limit=limit)]


def look(
    query: str, index: DirectoryIndex = INDEX, *, state: str | None = None, limit: int = 100
) -> Sequence[DirectoryEntry]:
    return index.page(tuple(search_words(query).split()), state, limit, None).items


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("jackson", ["03", "02", "01", "05", "04"]),
        ("jack", ["03", "02", "01", "05", "16", "04", "17"]),
        ("jackson county", ["02", "01", "03", "05", "04"]),
        ("county jackson ms", ["02"]),
        ("jackson georgia", ["04"]),
        ("butts county schools", ["04"]),
        ("canon city", ["14"]),
        ("re1", ["14"]),
        ("no such place", []),
    ],
)
def test_ranks(query: str, ids: list[str]) -> None:
    """Of the name before of the city, the beginning of a word before the rest of it, and what is closest first."""
    assert found(query) == ids


@pytest.mark.parametrize(
    ("query", "district"),
    [
        ("jackson co", "02"),
        ("jackson county school district", "02"),
        ("salado independent school district", "06"),
        ("salado school dist", "06"),
        ("bynum isd", "07"),
        ("bynum sch", "07"),
        ("saint paul", "08"),
        ("st paul pub schs", "08"),
        ("st clair township", "09"),
        ("saint clair twp", "09"),
        ("ft laramie twp", "10"),
        ("mount diablo usd", "11"),
        ("dekalb ctl elem", "12"),
        ("ofallon", "12"),
        ("prince georges co", "15"),
        ("prince george's", "15"),
    ],
)
def test_abbreviations_are_understood_in_both_directions(query: str, district: str) -> None:
    assert found(query)[0] == district


@pytest.mark.parametrize(
    "query", ["phildelphia", "philadelpiha", "pihladelpiha", "philadelphhia city", "city PHILADALPHLA"]
)
def test_small_typing_errors_are_forgiven(query: str) -> None:
    assert found(query)[0] == "13"


@pytest.mark.parametrize("query", ["mxx", "sld", "maxxon", "phxxxdelphia", "marian 11"])
def test_greater_ones_and_those_in_short_words_and_numbers_are_not(query: str) -> None:
    assert found(query) == []


def test_a_typing_error_is_supposed_only_where_the_word_is_nowhere() -> None:
    index = DirectoryIndex(1, [indexed("1", "Marion", "SC", "Marion"), indexed("2", "Marlon", "TX", "Waco")])
    assert found("marion", index) == ["1"]
    assert found("marlon", index) == ["2"]
    assert found("marionn", index) == ["1"]
    assert found("marion waco", index) == ["2"]


def test_opened_districts_come_first_in_their_rank() -> None:
    opened = [indexed("a", "Jackson", "GA", "Troy"), indexed("b", "Jacksonville", "FL", "Troy", is_open=True)]
    in_city = indexed("c", "Butts County", "GA", "Jackson", is_open=True)
    assert found("jackson", DirectoryIndex(1, [*opened, in_city])) == ["b", "a", "c"]
    assert found("", DirectoryIndex(1, [*opened, in_city])) == ["c", "b", "a"]


def test_the_state_narrows_before_typing_errors_are_supposed() -> None:
    assert found("jackson", state="KY") == ["03"]
    assert found("jackson", state="TX") == []
    assert found("", state="NV") == ["16", "17"]
    assert found("", state="ZZ") == []


def test_an_empty_directory_has_nothing() -> None:
    index = DirectoryIndex(0, [])
    assert found("jackson", index) == found("", index) == found("x", index, state="GA") == []


@st.composite
def a_district_as_somebody_types_it(draw: st.DrawFn) -> tuple[str, str]:
    """The id of a district, and some of its words in any order and case, one of them with a typing error."""
    district = draw(st.sampled_from(DISTRICTS))
    own = f"{district.name_words} {district.city_words}".split()
    words = draw(st.permutations(draw(st.lists(st.sampled_from(own), min_size=1, max_size=5, unique=True))))
    place = draw(st.integers(0, len(words) - 1))
    words[place] = draw(mistyped(words[place]))
    shown = (word.upper() if draw(st.booleans()) else word for word in words)
    return district.entry.id, " ".join(shown)


@st.composite
def mistyped(draw: st.DrawFn, word: str) -> str:
    at = draw(st.integers(0, len(word) - 1))
    letter = draw(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))
    before, after = word[:at], word[at + 1 :]
    ways = [
        before + after,
        before + letter + after,
        before + letter + word[at:],
        before + after[:1] + word[at] + after[1:],
    ]
    typed = draw(st.sampled_from(ways))
    assume(len(typed) >= 4)
    assume(typed == word or not any(typed in f"{each.name_words} {each.city_words}" for each in DISTRICTS))
    return typed


@given(a_district_as_somebody_types_it())
def test_whoever_types_words_of_a_district_with_one_error_finds_it(typed: tuple[str, str]) -> None:
    district, query = typed
    assert district in found(query)


@given(st.text("jackson cityphld1", max_size=30), st.integers(1, 5), st.sampled_from([None, "GA", "PA"]))
def test_pages_make_up_the_whole_list(query: str, limit: int, state: str | None) -> None:
    words = tuple(search_words(query).split())
    after: Position | None = None
    paged: list[str] = []
    while not paged or after:
        page = INDEX.page(words, state, limit, after)
        paged += [entry.id for entry in page.items]
        after = page.end
        if not page.items:
            break
    assert paged == found(query, state=state)
    assert len(set(paged)) == len(paged)


@given(st.data())
def test_a_page_goes_on_where_it_was_in_a_directory_that_grew(data: st.DataObject) -> None:
    """What was on both sides of the change is shown once, whatever was added."""
    first_version = data.draw(st.lists(st.sampled_from(DISTRICTS), min_size=4, unique=True))
    query = data.draw(st.sampled_from([(), ("jackson",), ("c",), ("county",)]))
    page = DirectoryIndex(1, first_version).page(query, None, 2, None)
    assume(page.end)
    before = [*page.items, *rest(DirectoryIndex(1, first_version), query, page.end)]
    after = [*page.items, *rest(DirectoryIndex(2, DISTRICTS), query, page.end)]
    assert [entry for entry in after if entry in before] == before
    assert len(set(map(id, after))) == len(after)


def rest(index: DirectoryIndex, query: tuple[str, ...], after: Position | None) -> Sequence[DirectoryEntry]:
    return index.page(query, None, 100, after).items


@given(st.text("abcd", max_size=6), st.text("abcd", max_size=6))
def test_one_error_is_one_letter_more_less_other_or_swapped(one: str, other: str) -> None:
    assert is_within(one, other, 1) == (other in {one, *one_error_away(one)})
    assert is_within(one, other, 2) == is_within(other, one, 2)


def one_error_away(word: str) -> set[str]:
    cuts = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    return {
        *(a + b[1:] for a, b in cuts if b),
        *(a + letter + b for a, b in cuts for letter in "abcd"),
        *(a + letter + b[1:] for a, b in cuts if b for letter in "abcd"),
        *(a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1),
    }


@pytest.fixture(scope="module", params=REAL_DIRECTORIES)
def real(request: pytest.FixtureRequest) -> DirectoryIndex:
    file: Path = request.param
    return DirectoryIndex(1, districts_of(file))


def test_what_people_type_shows_what_they_mean(real: DirectoryIndex) -> None:
    first = {query: next(iter(look(query, real, limit=1)), None) for query in TYPICAL_QUERIES}
    assert {query: f"{entry.name}, {entry.state}" for query, entry in first.items() if entry} == TYPICAL_QUERIES
    assert len(TYPICAL_QUERIES) == 100


@pytest.mark.parametrize(
    "query",
    [
        "a" * 100,
        "ab" * 50,
        "a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3 4 5 6 7 8 9",
        "an er in on ar le re la ch el or al st ro ne li co ma en te ra ri lo ha de is to ca se me",
        "pleasntn interational academmy charterr elemntary distrct communty technicl preparatry acadmy",
        "schol distrit countyy publc unifed indepndent schol distrit",
        "scool acadmy charte countt distri elemetary comunity valey lke",
    ],
)
def test_no_query_keeps_others_waiting(real: DirectoryIndex, query: str) -> None:
    """Processor time, as other processes want the machine, too; a tenth of this is usual."""
    begun = time.thread_time()
    look(query[:100], real)
    assert time.thread_time() - begun < 0.5
    begun = time.thread_time()
    look(query[:100], real)
    assert time.thread_time() - begun < 0.05
