"""Campus Accounts: the account side of a K-12 portal, for many school districts at once."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__version__ = "0.1.0"

# Almost nothing of what is made while modules are imported is garbage; searching for it took a quarter of the time to start.
# Who opens the product (app/composition) goes back to what was usual.
USUAL_GC_THRESHOLD = gc.get_threshold()
gc.set_threshold(100_000, 10, 10)


@contextmanager
def _as_if_missing(library: str) -> Iterator[None]:
    """Whoever takes `library` only where it is installed does without it, unless it is loaded already."""
    if library in sys.modules:
        yield
        return
    sys.modules[library] = None  # type: ignore[assignment]  # Python's documented way to have an import fail
    try:
        yield
    finally:
        del sys.modules[library]


# For tracebacks in colour, which we never write (app/logs.py), structlog would load rich: a thirtieth of the start, and 4 MB for good.
with _as_if_missing("rich"):
    import structlog  # noqa: F401  # loaded here, before any other module does
