"""Giving memory back to the system."""

import ctypes
import gc


def release_memory() -> None:
    """After work that held much. Takes some milliseconds, in which nothing else runs.

    Python keeps some free objects for the next ones, and each may hold on to a megabyte; glibc keeps what it was given back for the
    threads that had it.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's alone
    if trim is not None:
        trim(0)
