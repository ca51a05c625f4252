"""Presses that fail as real ones do: processes in which something is missing, breaks, or never ends."""

import sys
from dataclasses import replace
from pathlib import Path

from app.letters.press import LetterPress
from app.services.office.print_room import PrintRoom
from tests.support.portal import Server

AS_ON_A_BARE_SYSTEM = "raise OSError(\"cannot load library 'libpango-1.0-0'\")\n"
"""What WeasyPrint says where Pango is missing; without the extra it is an ImportError."""


def without_pango(folder: Path) -> LetterPress:
    """The real process, with a WeasyPrint that finds no Pango."""
    return LetterPress(("env", f"PYTHONPATH={broken_library(folder)}", sys.executable, "-m", "app.letters"))


def broken_library(folder: Path) -> Path:
    """A folder that stands before the installed packages."""
    (folder / "broken").mkdir(exist_ok=True)
    (folder / "broken" / "weasyprint.py").write_text(AS_ON_A_BARE_SYSTEM, encoding="utf-8")
    return folder / "broken"


def breaking() -> LetterPress:
    """Says that it can print, and ends with the first letter."""
    return _script("import sys; sys.exit(0 if '--check' in sys.argv else 1)")


def never_ending(patience_s: float) -> LetterPress:
    return _script("import sys, time; '--check' in sys.argv or time.sleep(600)", patience_s)


def use(server: Server, press: LetterPress) -> None:
    """From now on the desk's letters are printed by this one."""
    letters = replace(server.campus.key_letters, press=press)
    server.app.state.campus = replace(server.campus, key_letters=letters, print_room=PrintRoom(letters))


def _script(source: str, patience_s: float = 60) -> LetterPress:
    return LetterPress((sys.executable, "-S", "-c", source), patience_s)
