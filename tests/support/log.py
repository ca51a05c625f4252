"""What the product writes about itself while a test runs, as its operator would read it."""

from collections.abc import Callable

Written = Callable[[], str]
"""Everything on standard error since the last look."""
