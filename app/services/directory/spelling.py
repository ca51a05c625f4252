"""Small typing errors: which of many words somebody may have meant."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

ONE_ERROR_FROM = 4
TWO_ERRORS_FROM = 8
"""Letters of the word that was typed."""


def errors_forgiven(word: str) -> int:
    return (len(word) >= ONE_ERROR_FROM) + (len(word) >= TWO_ERRORS_FROM)


class Spelling:
    """Sorts words out by a bit mask of their letters first: each error changes at most two of its bits."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words: defaultdict[int, list[str]] = defaultdict(list)
        for word in words:
            self._words[len(word)].append(word)
        self._letters = {length: array("I", map(_letters, words)) for length, words in self._words.items()}

    def meant(self, typed: str) -> tuple[Sequence[str], Sequence[str]]:
        """The words that are one error away from it and those that are two away, as far as so many are forgiven."""
        most = errors_forgiven(typed)
        alike = [word for word in self._alike(typed, most) if is_within(typed, word, most)] if most else []
        one = [word for word in alike if is_within(typed, word, 1)]
        return one, [word for word in alike if word not in one]

    def _alike(self, typed: str, errors: int) -> Iterator[str]:
        letters, most = _letters(typed), 2 * errors
        for length in range(len(typed) - errors, len(typed) + errors + 1):
            words, masks = self._words.get(length, ()), self._letters.get(length, ())
            yield from [word for word, mask in zip(words, masks, strict=True) if (mask ^ letters).bit_count() <= most]


def _letters(word: str) -> int:
    mask = 0
    for letter in word:
        mask |= 1 << (ord(letter) & 31)
    return mask


def is_within(one: str, other: str, errors: int) -> bool:
    """Whether so many errors make one word of the other: a letter too many, too few, wrong, or swapped with its neighbour."""
    if abs(len(one) - len(other)) > errors:
        return False
    start = _common(one, other)
    one, other = one[start:], other[start:]
    if not one or not other or not errors:
        return len(one) + len(other) <= errors
    return (
        is_within(one[1:], other[1:], errors - 1)
        or is_within(one[1:], other, errors - 1)
        or is_within(one, other[1:], errors - 1)
        or (one[:2] == other[1::-1] and is_within(one[2:], other[2:], errors - 1))
    )


def _common(one: str, other: str) -> int:
    """How many letters both begin with."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))
