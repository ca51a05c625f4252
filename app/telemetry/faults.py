"""Unexpected errors, told to whoever listens."""

from collections.abc import Callable

Reporter = Callable[[BaseException, dict[str, str]], None]

reporters: list[Reporter] = []
closers: list[Callable[[], None]] = []


def report(fault: BaseException, **facts: str | None) -> None:
    """`facts` are a route template, a method, a request id: nothing of anybody."""
    for reporter in reporters:
        reporter(fault, {name: fact for name, fact in facts.items() if fact})
