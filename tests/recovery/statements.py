"""Counts what a request asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import event

from app.database import Database


@dataclass
class Statements:
    seen: list[str] = field(default_factory=list)

    def note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.hear(statement)

    def hear(self, statement: str) -> None:
        """The schools' networks are asked for once a second, whoever comes then."""
        if "FROM district_networks" not in statement:
            self.seen.append(statement)

    def take(self) -> list[str]:
        """Those since the last look."""
        taken, self.seen = self.seen, []
        return taken


@contextmanager
def counting(database: Database) -> Iterator[Statements]:
    statements = Statements()
    engines = database.engines
    for engine in engines:
        event.listen(engine, "before_cursor_execute", statements.note)
    database.listeners.append(statements.hear)
    try:
        yield statements
    finally:
        database.listeners.remove(statements.hear)
        for engine in engines:
            event.remove(engine, "before_cursor_execute", statements.note)
