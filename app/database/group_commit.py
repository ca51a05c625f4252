"""One COMMIT for all who wait to write on SQLite.

SQLite has one writer at a time, and what every transaction costs (its BEGIN, the pages that all of them change, its COMMIT) is more than
what one request writes. So those who wait share a transaction: each works in it behind a savepoint of his own, one after the other, and
none is told that he is done before all of it is committed. PostgreSQL does much the same by itself.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import Context

from app.database.patience import POOL_TIMEOUT_S, patience_s
from app.errors import Overloaded

MOST_MEMBERS = 32
"""Of a group, so that other processes, and transactions of SQLAlchemy in this one, wait about 10 ms for it."""


class GroupCommit:
    def __init__(self, turn: asyncio.Lock, begin: Callable[[], Awaitable[sqlite3.Connection]]) -> None:
        """`turn` is held by whoever writes in this process; `begin` begins a transaction on the connection that it gives."""
        self._turn = turn
        self._begin = begin
        self._waiting: deque[asyncio.Future[_Group]] = deque()
        self._host: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def member(self) -> AsyncIterator[sqlite3.Connection]:
        """The connection, for work that is kept together with that of others. If the block raises, its own work is taken back.

        Raises:
            TimeoutError: others wrote for longer than the caller has patience, before him in his group or in those before.
            sqlite3.Error: the transaction could not be begun, or not be committed.
            Overloaded: SQLite has taken back the work of the whole group, as it does where a disk is full.
        """
        async with AsyncExitStack() as membership:
            async with asyncio.timeout(patience_s() or POOL_TIMEOUT_S):
                group = await self._admitted()
                membership.callback(group.leave)
                await membership.enter_async_context(group.one_at_a_time)
            with group.savepoint():
                yield group.writer
            committed = group.commit_of_member()
        await committed

    async def close(self) -> None:
        if self._host:
            self._host.cancel()
            await asyncio.wait([self._host])

    async def _admitted(self) -> "_Group":
        place: asyncio.Future[_Group] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        if self._host is None:  # begun by whoever comes first, but not in his context: it serves others, too
            self._host = asyncio.get_running_loop().create_task(self._serve(), context=Context())
        try:
            return await place
        except BaseException:
            if place.done() and not place.cancelled() and not place.exception():
                place.result().leave()  # admitted and cancelled at the same moment
            raise

    async def _serve(self) -> None:
        """One group after the other, as long as somebody waits."""
        try:
            while self._waiting:
                async with self._turn:
                    await self._serve_group()
        finally:
            self._host = None

    async def _serve_group(self) -> None:
        try:
            writer = await self._begin()
        except Exception as fault:  # noqa: BLE001  # whatever it is, it is theirs who wait
            for place in self._next(len(self._waiting)):
                place.set_exception(fault)
            return
        places = self._next(MOST_MEMBERS)
        group = _Group(writer, len(places))
        for place in places:
            place.set_result(group)
        await group.ended

    def _next(self, most: int) -> "list[asyncio.Future[_Group]]":
        """So many of those who have not gone away meanwhile."""
        places: list[asyncio.Future[_Group]] = []
        while self._waiting and len(places) < most:
            place = self._waiting.popleft()
            if not place.done():
                places.append(place)
        return places


class _Group:
    """A transaction that has begun, and ends when each of its members has left."""

    def __init__(self, writer: sqlite3.Connection, members: int) -> None:
        self.writer = writer
        self.one_at_a_time = asyncio.Lock()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._members = members
        self._commits: list[asyncio.Future[None]] = []
        self._fault: Exception | None = None
        if not members:
            self._end()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        if self._fault:
            raise self._fault
        self.writer.execute("SAVEPOINT member")
        try:
            yield
            self.writer.execute("RELEASE member")
        except BaseException:
            if self.writer.in_transaction:
                self.writer.execute("ROLLBACK TO member")
                self.writer.execute("RELEASE member")
            else:
                self._fault = Overloaded()
            raise

    def commit_of_member(self) -> "asyncio.Future[None]":
        """Done when what the member wrote is kept."""
        commit: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._commits.append(commit)
        return commit

    def leave(self) -> None:
        self._members -= 1
        if not self._members:
            self._end()

    def _end(self) -> None:
        try:
            if not self._fault:
                self.writer.execute("COMMIT")
        except sqlite3.Error as fault:
            self._fault = fault
            if self.writer.in_transaction:
                self.writer.execute("ROLLBACK")
        finally:
            self._tell()

    def _tell(self) -> None:
        for commit in self._commits:
            if commit.done():
                continue  # its member has gone away
            if self._fault:
                commit.set_exception(self._fault)
            else:
                commit.set_result(None)
        if not self.ended.done():
            self.ended.set_result(None)
