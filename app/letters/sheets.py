"""Letters as PDF, a few at a time, so that a thousand need no more memory than fifty. What is imported here comes with the extra `pdf`."""

import gc
import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial
from itertools import islice

import segno
import weasyprint

from app.letters.facts import PaperLetter
from app.letters.page import SIZES, other_language, pages
from app.letters.pdf_stream import PdfStream
from app.letters.tongues import tell_language
from app.portals import Portal
from app.translation import NAMES

AT_ONCE = 25
_NO_NETWORK = weasyprint.URLFetcher(allowed_protocols=["data"])
_SAMPLE = PaperLetter(
    district="Grand Bend ISD",
    place="Grand Bend, TX",
    recipient=tuple(NAMES.values()),
    schools=("Grand Bend High School",),
    portal=Portal.PARENT,
    activation_key="AAAAA-AAAAA-AAAAA-AAAAA-AAAAA",
    link="https://example.org/activate#key=AAAAA",
    page="https://example.org/activate",
    expires_on=date(2026, 8, 3),
    language=None,
)


class NotOnePage(Exception):
    """A letter that is longer than its page."""


def print_letters(
    letters: Iterable[PaperLetter], write: Callable[[bytes], object], printed: Callable[[int], object]
) -> None:
    """One PDF with a page for each letter, nothing at all without letters; `printed` is called with how many are written."""
    waiting, done = iter(letters), 0
    stream: PdfStream | None = None
    while some := list(islice(waiting, AT_ONCE)):
        stream = stream or PdfStream(write)
        done += stream.add(_pdf(some), partial(_tell_language, some))
        gc.collect()  # the pages refer to each other in circles; left to itself Python lets hundreds pile up
        printed(done)
    if stream:
        stream.finish()


def _tell_language(letters: Sequence[PaperLetter], page: int, branch: object) -> None:
    if own := other_language(letters[page]):
        tell_language(branch, own)


def languages_without_font() -> list[str]:
    """Those whose own names could not be printed with the fonts of this machine."""
    listener = _Listener()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(listener)
    try:
        _pdf([_SAMPLE])
    finally:
        logger.removeHandler(listener)
    return [name for name in NAMES.values() if listener.missed & set(name)]


class _Listener(logging.Handler):
    """Hears of signs for which there is no font."""

    def __init__(self) -> None:
        super().__init__()
        self.missed: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if ".notdef" in record.msg and isinstance(record.args, tuple):
            self.missed.add(str(record.args[0]))


def _pdf(letters: Sequence[PaperLetter]) -> bytes:
    """In the largest size in which each letter stays on its page."""
    for size in SIZES:
        source = pages(((letter, _picture(letter)) for letter in letters), size)
        document = weasyprint.HTML(string=source, url_fetcher=_NO_NETWORK).render(pdf_variant="pdf/ua-1")
        if len(document.pages) == len(letters):
            return bytes(document.write_pdf(pdf_variant="pdf/ua-1"))
    raise NotOnePage


def _picture(letter: PaperLetter) -> str:
    """The link for a phone's camera, with the white margin that readers want around it."""
    return str(segno.make(letter.link, error="m", micro=False).svg_data_uri(border=4, omitsize=True))
