"""The driver's connection as ours are: one whose statement is given up is gone. Imported only where PostgreSQL is used."""

import asyncpg  # type: ignore[import-untyped]  # it ships no types


class Connection(asyncpg.Connection):  # type: ignore[misc]  # it ships no types
    """asyncpg asks the server to cancel, and whatever comes next on the connection waits until it says that it has: a ROLLBACK, as long as a server hangs.

    Nobody knows what such a statement does, least of all a COMMIT. The server undoes what is not committed as soon as it notices that we are gone.
    """

    __slots__ = ()

    def _cancel_current_command(self, *_: object) -> None:
        # Soon: asyncpg still writes to the connection after this. It also ends the futures that asyncpg waits with.
        self._loop.call_soon(self.terminate)
