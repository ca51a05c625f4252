"""How names and words are compared."""

import unicodedata


def fold(text: str) -> str:
    """Two spellings of one name are equal after this: NFKC, case folded, NFKC again (folding can undo composition)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text.strip()).casefold())


def search_words(text: str) -> str:
    """For forgiving search: folded, without accents and punctuation, single spaces."""
    letters = unicodedata.normalize("NFKD", fold(text))
    return " ".join("".join(c if c.isalnum() else " " for c in letters if not unicodedata.combining(c)).split())
