"""Many small PDFs become one that is written from front to back: of what was written nothing is kept but where it lies.

Pages come with their fonts, and with the structure that screen readers follow (PDF/UA): each document's tree becomes a branch of one
tree. ISO 32000-1: object streams 7.5.7, cross-reference streams 7.5.8, structure 14.7.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, NumberObject, StreamObject

_HEAD = b"%PDF-1.7\n%\xf0\x9f\x96\xa8\n"
_CATALOG, _PAGES, _TREE, _DOCUMENT, _TREE_OF_PARENTS, _METADATA = range(1, 7)
_ENTRY = struct.Struct(">BIH")
"""Of the cross-reference: kind, then where in the file, or in which object stream and at which place."""
_PLAIN, _PACKED = 1, 2


class PdfStream:
    """One PDF over `write`. Call `add` with each small one, then `finish`."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._length = 0
        self._entries = bytearray(_ENTRY.pack(0, 0, 0xFFFF) * (_METADATA + 1))
        self._pages: list[int] = []
        self._branches: list[int] = []
        self._parents: list[int] = []
        """Of each page the object that leads from what is on it to its place in the tree."""
        self._metadata: bytes | None = None
        self._put(_HEAD)

    def add(self, document: bytes, change: Callable[[int, Any], object] = lambda _page, _branch: None) -> int:
        """Writes all pages of a tagged PDF, and gives their number. `change` may alter the branch of each page in the tree.

        Raises:
            ValueError: something of one page stands on another.
        """
        reader = PdfReader(BytesIO(document))
        root: Any = reader.trailer["/Root"]
        tree = root["/StructTreeRoot"]
        self._metadata = self._metadata or root["/Metadata"].get_data()
        branches = [branch for trunk in tree["/K"] for branch in list.__iter__(trunk["/K"])]
        pages = [page.indirect_reference for page in reader.pages]
        parents = dict(_pairs(tree["/ParentTree"]["/Nums"]))
        if len(branches) != len(pages):
            raise ValueError("the tree has not one branch for each page")
        moved = _Moved(reader, self._new)
        for page in pages:
            facts: Any = page.get_object()
            number = facts["/StructParents"]
            facts[NameObject("/StructParents")] = NumberObject(len(self._pages))
            facts[NameObject("/Parent")] = _reference(_PAGES)
            self._pages.append(moved.number_of(page))
            self._parents.append(moved.keep(parents[number].get_object()))
        for page_number, branch in enumerate(branches):
            change(page_number, branch)
            branch.get_object()[NameObject("/P")] = _reference(_DOCUMENT)
            self._branches.append(moved.number_of(branch))
        self._put_all(moved.everything())
        return len(pages)

    def finish(self) -> None:
        """Raises ValueError where there was no page."""
        if self._metadata is None:
            raise ValueError("a PDF has pages")
        self._put_object(_METADATA, b"<</Type/Metadata/Subtype/XML/Length %d>>", self._metadata)
        numbers = b" ".join(b"%d %d 0 R" % pair for pair in enumerate(self._parents))
        last = {
            _PAGES: b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(self._pages), _references(self._pages)),
            _TREE: b"<</Type/StructTreeRoot/ParentTree %d 0 R/K[%d 0 R]>>" % (_TREE_OF_PARENTS, _DOCUMENT),
            _DOCUMENT: b"<</Type/StructElem/S/Document/P %d 0 R/K[%s]>>" % (_TREE, _references(self._branches)),
            _TREE_OF_PARENTS: b"<</Nums[%s]>>" % numbers,
            _CATALOG: b"<</Type/Catalog/Pages %d 0 R/StructTreeRoot %d 0 R/Metadata %d 0 R/Lang(en)"
            b"/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true>>>>" % (_PAGES, _TREE, _METADATA),
        }
        self._pack(list(last.items()))
        self._put_cross_reference()

    def _put_all(self, objects: Iterator[tuple[int, Any]]) -> None:
        packed: list[tuple[int, bytes]] = []
        for number, value in objects:
            text = BytesIO()
            value.write_to_stream(text)
            if isinstance(value, StreamObject):
                self._enter(number, _PLAIN, self._length, 0)
                self._put(b"%d 0 obj\n%s\nendobj\n" % (number, text.getvalue()))
            else:
                packed.append((number, text.getvalue()))
        self._pack(packed)

    def _pack(self, objects: list[tuple[int, bytes]]) -> None:
        """Small objects together, compressed."""
        stream, begin, places = self._new(), 0, []
        for place, (number, text) in enumerate(objects):
            self._enter(number, _PACKED, stream, place)
            places.append(b"%d %d" % (number, begin))
            begin += len(text) + 1
        head = b" ".join(places) + b"\n"
        words = b"<</Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(objects), len(head))
        body = zlib.compress(head + b"\n".join(text for _, text in objects))
        self._put_object(stream, words + b"/Length %d>>", body)

    def _put_cross_reference(self) -> None:
        number, begin = self._new(), self._length
        self._enter(number, _PLAIN, begin, 0)
        words = b"<</Type/XRef/Size %d/W[1 4 2]/Root %d 0 R/Filter/FlateDecode" % (self._size, _CATALOG)
        self._put_object(number, words + b"/Length %d>>", zlib.compress(self._entries))
        self._put(b"startxref\n%d\n%%%%EOF\n" % begin)

    def _put_object(self, number: int, words: bytes, stream: bytes) -> None:
        self._enter(number, _PLAIN, self._length, 0)
        self._put(b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (number, words % len(stream), stream))

    def _put(self, text: bytes) -> None:
        self._write(text)
        self._length += len(text)

    def _enter(self, number: int, kind: int, where: int, place: int) -> None:
        _ENTRY.pack_into(self._entries, number * _ENTRY.size, kind, where, place)

    def _new(self) -> int:
        self._entries += _ENTRY.pack(0, 0, 0)
        return self._size - 1

    @property
    def _size(self) -> int:
        return len(self._entries) // _ENTRY.size


