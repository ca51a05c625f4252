"""Statements compiled once a process, as in a server that has run for a while: each test has engines of its own, hundreds of statements all alike.

SQLAlchemy looks a compiled statement up by its dialect and its text. The dialects of the tests are equal where they write the same SQL.
"""

from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from app.database import Database


class _Alike:
    """All of a class are one dialect: the tests give none of them an option that SQL would show."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)

    def __hash__(self) -> int:
        return hash(type(self))


class AsyncPG(_Alike, PGDialect_asyncpg):
    supports_statement_cache = True


class AioSQLite(_Alike, SQLiteDialect_aiosqlite):
    supports_statement_cache = True


class PySQLite(_Alike, SQLiteDialect_pysqlite):
    supports_statement_cache = True


_COMPILED: LRUCache[object, object] = LRUCache(2_000)


def register_dialects() -> None:
    """Engines that are made from now on have these dialects."""
    for name, dialect in {
        "postgresql.asyncpg": AsyncPG,
        "sqlite.aiosqlite": AioSQLite,
        "sqlite": PySQLite,
    }.items():
        registry.register(name, __name__, dialect.__name__)


def share_statements(database: Database) -> None:
    """What the engines of this database compile is there for those of others, too."""
    for engine in database.engines:
        engine.update_execution_options(compiled_cache=_COMPILED)
