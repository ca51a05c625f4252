"""Server processes over the database of a test, started as an operator starts them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pydantic import SecretStr

from app.settings import PREFIX, Settings
from tests.support.served import Served, served
from tests.support.shell import Shell


@contextmanager
def server_processes(settings: Settings, folder: Path, count: int = 1) -> Iterator[list[Served]]:
    """So many processes that share nothing but the settings."""
    shell = Shell(folder, _exported(settings))
    with ExitStack() as stack:
        yield [stack.enter_context(served(shell)) for _ in range(count)]


def _exported(settings: Settings) -> dict[str, str]:
    """Every setting that was set, as an operator would."""
    return {f"{PREFIX}{name.upper()}": _text(getattr(settings, name)) for name in settings.model_fields_set}


def _text(value: object) -> str:
    if isinstance(value, tuple | frozenset):
        return ",".join(map(_text, value))
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
