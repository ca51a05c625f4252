"""One line on standard error that says what is being measured; in a log, a line for each."""

import sys
import time


class ProgressLine:
    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._is_rewritten = sys.stderr.isatty()

    def say(self, what: str) -> None:
        line = f"{time.monotonic() - self._begun:4.0f} s  {what}"
        self._write(f"\r\x1b[K{line}" if self._is_rewritten else f"{line}\n")

    def clear(self) -> None:
        if self._is_rewritten:
            self._write("\r\x1b[K")

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
