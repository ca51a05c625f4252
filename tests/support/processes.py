"""Server processes over the database of a test, one like the other."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import SecretStr

from app.settings import PREFIX, Settings
from tests.support.served import START_TIMEOUT_S, STOP_TIMEOUT_S, Answering, answers, free_port
from tests.support.shell import Shell


@contextmanager
def server_processes(settings: Settings, folder: Path, count: int = 1) -> Iterator[list[Answering]]:
    """So many processes that share nothing but the settings."""
    shell = Shell(folder, exported(settings))
    with ExitStack() as stack:
        yield [stack.enter_context(_forked(shell)) for _ in range(count)]


@contextmanager
def _forked(shell: Shell) -> Iterator[Answering]:
    """`campus serve` as all commands of a shell: `served` is the one that starts from nothing, which takes two seconds more."""
    port = free_port()
    log = shell.folder / f"serve-{port}.log"
    process = shell.fork(("serve", f"--port={port}"), log, log)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not answers(port):
            if not process.is_alive() or time.monotonic() > deadline:
                raise RuntimeError(f"campus serve did not start: {log.read_text()}")
            time.sleep(0.01)
        yield Answering(port, log)
    finally:
        process.terminate()
        process.join(STOP_TIMEOUT_S)
        assert process.exitcode is not None, "campus serve did not stop"


def exported(settings: Settings) -> dict[str, str]:
    """Every setting that was set, as an operator would."""
    return {f"{PREFIX}{name.upper()}": _text(getattr(settings, name)) for name in settings.model_fields_set}


def _text(value: object) -> str:
    if isinstance(value, tuple | frozenset):
        return ",".join(map(_text, value))
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
