"""Printed letters as eyes and phones see them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import zxingcpp

DOTS_PER_INCH = 150
INCH = 72


@dataclass(frozen=True)
class Box:
    """In inches from the upper left corner of the page."""

    left: float
    top: float
    right: float
    bottom: float

    def holds(self, other: "Box") -> bool:
        return (
            self.left <= other.left
            and self.top <= other.top
            and other.right <= self.right
            and other.bottom <= self.bottom
        )

    def touches(self, other: "Box") -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


@dataclass(frozen=True)
class Sheet:
    """One page."""

    text: str
    links: Sequence[str]
    """What a phone's camera reads."""
    words: Sequence[tuple[str, Box]]
    """Runs of text, and where they stand."""

    def place_of(self, text: str) -> Box:
        """The first run that has this text in it."""
        return next(box for words, box in self.words if text in words)


def sheets_in(pdf: bytes) -> list[Sheet]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [_sheet(page) for page in document]
    finally:
        document.close()


def structure_of(pdf: bytes) -> Iterator[Any]:
    """The elements of the tree that screen readers follow."""
    waiting = [pypdf.PdfReader(BytesIO(pdf)).trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        element = waiting.pop().get_object()
        if isinstance(element, dict):
            yield element
            kids = element.get("/K", [])
            waiting += kids if isinstance(kids, list) else [kids]


def sheets_of(file: Path) -> list[Sheet]:
    return sheets_in(file.read_bytes())


def _sheet(page: Any) -> Sheet:
    picture = page.render(scale=DOTS_PER_INCH / INCH).to_pil()
    text = page.get_textpage()
    height = page.get_height()
    words = []
    for index in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(index)
        box = Box(left / INCH, (height - top) / INCH, right / INCH, (height - bottom) / INCH)
        words.append((text.get_text_bounded(left, bottom, right, top), box))
    links = [code.text for code in zxingcpp.read_barcodes(picture)]
    return Sheet(text.get_text_range().replace("\r\n", "\n"), links, words)
