"""Where this machine's Chromium is. `python -m tests.browser.find_chromium` brings Debian's, if there is none and it may."""

import sys
from pathlib import Path

from tests.support import debian

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ADVICE = (
    "The browser tests need Chromium or Chrome in PATH, and there is none. "
    "On Debian or Ubuntu: sudo apt-get install chromium. Elsewhere install Chromium or Google Chrome in your usual way."
)


class NoChromium(Exception):
    """The message says what to install."""

    def __init__(self) -> None:
        super().__init__(_ADVICE)


def find_chromium() -> Path:
    """Raises NoChromium."""
    found = debian.find(_NAMES)
    if found is None:
        raise NoChromium
    return Path(found)


if __name__ == "__main__":
    debian.bring("chromium", _NAMES)
    try:
        sys.stdout.write(f"{find_chromium()}\n")
    except NoChromium as advice:
        sys.exit(str(advice))
