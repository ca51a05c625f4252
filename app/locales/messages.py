"""Every message that people may read, found by reading the code.

A message is the `title`, `detail` or `remedy` of a refusal, the advice of a roster's code, the text in `msg(...)`, or the text in
`_(...)` of a template.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import Environment, nodes

from app.translation import CATALOGUES

APP = CATALOGUES.parent
_ADVISED = APP / "services" / "roster" / "codes.py"
_OF_REFUSALS = {"title", "detail", "remedy"}
_TEMPLATES = {".html", ".j2"}


@cache
def messages() -> dict[str, list[str]]:
    """Each message in English, with the files that use it, in the order of the files."""
    found: dict[str, list[str]] = {}
    for path in sorted(APP.rglob("*")):
        for text in _messages_of(path):
            places = found.setdefault(text, [])
            if (place := path.relative_to(APP.parent).as_posix()) not in places:
                places.append(place)
    return found


def _messages_of(path: Path) -> Iterator[str]:
    if path.suffix == ".py":
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
        if path.parent == APP / "errors":
            yield from _of_refusals(tree)
        elif path == _ADVISED:
            yield from _advice(tree)
        yield from _marked(tree)
    elif path.suffix in _TEMPLATES:
        yield from _of_template(path.read_text(encoding="utf-8"))


def _of_refusals(tree: ast.Module) -> Iterator[str]:
    for kind in ast.walk(tree):
        for line in kind.body if isinstance(kind, ast.ClassDef) else []:
            match line:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))) if (
                    name in _OF_REFUSALS
                ):
                    yield text


def _advice(tree: ast.Module) -> Iterator[str]:
    for kind in ast.walk(tree):
        for line in kind.body if isinstance(kind, ast.ClassDef) else []:
            match line:
                case ast.Assign(value=ast.Tuple(elts=[ast.Constant(), ast.Constant(value=str(text))])):
                    yield text


def _marked(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="msg"), args=[ast.Constant(value=str(text))]):
                yield text


def _of_template(source: str) -> Iterator[str]:
    # Only read here, never rendered.
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        match call:
            case nodes.Call(node=nodes.Name(name="_"), args=[nodes.Const(value=str(text))]):
                yield text
