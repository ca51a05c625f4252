"""`python -m tests.letters.debian_fonts` brings Debian's Pango and fonts, where letters cannot be printed yet and it may."""

import asyncio
import sys

from app.letters.press import CannotPrint, LetterPress
from tests.support import debian

PACKAGES = (
    *("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
    *("fonts-noto-core", "fonts-noto-mono", "fonts-noto-cjk"),
)


def what_is_missing() -> str | None:
    try:
        asyncio.run(LetterPress().check())
    except CannotPrint as reason:
        return str(reason)
    return None


if __name__ == "__main__":
    if what_is_missing():
        debian.install(*PACKAGES)
    sys.exit(what_is_missing())
