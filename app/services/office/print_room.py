"""Where the desk's letters are printed, within the answer to a request: one batch at a time, so that the server stays a server."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from app.errors import LettersNotPrintable, Overloaded
from app.letters.press import CannotPrint, PrintingFailed
from app.services.keys import IssuedKey
from app.services.office.key_letters import KeyLetters

LETTERS_AT_ONCE = 200
"""In one answer: so many take well below a minute, for which proxies and browsers wait."""


@dataclass(frozen=True)
class PrintRoom:
    key_letters: KeyLetters
    _desk: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    @property
    def is_busy(self) -> bool:
        return self._desk.locked()

    @asynccontextmanager
    async def reserved(self) -> AsyncIterator[None]:
        """To be held from before keys are issued until their letters are printed, so that no key is issued in vain.

        Raises:
            LettersNotPrintable: this machine has not what letters need.
            Overloaded: somebody else's letters are being printed by this process.
        """
        if self.is_busy:
            raise Overloaded
        async with self._desk:
            try:
                await self.key_letters.check()
            except CannotPrint as reason:
                raise LettersNotPrintable from reason
            yield

    async def sheets(self, district_id: str, keys: Sequence[IssuedKey]) -> bytes | None:
        """The letters as one PDF; None where printing failed after all, or there is no letter: the caller still has the keys."""

        async def in_one() -> AsyncIterator[Sequence[str]]:
            yield [key.activation_key for key in keys]

        pdf = bytearray()
        try:
            await self.key_letters.run(district_id, in_one(), pdf.extend)
        except PrintingFailed:
            structlog.get_logger().error("letters_not_printed", count=len(keys))
            return None
        return bytes(pdf) or None
