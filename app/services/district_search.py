"""Finding one's district among thousands, by a fragment of its name or city, however it is typed."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.database import Database
from app.models import District
from app.portals import Portal
from app.services.directory.index import DirectoryEntry, DirectoryIndex, DirectoryPage, IndexedDistrict, Position
from app.services.directory.version import SharedVersion
from app.services.district_settings import DistrictSettings
from app.text import search_words

_PATIENCE_S = 2.0
"""So long a search waits for what has just changed; then it is answered from what was there before."""

_ALL = select(District.id, District.name, District.state, District.city, District.name_words, District.city_words)
_OPEN = select(District.id, District.settings).where(District.opened_at.is_not(None))


@dataclass
class DistrictSearch:
    """Keeps the directory in memory, and makes it anew in a thread when it has changed."""

    database: Database
    versions: SharedVersion
    _index: DirectoryIndex | None = field(default=None, init=False)
    _building: "asyncio.Task[None] | None" = field(default=None, init=False)

    async def search(
        self, *, q: str | None = None, state: str | None = None, limit: int = 20, after: Position | None = None
    ) -> DirectoryPage:
        """Up to `limit` districts that have every word of `q`.

        Case, accents, order and usual abbreviations do not matter. A match in the name ranks before one that needs the city or the state,
        the beginning of a word before the rest of it; in each rank opened districts come first, then the names closest to the query. A word
        that is nowhere may have a typing error from 4 letters, two from 8. Words for kinds of districts may be too many.

        Raises:
            Overloaded: the database is gone, or too busy.
        """
        words = tuple(dict.fromkeys(search_words(q or "").split()))
        index = await self._index_of(await self.versions.now())
        return index.page(words, state, limit, after)

    async def _index_of(self, version: int) -> DirectoryIndex:
        """At least as new as `version`, or else, where that takes long, the one before."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _PATIENCE_S
        while self._index is None or (self._index.version < version and loop.time() < deadline):
            building = self._building = self._building or asyncio.create_task(self._build())
            await asyncio.wait([building], timeout=deadline - loop.time() if self._index else None)
            if building.done() and (fault := building.exception()):
                if self._index is None:
                    raise fault
                break
        return self._index

    async def _build(self) -> None:
        try:
            version = await self.versions.now()
            self._index = await asyncio.to_thread(DirectoryIndex, version, await self._read())
        finally:
            self._building = None

    async def _read(self) -> Sequence[IndexedDistrict]:
        async with self.database.reading() as connection:
            rows = (await connection.execute(_ALL)).all()
            opened = {row.id: row.settings for row in await connection.execute(_OPEN)}
        return await asyncio.to_thread(lambda: list(_districts(rows, opened)))


def _districts(rows: Sequence[Any], opened: Mapping[str, dict[str, Any]]) -> Iterator[IndexedDistrict]:
    kept: dict[str, str] = {}
    for id_, name, state, city, name_words, city_words in rows:
        portals: Sequence[Portal] = ()
        if id_ in opened:
            portals = DistrictSettings.model_validate(opened[id_]).portals
        # Cities and states are the same for many, and one text for each is enough.
        one_state, one_city, words = (each and kept.setdefault(each, each) for each in (state, city, city_words))
        yield IndexedDistrict(DirectoryEntry(id_, name, one_state, one_city, portals), name_words, words, id_ in opened)
