"""The whole directory in memory: who matches a query, in which order, page by page.

Everything is decided here and nothing by a database, so every engine gives the same answers.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter

from app.portals import Portal
from app.services.directory.abbreviations import NEEDLESS, core, meanings, spellings, state_words
from app.services.directory.spelling import Spelling
from app.services.directory.vocabulary import Vocabulary
from app.services.pages import Page

Position = tuple[int, str, str]
"""Where a page of the directory ends: rank, folded name, id. It holds for every version of the directory."""
DirectoryPage = Page["DirectoryEntry", Position]


@dataclass(frozen=True, slots=True, eq=False)
class DirectoryEntry:
    """Compared by identity: an index has each once, and pages of them are cheap to remember."""

    id: str
    name: str
    state: str
    city: str | None
    portals: Sequence[Portal]


@dataclass(frozen=True, slots=True)
class IndexedDistrict:
    """A district with its folded words."""

    entry: DirectoryEntry
    name_words: str
    city_words: str
    is_open: bool

    @property
    def place(self) -> tuple[str, str]:
        return self.name_words, self.entry.id


_WORDS_REMEMBERED = 256
_PAGES_REMEMBERED = 512
_CLOSE = 4
"""How close the name is to the query: the same but for its kind and in the state that was typed, the same, all words whole, or less."""
_LEAST_ANCHOR = 3
"""Letters of a word that is enough to search by, where words for kinds of districts do not fit."""

Found = tuple[int, ...]
"""Districts by where they have a word, each place with those before it: a word of the name begins with it (or it is the code of the state,
beside other words), the name has it, it is of the state's name, a word of the city begins with it, the city has it."""
_NOWHERE: Found = (0, 0, 0, 0, 0)


