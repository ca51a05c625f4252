"""Settings by their paths, such as `password_policy.min_length`: what there is, what changes, what is different."""

import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, Union

from pydantic import BaseModel, ValidationError

Settings = TypeVar("Settings", bound=BaseModel)


class SettingRefused(Exception):
    """A setting that does not exist or a value outside its range; the message names both."""


def setting_paths(kind: type[BaseModel]) -> list[str]:
    """Every setting by its path, such as `features.claim`."""
    return sorted(_paths(kind))


def changed(stored: Mapping[str, Any], assignments: Iterable[str], kind: type[BaseModel]) -> dict[str, Any]:
    """The stored settings with `path=value` assignments applied; lists are comma-separated, an empty value restores the default.

    `kind` says which settings there are: a district's, or a school's.

    Raises:
        SettingRefused: an unknown path, or a value outside its range. Nothing is half applied.
    """
    result, paths = _deep_copy(stored), setting_paths(kind)
    for assignment in assignments:
        path, equals, text = assignment.partition("=")
        if not equals or path not in paths:
            raise SettingRefused(f"There is no setting {path!r}. Settings are: {', '.join(paths)}")
        _assign(result, path.split("."), _value(kind, path, text))
    try:
        return kind.model_validate(result).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        faults = (
            "{}: {}".format(".".join(str(part) for part in fault["loc"]), fault["msg"]) for fault in error.errors()
        )
        raise SettingRefused("; ".join(faults)) from error


def merged(stored: Mapping[str, Any], changes: Mapping[str, Any], kind: type[Settings]) -> Settings:
    """The settings with `changes` over what is stored: a mapping goes into the group of its name, and "" takes a value away.

    Raises:
        ValidationError: a value outside its range, or two that do not go together.
    """
    result = _deep_copy(stored)
    _merge(result, changes)
    return kind.model_validate(result)


def differences(before: BaseModel, after: BaseModel, prefix: str = "") -> dict[str, tuple[Any, Any]]:
    """The settings that are not the same, by path, with their old and new values."""
    different: dict[str, tuple[Any, Any]] = {}
    for name in type(before).model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, BaseModel) and isinstance(new, BaseModel):
            different |= differences(old, new, f"{prefix}{name}.")
        elif old != new:
            different[prefix + name] = (old, new)
    return different


def _paths(group: type[BaseModel], prefix: str = "") -> Iterable[str]:
    for name, field in group.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _paths(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name


def _value(kind: type[BaseModel], path: str, text: str) -> object:
    if text == "":
        return None
    annotation: Any = kind
    for part in path.split("."):
        annotation = annotation.model_fields[part].annotation
    if typing.get_origin(annotation) in {Union, types.UnionType}:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is tuple:
        parts = [part.strip() for part in text.split(",") if part.strip()]
        read = getattr(typing.get_args(annotation)[0], "from_text", None)
        return [read(part) for part in parts] if read else parts
    return text


def _assign(tree: dict[str, Any], path: list[str], value: object) -> None:
    for part in path[:-1]:
        tree = tree.setdefault(part, {})
    if value is None:
        tree.pop(path[-1], None)
    else:
        tree[path[-1]] = value


def _merge(tree: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, Mapping):
            _merge(tree.setdefault(name, {}), value)
        else:
            _assign(tree, [name], None if value == "" else value)


def _deep_copy(tree: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _deep_copy(value) if isinstance(value, Mapping) else value for key, value in tree.items()}