class _Moved:
    """The objects of one small PDF, as far as they are reached, under their new numbers."""

    def __init__(self, reader: PdfReader, new: Callable[[], int]) -> None:
        self._reader = reader
        self._new = new
        self._numbers: dict[int, int] = {}
        self._waiting: list[tuple[int, Any]] = []
        self._kept: list[tuple[int, Any]] = []

    def number_of(self, reference: Any) -> int:
        if reference.idnum not in self._numbers:
            self._numbers[reference.idnum] = self._new()
            self._waiting.append((self._numbers[reference.idnum], reference.get_object()))
        return self._numbers[reference.idnum]

    def keep(self, value: Any) -> int:
        """What had no number of its own, under a new one."""
        self.renumber(value)
        self._kept.append((self._new(), value))
        return self._kept[-1][0]

    def everything(self) -> Iterator[tuple[int, Any]]:
        yield from self._kept
        while self._waiting:
            number, value = self._waiting.pop()
            self.renumber(value)
            yield number, value

    def renumber(self, value: Any) -> None:
        """In its references, wherever they stand; those that are ours already stay."""
        places: Any = ()
        if isinstance(value, DictionaryObject):
            places = [(key, value.raw_get(key)) for key in value]
        elif isinstance(value, ArrayObject):
            places = list(enumerate(list.__iter__(value)))
        for key, part in places:
            if isinstance(part, IndirectObject):
                if part.pdf is self._reader:
                    moved = _reference(self.number_of(part))
                    (dict if isinstance(value, dict) else list).__setitem__(value, key, moved)
            else:
                self.renumber(part)


def _reference(number: int) -> IndirectObject:
    return IndirectObject(number, 0, None)


def _references(numbers: list[int]) -> bytes:
    return b" ".join(b"%d 0 R" % number for number in numbers)


def _pairs(numbers: Any) -> Iterator[tuple[int, Any]]:
    """Of a flat list of keys and values."""
    return zip(numbers[::2], numbers[1::2], strict=True)
