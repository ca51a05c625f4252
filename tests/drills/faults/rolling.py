"""A rolling deploy: the release before serves while the schema moves, then both serve, then the new one alone."""

import asyncio
import io
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from app import migrate
from app.settings import load_settings
from tests.drills.faults.scene import MeansMissing, Scene, Seen, Stage, scene
from tests.support import die_with_parent
from tests.support.served import START_TIMEOUT_S, answers, free_port

ROOT = Path(__file__).parents[3]
PHASE_S = 3.0


async def deployed(stage: Stage) -> Seen:
    """The version before the newest migration, from the repository's own history, and this one."""
    old = stage.folder / "before"
    commit = _unpack_release_before(old)
    revision = _head(old / "migrations")
    async with scene(stage, may_lose_answers=True) as told:
        told.running.kill("serve")
        told.running.kill("worker")
        settings = load_settings(told.environment)
        await asyncio.to_thread(migrate.downgrade, settings, revision)
        before = _serving(told, old)
        url = await asyncio.to_thread(before.__enter__)
        try:
            told.crowd.urls = [url]
            await told.recovers()
            told.crowd.may_lose_answers = False
            told.crowd.numbers.forget()  # how the people of the drill came to the release before is no part of it
            told.seen.recoveries_s.clear()
            told.remark(f"the release before {commit[:10]}, schema {revision}")
            await asyncio.sleep(PHASE_S)
            await asyncio.to_thread(migrate.upgrade, settings)
            await asyncio.sleep(PHASE_S)
            for name in ("serve", "worker"):
                told.running.start(name)
            await told.running.until_it_answers()
            told.crowd.urls = [url, told.running.url]
            await asyncio.sleep(PHASE_S if stage.is_short else 20)
            told.crowd.urls = [told.running.url]
        finally:
            await asyncio.sleep(1)  # those who are with it are answered
            await asyncio.to_thread(before.__exit__, None, None, None)
        await told.recovers()
    return told.seen


@contextmanager
def _serving(told: Scene, tree: Path) -> Iterator[str]:
    """`campus serve` of another tree, in this environment of packages."""
    port = free_port()
    process = subprocess.Popen(  # noqa: S603  # our own programs
        [
            *(sys.executable, "-I", "-S", str(Path(die_with_parent.__file__)), str(os.getpid())),
            *(sys.executable, "-m", "app.cli", "serve", f"--port={port}"),
        ],
        cwd=tree,  # where Python looks first
        env={"PATH": os.defpath, **told.environment},
        stdin=subprocess.DEVNULL,
        stdout=(told.stage.folder / "before.log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    try:
        for _ in range(START_TIMEOUT_S * 10):
            if answers(port):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _unpack_release_before(folder: Path) -> str:
    """The tree before the commit that brought the newest migration; gives that commit.

    Raises:
        MeansMissing: there is no history here, as in a shallow clone.
    """
    try:
        brought = _git("log", "-1", "--diff-filter=A", "--format=%H", "--", "migrations/versions").decode().strip()
        packed = _git("archive", f"{brought}^", "app", "migrations", "pyproject.toml")
    except (subprocess.CalledProcessError, FileNotFoundError) as fault:
        raise MeansMissing("the drill of a rolling deploy needs the repository's history") from fault
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return brought


def _git(*words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True).stdout  # noqa: S603, S607  # our own words


def _head(migrations: Path) -> str:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    return str(ScriptDirectory.from_config(config).get_current_head())
