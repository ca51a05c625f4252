"""The table of settings, from the fields that read them."""

from enum import EnumMeta
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from app.settings import PREFIX, Settings

_HEAD = "| variable | default | allowed | meaning |\n| --- | --- | --- | --- |\n"


def settings_table() -> str:
    """One row for each variable, in the order of the class."""
    return _HEAD + "".join(_row(name, field) for name, field in Settings.model_fields.items())


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{PREFIX}{name.upper()}` | {_default(field)} | {_allowed(field)} | {field.description} |\n"


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        return "cores"
    value: Any = field.default
    if isinstance(value, frozenset | tuple):
        value = ",".join(sorted(value))
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None or value == "":
        return ""
    return f"{value}" if isinstance(value, int) else f"`{value}`"


def _allowed(field: FieldInfo) -> str:
    """A range, or the words that are known; empty where the meaning says it."""
    if isinstance(field.annotation, EnumMeta):
        return ", ".join(f"`{member.value}`" for member in field.annotation)
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{word}`" for word in get_args(field.annotation))
    bounds = {word: getattr(bound, word) for bound in field.metadata for word in ("ge", "le") if hasattr(bound, word)}
    return "{ge} to {le}".format_map(bounds) if bounds else ""