class DirectoryIndex:
    """One version of the directory. Made in a second at 20,000 districts, asked in less than a millisecond."""

    def __init__(self, version: int, districts: Iterable[IndexedDistrict]) -> None:
        self.version = version
        self._districts = sorted(districts, key=attrgetter("place"))
        self._all = (1 << len(self._districts)) - 1
        self._open = _bits(place for place, each in enumerate(self._districts) if each.is_open)
        self._names = Vocabulary(spellings(each.name_words) for each in self._districts)
        self._cities = Vocabulary(spellings(each.city_words) for each in self._districts)
        self._name_spelling, self._city_spelling = Spelling(self._names.words), Spelling(self._cities.words)
        self._by_state = _grouped(each.entry.state for each in self._districts)
        self._cores = Vocabulary([core(each.name_words)] for each in self._districts)
        self._word = lru_cache(_WORDS_REMEMBERED)(self._look_up)
        self._meant = lru_cache(_WORDS_REMEMBERED)(self._forgive)
        self._right = lru_cache(_WORDS_REMEMBERED)(self._spell)
        self.page = lru_cache(_PAGES_REMEMBERED)(self._page)
        """Up to `limit` districts with all of `words`, in `state`, behind `after`."""

    def _page(self, words: tuple[str, ...], state: str | None, limit: int, after: Position | None) -> DirectoryPage:
        eligible = self._all if state is None else self._by_state.get(state, 0)
        found: list[tuple[int, IndexedDistrict]] = []
        for rank, districts in self._ranked(words, eligible):
            if after and rank < after[0]:
                continue
            rest = districts & self._behind(after) if after and rank == after[0] else districts
            found += ((rank, each) for each in self._first(rest, limit + 1 - len(found)))
            if len(found) > limit:
                break
        page = Page.of(found, limit, lambda last: (last[0], *last[1].place))
        return Page(tuple(each.entry for _, each in page.items), page.end)

    def _behind(self, after: Position) -> int:
        return self._all >> (at := bisect_right(self._districts, after[1:], key=attrgetter("place"))) << at

    def _first(self, districts: int, count: int) -> Iterator[IndexedDistrict]:
        while districts and count > 0:
            lowest = districts & -districts
            yield self._districts[lowest.bit_length() - 1]
            districts ^= lowest
            count -= 1

    def _ranked(self, words: tuple[str, ...], eligible: int) -> Iterator[tuple[int, int]]:
        """Ranks in their order, each with its districts: by where the words are, then opened ones first, then how close the name is."""
        close: Sequence[int] = ()
        for grade, districts in enumerate(self._graded(words, eligible)):
            if not districts:
                continue
            close = close or (self._by_closeness(words) if words else (self._all,))
            for step, opened in enumerate((self._open, ~self._open)):
                for nearness, near in enumerate(close):
                    if chosen := districts & opened & near:
                        yield (grade * 2 + step) * _CLOSE + nearness, chosen

    def _graded(self, words: tuple[str, ...], eligible: int) -> Iterator[int]:
        """The districts by where they have the words: all as typed, or, where none has, with typing errors; or without those for kinds.

        Whatever is found by the name alone comes before what needs more.
        """
        if not words:
            yield eligible
            return
        typed = self._all_of(words, self._word)
        meant = _NOWHERE if typed[-1] & eligible else self._all_of(words, self._typed_or_meant)
        loose = self._all_of(kept, self._word) if (kept := _without_kinds(words)) else _NOWHERE
        seen = 0
        for districts in (*typed[:2], *meant, *loose[:2], *typed[2:], *loose[2:]):
            yield districts & eligible & ~seen
            seen |= districts

    def _all_of(self, words: Sequence[str], look_up: Callable[[str, bool], Found]) -> Found:
        common = [self._all] * len(_NOWHERE)
        for word in words:
            common = [a & b for a, b in zip(common, look_up(word, len(words) > 1), strict=True)]
            if not common[-1]:
                break
        return tuple(common)

    def _typed_or_meant(self, word: str, with_state: bool) -> Found:
        return tuple(a | b for a, b in zip(self._word(word, with_state), self._meant(word), strict=True))

    def _look_up(self, word: str, with_state: bool) -> Found:
        """As it stands, as what it abbreviates, or, where that is nowhere, as what may have been meant."""
        states = (state for state in self._by_state if with_state and word in state_words(state))
        found = _cumulated(
            self._names.beginning(word)
            | self._abbreviated(self._names, word)
            | (self._state(word) if with_state else 0),
            self._names.containing(word),
            _united(self._by_state[state] for state in states),
            self._cities.beginning(word) | self._abbreviated(self._cities, word),
            self._cities.containing(word),
        )
        return found if found[-1] else self._meant(word)

    def _abbreviated(self, vocabulary: Vocabulary, word: str) -> int:
        return _united(self._having_all(vocabulary, meaning) for meaning in meanings(word))

    def _having_all(self, vocabulary: Vocabulary, words: Iterable[str]) -> int:
        common = self._all
        for word in words:
            common &= vocabulary.whole(word)
        return common

    def _forgive(self, word: str) -> Found:
        """One error counts like a word that begins with it, two like one that has it."""
        in_name, in_city = (each.meant(word) for each in (self._name_spelling, self._city_spelling))
        name, name_too = (_united(map(self._names.whole, meant)) for meant in in_name)
        city, city_too = (_united(map(self._cities.whole, meant)) for meant in in_city)
        return _cumulated(name, name_too, 0, city, city_too)

    def _by_closeness(self, words: tuple[str, ...]) -> Sequence[int]:
        """Sets for `_CLOSE`. A state's code as the last word closes in on the names before it."""
        said = self._state(words[-1]) if len(words) > 1 else 0
        right = [self._right(word) for word in words]
        same = self._same(right) | (self._same(right[:-1]) & said)
        whole = self._all
        for word in right[:-1] if said else right:
            whole &= self._names.whole(word) | self._abbreviated(self._names, word)
        if said:
            whole &= said | self._names.whole(right[-1]) | self._abbreviated(self._names, right[-1])
        return same & said, same & ~said, whole & ~same, self._all & ~whole & ~same

    def _same(self, words: Sequence[str]) -> int:
        return self._cores.whole(meant) if (meant := core(" ".join(words))) else 0

    def _state(self, code: str) -> int:
        return self._by_state.get(code.upper(), 0)

    def _spell(self, word: str) -> str:
        """The only word of a name that it can be, with one error; else as it is."""
        if self._word(word, False)[0] == self._meant(word)[0]:
            near, _ = self._name_spelling.meant(word)
            return near[0] if len(near) == 1 else word
        return word


def _without_kinds(words: Sequence[str]) -> Sequence[str]:
    """Less than the words; none where what is left is too little to search by."""
    kept = [word for word in words if word not in NEEDLESS]
    return kept if len(kept) < len(words) and any(len(word) >= _LEAST_ANCHOR for word in kept) else ()


def _cumulated(*found: int) -> Found:
    return tuple(_united(found[: place + 1]) for place in range(len(found)))


def _grouped(keys: Iterable[str]) -> dict[str, int]:
    places = defaultdict(list)
    for place, key in enumerate(keys):
        places[key].append(place)
    return {key: _bits(each) for key, each in places.items()}


def _united(sets: Iterable[int]) -> int:
    union = 0
    for each in sets:
        union |= each
    return union


def _bits(places: Iterable[int]) -> int:
    """Places one by one: a shift of a large integer each would take seconds for a whole directory."""
    chosen = list(places)
    bits = bytearray(max(chosen, default=0) // 8 + 1)
    for place in chosen:
        bits[place >> 3] |= 1 << (place & 7)
    return int.from_bytes(bits, "little")
