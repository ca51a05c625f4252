"""An operator at a shell over a migrated database, and Grand Bend ISD with its roster."""

import shutil
from pathlib import Path

import pytest

from tests.cli.grand_bend import GrandBend
from tests.support.shell import Shell

SECRET_KEY = "a-key-for-commands-that-never-changes-0123456789"


@pytest.fixture
def shell(sqlite_url: str, tmp_path: Path) -> Shell:
    return shell_over(sqlite_url, tmp_path)


@pytest.fixture
def any_shell(database_url: str, tmp_path: Path) -> Shell:
    """The same, once on each engine."""
    return shell_over(database_url, tmp_path)


@pytest.fixture
def grand_bend(grand_bend_template: Path, tmp_path: Path) -> GrandBend:
    """Open, with its roster, in a folder of the test's own."""
    shutil.copytree(grand_bend_template, tmp_path, dirs_exist_ok=True)
    return GrandBend(shell_over(f"sqlite:///{tmp_path}/campus.db", tmp_path))


@pytest.fixture(scope="session")
def grand_bend_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grand-bend")
    shutil.copyfile(sqlite_template, folder / "campus.db")
    district = GrandBend(shell_over(f"sqlite:///{folder}/campus.db", folder))
    district.open()
    district.import_roster()
    return folder


def shell_over(database_url: str, folder: Path) -> Shell:
    return Shell(folder, {"CAMPUS_DATABASE_URL": database_url, "CAMPUS_SECRET_KEYS": SECRET_KEY})
