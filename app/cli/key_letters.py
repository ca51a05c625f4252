"""Letters of keys that lie in a CSV file, a few hundred at a time."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from rich.progress import Progress

from app.composition import Campus
from app.services.office.key_file import LetterFile, keys_in


async def print_letters(
    parts: Campus, district: str, keys: Path, pdf: Path, progress: Progress, expected: int | None = None
) -> int:
    """The number of letters that are in the new file `pdf`; there is none without letters."""
    bar = progress.add_task("letters", total=expected)
    with LetterFile(pdf) as file:
        return await parts.key_letters.run(
            district, _read(keys), file.write, lambda printed: progress.update(bar, completed=printed)
        )


def told_of(letters: int, pdf: Path | None) -> str:
    if not letters:
        return "No letter was printed: none of these keys opens anything."
    return f"{letters} {'letter is' if letters == 1 else 'letters are'} in {pdf}. Print on US Letter at 100 %, for #10 envelopes with two windows."


async def _read(path: Path) -> AsyncIterator[Sequence[str]]:
    keys = keys_in(path)
    while some := await asyncio.to_thread(next, keys, None):
        yield some
