"""The secret key of a development set-up: made once, kept in a file beside the data, never used in production."""

import os
import secrets
from pathlib import Path

_NAME = "dev-secret-key"


def dev_secret_key(folder: Path) -> str:
    """The folder's key. Several processes may ask at once: one makes it, all read the same."""
    file = folder / _NAME
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{_NAME}.{os.getpid()}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(48))
        try:
            os.link(draft, file)  # fails where another process was first, and never shows half a file
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_text()
