"""Sets of districts by the words of their names or their cities.

A set is an integer with one bit for each district, so that a few machine words at a time are united and intersected.
"""

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable

_ONE = ord("1")


class Vocabulary:
    def __init__(self, texts: Iterable[Iterable[str]]) -> None:
        """`texts` are the words of each district, in the order of their bits; each is forgotten before the next is asked for."""
        places: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
        self._count = 0
        for place, words in enumerate(texts):
            self._count = place + 1
            for word in words:
                places[word].append(place)
        self.words = sorted(places)
        self._places = array("I")
        self._ends = array("I", [0])
        for word in self.words:
            self._places.extend(places[word])
            self._ends.append(len(self._places))

    def whole(self, word: str) -> int:
        """The districts that have this very word."""
        at = bisect_left(self.words, word)
        return self._districts([at]) if at < len(self.words) and self.words[at] == word else 0

    def beginning(self, fragment: str) -> int:
        first, end = bisect_left(self.words, fragment), bisect_left(self.words, fragment + "\U0010ffff")
        return self._districts(range(first, end))

    def containing(self, fragment: str) -> int:
        """Those where a word begins with it included."""
        return self._districts(at for at, word in enumerate(self.words) if fragment in word)

    def _districts(self, words: Iterable[int]) -> int:
        bits = bytearray(b"0") * (self._count + 1)
        for at in words:
            for place in self._places[self._ends[at] : self._ends[at + 1]]:
                bits[place] = _ONE
        return int(bits[::-1], 2)
