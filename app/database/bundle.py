"""Several writes as one statement, for PostgreSQL: a round trip costs both sides more than most writes do."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from app.database.statements import Compiled

_MOST = 8
"""So few that there are not many different bundles: each is prepared once on every connection."""
_PLACE = re.compile(r"\$(\d+)")


class Runnable(Protocol):
    """What a driver runs: a compiled statement, or a bundle of them."""

    text: str

    def rows(self, records: Iterable[Sequence[object]]) -> list[Any]: ...


class Bundle:
    """Writes that give no rows, and of which none looks at what another one writes.

    PostgreSQL does what stands behind the WITH first and then, from the last to the first, what stands in it; so the writes stand
    there backwards. Rows with numbers are numbered in the order of the writes, and rows are locked in it.
    """

    def __init__(self, writes: Sequence[Compiled]) -> None:
        texts, places = [], 0
        for write in writes:
            texts.append(_moved(write.text, places))
            places += write.places
        first, *others = texts
        within = [f"write_{number} AS ({text})" for number, text in enumerate(others, 1)]
        self.text = f"WITH {', '.join(reversed(within))} {first}"

    @staticmethod
    def may_grow(writes: Sequence[Compiled], next_one: Compiled) -> bool:
        """Rows of a table are changed at most once in a bundle, and not those that it inserts."""
        tables = [write.writes_to for write in writes]
        return len(writes) < _MOST and (next_one.is_insert or next_one.writes_to not in tables)

    def rows(self, _records: Iterable[Sequence[object]]) -> list[Any]:
        return []


def _moved(text: str, by: int) -> str:
    """The statement with its parameters numbered `by` higher."""
    return _PLACE.sub(lambda place: f"${int(place[1]) + by}", text)
