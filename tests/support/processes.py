"""Server processes over the database of a test, started as an operator starts them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from app.settings import Settings
from tests.support.served import Served, served
from tests.support.shell import Shell


@contextmanager
def server_processes(settings: Settings, folder: Path, count: int = 1) -> Iterator[list[Served]]:
    """So many processes that share nothing but the settings."""
    shell = Shell(folder, _exported(settings))
    with ExitStack() as stack:
        yield [stack.enter_context(served(shell)) for _ in range(count)]


def _exported(settings: Settings) -> dict[str, str]:
    return {
        "CAMPUS_ENV": settings.env.value,
        "CAMPUS_DATABASE_URL": settings.database_url,
        "CAMPUS_DATABASE_POOL_SIZE": str(settings.database_pool_size),
        "CAMPUS_SECRET_KEYS": ",".join(key.get_secret_value() for key in settings.secret_keys),
        "CAMPUS_HASH_THREADS": str(settings.hash_threads),
    }
