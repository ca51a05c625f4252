"""Which part of a page is in which language, for screen readers (PDF/UA-1, 7.2): the renderer says that of the whole document only."""

from typing import Any

from pypdf.generic import NameObject, TextStringObject

_COLUMNS = 2


def tell_language(branch: Any, tag: str) -> None:
    """Marks the second of each two boxes that stand side by side in the tree of a page: English is first there."""
    waiting = [branch]
    while waiting:
        element = waiting.pop().get_object()
        if not isinstance(element, dict):
            continue  # text that is on the page, by its number
        kids: Any = element.get("/K", [])
        kids = list.__iter__(kids) if isinstance(kids, list) else iter([kids])
        parts = [kid for kid in kids if hasattr(kid, "get_object")]
        boxes = [part for part in parts if _is_box(part.get_object())]
        if len(boxes) == _COLUMNS:
            boxes[1].get_object()[NameObject("/Lang")] = TextStringObject(tag)
        waiting += parts


def _is_box(element: Any) -> bool:
    return isinstance(element, dict) and element.get("/S") == "/Div"
