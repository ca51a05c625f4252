"""Much memory for a short time: fewer searches for garbage meanwhile, and giving it back."""

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def rare_collections() -> Iterator[None]:
    """Within it Python's searches for garbage leave out what was there before: work that makes many objects sets off many of them."""
    if gc.get_freeze_count():  # a server in production has left out what its start-up made; that stays so
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def release_memory() -> None:
    """After work that held much. Takes some milliseconds, in which nothing else runs.

    Python keeps some free objects for the next ones, and each may hold on to a megabyte; glibc keeps what it was given back for the
    threads that had it.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's alone
    if trim is not None:
        trim(0)
