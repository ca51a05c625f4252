"""The codes of single fields, found where the rules raise them: a code and its sentence stand side by side."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from app.problems import sentences_of_schemas

_APP = Path(__file__).resolve().parents[1]
_ROOMS = ("services", "schemas")
_CODE = re.compile(r"[a-z]+(?:_[a-z0-9]+)*")


def field_codes() -> Mapping[str, list[str]]:
    """What may stand in `errors`, sorted: each code with its sentences; `{min}` stands for `params["min"]`."""
    found: dict[str, list[str]] = {}
    for code, sentence in (*sentences_of_schemas(), *_sentences_of_rules()):
        sentences = found.setdefault(code, [])
        sentences += [sentence] if sentence not in sentences else []
    return dict(sorted(found.items()))


def _sentences_of_rules() -> Iterator[tuple[str, str]]:
    for room in _ROOMS:
        for file in sorted((_APP / room).rglob("*.py")):
            yield from _raised_in(ast.parse(file.read_text(encoding="utf-8")))


def _raised_in(module: ast.Module) -> Iterator[tuple[str, str]]:
    """`f(..., "code", msg("Sentence."))`, where the sentence may be a name that was given to it before."""
    names: dict[str, str] = {}
    nodes = (node for node in ast.walk(module) if isinstance(node, ast.Call | ast.Assign))
    for node in sorted(nodes, key=lambda node: node.lineno):
        if isinstance(node, ast.Call):
            for first, second in zip(node.args, node.args[1:], strict=False):
                sentence = _sentence(second, names)
                if sentence and isinstance(first, ast.Constant) and _CODE.fullmatch(str(first.value)):
                    yield str(first.value), sentence
        elif isinstance(node.targets[0], ast.Name) and (sentence := _sentence(node.value, {})):
            names[node.targets[0].id] = sentence


def _sentence(node: ast.expr, names: Mapping[str, str]) -> str | None:
    match node:
        case ast.Call(func=ast.Name(id="msg"), args=[ast.Constant(value=str(sentence))]):
            return sentence
        case ast.Name(id=name):
            return names.get(name)
    return None
