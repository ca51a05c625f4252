"""Where this machine's Chromium is. `python -m tests.browser.find_chromium` brings Debian's, if there is none and it may."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        raise NoChromium
    return Path(found)


def bring_chromium() -> Path:
    """The one that is there, else Debian's package, which root may install.

    Raises:
        NoChromium: there is none, and it cannot be installed from here.
    """
    apt = shutil.which("apt-get")
    if not any(map(shutil.which, _NAMES)) and apt and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run([apt, "--quiet=2", *words], env=environment, check=False)  # noqa: S603  # fixed words
    return find_chromium()


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{bring_chromium()}\n")
    except NoChromium as advice:
        sys.exit(str(advice))
