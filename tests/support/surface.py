"""What clients rely on, a line for each thing, and which changes of it would break them.

`openapi/released.txt` holds these lines as they were at the last release (`make released`):

    POST /login | public                                     who may call
    POST /login < 401 invalid_credentials                    what it answers; `>` for what it takes
    > LoginBody.captcha | optional string 1..16384           what is sent
    < SessionAnswer.expires_in | always integer 1..3600      what is answered
    < Portal = parent                                        one of several values
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from app.main import create_app
from app.settings import Settings
from tests.support.openapi_grammar import resolved, walk

FILE = Path(__file__).parents[2] / "openapi" / "released.txt"
_RANGE = re.compile(r"(-?[\d.]*?)\.\.(-?[\d.]*)")
Document = Mapping[str, Any]
Surface = Mapping[str, str]


def surface_of(document: Document) -> Surface:
    """What is said of each thing, by its name; "" where its being there says it all."""
    surface: dict[str, str] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            surface.update(_of_operation(document, f"{method.upper()} {path}", operation))
    for way, names in _schemas_by_way(document).items():
        for name in names:
            surface.update(_of_schema(way, name, document["components"]["schemas"][name]))
    return dict(sorted(surface.items()))


def breaking(before: Surface, after: Surface) -> Mapping[str, str]:
    """What a client that was written before stumbles over: why, by the name of the thing, such as `LoginBody.captcha`."""
    known = {_owner(name) for name in after}
    # Of what is gone altogether, the operation is named and not each of its lines.
    changes = {
        name: "is gone" for name in before if name not in after and (_owner(name) in known or name == _owner(name))
    }
    for name, now in after.items():
        was = before.get(name)
        if was is None and now.startswith("needed") and _owner(name) in {_owner(old) for old in before}:
            changes[name] = "is needed now"
        elif was is not None and (fault := _fault(name, was, now)):
            changes[name] = fault
    return {_subject(name): why for name, why in sorted(changes.items())}


def read(text: str) -> Surface:
    parts = (line.partition(" | ") for line in text.splitlines())
    return {name: said for name, _, said in parts}


def written(surface: Surface) -> str:
    return "".join(f"{name} | {said}\n" if said else f"{name}\n" for name, said in surface.items())


def _of_operation(document: Document, name: str, operation: Document) -> Iterator[tuple[str, str]]:
    yield name, "signed in" if operation["security"] == [{"accessToken": []}] else "public"
    for parameter in operation.get("parameters", ()):
        yield from _of_field(f"> {name} {parameter['name']}", parameter["schema"], parameter["required"], "needed")
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"{name} > {_type(content['schema'])} as {media_type}", ""
    for status, stated in operation["responses"].items():
        for media_type, content in resolved(document, stated).get("content", {"": {}}).items():
            said = (
                content["examples"]
                if status >= "400"
                else [f"{_type(content.get('schema', {}))} {media_type}".rstrip()]
            )
            yield from ((f"{name} < {status} {one}", "") for one in said)


def _schemas_by_way(document: Document) -> Mapping[str, set[str]]:
    """The names of those that are sent and of those that are answered, at any depth."""
    ways: dict[str, set[str]] = {">": set(), "<": set()}
    for methods in document["paths"].values():
        for operation in methods.values():
            _follow(document, [operation.get("requestBody", {}), operation.get("parameters", [])], ways[">"])
            _follow(document, operation["responses"], ways["<"])
    return ways


def _follow(document: Document, node: object, found: set[str]) -> None:
    for _, below in walk(node):
        if isinstance(below, dict) and "$ref" in below:
            kind, name = below["$ref"].split("/")[-2:]
            if kind == "responses" or (kind == "schemas" and name not in found):
                found |= {name} if kind == "schemas" else set()
                _follow(document, resolved(document, below), found)


def _of_schema(way: str, name: str, schema: Document) -> Iterator[tuple[str, str]]:
    yield from ((f"{way} {name} = {value}", "") for value in schema.get("enum", ()))
    for field, below in schema.get("properties", {}).items():
        must = "needed" if way == ">" else "always"
        yield from _of_field(f"{way} {name}.{field}", below, field in schema.get("required", ()), must)


def _of_field(
    name: str, schema: Document, is_there: bool, must: str
) -> Iterator[tuple[str, str]]:  # a fact, not a flag
    words = [must if is_there else "optional", _type(schema), _range(schema), schema.get("pattern", "")]
    yield name, " ".join(word for word in words if word)
    yield from ((f"{name} = {value}", "") for value in schema.get("enum", ()))


def _type(schema: Document) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "items" in schema:
        return f"list of {_type(schema['items'])}"
    return f"{schema.get('type', 'nothing')}{':' + schema['format'] if 'format' in schema else ''}"


def _range(schema: Document) -> str:
    for least, most in (("minLength", "maxLength"), ("minimum", "maximum"), ("minItems", "maxItems")):
        if least in schema or most in schema:
            return f"{schema.get(least, '')}..{schema.get(most, '')}"
    return ""


def _fault(name: str, was: str, now: str) -> str:
    if was == "public" != now:
        return "needs a session now"
    if name.startswith(">") and now.startswith("needed") and not was.startswith("needed"):
        return "is needed now"
    if name.startswith("<") and was.startswith("always") and not now.startswith("always"):
        return "may be left out now"
    if _RANGE.sub("", was).split()[1:] != _RANGE.sub("", now).split()[1:]:
        return f"was {was}, is {now}"
    return "takes less than before" if name.startswith(">") and _is_narrower(was, now) else ""


def _is_narrower(was: str, now: str) -> bool:
    (least, most), (new_least, new_most) = (_bounds(said) for said in (was, now))
    return new_least > least or new_most < most


def _bounds(said: str) -> tuple[float, float]:
    found = _RANGE.search(said)
    least, most = found.groups() if found else ("", "")
    return float(least or "-inf"), float(most or "inf")


def _owner(name: str) -> str:
    """The operation or the schema that a line is about."""
    subject = _subject(name)
    operation = re.match(r"[A-Z]+ /\S*", subject)
    return operation[0] if operation else re.split(r"[. ]", subject, maxsplit=1)[0]


def _subject(name: str) -> str:
    return name.removeprefix("> ").removeprefix("< ")


if __name__ == "__main__":
    FILE.write_text(written(surface_of(create_app(Settings()).openapi())), encoding="utf-8")
    sys.stdout.write(f"{FILE.name} holds what clients rely on from now on\n")
