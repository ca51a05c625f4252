"""HTML as a program that reads it aloud sees it: elements, what labels them, what describes them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "input", "br", "hr", "img", "base"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    inside: tuple["Element", ...] = ()
    """Its ancestors, outermost first."""
    texts: list[str] = field(default_factory=list)
    """Of itself and everything in it."""

    def __getitem__(self, name: str) -> str:
        return self.attributes.get(name, "")

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


class Markup(HTMLParser):
    """Raises AssertionError where an element is closed that was not open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def one(self, tag: str) -> Element:
        (element,) = self.all(tag)
        return element

    def ids(self) -> list[str]:
        return [element["id"] for element in self.elements if element["id"]]

    def addresses(self) -> list[str]:
        """Of everything that the page loads or leads to."""
        return [element[name] for element in self.elements for name in ("href", "src", "action") if element[name]]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, tuple(self._open))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open, tag
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)
