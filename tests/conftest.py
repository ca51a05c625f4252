"""Fixtures that every test may ask for: settings, a clock, a database of its own on a real engine, a real Valkey."""

import gc
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app import migrate
from app.clock import ManualClock
from app.database import Database
from app.route_guards import Budget
from app.settings import Settings
from tests.support.die_with_parent import die_with_parent
from tests.support.log import Written
from tests.support.postgresql import Cluster, cluster_of_run
from tests.support.valkey import Valkey
from tests.support.warm_statements import register_dialects, share_statements

SECRET_KEY = "a-key-for-tests-that-never-changes-0123456789"


def pytest_configure(config: pytest.Config) -> None:
    """A worker of pytest-xdist ends with its controller, where it would else finish its test first."""
    register_dialects()
    if hasattr(config, "workerinput"):
        die_with_parent(os.getppid())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests over sets of data that this machine does not have are no tests here; pytest would call them skipped."""
    empty = [
        item
        for item in items
        if any("empty parameter set" in mark.kwargs.get("reason", "") for mark in item.iter_markers("skip"))
    ]
    if empty:
        items[:] = [item for item in items if item not in empty]
        config.hook.pytest_deselected(items=empty)


def pytest_collection_finish() -> None:
    """What collecting made stays to the end: no search for garbage need go through it, as in the product's own server."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(scope="session", autouse=True)
def anyio_backend() -> str:
    """Async tests and fixtures run on asyncio, the only loop that the drivers know."""
    return "asyncio"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def written(pytestconfig: pytest.Config) -> Written:
    capture: Any = pytestconfig.pluginmanager.getplugin("capturemanager")
    return lambda: str(capture.read_global_capture().err)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """A database of the test's own, with the newest schema and no rows."""
    database = Database(settings)
    share_statements(database)
    yield database
    await database.close()


@pytest.fixture
def settings(database_url: str) -> Settings:
    return _settings(database_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Every test that touches it runs once on each engine, unless `tests.support.engines` marks it for one."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "campus.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("schema") / "campus.db"
    migrate.upgrade(_settings(f"sqlite:///{path}"))
    return path


@pytest.fixture
def postgresql_url(postgresql: Cluster, postgresql_template: str) -> Iterator[str]:
    url = postgresql.create_database(postgresql_template)
    yield url
    postgresql.drop_database(url)


@pytest.fixture(scope="session")
def postgresql_template(postgresql: Cluster) -> Iterator[str]:
    url = postgresql.create_database()
    migrate.upgrade(_settings(url))
    yield url
    postgresql.drop_database(url)


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Cluster]:
    """The server of this run. A run without tests on PostgreSQL starts none."""
    folder = tmp_path_factory.getbasetemp()
    # Workers of pytest-xdist are children of the controller, and their folders lie in its folder.
    run = (folder, os.getpid()) if worker_id == "master" else (folder.parent, os.getppid())
    with closing(cluster_of_run(*run)) as cluster:
        yield cluster


@pytest.fixture
def valkey(valkey_of_worker: Valkey) -> Valkey:
    """Healthy and empty, whatever the test before did to it."""
    valkey_of_worker.recover()
    return valkey_of_worker


@pytest.fixture(scope="session")
def valkey_of_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    valkey = Valkey(tmp_path_factory.mktemp("valkey"))
    yield valkey
    valkey.kill()


def _settings(database_url: str) -> Settings:
    return Settings.model_validate(
        {
            "env": "dev",
            "database_url": database_url,
            "database_pool_size": 5,
            "secret_keys": [SECRET_KEY],
            "hash_threads": 2,
            # Stories that are about something else ask more often than people do.
            **{f"rate_{budget}": 1_000_000 for budget in Budget},
            "captcha_work": 1,
        }
    )
