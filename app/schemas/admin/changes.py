"""Changes of settings: what is left out of one stays as it is."""

from typing import Any

from pydantic import ConfigDict

from app.schemas.common import Request


def _without_defaults(schema: dict[str, Any]) -> None:
    for field in schema["properties"].values():
        field.pop("default", None)


class Change(Request):
    model_config = ConfigDict(json_schema_extra=_without_defaults)
