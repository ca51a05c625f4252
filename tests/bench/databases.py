"""New databases with the newest schema, on both engines, and the product's settings for them."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from app import migrate
from app.security.signing_keys import SigningKeyPair
from app.settings import load_settings
from tests.support.postgresql import Cluster, cluster

Environment = dict[str, str]
"""The product's settings as a server gets them."""


class Engine(Protocol):
    name: str

    def new_database(self) -> str:
        """The URL of a migrated database without rows. Runs an event loop of its own."""
        ...

    def empty_database(self) -> str:
        """The URL of a database without tables."""
        ...


@contextmanager
def both_engines(folder: Path) -> Iterator[list[Engine]]:
    """SQLite in `folder`, and a PostgreSQL that is gone at the end of the block."""
    with cluster() as postgresql:
        yield [_Sqlite(folder), _Postgresql(postgresql)]


UNHURRIED = {
    "CAMPUS_TRUSTED_PROXIES": "127.0.0.1",
    "CAMPUS_LINKING_STATES": "GA",
    **{f"CAMPUS_RATE_{budget}": "1000000" for budget in ("PUBLIC", "SESSION", "DISTRICT", "EVERYONE")},
}
"""More settings for measurements, which ask faster than a district does. Each visitor's own limits hold: visitors have addresses of their own."""


def production(database_url: str) -> Environment:
    """As an operator would run it: JSON logs, keys of its own."""
    return {
        "CAMPUS_ENV": "production",
        "CAMPUS_DATABASE_URL": database_url,
        "CAMPUS_PUBLIC_URL": "https://accounts.example.org",
        "CAMPUS_SECRET_KEYS": secrets.token_urlsafe(32),
        "CAMPUS_SIGNING_KEYS": SigningKeyPair.generate().private_pem,
    }


class _Sqlite:
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        migrate.upgrade(load_settings(production(f"sqlite:///{self._template}")))

    def new_database(self) -> str:
        url = self.empty_database()
        shutil.copy(
            self._template, url.removeprefix("sqlite:///")
        )  # with its mode: nobody else may read a production database
        return url

    def empty_database(self) -> str:
        return f"sqlite:///{self._folder / f'campus-{secrets.token_hex(4)}.db'}"


class _Postgresql:
    name = "PostgreSQL"

    def __init__(self, postgresql: Cluster) -> None:
        self._cluster = postgresql
        self._template = postgresql.create_database()
        migrate.upgrade(load_settings(production(self._template)))

    def new_database(self) -> str:
        return self._cluster.create_database(self._template)

    def empty_database(self) -> str:
        return self._cluster.create_database()
