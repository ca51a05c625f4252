"""The process that prints: letters come in, a line each, a PDF goes out, and to standard error how many are printed.

With `--check` it prints nothing, and says what is missing on this machine. Keys are in its memory alone, and for seconds.
"""

import os
import resource
import sys
from collections.abc import Iterator
from contextlib import suppress

from app.letters.facts import PaperLetter
from app.letters.press import CANNOT_PRINT

_MOST_MEMORY = 2 << 30
_LIBRARIES = (
    "letters as PDF need the extra `pdf` of campus-accounts (WeasyPrint, pypdf, segno) and the system's Pango; on Debian: "
    "apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0. CSV needs neither"
)
_FONTS = "there are no fonts here for letters in: {names}; on Debian: apt-get install fonts-noto-core fonts-noto-mono fonts-noto-cjk"


def main() -> int:
    os.nice(10)  # whoever waits for an answer of the server comes first
    with suppress(ValueError):  # where the system knows no such limit
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    try:
        from app.letters import sheets  # noqa: PLC0415  # it may not be there, and its libraries neither
    except (ImportError, OSError):
        return _refuse(_LIBRARIES)
    if "--check" in sys.argv:
        missing = sheets.languages_without_font()
        return _refuse(_FONTS.format(names=", ".join(missing))) if missing else 0
    sheets.print_letters(_letters(), sys.stdout.buffer.write, _tell)
    sys.stdout.buffer.flush()
    return 0


def _letters() -> Iterator[PaperLetter]:
    return map(PaperLetter.of_line, sys.stdin)


def _tell(printed: int) -> None:
    sys.stdout.buffer.flush()
    sys.stderr.write(f"{printed}\n")
    sys.stderr.flush()


def _refuse(reason: str) -> int:
    sys.stderr.write(f"{reason}\n")
    return CANNOT_PRINT


if __name__ == "__main__":
    sys.exit(main())
